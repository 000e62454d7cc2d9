"""An account at a venue of Alpaca's shape: stocks, orders, trades, cash and positions, kept as the venue keeps them.

Pure: the time is given to it. Knows no wire; what it refuses it refuses with the venue's own codes and words.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import NAMESPACE_URL, uuid5

import msgspec

__all__ = ["CHANGEABLE", "OPEN", "Account", "Happened", "Order", "Refusal", "Stock", "Trade"]

ZERO = Decimal(0)
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_LONGEST_ID = 128
OPEN = ("accepted", "pending_new", "new", "partially_filled", "pending_cancel", "pending_replace", "held")
CHANGEABLE = ("new", "partially_filled", "held")
TIFS = ("day", "gtc", "opg", "cls", "ioc", "fok")


class Refusal(Exception):
    """What the venue refuses: HTTP status, code, words, and what else it tells."""

    def __init__(self, status: int, code: int, words: str, **more: str) -> None:
        super().__init__(f"{words} ({code})")
        self.status, self.body = status, {"code": code, "message": words, **more}


class Stock(msgspec.Struct, kw_only=True):
    """One symbol, and the price of the moment."""

    symbol: str = "AAPL"
    price: Decimal = Decimal(200)
    tradable: bool = True
    shortable: bool = True
    fractionable: bool = True


class Order(msgspec.Struct, kw_only=True):
    """An order as the venue keeps it. Times are [UTC ns]."""

    id: str
    client_id: str
    symbol: str
    side: str
    type: str
    tif: str
    qty: Decimal
    limit: Decimal | None = None
    stop: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    status: str = "pending_new"
    filled: Decimal = ZERO
    paid: Decimal = ZERO
    made: int = 0
    updated: int = 0
    replaces: str | None = None
    replaced_by: str | None = None

    @property
    def open(self) -> bool:
        """Whether it may still trade."""
        return self.status in OPEN


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade of the account: the stream and the book of activities call it by different names."""

    execution: str
    activity: str
    order: str
    symbol: str
    side: str
    qty: Decimal
    price: Decimal
    cum: Decimal
    left: Decimal
    ts: int


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """What the account's stream tells: an event of an order as it then stood, its trade, and why."""

    event: str
    order: Order
    trade: Trade | None = None
    reason: str = ""


class Account:
    """One margin account in dollars.

    shorts  whether it may sell what it has not
    """

    def __init__(self, stocks: Iterable[Stock], cash: Decimal) -> None:
        self.stocks = {one.symbol: one for one in stocks}
        self.cash = cash
        self.shorts = True
        self.orders: dict[str, Order] = {}
        self.trades: list[Trade] = []
        self.positions: dict[str, tuple[Decimal, Decimal]] = {}  # signed quantity, average entry
        self._made = 0

    # --- what it is asked ---------------------------------------------------------------------------------------

    def find(self, order_id: str) -> Order:
        """An order by the venue's id."""
        if order_id not in self.orders:
            raise Refusal(404, 40410000, f"order not found for {order_id}")
        return self.orders[order_id]

    def by_client_id(self, name: str) -> Order:
        """An order by its client id."""
        for one in self.orders.values():
            if one.client_id == name:
                return one
        raise Refusal(404, 40410000, f"order not found for client_order_id {name}")

    @property
    def buying_power(self) -> Decimal:
        """Twice the cash, less what open buys would take."""
        held = [
            (one.qty - one.filled) * (one.limit or self.stocks[one.symbol].price)
            for one in self.orders.values()
            if one.open and one.side == "buy"
        ]
        return 2 * self.cash - sum(held, start=ZERO)

    # --- what is done -------------------------------------------------------------------------------------------

    def submit(
        self, sent: Mapping[str, object], now: int, *, market_open: bool
    ) -> tuple[Order, list[Happened]]:
        """Take an order; one that is marketable trades at once, at the market's price. `now` in [UTC ns]."""
        name = str(sent.get("client_order_id") or "") or self._id("client")
        self._unused(name)
        stock = self.stocks.get(str(sent.get("symbol")))
        if stock is None:
            raise Refusal(422, 42210000, f'asset "{sent.get("symbol")}" not found')
        if not stock.tradable:
            raise Refusal(422, 42210000, f'asset "{stock.symbol}" is not tradable')
        order = Order(
            id=self._id("order"), client_id=name, symbol=stock.symbol, side=str(sent.get("side")),
            type=str(sent.get("type")), tif=str(sent.get("time_in_force")), qty=_number(sent, "qty"),
            limit=_price(sent, "limit_price"), stop=_price(sent, "stop_price"),
            trail_price=_price(sent, "trail_price"), trail_percent=_price(sent, "trail_percent"), made=now, updated=now,
        )  # fmt: skip
        _sound(order)
        self._affordable(order, stock)
        self.orders[order.id] = order
        if not market_open:
            order.status = "accepted"
            return order, [_told("accepted", order)]
        told = [_told("pending_new", order)]
        order.status = "new"
        told.append(_told("new", order))
        if self._crosses(order, stock):
            told.append(self.trade(order, order.qty, now, price=stock.price))
        elif order.tif in ("ioc", "fok"):
            order.status = "canceled"
            told.append(_told("canceled", order))
        return order, told

    def cancel(self, order: Order, now: int) -> list[Happened]:
        """End an open order."""
        if not order.open:
            raise Refusal(422, 42210000, f'order is already in "{order.status}" state')
        order.status, order.updated = "canceled", now
        return [_told("canceled", order)]

    def replace(self, old: Order, sent: Mapping[str, object], now: int) -> tuple[Order, list[Happened]]:
        """Put a new order in an open one's place."""
        if not old.open:
            raise Refusal(422, 42210000, f'order is already in "{old.status}" state')
        if old.status not in CHANGEABLE:
            raise Refusal(422, 42210000, "unable to replace order, order isn't sent to exchange yet")
        name = str(sent.get("client_order_id") or "") or self._id("client")
        self._unused(name)
        new = msgspec.structs.replace(
            old, id=self._id("order"), client_id=name, qty=_number(sent, "qty") if "qty" in sent else old.qty,
            limit=_price(sent, "limit_price") or old.limit, stop=_price(sent, "stop_price") or old.stop, status="new",
            filled=ZERO, paid=ZERO, made=now, updated=now, replaces=old.id,
        )  # fmt: skip
        _sound(new)
        old.status = "pending_replace"
        told = [_told("pending_replace", old)]
        self.orders[new.id] = new
        old.status, old.replaced_by, old.updated = "replaced", new.id, now
        return new, [*told, _told("replaced", old), _told("new", new)]

    def trade(self, order: Order, qty: Decimal, now: int, *, price: Decimal | None = None) -> Happened:
        """Somebody takes so much of an order, at its limit unless a price is given."""
        qty = min(qty, order.qty - order.filled)
        at = price or order.limit or self.stocks[order.symbol].price
        order.filled, order.paid, order.updated = order.filled + qty, order.paid + qty * at, now
        order.status = "filled" if order.filled == order.qty else "partially_filled"
        trade = Trade(
            execution=self._id("execution"), activity=self._id("activity"), order=order.id, symbol=order.symbol,
            side=order.side, qty=qty, price=at, cum=order.filled, left=order.qty - order.filled, ts=now,
        )  # fmt: skip
        self.trades.append(trade)
        self._hold(order.symbol, qty if order.side == "buy" else -qty, at)
        return _told("fill" if order.status == "filled" else "partial_fill", order, trade)

    # --- pieces -------------------------------------------------------------------------------------------------

    def _id(self, what: str) -> str:
        self._made += 1
        return str(uuid5(NAMESPACE_URL, f"{what}/{self._made}"))

    def _unused(self, name: str) -> None:
        if len(name) > _LONGEST_ID:
            raise Refusal(422, 40010001, f"client_order_id must be no more than {_LONGEST_ID} characters")
        if any(one.client_id == name for one in self.orders.values()):
            raise Refusal(422, 40010001, "client_order_id must be unique")

    def _affordable(self, order: Order, stock: Stock) -> None:
        """Money, shares that are there, and no order through zero."""
        held, _ = self.positions.get(order.symbol, (ZERO, ZERO))
        sign = 1 if order.side == "buy" else -1
        opposite = [
            one
            for one in self.orders.values()
            if one.open and one.symbol == order.symbol and one.side != order.side
        ]
        if any(_meet(order, one) for one in opposite):
            raise Refusal(403, 40310000, "potential wash trade detected. use complex orders")
        if held * sign < 0:
            resting = [one.qty - one.filled for one in self.orders.values()
                       if one.open and one.symbol == order.symbol and one.side == order.side]  # fmt: skip
            kept = sum(resting, start=ZERO)
            left = abs(held) - kept
            if order.qty > left:
                words = (
                    f"insufficient qty available for order (requested: {order.qty:f}, available: {left:f})"
                )
                more = {"existing_qty": f"{held:f}", "held_for_orders": f"{kept:f}", "symbol": order.symbol}
                raise Refusal(403, 40310000, words, **more)
            return
        if sign < 0 and not self.shorts:
            raise Refusal(403, 40310000, "account is not allowed to short")
        if sign < 0 and (not stock.shortable or order.qty % 1):
            raise Refusal(422, 42210000, f'asset "{stock.symbol}" cannot be sold short')
        if order.qty * (order.limit or stock.price) > self.buying_power:
            raise Refusal(403, 40310000, "insufficient buying power", buying_power=f"{self.buying_power:f}")

    def _crosses(self, order: Order, stock: Stock) -> bool:
        if order.type == "market":
            return order.tif not in ("opg", "cls")
        if order.type != "limit" or order.limit is None:
            return False
        return order.limit >= stock.price if order.side == "buy" else order.limit <= stock.price

    def _hold(self, symbol: str, qty: Decimal, price: Decimal) -> None:
        held, entry = self.positions.get(symbol, (ZERO, ZERO))
        self.cash -= qty * price
        if held * qty >= 0:
            entry = (held * entry + qty * price) / (held + qty)
        self.positions[symbol] = (held + qty, entry)


def _told(event: str, order: Order, trade: Trade | None = None) -> Happened:
    return Happened(event=event, order=msgspec.structs.replace(order), trade=trade)


def _meet(order: Order, other: Order) -> bool:
    """Whether two orders of one account would trade with each other."""
    if "stop" in order.type or "stop" in other.type:
        return False
    if order.limit is None or other.limit is None:
        return True
    return order.limit >= other.limit if order.side == "buy" else order.limit <= other.limit


def _sound(order: Order) -> None:
    """Whether it makes sense as an order."""
    if order.side not in ("buy", "sell"):
        raise Refusal(422, 40010001, "invalid side")
    needs = {
        "market": (), "limit": ("limit",), "stop": ("stop",), "stop_limit": ("limit", "stop"), "trailing_stop": (),
    }.get(order.type)  # fmt: skip
    if needs is None:
        raise Refusal(422, 40010001, f"invalid order type {order.type}")
    if any(getattr(order, name) is None for name in needs):
        raise Refusal(422, 40010001, f"{order.type} orders require {' and '.join(needs)} price")
    if order.tif not in TIFS:
        raise Refusal(422, 40010001, "invalid time_in_force")
    if order.qty % 1 and order.tif != "day":
        raise Refusal(422, 42210000, "fractional orders must be DAY orders")
    for name in ("limit", "stop"):
        price = getattr(order, name)
        if price is not None and price % (Decimal("0.01") if price >= 1 else Decimal("0.0001")):
            words = f"invalid {name}_price {price:f}. sub-penny increment does not fulfill minimum pricing criteria"
            raise Refusal(422, 42210000, words)


def _number(sent: Mapping[str, object], key: str) -> Decimal:
    """A number in quotes or without, as the venue takes either."""
    text = str(sent.get(key))
    if not _NUMBER.fullmatch(text) or not Decimal(text):
        raise Refusal(422, 40010001, f"{key} must be > 0")
    return Decimal(text)


def _price(sent: Mapping[str, object], key: str) -> Decimal | None:
    return None if sent.get(key) is None else _number(sent, key)
