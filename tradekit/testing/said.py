"""The words of a scripted venue: plain dicts into statements, with every kind, its keys and their other names.

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

__all__ = ["BESIDE", "KEYS", "KINDS", "name_of", "said"]

KEYS: dict[str, tuple[str, ...]] = {
    "cid": ("client_order_id", "client_id", "cl_ord_id", "order_link_id", "order_ref"),
    "orig_cid": ("orig_client_order_id", "orig_cl_ord_id", "old_cid"),
    "venue_order_id": ("venue_id", "order_id", "ord_id", "oid", "exchange_order_id"),
    "replaced_by": (),
    "old_venue_order_id": ("old_venue_id", "replaces", "orig_venue_order_id"),
    "exec_id": ("trade_id", "execution_id", "fill_id"),
    "instrument": ("symbol",),
    "side": (),
    "position": ("position_side", "position_id"),
    "type": ("order_type",),
    "qty": ("quantity", "size", "amount", "order_qty", "orig_qty", "last_qty", "fill_qty", "new_qty"),
    "price": ("px", "last_price", "last_px", "fill_price", "limit", "limit_price", "new_price"),
    "avg_price": ("average", "average_price", "avg_px", "avg_fill_price", "entry_price"),
    "stop": ("stop_price", "trigger", "trigger_price"),
    "cum_qty": ("cum", "cum_filled", "filled", "filled_qty", "filled_quantity", "executed_qty"),
    "leaves_qty": ("leaves", "remaining", "remaining_qty"),
    "fee": ("commission",),
    "fee_currency": ("fee_asset", "commission_currency", "commission_asset"),
    "liquidity": (),
    "status": ("order_status", "ord_status", "state"),
    "reason": ("message", "text"),
    "code": (),
    "about": ("call", "what"),
    "currency": ("asset",),
    "total": ("balance", "cash"),
    "free": ("available",),
    "locked": ("used", "hold"),
    "items": ("orders", "executions", "fills", "trades", "positions", "balances"),
    "ok": (),
    "complete": (),
    "ts": ("time", "timestamp", "datetime", "transact_time", "event_time", "trade_time"),
}
"""Every key, and the other names that it may have; in capitals or humps (`orderId`) they are the same."""

BESIDE = frozenset({
    "account", "strategy", "mode", "exchange", "venue", "order_qty", "orig_qty", "last_qty", "last_price",
    "last_px", "fill_qty", "fill_price", "exec_id", "type", "leaves_qty", "tif", "time_in_force", "reduce_only",
    "post_only", "parent", "group", "reason", "code", "status", "maker", "taker", "is_maker", "fees", "trades",
    "multiplier", "cost", "notional", "value", "quote_qty", "pnl", "realized_pnl", "realised_pnl",
    "unrealized_pnl", "unrealised_pnl", "mark_price", "market_price", "market_value", "liquidation_price",
    "leverage", "margin", "margin_mode", "margin_type", "initial_margin", "maintenance_margin", "equity", "fee",
    "fee_currency", "seq", "sequence", "created", "created_at", "updated", "updated_at", "update_time", "tag",
    "note", "comment", "info", "raw",
})  # fmt: skip
"""What venues tell beside it: where no key of a report's kind, it is passed over."""

_ORDER = (
    "cid", "orig_cid", "venue_order_id", "old_venue_order_id", "replaced_by", "instrument", "side", "type", "qty",
    "price", "stop", "cum_qty", "leaves_qty", "avg_price", "reason", "code", "status", "ts",
)  # fmt: skip
_FILL = (
    "cid", "venue_order_id", "exec_id", "instrument", "side", "position", "qty", "price", "cum_qty", "avg_price", "fee",
    "fee_currency", "liquidity", "status", "ts",
)  # fmt: skip
_BOOK = ("items", "ok", "complete", "reason", "ts")
_FAILURE = ("about", "cid", "venue_order_id", "code", "reason", "ts")
_ALIAS = {other: key for key, others in KEYS.items() for other in others}
_BAN = "418"
_OF_A_TRADE = ("last_qty", "last_price", "last_px", "fill_qty", "fill_price")
_OF_AN_ORDER = ("order_qty", "orig_qty")
_OWN = {
    _ORDER: {"id": "venue_order_id"},
    _FILL: {"id": "exec_id", "order": "venue_order_id"},
}  # where it is its own


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
    told = _named(words, keys, f"a report of kind {kind!r}")
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
        named = ("cid", "venue_order_id", "instrument", "side", "cum_qty", "status", "ts", "start")
        return stated, _order("order", {key: told[key] for key in named if key in told})
    return (stated,)


def _named(told: Mapping[str, Any], keys: tuple[str, ...], where: str) -> dict[str, Any]:
    """The values by their first names; None and "" are left out, and what is told beside it.

    A report of an order may tell its last trade, and one of a trade its order: each has its own quantity and price.
    """
    if not isinstance(told, Mapping):
        raise OrderError(f"{where} is {told!r}: give a dict with {', '.join(keys)}")
    made: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    spelt = {key: word(key) for key in told}
    own = _OWN.get(keys, {})
    others = _OF_AN_ORDER if keys is _FILL else _OF_A_TRADE
    for key, value in told.items():
        name = own.get(spelt[key], name_of(key))
        if name not in keys or spelt[key] in others:
            if {name, spelt[key]} & BESIDE:
                continue
            near = did_you_mean(key, keys)
            raise OrderError(f"{where} has no key {key!r}{near}; there are {', '.join(keys)}")
        if value is None or value == "":
            continue
        rank = 2 if spelt[key] in _OF_A_TRADE else int(spelt[key] == name)  # its own name before others
        if rank >= ranks.get(name, 0):
            made[name], ranks[name] = value, rank
    return made


def name_of(key: object) -> str:
    """A key by its first name."""
    spelt = word(key)
    return _ALIAS.get(spelt, spelt)


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
    "open_orders": (lambda told: _order("order", told), _ORDER),
    "executions": (lambda told: _fill("fill", told), _FILL),
    "positions": (_position, ("instrument", "qty", "price", "avg_price", "side", "position", "ts")),
    "balances": (_balance, ("currency", "total", "free", "locked", "ts")),
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
    **{str(what): (_order, _ORDER) for what in What if what is not What.FILLED},
    "fill": (_fill, _FILL),
    "bust": (
        _bust,
        ("exec_id", "cid", "venue_order_id", "instrument", "side", "qty", "price", "reason", "ts"),
    ),
    "order": (_order, _ORDER),
    "not_found": (_not_found, ("cid", "venue_order_id", "reason", "ts")),
    **{name: (_book, _BOOK) for name in _ITEMS},
    "error": (_failure, _FAILURE),
    "timeout": (_failure, _FAILURE),
    "disconnect": (_link, ("reason", "ts")),
    "reconnect": (_link, ("reason", "ts")),
}
"""Every kind of report: what makes a statement of it, and its keys."""
