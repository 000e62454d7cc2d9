"""TWS's messages, field by field, as server version 178 sends them.

The order of fields is IB's; what is not kept here is left empty as TWS does. Knows no connection.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tradekit.testing.ib.account import Contract, Order, Trade
from tradekit.testing.ib.wire import UNSET, double, framed, number

__all__ = [
    "completed_order",
    "contract_details",
    "error",
    "execution",
    "fee",
    "open_order",
    "order_status",
    "position",
]

_NONE = "2147483647"  # an integer that is not told


def _contract(one: Contract) -> list[Any]:
    """The eleven fields of a contract in most messages."""
    return [
        one.id, one.symbol, one.kind, one.expiry, "0.0", "?", one.multiplier, one.exchange, one.currency, one.local,
        one.symbol,
    ]  # fmt: skip


def error(key: int, code: int, words: str) -> bytes:
    """An error, a warning or a notice."""
    return framed(4, 2, key, code, words, "")


def open_order(order: Order, account: str) -> bytes:
    """An order with its terms."""
    return framed(
        5, order.id, *_contract(order.contract), order.side, number(order.qty), order.type, _limit(order),
        _stop(order),
        order.tif, "", account, "", "0", order.ref, order.client_id, order.perm_id, "0", "0", "0.0", "", "", "",
        "", "",
        # model, good till, rule 80A, offset, settling firm, short sale slot, location, exempt code
        "", "", "", UNSET, "", "0", "", "-1",
        # auction strategy, prices, delta, range, display size, block, sweep, all or none, least quantity
        "0", UNSET, UNSET, UNSET, UNSET, UNSET, _NONE, "0", "0", "0", _NONE,
        # one cancels all, e-trade, firm quote, cap, parent, trigger method, volatility, its type, delta neutral order
        "3", "0", "0", UNSET, "0", "0", UNSET, "0", "", UNSET,
        # continuous update, reference price type, trail stop, trailing per cent, basis points, their type, legs
        "0", "0", UNSET, UNSET, UNSET, _NONE, "", "0", "0", "0",
        # scale, hedge, smart routing, clearing, not held, delta neutral contract, algorithm
        _NONE, _NONE, UNSET, "", "0", "", "IB", "0", "0", "",
        # solicited, what if, status, margins, commission
        "0", "0", order.status, *[UNSET] * 9, UNSET, UNSET, UNSET, "", "", "0", "0",
        # conditions, adjusted order, soft dollar tier, cash quantity, and what orders may do
        "0", "None", UNSET, UNSET, UNSET, UNSET, UNSET, UNSET, "0", "", "", "", UNSET, "0", "0", "0", _NONE,
        _NONE, _NONE, "0", _NONE, _NONE, UNSET, UNSET, UNSET,
    )  # fmt: skip


def completed_order(order: Order, account: str) -> bytes:
    """An order that is over."""
    return framed(
        101, *_contract(order.contract), order.side, number(order.qty), order.type, _limit(order), _stop(order),
        order.tif,
        "", account, "", "0", order.ref, order.perm_id, "0", "0", "0.0", "", "", "", "",
        "", "", "", UNSET, "", "0", "", "-1",
        UNSET, UNSET, UNSET, UNSET, UNSET, _NONE, "0", "0", _NONE,
        "3", "0", UNSET, "0", "", UNSET,
        "0", "0", UNSET, UNSET, "", "0", "0", "0",
        _NONE, _NONE, UNSET, "", "", "IB", "0", "0", "",
        "0", order.status, "0", "0", "0",
        UNSET, UNSET, UNSET, "0", "0", "", number(order.filled), "0", "0", "", "0", "0", "0", "", order.reason,
        _NONE, _NONE, UNSET, UNSET, UNSET,
    )  # fmt: skip


def _limit(order: Order) -> str:
    return double(order.limit) if order.limit is not None else "0.0"


def _stop(order: Order) -> str:
    return double(order.stop) if order.stop is not None else "0.0"


def order_status(order: Order) -> bytes:
    """How an order stands."""
    last = double(order.average) if order.filled else "0.0"
    return framed(
        3, order.id, order.status, number(order.filled), number(order.qty - order.filled), last, order.perm_id,
        0, last,
        order.client_id, "", "0.0",
    )  # fmt: skip


def execution(key: int, trade: Trade, account: str) -> bytes:
    """A trade; its time is in the zone of its exchange."""
    order, contract = trade.order, trade.order.contract
    moment = datetime.fromtimestamp(trade.ts, UTC).astimezone(ZoneInfo(contract.zone))
    side = "BOT" if order.side == "BUY" else "SLD"
    return framed(
        11, key, order.id, *_contract(contract), trade.id, f"{moment:%Y%m%d %H:%M:%S} {contract.zone}", account,
        contract.home or contract.exchange, side, number(trade.qty), double(trade.price), order.perm_id,
        order.client_id,
        "0", number(trade.cum), double(order.average), order.ref, "", UNSET, "",
        "1" if order.type == "LMT" else "2", "0",
    )  # fmt: skip


def fee(trade: Trade) -> bytes:
    """What a trade has cost."""
    return framed(59, 1, trade.id, double(trade.fee), trade.order.contract.currency, UNSET, UNSET, "")


def position(contract: Contract, held: Decimal, cost: Decimal, account: str) -> bytes:
    """What is held, and what it cost for one unit, with fees and multiplier."""
    average = cost / held if held else Decimal(0)
    return framed(61, 3, account, *_contract(contract), number(held), double(average))


def contract_details(key: int, one: Contract) -> bytes:
    """A contract with its steps and its hours."""
    day = f"{one.expiry} 08:30 {one.zone}" if one.expiry else ""
    hours = one.hours or "20200101:0000-20991231:2359"
    return framed(
        10, key, one.symbol, one.kind, day.replace(" ", "-", 2) if day else "", "0.0", "", one.exchange,
        one.currency, one.local,
        one.symbol, one.symbol, one.id, double(one.tick), one.multiplier, "LMT,MKT,STP,STPLMT,MIT,LIT",
        one.exchange, "1", "0",
        one.symbol, one.home, one.expiry[:6], "", "", "", one.zone, hours, hours, "", "", "0",
        "1", "", "", "26", one.expiry, "COMMON" if one.kind == "STK" else "", number(one.lot), number(one.lot),
        number(one.lot),
    )  # fmt: skip
