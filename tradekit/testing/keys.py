"""The keys of what a scripted venue may say, with their other names, and what is told beside them.

Pure tables and one look-up. Knows what a key is called, and nothing of what it means.
"""

from collections.abc import Mapping
from typing import Any

from tradekit.errors import OrderError, did_you_mean
from tradekit.testing.spelling import word

__all__ = ["BALANCE", "BESIDE", "BOOK", "FAILURE", "FILL", "KEYS", "ORDER", "POSITION", "name_of", "named"]

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
    "qty": (
        "quantity",
        "size",
        "amount",
        "order_qty",
        "orig_qty",
        "last_qty",
        "fill_qty",
        "new_qty",
        "net_qty",
        "contracts",
        "position_amt",
    ),
    "price": ("px", "last_price", "last_px", "fill_price", "limit", "limit_price", "new_price"),
    "avg_price": (
        "average",
        "average_price",
        "avg_px",
        "avg_fill_price",
        "entry_price",
        "avg_entry_price",
        "average_cost",
    ),
    "stop": ("stop_price", "trigger", "trigger_price"),
    "cum_qty": (
        "cum",
        "cum_filled",
        "filled",
        "filled_qty",
        "filled_quantity",
        "executed_qty",
        "cumulative_qty",
        "cumulative_quantity",
        "cum_filled_qty",
    ),
    "leaves_qty": ("leaves", "remaining", "remaining_qty"),
    "fee": ("commission",),
    "fee_currency": ("fee_asset", "fee_ccy", "commission_currency", "commission_asset"),
    "liquidity": ("taker_or_maker",),
    "status": ("order_status", "ord_status", "state"),
    "reason": ("message", "msg", "text", "error", "error_message", "reject_reason"),
    "code": ("error_code", "http_status"),
    "about": ("call", "what", "request", "action"),
    "currency": ("asset",),
    "total": ("balance", "cash", "wallet_balance"),
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
    "note", "comment", "info", "raw", "seconds", "attempt", "elapsed", "correlation_id", "request_id",
    "instrument",
})  # fmt: skip
"""What venues tell beside it: where no key of a report's kind, it is passed over."""

ORDER = (
    "cid", "orig_cid", "venue_order_id", "old_venue_order_id", "replaced_by", "instrument", "side", "type", "qty",
    "price", "stop", "cum_qty", "leaves_qty", "avg_price", "reason", "code", "status", "ts",
)  # fmt: skip
FILL = (
    "cid", "venue_order_id", "exec_id", "instrument", "side", "position", "qty", "price", "cum_qty", "avg_price", "fee",
    "fee_currency", "liquidity", "status", "ts",
)  # fmt: skip
BOOK = ("items", "ok", "complete", "reason", "ts")
FAILURE = ("about", "cid", "venue_order_id", "code", "reason", "ts")
_ALIAS = {other: key for key, others in KEYS.items() for other in others}
_OF_A_TRADE = ("last_qty", "last_price", "last_px", "fill_qty", "fill_price")
_OF_AN_ORDER = ("order_qty", "orig_qty")
POSITION = ("instrument", "qty", "price", "avg_price", "side", "position", "ts")
BALANCE = ("currency", "total", "free", "locked", "ts")
_OWN = {
    ORDER: {"id": "venue_order_id"},
    FILL: {"id": "exec_id", "order": "venue_order_id"},
    BALANCE: {"amount": "total", "qty": "total"},
}
"""What a name means in a statement of its own kind."""


def named(told: Mapping[str, Any], keys: tuple[str, ...], where: str) -> dict[str, Any]:
    """The values by their first names; None and "" are left out, and what is told beside it.

    A report of an order may tell its last trade, and one of a trade its order: each has its own quantity and price.
    """
    if not isinstance(told, Mapping):
        raise OrderError(f"{where} is {told!r}: give a dict with {', '.join(keys)}")
    made: dict[str, Any] = {}
    ranks: dict[str, int] = {}
    spelt = {key: word(key) for key in told}
    own = _OWN.get(keys, {})
    others = _OF_AN_ORDER if keys is FILL else _OF_A_TRADE
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
