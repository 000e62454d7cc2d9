"""Alpaca's messages as statements: orders, trades, positions, balances, stocks, bars.

Each is read as the venue wrote it, numbers as exact text; what cannot be read raises `Unreadable` and is never guessed.
Knows no connection and no order of ours.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

import msgspec

from tradekit.brokers.alpaca.errors import Unreadable
from tradekit.brokers.alpaca.names import Names, plain
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderType, Side
from tradekit.model.said import BalanceSaid, FillSaid, OrderSaid, PositionSaid, Said, What

__all__ = [
    "TYPES",
    "Message",
    "balances",
    "bar",
    "clock",
    "executions",
    "heard",
    "instrument",
    "listed",
    "mapping",
    "moment",
    "number",
    "order",
    "positions",
    "rows",
    "text",
]

Message: TypeAlias = Mapping[str, Any]

TYPES = {
    OrderType.MARKET: "market",
    OrderType.LIMIT: "limit",
    OrderType.STOP: "stop",
    OrderType.STOP_LIMIT: "stop_limit",
    OrderType.TRAILING_STOP: "trailing_stop",
}
_THEIRS = {word: kind for kind, word in TYPES.items()}
_WHATS = {
    "new": What.NEW,
    "accepted": What.NEW,  # it is here, and not at an exchange yet: the market is closed
    "pending_new": What.NEW,
    "pending_review": What.NEW,
    "accepted_for_bidding": What.NEW,
    "held": What.NEW,  # it waits for another order of its group
    "partially_filled": What.NEW,
    "done_for_day": What.NEW,  # until the next session
    "pending_cancel": What.NEW,
    "pending_replace": What.NEW,
    "stopped": What.NEW,  # a trade is guaranteed, and has not happened
    "suspended": What.NEW,
    "calculated": What.NEW,
    "filled": What.FILLED,
    "canceled": What.CANCELED,
    "expired": What.EXPIRED,
    "rejected": What.REJECTED,
    "replaced": What.REPLACED,
}
_TRADES = ("fill", "partial_fill")
_REFUSALS = {
    "order_cancel_rejected": What.CANCEL_REJECTED,
    "order_replace_rejected": What.REPLACE_REJECTED,
}
_RESTATED = "restated"  # the venue itself has changed its terms, for a split of the stock among others
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)")
CENT = Decimal("0.01")


# --- the account's stream -------------------------------------------------------------------------------------


def heard(update: Any, names: Names) -> tuple[Said, ...]:
    """What a trade update says: its trade first, where it is one, then how the order stands."""
    one = mapping(update)
    event = text(one, "event")
    stands = order(one.get("order"), names, reason=str(one.get("reason") or ""))
    ts = moment(one["timestamp"]) if one.get("timestamp") else stands.ts
    if event in _REFUSALS:
        return (_about(stands, _REFUSALS[event], str(one.get("reason") or event), ts),)
    if event in _TRADES:
        whole = mapping(one.get("order"))
        cum = number(whole, "filled_qty")
        here = text(whole, "id")
        trade = FillSaid(
            exec_id=execution(here, cum), qty=number(one, "qty"), price=number(one, "price"), order=stands.order,
            venue_id=here, instrument=stands.instrument, side=stands.side, cum=stands.cum, ts=ts,
        )  # fmt: skip
        if trade.qty > cum:
            raise Unreadable(f"a trade of {trade.qty:f} of an order of which {cum:f} has filled")
        return trade, stands
    if event == _RESTATED and stands.what is What.NEW:
        return (msgspec.structs.replace(stands, what=What.REPLACED),)
    if (
        event not in _WHATS and event != _RESTATED
    ):  # a trade that was busted or corrected: the books tell what holds
        raise Unreadable(f"the event {event!r} is not known")
    return (stands,)


def execution(order_id: str, cum: Decimal) -> str:
    """What a trade is called: its order, and what has filled with it.

    The stream names a trade by an execution id, the book of activities by one of its own, and nothing states that the
    two are one. Both tell the order and what has filled, which grows with each trade.
    """
    return f"{order_id}:{plain(cum)}"


def _about(stands: OrderSaid, what: What, reason: str, ts: int) -> OrderSaid:
    """A word about a cancel or a change alone."""
    return OrderSaid(
        what=what, order=stands.order, venue_id=stands.venue_id, instrument=stands.instrument, reason=reason, ts=ts
    )  # fmt: skip


# --- answers --------------------------------------------------------------------------------------------------


def order(answer: Any, names: Names, *, reason: str = "") -> OrderSaid:
    """How an order stands.

    One that has taken another's place works under an id of its own: it says so, and not how much it has filled, which
    leaves out what its forerunner had. The forerunner's terms hold no more, so it tells the new id alone.
    """
    one = mapping(answer)
    status = text(one, "status")
    if status not in _WHATS:
        raise Unreadable(f"the order status {status!r} is not known")
    what, name, here = _WHATS[status], str(one.get("client_order_id") or ""), text(one, "id")
    instrument, ts = names.ours(str(one.get("symbol") or "")), _time(one)
    if what is What.REPLACED:
        return OrderSaid(
            what=what, order=name, venue_id=text(one, "replaced_by"), earlier=here, instrument=instrument, ts=ts
        )  # fmt: skip
    forerunner = str(one.get("replaces") or "")
    if forerunner and what is What.NEW:
        what = What.REPLACED
    if what in (What.NEW, What.FILLED, What.REPLACED):
        reason = ""
    return OrderSaid(
        what=what, order=name, venue_id=here, earlier=forerunner, instrument=instrument, side=_side(one),
        type=_THEIRS.get(str(one.get("type") or one.get("order_type") or "")), qty=_amount(one.get("qty")),
        limit=_amount(one.get("limit_price")), stop=_amount(one.get("stop_price")),
        cum=None if forerunner else number(one, "filled_qty"), price=_amount(one.get("filled_avg_price")) or None,
        reason=reason, ts=ts,
    )  # fmt: skip


def listed(answer: Any, names: Names) -> list[OrderSaid]:
    """A page of working orders, each as it stands there."""
    found = []
    for one in rows(answer):
        stands = order(one, names)
        if stands.what is What.REPLACED:
            stands = _working(stands)
        found.append(stands)
    return found


def _working(stands: OrderSaid) -> OrderSaid:
    """An order of the book that took another's place: there it is an order like any other."""
    return OrderSaid(
        what=What.NEW, order=stands.order, venue_id=stands.venue_id, instrument=stands.instrument, side=stands.side,
        type=stands.type, qty=stands.qty, limit=stands.limit, stop=stands.stop, ts=stands.ts,
    )  # fmt: skip


def executions(answer: Any, names: Names) -> list[FillSaid]:
    """A page of trades: under the names that the stream's have, without a client id."""
    return [
        FillSaid(
            exec_id=execution(text(one, "order_id"), number(one, "cum_qty")), qty=number(one, "qty"),
            price=number(one, "price"), venue_id=text(one, "order_id"), instrument=names.ours(text(one, "symbol")),
            side=_side(one), ts=moment(one.get("transaction_time")),
        )
        for one in rows(answer)
    ]  # fmt: skip


def positions(answer: Any, names: Names) -> list[PositionSaid]:
    """What is held, short positions below zero."""
    found = []
    for one in rows(answer):
        qty = abs(number(one, "qty"))
        found.append(
            PositionSaid(
                instrument=names.ours(text(one, "symbol")),
                qty=-qty if text(one, "side") == "short" else qty,
                price=_amount(one.get("avg_entry_price")),
                mark=_amount(one.get("current_price")),
            )
        )
    return found


def balances(answer: Any) -> list[BalanceSaid]:
    """The account's cash, below zero where it is borrowed."""
    one = mapping(answer)
    return [BalanceSaid(currency=text(one, "currency"), total=number(one, "cash"))]


def clock(answer: Any) -> tuple[int, bool]:
    """The venue's time [UTC ns], and whether the market is open."""
    one = mapping(answer)
    return moment(one.get("timestamp")), one.get("is_open") is True


def instrument(answer: Any, names: Names) -> Instrument:
    """A stock, in cents and whole shares: parts of shares go with day orders alone, so who wants them says so."""
    one = mapping(answer)
    return Instrument(id=names.ours(text(one, "symbol")), quote="USD", tick=CENT, lot=Decimal(1))


def bar(row: Any, instrument: str, timeframe: str) -> Bar:
    """A bar of the history or of the market's stream."""
    one = mapping(row)
    return Bar(instrument, timeframe, moment(one.get("t")), *(float(number(one, key)) for key in "ohlcv"))


# --- reading ----------------------------------------------------------------------------------------------------


def moment(value: Any) -> int:
    """A moment [UTC ns], to the last digit that the venue writes."""
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unreadable(f"{value!r} is no moment")
    whole, part, zone = found.groups()
    seconds = int(datetime.fromisoformat(whole + ("+00:00" if zone == "Z" else zone)).timestamp())
    return seconds * 1_000_000_000 + int((part or "").ljust(9, "0"))


def _time(one: Message) -> int:
    for key in ("updated_at", "submitted_at", "created_at"):
        if one.get(key):
            return moment(one[key])
    return 0


def _side(one: Message) -> Side | None:
    """None for an order of several legs, which has no side of its own; it is never ours."""
    word = one.get("side")
    if word in (None, ""):
        return None
    if word not in ("buy", "sell", "sell_short"):
        raise Unreadable(f"side is no side: {word!r}")
    return Side.BUY if word == "buy" else Side.SELL


def number(one: Message, key: str) -> Decimal:
    """A number that must be there, exact."""
    found = _amount(one.get(key))
    if found is None:
        raise Unreadable(f"{key} is missing")
    return found


def _amount(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    if isinstance(value, float | bool):
        raise Unreadable(f"{value!r} has been through a float")
    try:
        number = Decimal(value)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise Unreadable(f"{value!r} is no number") from error
    if not number.is_finite():
        raise Unreadable(f"{value!r} is no number")
    return number


def text(one: Message, key: str) -> str:
    """A field that must be there."""
    value = one.get(key)
    if value is None or value == "" or isinstance(value, dict | list):
        raise Unreadable(f"{key} is missing")
    return str(value)


def mapping(value: Any) -> Message:
    """An object."""
    if not isinstance(value, dict):
        raise Unreadable(f"an object was awaited, and {type(value).__name__} came")
    return value


def rows(value: Any) -> Iterable[Message]:
    """A list of objects."""
    if not isinstance(value, list):
        raise Unreadable(f"a list was awaited, and {type(value).__name__} came")
    return [mapping(one) for one in value]
