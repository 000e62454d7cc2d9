"""The trade log: every round trip with its why, its orders and fills, and what carrying it out has cost.

Exact where money is. Knows fills and decisions, no journal and no state; docs/trade-log.md defines each column.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tradekit.errors import ConfigError, DataError
from tradekit.model.instrument import Instrument
from tradekit.model.money import ZERO
from tradekit.report.decision import Decision
from tradekit.report.excursions import History, excursions
from tradekit.report.executions import Execution, Split
from tradekit.report.trades import Method, Piece, Trade, matched

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LoggedFill", "LoggedTrade", "TradeLog", "logged"]

_TIMES = ("entry_time", "exit_time")
_WHOLE = ("trade_id", "entry_seq", "exit_seq")
_DAY_NS = 86_400_000_000_000
_PLAIN = Instrument(id="")


class LoggedFill(msgspec.Struct, frozen=True):
    """What the log knows of a fill beside the execution: the venue's id of it, the decision, the signal behind it."""

    exec_id: str
    decision: Decision | None
    signal: str = ""


class LoggedTrade(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the log: a round trip as `Trade` has it, and what led to it and what it cost.

    side                     "long" or "short"; qty [base units]
    entry_time, exit_time    [UTC ns]; prices [quote currency]
    entry_decision, exit_decision  the prices that the orders were decided at, None where that is not known
    entry_basis, exit_basis  what those are: "mid", "last", "limit", "stop"
    gross, fees, net         profit before the fees, both fees' shares, profit after them [currency]
    slippage                 what both fills were worse than decided [currency]; negative is better, None unknown
    rate                     worth of one unit of `currency` at the exit [account currency]
    return_frac              net / value at entry
    bars, mae, mfe           bars held, worst and best excursion as fractions of the entry's price; None without bars
    signal                   what led to the entry's order
    orders and fills         their ids, in order, with a blank between
    entry_seq, exit_seq      the events of the first entry and the last exit
    """

    trade_id: int
    strategy: str
    instrument: str
    position: str
    side: str
    qty: Decimal
    entry_time: int
    exit_time: int
    entry_price: Decimal
    exit_price: Decimal
    entry_decision: Decimal | None
    exit_decision: Decimal | None
    entry_basis: str
    exit_basis: str
    gross: Decimal
    fees: Decimal
    net: Decimal
    slippage: Decimal | None
    currency: str
    rate: float
    return_frac: float
    bars: int | None
    mae: float | None
    mfe: float | None
    signal: str
    entry_reason: str
    exit_reason: str
    tag: str
    exit_tag: str
    entry_orders: str
    exit_orders: str
    entry_fills: str
    exit_fills: str
    entry_rule: str
    exit_rule: str
    entry_seq: int
    exit_seq: int


class TradeLog(Sequence[LoggedTrade]):
    """The trades of a record in the order of closing; a notebook shows them as a table.

    warnings  what a reader of the numbers should know
    """

    def __init__(self, trades: Sequence[LoggedTrade], warnings: Sequence[str] = ()) -> None:
        self._trades = tuple(trades)
        self.warnings = tuple(warnings)

    def __len__(self) -> int:
        return len(self._trades)

    def __getitem__(self, at: Any) -> Any:
        return self._trades[at]

    def frame(self) -> "pd.DataFrame":
        """A row a trade by trade_id: times as UTC timestamps, numbers as floats."""
        import pandas as pd

        names = LoggedTrade.__struct_fields__
        table = pd.DataFrame(
            {name: [_plain(getattr(one, name)) for one in self] for name in names}, columns=names
        )
        for name in _TIMES:
            table[name] = table[name].astype("int64").astype("datetime64[ns, UTC]")
        words = [name for name in names if LoggedTrade.__annotations__[name] is str]
        numbers = [name for name in names if name not in (*words, *_TIMES, *_WHOLE)]
        kinds = {
            **dict.fromkeys(words, "str"),
            **dict.fromkeys(numbers, "float64"),
            **dict.fromkeys(_WHOLE, "int64"),
        }
        return table.astype(kinds).set_index("trade_id")

    def save(self, path: str | Path) -> Path:
        """Write the log to a .csv or .parquet file, and return its path; the folder must exist.

        Raises ConfigError for another ending, where it cannot be written, or where Parquet needs a package that is not
        there.
        """
        from tradekit.report.sheets import save_csv, save_parquet

        target = Path(path)
        if target.suffix == ".parquet":
            return save_parquet(target, self.frame())
        if target.suffix != ".csv":
            raise ConfigError(
                f"a trade log is written as .csv or .parquet, and {target.name} ends in neither"
            )
        return save_csv(target, LoggedTrade.__struct_fields__, self.records())

    def of_day(self, day: str) -> "TradeLog":
        """Those that were closed on a UTC day ("2022-12-13"); raises DataError for text that is no date."""
        try:
            begins = int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()) * 1_000_000_000
        except ValueError:
            raise DataError(f"{day!r} is no day; write it like 2022-12-13") from None
        chosen = [one for one in self if begins <= one.exit_time < begins + _DAY_NS]
        return TradeLog(chosen, self.warnings)

    def records(self) -> list[dict[str, Any]]:
        """The trades as plain values by column; times are ISO 8601 in UTC, money is exact."""
        from tradekit.report.sheets import iso

        rows = [msgspec.structs.asdict(one) for one in self]
        return [{**row, **{name: iso(row[name]) for name in _TIMES}} for row in rows]

    def __repr__(self) -> str:
        net = sum((one.net for one in self), start=ZERO)
        currencies = {one.currency for one in self}
        told = f", net {net:,.2f} {currencies.pop()}".rstrip() if len(currencies) == 1 else ""
        return f"<TradeLog: {len(self):,} trades{told}; .frame() is the table, .save('trades.csv') writes it>"

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(max_rows=20))


def logged(
    fills: Sequence[Execution],
    known: Mapping[int, LoggedFill],
    *,
    method: Method = "fifo",
    instruments: Mapping[str, Instrument],
    splits: Sequence[Split] = (),
    histories: Mapping[str, History],
) -> list[LoggedTrade]:
    """The log of these fills; `known` has more of each by its `seq`."""
    prices = {fill.seq: fill.price for fill in fills}
    found = matched(fills, method=method, instruments=instruments, splits=splits)
    lived = excursions([trade for trade, _ in found], histories, splits)
    rows = []
    for n, (trade, pieces) in enumerate(found):
        spec = instruments.get(trade.instrument, _PLAIN)
        ends = _End(pieces, known, prices, spec, entry=True), _End(pieces, known, prices, spec, entry=False)
        rows.append(_row(trade, pieces, *ends, {name: float(values[n]) for name, values in lived.items()}))
    return rows


class _End:
    """All entries of a trade, or all its exits, summed up."""

    def __init__(
        self,
        pieces: Sequence[Piece],
        known: Mapping[int, LoggedFill],
        prices: Mapping[int, Decimal],
        spec: Instrument,
        *,
        entry: bool,
    ) -> None:
        self.orders: dict[str, None] = {}
        self.fills: dict[str, None] = {}
        self.signals: dict[str, None] = {}
        self.bases: dict[str, None] = {}
        qty = worth = slipped = ZERO
        whole = True
        for piece in pieces:
            fill = piece.entry if entry else piece.leaving
            told = known.get(fill.seq)
            self.orders[fill.order] = None
            if told is None:
                whole = False
                continue
            self.fills[told.exec_id] = None
            self.signals[told.signal] = None
            if told.decision is None:
                whole = False
                continue
            self.bases[told.decision.basis] = None
            decided = (
                told.decision.price * fill.price / prices[fill.seq]
            )  # a split since counts in other units
            qty, worth = qty + piece.qty, worth + decided * piece.qty
            slipped += _slipped(fill, piece.qty, decided, spec)
        self.decision = worth / qty if whole and qty else None
        self.slippage = slipped if whole else None


def _slipped(fill: Execution, qty: Decimal, decided: Decimal, spec: Instrument) -> Decimal:
    """What the fill was worse than decided."""
    if decided <= 0 and spec.inverse:
        return ZERO
    more = spec.value(qty, fill.price) - spec.value(qty, decided)
    return more if (fill.side == "buy") is not spec.inverse else -more


def _row(
    trade: Trade, pieces: Sequence[Piece], entry: _End, leaving: _End, lived: Mapping[str, float]
) -> LoggedTrade:
    slips = (entry.slippage, leaving.slippage)
    return LoggedTrade(
        **{name: getattr(trade, name) for name in _SAME},
        entry_decision=entry.decision,
        exit_decision=leaving.decision,
        entry_basis=_joined(entry.bases),
        exit_basis=_joined(leaving.bases),
        gross=trade.pnl + trade.fees,
        net=trade.pnl,
        slippage=None if slips[0] is None or slips[1] is None else slips[0] + slips[1],
        bars=None if (bars := _finite(lived["bars"])) is None else int(bars),
        mae=_finite(lived["mae"]),
        mfe=_finite(lived["mfe"]),
        signal="; ".join(filter(None, entry.signals)),
        entry_orders=_joined(entry.orders),
        exit_orders=_joined(leaving.orders),
        entry_fills=_joined(entry.fills),
        exit_fills=_joined(leaving.fills),
        entry_seq=pieces[0].entry.seq,
        exit_seq=pieces[-1].leaving.seq,
    )


_SAME = tuple(name for name in Trade.__struct_fields__ if name in LoggedTrade.__struct_fields__)


def _joined(words: Iterable[str]) -> str:
    return " ".join(filter(None, words))


def _finite(value: float) -> float | None:
    return value if value == value else None


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
