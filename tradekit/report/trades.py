"""Round trips: fills matched first in, first out, one row for each piece of a position that was closed.

Knows no prices but those of the fills. Exact: quantities and money are Decimals, fees split without a rest.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Protocol

import msgspec

from tradekit.errors import DataError
from tradekit.model.money import CENT, ZERO

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Execution", "Trade", "open_since", "round_trips", "trade_frame"]

_NO_MULTIPLIERS: Mapping[str, Decimal] = {}


class Execution(Protocol):
    """What is read of a fill; `strategy` and `tag` (both str) are read too where a fill has them.

    id    the order's id
    side  "buy" or "sell"
    qty   [base units], positive; price [quote currency]; fee [quote currency], positive is paid
    ts    [UTC ns]
    """

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def instrument(self) -> str: ...  # noqa: D102
    @property
    def side(self) -> str: ...  # noqa: D102
    @property
    def qty(self) -> Decimal: ...  # noqa: D102
    @property
    def price(self) -> Decimal: ...  # noqa: D102
    @property
    def fee(self) -> Decimal: ...  # noqa: D102
    @property
    def ts(self) -> int: ...  # noqa: D102


class Trade(msgspec.Struct, frozen=True, gc=False):
    """A piece of a position, from its entry to its exit.

    trade_id                number in the order of closing, from 1
    side                    "long" or "short"
    qty                     [base units], positive
    entry_time, exit_time   [UTC ns]
    pnl                     profit after both fees' shares [quote currency]
    fees                    those shares [quote currency]
    return_frac             pnl / value at entry; 0.01 is one percent
    entry_order, exit_order ids of the orders
    tag                     the entry's tag
    """

    trade_id: int
    instrument: str
    strategy: str
    side: str
    qty: Decimal
    entry_time: int
    exit_time: int
    entry_price: Decimal
    exit_price: Decimal
    pnl: Decimal
    fees: Decimal
    return_frac: float
    entry_order: str
    exit_order: str
    tag: str


class _Lot:
    """What is left of an entry, or of the fill that is being matched."""

    __slots__ = ("fee", "fill", "qty")

    def __init__(self, fill: Execution) -> None:
        if fill.qty <= 0 or fill.side not in ("buy", "sell"):
            raise DataError(
                f"fill of order {fill.id!r}: {fill.side} {fill.qty}; a fill buys or sells more than 0"
            )
        self.fill, self.qty, self.fee = fill, fill.qty, fill.fee

    def take(self, qty: Decimal) -> Decimal:
        """Use up a quantity; its share of the fee. The last part takes what is left: nothing is lost."""
        share = self.fee if qty == self.qty else (self.fee * qty / self.qty).quantize(CENT, ROUND_DOWN)
        self.qty -= qty
        self.fee -= share
        return share


def round_trips(
    fills: Iterable[Execution], *, multipliers: Mapping[str, Decimal] = _NO_MULTIPLIERS
) -> list[Trade]:
    """The closed pieces, in the order of closing; fills in the order in which they happened.

    multipliers  quote currency per unit of price and quantity, by instrument; 1 for those not named

    Each strategy's fills in an instrument are matched among themselves. A fill that goes through zero closes
    what is open and opens the rest the other way. Raises DataError for a fill without a positive quantity and
    a side.
    """
    return _matched(fills, multipliers)[0]


def open_since(fills: Iterable[Execution]) -> list[int]:
    """Entry times [UTC ns] of what is still open after the fills."""
    return [lot.fill.ts for lots in _matched(fills, _NO_MULTIPLIERS)[1] for lot in lots]


def _matched(
    fills: Iterable[Execution], multipliers: Mapping[str, Decimal]
) -> tuple[list[Trade], list[deque[_Lot]]]:
    books: dict[tuple[str, str], deque[_Lot]] = {}
    trades: list[Trade] = []
    for fill in fills:
        lots = books.setdefault((getattr(fill, "strategy", ""), fill.instrument), deque())
        rest = _Lot(fill)
        multiplier = multipliers.get(fill.instrument, Decimal(1))
        while rest.qty and lots and lots[0].fill.side != fill.side:
            trades.append(_piece(len(trades) + 1, lots[0], rest, multiplier))
            if not lots[0].qty:
                lots.popleft()
        if rest.qty:
            lots.append(rest)
    return trades, list(books.values())


def _piece(number: int, lot: _Lot, closing: _Lot, multiplier: Decimal) -> Trade:
    entry, leaving = lot.fill, closing.fill
    qty = min(lot.qty, closing.qty)
    fees = lot.take(qty) + closing.take(qty)
    step = leaving.price - entry.price if entry.side == "buy" else entry.price - leaving.price
    pnl = step * qty * multiplier - fees
    value = entry.price * qty * multiplier
    return Trade(
        trade_id=number,
        instrument=entry.instrument,
        strategy=getattr(entry, "strategy", ""),
        side="long" if entry.side == "buy" else "short",
        qty=qty,
        entry_time=entry.ts,
        exit_time=leaving.ts,
        entry_price=entry.price,
        exit_price=leaving.price,
        pnl=pnl,
        fees=fees,
        return_frac=float(pnl / value) if value != ZERO else 0.0,
        entry_order=entry.id,
        exit_order=leaving.id,
        tag=getattr(entry, "tag", ""),
    )


def trade_frame(trades: Sequence[Trade]) -> "pd.DataFrame":
    """The trades as a table: index trade_id, times as UTC timestamps, numbers as floats."""
    import pandas as pd

    columns = Trade.__struct_fields__
    table = pd.DataFrame(
        {name: [getattr(trade, name) for trade in trades] for name in columns}, columns=columns
    )
    for name in ("entry_time", "exit_time"):
        table[name] = table[name].astype("int64").astype("datetime64[ns, UTC]")
    kinds = {
        **dict.fromkeys(("instrument", "strategy", "side", "entry_order", "exit_order", "tag"), "str"),
        **dict.fromkeys(("qty", "entry_price", "exit_price", "pnl", "fees", "return_frac"), "float64"),
    }
    return table.astype({"trade_id": "int64", **kinds}).set_index("trade_id")
