"""What TWS says of orders, trades, positions and cash, in the port's words.

Numbers are the Decimals of its own text. Knows no connection, and decides nothing.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from tradekit.model.order import OrderReplaceRequested, OrderSubmitted, OrderType, Side, TimeInForce
from tradekit.model.said import BalanceSaid, FillSaid, OrderSaid, PositionSaid, What

__all__ = [
    "ENDS",
    "TIFS",
    "TYPES",
    "Known",
    "balance_said",
    "changed_order",
    "completed_said",
    "fill_said",
    "made_order",
    "number",
    "order_said",
    "position_said",
    "revision",
    "text",
    "unix_ns",
]

TYPES = {
    OrderType.MARKET: "MKT",
    OrderType.LIMIT: "LMT",
    OrderType.STOP: "STP",
    OrderType.STOP_LIMIT: "STP LMT",
    OrderType.MARKET_IF_TOUCHED: "MIT",
    OrderType.LIMIT_IF_TOUCHED: "LIT",
}
TIFS = {TimeInForce.GTC: "GTC", TimeInForce.DAY: "DAY", TimeInForce.IOC: "IOC", TimeInForce.FOK: "FOK"}
_THEIRS = {there: here for here, there in TYPES.items()}
_LIMITS, _STOPS = ("LMT", "STP LMT", "LIT"), ("STP", "STP LMT", "MIT", "LIT")
_SIDES = {"BUY": Side.BUY, "BOT": Side.BUY, "SELL": Side.SELL, "SSHORT": Side.SELL, "SLD": Side.SELL}
ENDS = {"Cancelled": What.CANCELED, "ApiCancelled": What.CANCELED, "Filled": What.FILLED}
_UNSET = Decimal("1e300")  # "1.7976931348623157E308" stands for nothing
_LIQUIDITY = {1: "maker", 2: "taker", 3: "taker"}  # added, removed, routed out
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Known(msgspec.Struct, kw_only=True):
    """An order as TWS has told it.

    contract, order  in the library's classes
    status, filled, average  as last told; None before that
    ended   what it was told to have ended with
    why     the last refusal that was told of it: its own, if its status says that it is over, else a change's
    told    the last statement about it
    """

    perm_id: int
    client_id: int
    order_id: int
    instrument: str
    contract: Any
    order: Any
    status: str = ""
    filled: Decimal | None = None
    average: Decimal | None = None
    ended: What | None = None
    why: str = ""
    told: OrderSaid | None = None


# --- numbers and times --------------------------------------------------------------------------------------------


def text(number_: Decimal) -> str:
    """A number as it goes out: digits and a point, no exponent and no zeros at its end."""
    plain = format(number_, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def number(told: Decimal) -> Decimal:
    """A number as it came in, without zeros at its end; raises ValueError for one that is none."""
    if not told.is_finite() or abs(told) >= _UNSET:
        raise ValueError(f"{told} is no number")
    return Decimal(text(told))


def _maybe(told: Any) -> Decimal | None:
    """A number, or None where it is not told."""
    made = Decimal(told)
    return None if made.is_finite() and abs(made) >= _UNSET else number(made)


def unix_ns(moment: datetime) -> int:
    """A time as it is kept here [UTC ns]; 0 stays 0: it is not known."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


# --- what goes out ------------------------------------------------------------------------------------------------


def made_order(made: Any, order: OrderSubmitted, account: str) -> Any:
    """An order in the library's class, its numbers as exact text."""
    made.action, made.totalQuantity = order.side.upper(), text(order.qty)
    made.orderType, made.tif = TYPES[order.type], TIFS[order.tif]
    made.orderRef, made.account = order.id, account
    if order.limit is not None:
        made.lmtPrice = text(order.limit)
    if order.stop is not None:
        made.auxPrice = text(order.stop)
    return made


def changed_order(made: Any, known: Known, wanted: OrderReplaceRequested) -> Any:
    """The same order with other terms; those that are None stay."""
    there = known.order
    made.action, made.orderType, made.tif = there.action, there.orderType, there.tif
    made.orderRef, made.account = there.orderRef, there.account
    made.outsideRth = there.outsideRth
    made.totalQuantity = text(Decimal(there.totalQuantity) if wanted.qty is None else wanted.qty)
    if there.orderType in _LIMITS:
        made.lmtPrice = text(Decimal(there.lmtPrice) if wanted.limit is None else wanted.limit)
    if there.orderType in _STOPS:
        made.auxPrice = text(Decimal(there.auxPrice) if wanted.stop is None else wanted.stop)
    return made


# --- orders -------------------------------------------------------------------------------------------------------


def order_said(known: Known, what: What, ts: int, reason: str = "") -> OrderSaid:
    """A statement about an order, with all that is known of it."""
    return msgspec.structs.replace(
        _terms(known.order, known.instrument), what=what, cum=known.filled, price=known.average or None,
        reason=reason, ts=ts,
    )  # fmt: skip


def completed_said(instrument: str, order: Any, state: Any, ts: int) -> OrderSaid:
    """An order that is over, out of the list of those."""
    what = ENDS.get(state.status)
    if what is None:  # "Inactive": it came to TWS, and never worked or does so no more
        what = What.REJECTED if state.status == "Inactive" else What.CANCELED
    said = _terms(order, instrument)
    filled = number(Decimal(order.filledQuantity)) if _told(order.filledQuantity) else None
    if what is What.FILLED and filled is None:
        filled = said.qty
    qty = said.qty or None  # the list has 0 in place of some quantities
    return msgspec.structs.replace(said, what=what, qty=qty, cum=filled, reason=state.completedStatus, ts=ts)


def _terms(order: Any, instrument: str) -> OrderSaid:
    kind = order.orderType
    return OrderSaid(
        what=What.NEW, order=order.orderRef, venue_id=str(order.permId) if order.permId else "", instrument=instrument,
        side=_SIDES.get(order.action), type=_THEIRS.get(kind), qty=number(Decimal(order.totalQuantity)),
        limit=_maybe(order.lmtPrice) if kind in _LIMITS else None,
        stop=_maybe(order.auxPrice) if kind in _STOPS else None,
    )  # fmt: skip


def _told(value: Any) -> bool:
    return Decimal(value).is_finite() and abs(Decimal(value)) < _UNSET


# --- trades -------------------------------------------------------------------------------------------------------


def revision(exec_id: str) -> tuple[str, int]:
    """What all versions of a trade have in common, and which version it is: "0000e0d5.6576fd38.01.02" is the second."""
    stem, _, last = exec_id.rpartition(".")
    return (stem, int(last)) if stem and last.isdigit() else (exec_id, 1)


def fill_said(execution: Any, instrument: str, fee: tuple[Decimal, str] | None) -> FillSaid:
    """A trade; `fee` with its currency, None where it is not told."""
    side = _SIDES.get(execution.side)
    if side is None:
        raise ValueError(f"a trade on side {execution.side!r}")
    amount, currency = fee or (Decimal(0), "")
    _, version = revision(execution.execId)
    return FillSaid(
        exec_id=execution.execId, qty=number(execution.shares), price=number(execution.price), order=execution.orderRef,
        venue_id=str(execution.permId) if execution.permId else "", instrument=instrument, side=side,
        cum=number(execution.cumQty) if version == 1 else None,  # a correction is not counted on from
        fee=amount, fee_currency=currency, liquidity=_LIQUIDITY.get(execution.lastLiquidity, ""),
        ts=unix_ns(execution.time),
    )  # fmt: skip


# --- what is held -------------------------------------------------------------------------------------------------


def position_said(instrument: str, contract: Any, held: Decimal, cost: Decimal) -> PositionSaid:
    """A position; its price is TWS's average cost for one unit, in which commissions are."""
    multiplier = Decimal(contract.multiplier or 1)
    price = number(cost) / multiplier if held and multiplier else None
    return PositionSaid(instrument=instrument, qty=number(held), price=price)


def balance_said(tag: str, value: str, currency: str) -> BalanceSaid | None:
    """The cash in one currency; None for any other value, and for the sum of all ("BASE")."""
    if tag != "CashBalance" or currency in ("", "BASE"):
        return None
    return BalanceSaid(currency=currency, total=number(Decimal(value)))
