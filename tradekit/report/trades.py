"""Round trips: fills put together to trades, first in first out or from flat to flat at average prices.

Knows no prices but those of the fills. Exact: quantities and money are Decimals, fees split without a rest.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from tradekit.errors import DataError
from tradekit.model.instrument import Instrument
from tradekit.model.money import CENT, EXACT, ZERO, floor_to
from tradekit.report.executions import Execution, Split

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Method", "Piece", "Trade", "matched", "open_since", "round_trips", "trade_frame"]

Method: TypeAlias = Literal["fifo", "average"]
Book: TypeAlias = tuple[str, str, str]  # strategy, instrument, position

_UNNAMED: Mapping[str, Instrument] = {}
_PLAIN = Instrument(id="")


class Trade(msgspec.Struct, frozen=True, gc=False):
    """A piece of a position, from its entry to its exit.

    trade_id                 number in the order of closing, from 1
    position                 of a hedging account, "" where positions are netted
    side                     "long" or "short"
    qty                      [base units], positive; by average: all that was entered
    entry_time, exit_time    first entry, last exit [UTC ns]
    entry_price, exit_price  [quote currency]; by average: of all entries, of all exits, to 28 digits
    pnl                      profit after both fees' shares [currency]
    fees                     those shares [currency]
    return_frac              pnl / value at entry; 0.01 is one percent
    entry_order, exit_order  ids of the first and the last order
    entry_rule, exit_rule    rules by which they filled (docs/fills.md)
    tag, entry_reason        the entry's words; exit_tag, exit_reason the exit's
    currency                 of pnl and fees; "" is the account's
    rate                     worth of one unit of it at the exit [account currency]
    """

    trade_id: int
    instrument: str
    strategy: str
    position: str
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
    entry_rule: str
    exit_rule: str
    tag: str
    exit_tag: str
    entry_reason: str
    exit_reason: str
    currency: str = ""
    rate: float = 1.0


class _Lot:
    """What is left of an entry, or of the fill that is being matched."""

    __slots__ = ("fee", "fill", "qty", "spell")

    def __init__(self, fill: Execution) -> None:
        if fill.qty <= 0 or fill.side not in ("buy", "sell"):
            raise DataError(
                f"fill of order {fill.order!r}: {fill.side} {fill.qty}; a fill buys or sells more than 0"
            )
        self.fill, self.qty, self.fee, self.spell = fill, fill.qty, fill.fee, 0

    def split(self, qty: Decimal, price: Decimal) -> None:
        """Be so many units from now on, entered at that price; the fee stays."""
        self.qty, self.fill = qty, msgspec.structs.replace(self.fill, qty=qty, price=price)

    def take(self, qty: Decimal) -> Decimal:
        """Use up a quantity; its share of the fee. The last part takes what is left: nothing is lost."""
        share = self.fee if qty == self.qty else (self.fee * qty / self.qty).quantize(CENT, ROUND_DOWN)
        self.qty -= qty
        self.fee -= share
        return share


class Piece(msgspec.Struct, frozen=True, gc=False):
    """An entry and an exit of the same quantity, with their shares of both fees.

    spell  number of the time from flat to flat that it belongs to
    """

    spell: int
    entry: Execution
    leaving: Execution
    qty: Decimal
    fees: Decimal


def round_trips(
    fills: Iterable[Execution],
    *,
    method: Method = "fifo",
    instruments: Mapping[str, Instrument] = _UNNAMED,
    splits: Iterable[Split] = (),
) -> list[Trade]:
    """The closed trades, in the order of closing; fills in the order in which they happened.

    method       "fifo": a trade for each piece of a position that was closed, against its oldest entry;
                 "average": one trade from flat to flat, with the average prices of its entries and exits
    instruments  by name, for what a step of the price is worth; a linear one of multiplier 1 where it is not named
    splits       in their order: what is open then is counted in new units from then on, its entry's price too; a
                 fraction of a lot that is left over leaves without a trade

    Each strategy's fills in an instrument (in a hedging account: in a position) are matched among themselves. A fill
    that goes through zero closes what is open and opens the rest the other way. Raises DataError for a fill without
    a positive quantity and a side, and for another method.
    """
    return [trade for trade, _ in matched(fills, method=method, instruments=instruments, splits=splits)]


def matched(
    fills: Iterable[Execution],
    *,
    method: Method = "fifo",
    instruments: Mapping[str, Instrument] = _UNNAMED,
    splits: Iterable[Split] = (),
) -> list[tuple[Trade, Sequence[Piece]]]:
    """The same trades, each with the pieces that it is made of: one first in first out, one or more by average."""
    pieces, lots = _matched(fills, splits, instruments)
    if method == "fifo":
        groups = [[piece] for piece in pieces]
    elif method == "average":
        groups = _flat_to_flat(pieces, {lot.spell for lot in lots})
    else:
        raise DataError(f"round trips by {method!r} are not known; choose fifo or average")
    return [
        (_trade(number, group, instruments.get(group[0].entry.instrument, _PLAIN)), group)
        for number, group in enumerate(groups, start=1)
    ]


def open_since(
    fills: Iterable[Execution],
    *,
    instruments: Mapping[str, Instrument] = _UNNAMED,
    splits: Iterable[Split] = (),
) -> list[int]:
    """Entry times [UTC ns] of what is still open after the fills; see `round_trips`."""
    return [lot.fill.ts for lot in _matched(fills, splits, instruments)[1]]


def _matched(
    fills: Iterable[Execution], splits: Iterable[Split], instruments: Mapping[str, Instrument]
) -> tuple[list[Piece], list[_Lot]]:
    """The closed pieces in the order of closing, and what is still open."""
    books: dict[Book, deque[_Lot]] = {}
    pieces: list[Piece] = []
    spells = 0
    coming = deque(splits)
    for number, fill in enumerate(fills):
        while coming and coming[0].after <= number:
            _split(books, coming.popleft(), instruments)
        lots = books.setdefault((fill.strategy, fill.instrument, fill.position), deque())
        rest = _Lot(fill)
        while rest.qty and lots and lots[0].fill.side != fill.side:
            lot = lots[0]
            qty = min(lot.qty, rest.qty)
            pieces.append(Piece(lot.spell, lot.fill, fill, qty, lot.take(qty) + rest.take(qty)))
            if not lot.qty:
                lots.popleft()
        if rest.qty:
            spells += not lots
            rest.spell = lots[-1].spell if lots else spells
            lots.append(rest)
    for late in coming:
        _split(books, late, instruments)
    return pieces, [lot for lots in books.values() for lot in lots]


def _split(books: Mapping[Book, deque[_Lot]], split: Split, instruments: Mapping[str, Instrument]) -> None:
    """Count what is open of the instrument in new units, each position down to whole lots as the ledger does."""
    lot_size = instruments.get(split.instrument, _PLAIN).lot or CENT
    for (_, instrument, _), lots in books.items():
        if instrument != split.instrument:
            continue
        whole = sum((lot.qty for lot in lots), start=ZERO)
        rest = floor_to(EXACT.divide(whole * split.new, split.old), lot_size)
        for lot in lots:
            qty = min(rest, EXACT.divide(lot.qty * split.new, split.old).quantize(CENT, ROUND_UP))
            rest -= qty
            lot.split(qty, EXACT.divide(lot.fill.price * split.old, split.new))
        while lots and not lots[-1].qty:
            lots.pop()


def _flat_to_flat(pieces: Iterable[Piece], still_open: set[int]) -> list[list[Piece]]:
    """The pieces of each spell that has ended, in the order of their ends."""
    spells: dict[int, list[Piece]] = {}
    for piece in pieces:
        if piece.spell not in still_open:
            group = spells.pop(piece.spell, [])  # put behind the others, so that spells stand by their ends
            group.append(piece)
            spells[piece.spell] = group
    return list(spells.values())


def _trade(number: int, pieces: Sequence[Piece], spec: Instrument) -> Trade:
    first, last = pieces[0], pieces[-1]
    entry, leaving = first.entry, last.leaving
    fees = sum((piece.fees for piece in pieces), start=ZERO)
    pnl = sum((_profit(piece, spec) for piece in pieces), start=-fees)
    value = sum((_value(piece, spec) for piece in pieces), start=ZERO)
    one = len(pieces) == 1
    qty = first.qty if one else sum((piece.qty for piece in pieces), start=ZERO)
    return Trade(
        trade_id=number,
        instrument=entry.instrument,
        strategy=entry.strategy,
        position=entry.position,
        side="long" if entry.side == "buy" else "short",
        qty=qty,
        entry_time=entry.ts,
        exit_time=leaving.ts,
        entry_price=entry.price if one else sum(p.entry.price * p.qty for p in pieces) / qty,
        exit_price=leaving.price if one else sum(p.leaving.price * p.qty for p in pieces) / qty,
        pnl=pnl,
        fees=fees,
        return_frac=float(pnl / value) if value else 0.0,
        entry_order=entry.order,
        exit_order=leaving.order,
        entry_rule=entry.rule,
        exit_rule=leaving.rule,
        tag=entry.tag,
        exit_tag=leaving.tag,
        entry_reason=entry.reason,
        exit_reason=leaving.reason,
        currency=spec.currency if spec.id else "",
        rate=leaving.rate,
    )


def _profit(piece: Piece, spec: Instrument) -> Decimal:
    """What the way from entry to exit was worth, before fees."""
    entry, leaving = (spec.value(piece.qty, fill.price) for fill in (piece.entry, piece.leaving))
    gains = (
        piece.entry.side == "buy"
    ) is not spec.inverse  # an inverse contract's value falls as its price rises
    return leaving - entry if gains else entry - leaving


def _value(piece: Piece, spec: Instrument) -> Decimal:
    """What was traded at the entry."""
    return spec.value(piece.qty, piece.entry.price)


_WORDS = (
    "instrument", "strategy", "position", "side", "entry_order", "exit_order", "entry_rule", "exit_rule",
    "tag", "exit_tag", "entry_reason", "exit_reason", "currency",
)  # fmt: skip
_NUMBERS = ("qty", "entry_price", "exit_price", "pnl", "fees", "return_frac", "rate")


def trade_frame(trades: Sequence[Trade]) -> "pd.DataFrame":
    """The trades as a table: index trade_id, times as UTC timestamps, numbers as floats."""
    import pandas as pd

    columns = Trade.__struct_fields__
    table = pd.DataFrame(
        {name: [getattr(trade, name) for trade in trades] for name in columns}, columns=columns
    )
    for name in ("entry_time", "exit_time"):
        table[name] = table[name].astype("int64").astype("datetime64[ns, UTC]")
    kinds = {**dict.fromkeys(_WORDS, "str"), **dict.fromkeys(_NUMBERS, "float64")}
    return table.astype({"trade_id": "int64", **kinds}).set_index("trade_id")
