"""Binance's messages, of spot and of linear perpetuals, as statements: orders, trades, positions, balances, bars.

Each is read as the venue wrote it, numbers as exact text; what cannot be read raises `Unreadable` and is never guessed.
Knows no connection and no order of ours.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from tradekit.brokers.ccxt.errors import Unreadable
from tradekit.brokers.ccxt.names import Names
from tradekit.model.instrument import Instrument, Kind
from tradekit.model.order import OrderType, Side
from tradekit.model.said import BalanceSaid, FillSaid, OrderSaid, PositionSaid, Said, What

__all__ = [
    "MS",
    "account",
    "balances",
    "executions",
    "heard",
    "instrument",
    "listed",
    "open_algo_orders",
    "order",
    "positions",
    "taken",
]

Message: TypeAlias = Mapping[str, Any]

MS = 1_000_000  # ns in a millisecond, the venue's unit of time
ZERO = Decimal(0)

_WHATS = {
    "NEW": What.NEW,
    "PENDING_NEW": What.NEW,
    "ACCEPTED": What.NEW,
    "PARTIALLY_FILLED": What.NEW,
    "PENDING_CANCEL": What.NEW,
    "FILLED": What.FILLED,
    "CANCELED": What.CANCELED,
    "REJECTED": What.REJECTED,
    "EXPIRED": What.EXPIRED,
    "EXPIRED_IN_MATCH": What.EXPIRED,  # it would have met an order of the same account
    "NEW_INSURANCE": What.NEW,  # a liquidation, taken over by the venue's fund
    "NEW_ADL": What.NEW,  # one that took its counter-party by force
    "TRIGGERING": What.NEW,  # of conditional orders
    "TRIGGERED": What.CANCELED,  # it goes on as an order of its own
    "FINISHED": What.CANCELED,
}
_TYPES = {
    "MARKET": OrderType.MARKET,
    "LIMIT": OrderType.LIMIT,
    "LIMIT_MAKER": OrderType.LIMIT,
    "STOP_LOSS": OrderType.STOP,
    "STOP_LOSS_LIMIT": OrderType.STOP_LIMIT,
    "TAKE_PROFIT_LIMIT": OrderType.LIMIT_IF_TOUCHED,
    "STOP_MARKET": OrderType.STOP,
    "STOP": OrderType.STOP_LIMIT,
    "TAKE_PROFIT_MARKET": OrderType.MARKET_IF_TOUCHED,
    "TRAILING_STOP_MARKET": OrderType.TRAILING_STOP,
    "LIQUIDATION": OrderType.MARKET,
}
_TRADES = ("TRADE", "CALCULATED")  # the latter is a liquidation's
_SILENT = frozenset(  # of the account: they tell of no order, and books are asked for
    {
        "ACCOUNT_UPDATE",
        "ACCOUNT_CONFIG_UPDATE",
        "MARGIN_CALL",
        "TRADE_LITE",  # a trade without its fee, which ORDER_TRADE_UPDATE tells whole
        "balanceUpdate",
        "externalLockUpdate",
        "listStatus",
        "outboundAccountPosition",
        "CONDITIONAL_ORDER_TRIGGER_REJECT",
        "STRATEGY_UPDATE",
        "GRID_UPDATE",
    }
)


# --- the account's stream -------------------------------------------------------------------------------------


def heard(message: Any, names: Names) -> tuple[Said, ...] | None:
    """What a message of the account's stream says; None where it is none of the account's."""
    event = message.get("e") if isinstance(message, dict) else None
    if event == "executionReport":
        return _told(message, names, spot=True)
    if event == "ORDER_TRADE_UPDATE":
        return _told(_inner(message), names, spot=False)
    if event == "ALGO_UPDATE":
        return (_algo(_inner(message), names, _time(message, "T", "E")),)
    return () if event in _SILENT else None


def _told(one: Message, names: Names, *, spot: bool) -> tuple[Said, ...]:
    """An order's report: its trade first, where it is one, then how the order stands."""
    what, whole, cum = _what(_text(one, "X")), _number(one, "q"), _number(one, "z")
    if _text(one, "X") in ("NEW_INSURANCE", "NEW_ADL") and cum >= whole:
        what = What.FILLED
    executed = one.get("x")
    if executed in ("AMENDMENT", "REPLACED"):
        what = What.REPLACED
    ts = _time(one, "T")
    average = one.get("ap") if not spot else None
    stands = OrderSaid(
        what=what, order=_client_id(one), venue_id=_text(one, "i"), instrument=names.ours(_text(one, "s")),
        side=_side(one, "S"), type=_type(_text(one, "o"), spot=spot), qty=whole,
        limit=_positive(one, "p"), stop=_positive(one, "P" if spot else "sp"), cum=cum,
        price=_amount(average) or _average(one, cum), reason=_why(one, what), ts=ts,
    )  # fmt: skip
    last = _number(one, "l")
    if executed not in _TRADES or last <= 0:
        return (stands,)
    trade = FillSaid(
        exec_id=_text(one, "t"), qty=last, price=_number(one, "L"), order=stands.order, venue_id=stands.venue_id,
        instrument=stands.instrument, side=stands.side, cum=cum, fee=_amount(one.get("n")) or ZERO,
        fee_currency=str(one.get("N") or ""), liquidity="maker" if one.get("m") else "taker", ts=ts,
    )  # fmt: skip
    return trade, stands


def _algo(one: Message, names: Names, ts: int) -> OrderSaid:
    """A conditional order of futures, which has ids of its own until it is triggered."""
    status, gone_on = _text(one, "X"), str(one.get("ai") or "")
    why = f"triggered: goes on as order {gone_on}" if gone_on else str(one.get("rm") or "")
    what = _what(status)
    return OrderSaid(
        what=what, order=str(one.get("caid") or ""), venue_id=f"algo-{_text(one, 'aid')}",
        instrument=names.ours(_text(one, "s")), side=_side(one, "S"), type=_type(_text(one, "o"), spot=False),
        qty=_number(one, "q"), limit=_positive(one, "p"), stop=_positive(one, "tp"), ts=ts,
        reason="" if what is What.NEW else why,
    )  # fmt: skip


def _client_id(one: Message) -> str:
    """Ours: in a cancel's report `c` is the cancel's own, and `C` the order's."""
    first = one.get("C")
    return str(one.get("c") or "") if first in (None, "", "null") else str(first)


def _why(one: Message, what: What) -> str:
    if what in (What.NEW, What.FILLED):
        return ""
    for key in ("r", "eR"):  # why it was rejected, why it expired
        if one.get(key) not in (None, "", "NONE"):
            return str(one[key])
    executed = str(one.get("x") or "")
    return "" if executed == one.get("X") else executed.lower()  # such as trade_prevention


# --- answers --------------------------------------------------------------------------------------------------


def order(one: Any, names: Names, *, spot: bool, what: What | None = None) -> OrderSaid:
    """How an order stands, from an answer about it; `what` where the request says more than the order's status."""
    one = _mapping(one)
    cum = _number(one, "executedQty") if "executedQty" in one else None
    return OrderSaid(
        what=what or _what(str(one.get("status") or "NEW")),
        order=str(one.get("origClientOrderId") or one.get("clientOrderId") or ""),
        venue_id=_text(one, "orderId"),
        instrument=names.ours(_text(one, "symbol")),
        side=_side(one, "side") if "side" in one else None,
        type=_type(str(one.get("origType") or one["type"]), spot=spot) if "type" in one else None,
        qty=_number(one, "origQty") if "origQty" in one else None,
        limit=_positive(one, "price"),
        stop=_positive(one, "stopPrice"),
        cum=cum,
        price=_positive(one, "avgPrice") or _average(one, cum or ZERO),
        ts=_time(one, "updateTime", "transactTime", "time"),
    )


def taken(one: Any, names: Names, *, spot: bool) -> tuple[Said, ...]:
    """The answer to a new order: the trades it had at once, where they are told, then how it stands."""
    stands = order(one, names, spot=spot)
    told: list[Said] = []
    cum = ZERO
    for fill in one.get("fills", ()):
        fill = _mapping(fill)
        cum += _number(fill, "qty")
        told.append(
            FillSaid(
                exec_id=_text(fill, "tradeId"), qty=_number(fill, "qty"), price=_number(fill, "price"),
                order=stands.order, venue_id=stands.venue_id, instrument=stands.instrument, side=stands.side, cum=cum,
                fee=_number(fill, "commission"), fee_currency=_text(fill, "commissionAsset"), liquidity="taker",
                ts=stands.ts,
            )
        )  # fmt: skip
    return (*told, stands)


def listed(answer: Any, names: Names, *, spot: bool) -> list[OrderSaid]:
    """A list of orders; of an order list (OCO) what it holds."""
    found: list[OrderSaid] = []
    for one in _rows(answer):
        held = one.get("orderReports")
        found += [order(each, names, spot=spot) for each in ([one] if held is None else _rows(held))]
    return found


def open_algo_orders(answer: Any, names: Names) -> list[OrderSaid]:
    """The conditional orders of futures that wait for their trigger."""
    return [
        OrderSaid(
            what=What.NEW, order=str(one.get("clientAlgoId") or ""), venue_id=f"algo-{_text(one, 'algoId')}",
            instrument=names.ours(_text(one, "symbol")), side=_side(one, "side"),
            type=_type(str(one.get("orderType") or one.get("type") or ""), spot=False), qty=_number(one, "quantity"),
            limit=_positive(one, "price"), stop=_positive(one, "triggerPrice"),
            ts=_time(one, "updateTime", "createTime"),
        )
        for one in _rows(answer)
    ]  # fmt: skip


def executions(answer: Any, names: Names) -> list[FillSaid]:
    """Trades of the account: under the ids that the stream has, without a client id and without a count."""
    return [
        FillSaid(
            exec_id=_text(one, "id"), qty=_number(one, "qty"), price=_number(one, "price"),
            venue_id=_text(one, "orderId"), instrument=names.ours(_text(one, "symbol")),
            side=_side(one, "side") if "side" in one else Side.BUY if one["isBuyer"] else Side.SELL,
            fee=_number(one, "commission"), fee_currency=_text(one, "commissionAsset"),
            liquidity="maker" if one.get("isMaker", one.get("maker")) else "taker", ts=_time(one, "time"),
        )
        for one in _rows(answer)
    ]  # fmt: skip


def positions(answer: Any, names: Names) -> list[PositionSaid]:
    """What is held of each perpetual."""
    return [
        PositionSaid(
            instrument=names.ours(_text(one, "symbol")),
            qty=_number(one, "positionAmt"),
            price=_positive(one, "entryPrice"),
            mark=_positive(one, "markPrice") if "markPrice" in one else None,
        )
        for one in _rows(answer)
        if _number(one, "positionAmt")
    ]


def account(answer: Any, name: str) -> str:
    """What the venue calls the account, under this name."""
    if not isinstance(answer, dict) or not answer.get(name):
        raise Unreadable(f"{name} is missing")
    return str(answer[name])


def balances(answer: Any) -> list[BalanceSaid]:
    """The cash by currency: of spot with what is locked, of futures without what is not realised yet."""
    if isinstance(answer, dict):
        rows = answer.get("balances", answer.get("assets"))
        return [BalanceSaid(currency=_text(one, "asset"), total=_total(one)) for one in _rows(rows)]
    return [BalanceSaid(currency=_text(one, "asset"), total=_number(one, "balance")) for one in _rows(answer)]


def _total(one: Message) -> Decimal:
    if "walletBalance" in one:
        return _number(one, "walletBalance")
    return _number(one, "free") + _number(one, "locked")


def instrument(info: Any, names: Names, *, spot: bool) -> Instrument:
    """An instrument with the steps that the venue keeps."""
    info = _mapping(info)
    filters = {_text(one, "filterType"): one for one in _rows(info.get("filters", []))}
    price, lot = filters.get("PRICE_FILTER", {}), filters.get("LOT_SIZE", {})
    least = filters.get("NOTIONAL", filters.get("MIN_NOTIONAL", {}))
    return Instrument(
        id=names.ours(_text(info, "symbol")), quote=_text(info, "quoteAsset"), base=_text(info, "baseAsset"),
        tick=_positive(price, "tickSize"), lot=_positive(lot, "stepSize"), max_qty=_positive(lot, "maxQty"),
        min_notional=_positive(least, "minNotional") or _positive(least, "notional"),
        kind=Kind.SPOT if spot else Kind.PERPETUAL,
    )  # fmt: skip


# --- reading ----------------------------------------------------------------------------------------------------


def _what(status: str) -> What:
    if status not in _WHATS:
        raise Unreadable(f"the order status {status!r} is not known")
    return _WHATS[status]


def _type(word: str, *, spot: bool) -> OrderType | None:
    if word == "TAKE_PROFIT":  # the one word that both markets use for different orders
        return OrderType.MARKET_IF_TOUCHED if spot else OrderType.LIMIT_IF_TOUCHED
    return _TYPES.get(word)  # of somebody else's order: no type of ours, and no doubt about the order


def _side(one: Message, key: str) -> Side:
    try:
        return Side(_text(one, key).lower())
    except ValueError as error:
        raise Unreadable(f"{key} is no side: {one[key]!r}") from error


def _average(one: Message, cum: Decimal) -> Decimal | None:
    """The average price out of what was paid, of spot."""
    paid = _amount(one.get("cummulativeQuoteQty", one.get("Z")))
    return paid / cum if paid and cum else None


def _positive(one: Message, key: str) -> Decimal | None:
    """A price or a step: the venue writes 0 where there is none."""
    number = _amount(one.get(key))
    return number if number else None


def _number(one: Message, key: str) -> Decimal:
    number = _amount(one.get(key))
    if number is None:
        raise Unreadable(f"{key} is missing")
    return number


def _amount(text: Any) -> Decimal | None:
    if text is None or text == "":
        return None
    if isinstance(text, float):
        raise Unreadable(f"{text!r} has been through a float")
    try:
        number = Decimal(text)
    except (InvalidOperation, TypeError, ValueError) as error:
        raise Unreadable(f"{text!r} is no number") from error
    if not number.is_finite():
        raise Unreadable(f"{text!r} is no number")
    return number


def _text(one: Message, key: str) -> str:
    value = one.get(key)
    if value is None or isinstance(value, dict | list):
        raise Unreadable(f"{key} is missing")
    return str(value)


def _time(one: Message, *keys: str) -> int:
    """A moment [UTC ns]; 0 where none of these is told."""
    for key in keys:
        value = one.get(key)
        if isinstance(value, int | str) and str(value).isdigit():
            return int(value) * MS
    return 0


def _inner(message: Message) -> Message:
    return _mapping(message.get("o"))


def _mapping(value: Any) -> Message:
    if not isinstance(value, dict):
        raise Unreadable(f"an object was awaited, and {type(value).__name__} came")
    return value


def _rows(value: Any) -> Iterable[Message]:
    if not isinstance(value, list):
        raise Unreadable(f"a list was awaited, and {type(value).__name__} came")
    return [_mapping(one) for one in value]
