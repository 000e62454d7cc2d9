"""The words of a scripted venue: plain dicts into statements, with every kind.

Liberal in what it takes, and clear about what it does not: a wrong kind or key is named with those there are.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from tradekit.errors import OrderError, did_you_mean
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
from tradekit.testing.keys import BALANCE, BOOK, FAILURE, FILL, ORDER, POSITION, name_of, named
from tradekit.testing.spelling import (
    CALLS,
    STATES,
    call_of,
    kind_of,
    moment,
    number_of,
    side_of,
    status_of,
    type_of,
    word,
)

__all__ = ["KINDS", "said"]

_BAN = "418"


def said(report: Mapping[str, Any], *, now: int, start: int) -> tuple[Said, ...]:
    """What a dict states; raises OrderError for a kind or key that is not known, or a value that is none.

    `now` is the time of what has no `ts` [UTC ns], `start` what seconds are counted from. A trade that comes with the
    status of an order that has filled whole states two things.
    """
    if not isinstance(report, Mapping):
        raise OrderError(f"the report is {report!r}: give a dict with its kind, one of {', '.join(KINDS)}")
    kind = kind_of(report.get("kind"), KINDS)
    if kind not in KINDS and kind in STATES:  # an order's status for its kind
        traded = {"exec_id", "qty", "price"} <= {name_of(key) for key in report}
        kind, report = "fill" if traded else "order", {"status": kind, **report}
    if kind not in KINDS:
        near = did_you_mean(kind, KINDS)
        raise OrderError(
            f"no report is of the kind {report.get('kind')!r}{near}; there are {', '.join(KINDS)}"
        )
    words = {key: value for key, value in report.items() if key != "kind"}
    if word(report.get("kind")) == "filled" and not {name_of(key) for key in words} & {"qty", "price"}:
        kind, words = "order", {"status": "filled", **words}  # an order's status, without a trade
    make, keys = KINDS[kind]
    told = named(words, keys, f"a report of kind {kind!r}")
    if make is _book and told.get("ok", True) is True and "items" not in told:
        if "items" not in {name_of(key) for key in words}:
            raise OrderError(
                f"{kind} without items: give [] where it is empty, ok: False where it was not read"
            )
        told["ok"] = False  # None is no empty book
    told["ts"], told["start"] = moment(told["ts"], start) if "ts" in told else now, start
    stated = make(kind, told)
    if kind == "error" and isinstance(stated, Unknown) and _text(told, "code") == _BAN:
        return stated, Failed(call=stated.question, reason=stated.reason, banned=True, ts=stated.ts)
    if kind == "fill" and "status" in told and status_of(told["status"], None, None) is What.FILLED:
        kept = ("cid", "venue_order_id", "instrument", "side", "cum_qty", "status", "ts", "start")
        return stated, _order("order", {key: told[key] for key in kept if key in told})
    return (stated,)


# --- one statement ------------------------------------------------------------------------------------------


def _side(told: Mapping[str, Any]) -> Side | None:
    return side_of(told["side"]) if "side" in told else None


def _text(told: Mapping[str, Any], key: str) -> str:
    return str(told.get(key, ""))


def _words(told: Mapping[str, Any]) -> str:
    """The venue's code and its words."""
    return " ".join(str(told[key]) for key in ("code", "reason") if key in told)


def _what(kind: str, told: Mapping[str, Any], cum: Decimal | None) -> What:
    """A status beside a kind says nothing: with a refusal it is about the cancel or the change."""
    if kind != "order":
        if "status" in told and kind not in (What.CANCEL_REJECTED, What.REPLACE_REJECTED):
            status_of(told["status"], None, None)
        return What(kind)
    return status_of(told.get("status", "new"), number_of(told, "qty"), cum)


def _order(kind: str, told: dict[str, Any]) -> Said:
    qty, limit, stop = (number_of(told, key) for key in ("qty", "price", "stop"))
    type_ = type_of(told["type"]) if "type" in told else None
    if type_ is OrderType.STOP and stop is None:
        limit, stop = None, limit
    cum, leaves = number_of(told, "cum_qty"), number_of(told, "leaves_qty")
    if cum is None and leaves is not None:
        if qty is None:
            raise OrderError("leaves_qty is told without qty: give both, or cum_qty")
        cum = qty - leaves
    venue_id, earlier = _text(told, "venue_order_id"), _text(told, "old_venue_order_id")
    if "replaced_by" in told:  # told of the old one
        venue_id, earlier = _text(told, "replaced_by"), earlier or venue_id
    return OrderSaid(
        what=_what(kind, told, cum),
        order=_text(told, "orig_cid") or _text(told, "cid"),
        venue_id=venue_id,
        earlier=earlier,
        instrument=_text(told, "instrument"),
        side=_side(told),
        type=type_,
        qty=qty,
        limit=limit,
        stop=stop,
        cum=cum,
        price=number_of(told, "avg_price"),
        reason=_words(told),
        ts=told["ts"],
    )


def _fill(kind: str, told: dict[str, Any]) -> Said:
    fee = told.get("fee")
    if isinstance(fee, Mapping):  # amount and currency in one
        told = {**told, "fee": fee.get("cost", fee.get("amount", 0)), "fee_currency": fee.get("currency", "")}
    qty, price, cum, average = (number_of(told, key) for key in ("qty", "price", "cum_qty", "avg_price"))
    if (qty is None and cum is None) or (price is None and average is None):
        raise OrderError(
            "a fill needs qty and price; or cum_qty and avg_price, of all that has filled of its order"
        )
    return FillSaid(
        exec_id=_text(told, "exec_id"),
        qty=qty or Decimal(0),
        price=price or Decimal(0),
        order=_text(told, "cid"),
        venue_id=_text(told, "venue_order_id"),
        instrument=_text(told, "instrument"),
        side=_side(told),
        cum=cum,
        average=None if price is not None else average,
        position=_text(told, "position"),
        fee=number_of(told, "fee") or Decimal(0),
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


_NO_SIDE = ("net", "both", "none", "flat")


def _position(told: dict[str, Any]) -> PositionSaid:
    qty = number_of(told, "qty")
    if qty is None or "instrument" not in told:
        raise OrderError("a position needs instrument and qty")
    side = told.get("side", told.get("position", "net"))
    if word(side) not in _NO_SIDE and side_of(side) is Side.SELL:
        qty = -abs(qty)
    price = number_of(told, "price")
    price = number_of(told, "avg_price") if price is None else price
    return PositionSaid(instrument=_text(told, "instrument"), qty=qty, price=price or None)


def _balance(told: dict[str, Any]) -> BalanceSaid:
    total, free, locked = (number_of(told, key) for key in ("total", "free", "locked"))
    if total is None and free is not None and locked is not None:
        total = free + locked
    if total is None or "currency" not in told:
        raise OrderError("a balance needs currency and total, or what is free of it and what is locked")
    return BalanceSaid(currency=_text(told, "currency"), total=total)


_ITEMS: dict[str, tuple[Callable[[dict[str, Any]], Any], tuple[str, ...]]] = {
    "open_orders": (lambda told: _order("order", told), ORDER),
    "executions": (lambda told: _fill("fill", told), FILL),
    "positions": (_position, POSITION),
    "balances": (_balance, BALANCE),
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
        one = named(item, keys, f"item {number} of {kind}")
        one["ts"] = moment(one["ts"], told["start"]) if "ts" in one else told["ts"]
        items.append(make(one))
    complete = bool(told.get("complete", kind != "balances"))
    return Answer(question=Question(kind), items=tuple(items), complete=complete, ts=told["ts"])


def _listed(kind: str, items: Any) -> Iterable[Mapping[str, Any]]:
    """The items of a book; positions and balances may be a mapping of their names."""
    names = {"positions": ("instrument", "qty"), "balances": ("currency", "total")}.get(kind)
    if names is not None and isinstance(items, Mapping):
        name, number = names
        return [
            {name: of, **one} if isinstance(one, Mapping) else {name: of, number: one}
            for of, one in items.items()
        ]
    if isinstance(items, Mapping | str) or not isinstance(items, Iterable):
        raise OrderError(f"items of {kind} is {items!r}: give a list of dicts, [] where there are none")
    return items


# --- failures and the link ----------------------------------------------------------------------------------


def _failure(kind: str, told: dict[str, Any]) -> Said:
    about = call_of(_text(told, "about"))
    reason = ": ".join(filter(None, (kind, _words(told))))
    if about in set(Question) - {Question.ORDER}:
        return Unknown(question=Question(about), reason=reason, ts=told["ts"])
    if about not in ("", "order", *CALLS):
        known = (*CALLS, *Question)
        raise OrderError(f"about is {about!r}{did_you_mean(about, known)}: give one of {', '.join(known)}")
    if about == "order":
        return Unknown(question=Question.ORDER, reason=reason, ts=told["ts"])
    order = _text(told, "cid") or _text(told, "venue_order_id")
    return Failed(call=about, order=order, reason=reason, banned=_text(told, "code") == _BAN, ts=told["ts"])


def _link(kind: str, told: dict[str, Any]) -> Said:
    return LinkSaid(up=kind == "reconnect", reason=_text(told, "reason"), ts=told["ts"])


KINDS: dict[str, tuple[Callable[[str, dict[str, Any]], Said], tuple[str, ...]]] = {
    **{str(what): (_order, ORDER) for what in What if what is not What.FILLED},
    "fill": (_fill, FILL),
    "bust": (
        _bust,
        ("exec_id", "cid", "venue_order_id", "instrument", "side", "qty", "price", "reason", "ts"),
    ),
    "order": (_order, ORDER),
    "not_found": (_not_found, ("cid", "venue_order_id", "reason", "ts")),
    **{name: (_book, BOOK) for name in _ITEMS},
    "error": (_failure, FAILURE),
    "timeout": (_failure, FAILURE),
    "disconnect": (_link, ("reason", "ts")),
    "reconnect": (_link, ("reason", "ts")),
}
"""Every kind of report: what makes a statement of it, and its keys."""
