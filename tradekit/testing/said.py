"""The words of a scripted venue: plain dicts into statements, with every kind, its keys and their other names.

Liberal in what it takes, and clear about what it does not: a wrong kind or key is named with those there are.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tradekit.errors import OrderError, did_you_mean
from tradekit.model.money import exact
from tradekit.model.order import OrderType, Side
from tradekit.model.said import (
    Answer,
    BalanceSaid,
    BustSaid,
    Failed,
    FillSaid,
    LinkSaid,
    OrderSaid,
    PositionSaid,
    Question,
    Said,
    Unknown,
    What,
)

__all__ = ["KEYS", "KINDS", "moment", "said"]

KEYS: dict[str, tuple[str, ...]] = {
    "cid": ("client_order_id", "client_id", "clientOrderId"),
    "venue_order_id": ("venue_id", "order_id", "oid"),
    "old_venue_order_id": ("old_venue_id", "replaces"),
    "exec_id": ("trade_id", "execution_id", "fill_id"),
    "instrument": ("symbol",),
    "side": (),
    "type": ("order_type",),
    "qty": ("quantity", "size", "amount", "last_qty"),
    "price": ("px", "last_price", "limit", "avg_price", "entry_price"),
    "stop": ("stop_price", "trigger"),
    "cum_qty": ("cum", "cum_filled", "filled", "filled_qty"),
    "fee": ("commission",),
    "fee_currency": ("fee_asset", "commission_currency"),
    "liquidity": (),
    "status": (),
    "reason": ("message", "text"),
    "code": (),
    "about": ("call", "what"),
    "currency": ("asset",),
    "total": ("balance", "cash"),
    "items": ("orders", "executions", "fills", "trades", "positions", "balances"),
    "ok": (),
    "complete": (),
    "ts": ("time", "timestamp"),
}
"""Every key, and the other names that it may have."""

_ORDER = (
    "cid", "venue_order_id", "old_venue_order_id", "instrument", "side", "type", "qty", "price", "stop", "cum_qty",
    "reason", "status", "ts",
)  # fmt: skip
_FILL = (
    "cid", "venue_order_id", "exec_id", "instrument", "side", "qty", "price", "cum_qty", "fee", "fee_currency",
    "liquidity", "ts",
)  # fmt: skip
_BOOK = ("items", "ok", "complete", "reason", "ts")
_FAILURE = ("about", "cid", "venue_order_id", "code", "reason", "ts")
_STATUS = {
    **dict.fromkeys(("new", "open", "accepted", "working", "partially_filled"), What.NEW),
    **dict.fromkeys(("canceled", "cancelled"), What.CANCELED),
    "filled": What.FILLED,
    "rejected": What.REJECTED,
    "expired": What.EXPIRED,
}
_SPELT = {"cancelled": "canceled", "cancel_reject": "cancel_rejected", "replace_reject": "replace_rejected"}
_ALIAS = {other: key for key, others in KEYS.items() for other in others}


def said(report: Mapping[str, Any], *, now: int, start: int) -> Said:
    """The statement that a dict words; raises OrderError for a kind or key that is not known, or a value that is none.

    `now` is the time of what has no `ts` [UTC ns], `start` what seconds are counted from.
    """
    kind = _SPELT.get(str(report.get("kind")), report.get("kind"))
    if kind not in KINDS:
        near = did_you_mean(str(kind), KINDS)
        raise OrderError(f"no report is of the kind {kind!r}{near}; there are {', '.join(KINDS)}")
    make, keys = KINDS[kind]
    told = _named(
        {key: value for key, value in report.items() if key != "kind"}, keys, f"a report of kind {kind!r}"
    )
    told["ts"] = moment(told["ts"], start) if "ts" in told else now
    return make(kind, told)


def moment(ts: object, start: int) -> int:
    """A time [UTC ns] from nanoseconds, a datetime, ISO text, or seconds since `start`."""
    if isinstance(ts, str):
        ts = datetime.fromisoformat(ts)
    if isinstance(ts, datetime):
        aware = ts if ts.tzinfo is not None else ts.replace(tzinfo=UTC)
        return int(Decimal(repr(aware.timestamp())) * 1_000_000_000)
    if isinstance(ts, int | float | Decimal) and not isinstance(ts, bool):
        return int(ts) if ts >= 10**15 else start + int(ts * 1_000_000_000)
    raise OrderError(
        f"ts is {ts!r}: give UTC nanoseconds, a datetime, ISO text, or seconds since the desk's start"
    )


def _named(told: Mapping[str, Any], keys: tuple[str, ...], where: str) -> dict[str, Any]:
    """The values by their first names; None is left out."""
    made: dict[str, Any] = {}
    for key, value in told.items():
        name = _ALIAS.get(key, key)
        if name == "limit":
            name = "price"
        if name not in keys:
            near = did_you_mean(key, keys)
            raise OrderError(f"{where} has no key {key!r}{near}; there are {', '.join(keys)}")
        if value is not None:
            made[name] = value
    return made


# --- one statement ------------------------------------------------------------------------------------------


def _number(told: Mapping[str, Any], key: str) -> Decimal | None:
    return exact(told[key], name=key) if key in told else None


def _side(told: Mapping[str, Any]) -> Side | None:
    side = str(told["side"]).lower() if "side" in told else None
    if side is not None and side not in set(Side):
        raise OrderError(f"side is {told['side']!r}: say buy or sell")
    return None if side is None else Side(side)


def _type(told: Mapping[str, Any]) -> OrderType | None:
    name = str(told["type"]).lower() if "type" in told else None
    if name is not None and name not in set(OrderType):
        raise OrderError(f"type is {told['type']!r}: give one of {', '.join(OrderType)}")
    return None if name is None else OrderType(name)


def _text(told: Mapping[str, Any], key: str) -> str:
    return str(told.get(key, ""))


def _what(kind: str, told: Mapping[str, Any]) -> What:
    if kind != "order" and "status" not in told:
        return What(kind)
    if kind in (What.CANCEL_REJECTED, What.REPLACE_REJECTED):
        return What(kind)  # the status that comes with it is about the cancel or the change
    status = str(told.get("status", "new" if kind == "order" else kind)).lower()
    if status not in _STATUS:
        raise OrderError(f"status is {told.get('status')!r}: give one of {', '.join(_STATUS)}")
    return _STATUS[status] if kind == "order" else What(kind)


def _order(kind: str, told: dict[str, Any]) -> Said:
    limit = _number(told, "price")
    type_ = _type(told)
    stop = _number(told, "stop")
    if type_ is OrderType.STOP and stop is None:
        limit, stop = None, limit
    return OrderSaid(
        what=_what(kind, told),
        order=_text(told, "cid"),
        venue_id=_text(told, "venue_order_id"),
        earlier=_text(told, "old_venue_order_id"),
        instrument=_text(told, "instrument"),
        side=_side(told),
        type=type_,
        qty=_number(told, "qty"),
        limit=limit,
        stop=stop,
        cum=_number(told, "cum_qty"),
        reason=_text(told, "reason"),
        ts=told["ts"],
    )


def _fill(kind: str, told: dict[str, Any]) -> FillSaid:
    qty, price = _number(told, "qty"), _number(told, "price")
    if qty is None or price is None:
        raise OrderError("a fill needs qty and price")
    return FillSaid(
        exec_id=_text(told, "exec_id"),
        qty=qty,
        price=price,
        order=_text(told, "cid"),
        venue_id=_text(told, "venue_order_id"),
        instrument=_text(told, "instrument"),
        side=_side(told),
        cum=_number(told, "cum_qty"),
        fee=_number(told, "fee") or Decimal(0),
        fee_currency=_text(told, "fee_currency"),
        liquidity=_text(told, "liquidity"),
        ts=told["ts"],
    )


def _bust(kind: str, told: dict[str, Any]) -> Said:
    return BustSaid(
        exec_id=_text(told, "exec_id"),
        order=_text(told, "cid"),
        venue_id=_text(told, "venue_order_id"),
        reason=_text(told, "reason"),
        ts=told["ts"],
    )


def _not_found(kind: str, told: dict[str, Any]) -> Said:
    return Answer(question=Question.ORDER, order=_text(told, "cid"), ts=told["ts"])


# --- books --------------------------------------------------------------------------------------------------


def _position(told: dict[str, Any]) -> PositionSaid:
    qty = _number(told, "qty")
    if qty is None or "instrument" not in told:
        raise OrderError("a position needs instrument and qty")
    side = {"long": "buy", "short": "sell"}.get(_text(told, "side").lower())
    if _side({"side": side} if side else told) is Side.SELL:
        qty = -abs(qty)
    return PositionSaid(instrument=_text(told, "instrument"), qty=qty, price=_number(told, "price"))


def _balance(told: dict[str, Any]) -> BalanceSaid:
    total = _number(told, "total")
    if total is None or "currency" not in told:
        raise OrderError("a balance needs currency and total")
    return BalanceSaid(currency=_text(told, "currency"), total=total)


_ITEMS: dict[str, tuple[Callable[[dict[str, Any]], Any], tuple[str, ...]]] = {
    "open_orders": (lambda told: _order("order", told), _ORDER),
    "executions": (lambda told: _fill("fill", told), _FILL),
    "positions": (_position, ("instrument", "qty", "price", "side", "ts")),
    "balances": (_balance, ("currency", "total", "ts")),
}


def _book(kind: str, told: dict[str, Any]) -> Said:
    """A book that was read, or that was not: then whatever is in it says nothing."""
    if told.get("ok", True) is not True:
        return Unknown(
            question=Question(kind), reason=_text(told, "reason") or "the query failed", ts=told["ts"]
        )
    make, keys = _ITEMS[kind]
    items = []
    for number, item in enumerate(_listed(kind, told.get("items", ()))):
        one = _named(item, keys, f"item {number} of {kind}")
        one.setdefault("ts", told["ts"])
        if not isinstance(one["ts"], int) or one["ts"] < 10**15:
            one["ts"] = told["ts"]
        items.append(make(one))
    complete = bool(told.get("complete", kind != "balances"))
    return Answer(question=Question(kind), items=tuple(items), complete=complete, ts=told["ts"])


def _listed(kind: str, items: Any) -> Iterable[Mapping[str, Any]]:
    """The items of a book; positions and balances may be a mapping of their names."""
    names = {"positions": ("instrument", "qty"), "balances": ("currency", "total")}.get(kind)
    if names is None or not isinstance(items, Mapping):
        return items  # type: ignore[no-any-return]
    return [dict(zip(names, pair, strict=True)) for pair in items.items()]


# --- failures and the link ----------------------------------------------------------------------------------

_CALLS = ("submit", "cancel", "replace")


def _failure(kind: str, told: dict[str, Any]) -> Said:
    about = _text(told, "about")
    words = [str(told[key]) for key in ("code", "reason") if key in told]
    reason = f"{kind}: {' '.join(words)}" if words else kind
    if about in set(Question) - {Question.ORDER}:
        return Unknown(question=Question(about), reason=reason, ts=told["ts"])
    if about not in ("", "order", *_CALLS):
        known = (*_CALLS, *Question)
        raise OrderError(f"about is {about!r}{did_you_mean(about, known)}: give one of {', '.join(known)}")
    if about == "order":
        return Unknown(question=Question.ORDER, reason=reason, ts=told["ts"])
    order = _text(told, "cid") or _text(told, "venue_order_id")
    return Failed(call=about, order=order, reason=reason, banned=_text(told, "code") == "418", ts=told["ts"])


def _link(kind: str, told: dict[str, Any]) -> Said:
    return LinkSaid(up=kind == "reconnect", reason=_text(told, "reason"), ts=told["ts"])


KINDS: dict[str, tuple[Callable[[str, dict[str, Any]], Said], tuple[str, ...]]] = {
    **{str(what): (_order, _ORDER) for what in What if what is not What.FILLED},
    "fill": (_fill, _FILL),
    "bust": (_bust, ("exec_id", "cid", "venue_order_id", "instrument", "reason", "ts")),
    "order": (_order, _ORDER),
    "not_found": (_not_found, ("cid", "venue_order_id", "reason", "ts")),
    **{name: (_book, _BOOK) for name in _ITEMS},
    "error": (_failure, _FAILURE),
    "timeout": (_failure, _FAILURE),
    "disconnect": (_link, ("reason", "ts")),
    "reconnect": (_link, ("reason", "ts")),
}
"""Every kind of report: what makes a statement of it, and its keys."""
