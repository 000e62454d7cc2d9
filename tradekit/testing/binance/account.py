"""An account at a venue of Binance's shape: orders, trades, cash and positions, kept as the venue keeps them.

Pure: the time is given to it. Knows no wire; what it refuses it refuses with the venue's own codes and words.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

__all__ = ["STOPS", "Account", "Market", "Order", "Refusal", "Trade"]

ZERO = Decimal(0)
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_CLIENT_ID = re.compile(r"[.A-Za-z0-9:/_-]{1,36}")
STOPS = ("STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT")
_PRICED = ("LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")


class Refusal(Exception):
    """What the venue refuses: its code, its words, and the HTTP status they come with."""

    def __init__(self, code: int, words: str, status: int = 400) -> None:
        super().__init__(f"{words} ({code})")
        self.code, self.words, self.status = code, words, status


class Market(msgspec.Struct, frozen=True, kw_only=True):
    """One symbol, with its steps, the price of the moment, and the fee of a trade as a fraction."""

    symbol: str = "BTCUSDT"
    base: str = "BTC"
    quote: str = "USDT"
    tick: Decimal = Decimal("0.01")
    lot: Decimal = Decimal("0.00001")
    least: Decimal = Decimal(5)  # value of an order [quote]
    price: Decimal = Decimal(50_000)
    fee: Decimal = Decimal("0.001")


class Order(msgspec.Struct, kw_only=True):
    """An order as the venue keeps it."""

    id: int
    client_id: str
    symbol: str
    side: str
    type: str
    qty: Decimal
    price: Decimal = ZERO
    stop: Decimal = ZERO
    tif: str = "GTC"
    reduce_only: bool = False
    status: str = "NEW"
    filled: Decimal = ZERO
    paid: Decimal = ZERO
    made: int = 0  # [ms]
    updated: int = 0  # [ms]

    @property
    def open(self) -> bool:
        """Whether it may still trade."""
        return self.status in ("NEW", "PARTIALLY_FILLED")


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade of the account."""

    id: int
    order: int
    symbol: str
    side: str
    qty: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    maker: bool
    ts: int  # [ms]


class Account:
    """One account. `spot` pays in full; otherwise it holds positions in one-way mode."""

    def __init__(self, markets: Mapping[str, Market], cash: Mapping[str, Decimal], *, spot: bool) -> None:
        self.markets = dict(markets)
        self.cash = dict(cash)
        self.spot = spot
        self.orders: dict[int, Order] = {}
        self.trades: list[Trade] = []
        self.positions: dict[str, tuple[Decimal, Decimal]] = {}  # signed quantity, average entry

    # --- what it is asked ---------------------------------------------------------------------------------------

    def find(self, symbol: str, order_id: str = "", client_id: str = "", *, code: int = -2013) -> Order:
        """An order by either id, the latest where a client id was used again; refuses by `code` what is not there."""
        for one in reversed(self.orders.values()):
            if one.symbol == symbol and (str(one.id) == order_id if order_id else one.client_id == client_id):
                return one
        raise Refusal(code, "Order does not exist." if code == -2013 else "Unknown order sent.")

    def locked(self, currency: str) -> Decimal:
        """What open orders of spot hold back."""
        held = ZERO
        for one in self.orders.values():
            market = self.markets[one.symbol]
            left = one.qty - one.filled
            if one.open and one.side == "SELL" and market.base == currency:
                held += left
            elif one.open and one.side == "BUY" and market.quote == currency:
                held += left * (one.price or market.price)
        return held

    # --- what is done -------------------------------------------------------------------------------------------

    def submit(self, request: Mapping[str, str], now: int) -> tuple[Order, list[Trade]]:
        """Take an order; one that is marketable trades at once, at the market's price. `now` in [ms]."""
        market = self._market(request.get("symbol", ""))
        name = request.get("newClientOrderId", "") or f"web_{len(self.orders) + 1}"
        if not _CLIENT_ID.fullmatch(name):
            raise Refusal(-1100, "Illegal characters found in parameter 'newClientOrderId'.")
        kind = request.get("type", "")
        order = Order(
            id=1000 + len(self.orders), client_id=name, symbol=market.symbol, side=request.get("side", ""), type=kind,
            qty=self._stepped(request, "quantity", market.lot, "LOT_SIZE"),
            price=self._stepped(request, "price", market.tick, "PRICE_FILTER") if kind in _PRICED else ZERO,
            stop=self._stepped(request, "stopPrice", market.tick, "PRICE_FILTER") if kind in STOPS else ZERO,
            tif=request.get("timeInForce", "GTC"), reduce_only=request.get("reduceOnly") == "true", made=now,
            updated=now,
        )  # fmt: skip
        if order.side not in ("BUY", "SELL"):
            raise Refusal(-1117, "Invalid side.")
        if kind not in ("MARKET", "LIMIT", *(("LIMIT_MAKER", *STOPS) if self.spot else ())):
            raise Refusal(-1116, "Invalid orderType.")
        if any(one.open and one.client_id == name for one in self.orders.values()):
            raise Refusal(
                *((-2010, "Duplicate order sent.") if self.spot else (-4116, "ClientOrderId is duplicated."))
            )
        if order.qty * (order.price or market.price) < market.least:
            raise Refusal(
                *(
                    (-1013, "Filter failure: NOTIONAL")
                    if self.spot
                    else (-4164, "Order's notional is too small.")
                )
            )
        self._affordable(order, market)
        crosses = self._crosses(order, market)
        if crosses and (kind == "LIMIT_MAKER" or order.tif == "GTX"):
            raise Refusal(-2010, "Order would immediately match and take.")
        self.orders[order.id] = order
        trades = [self._book(order, order.qty, market.price, now, maker=False)] if crosses else []
        if not crosses and order.tif in ("IOC", "FOK"):
            order.status = "EXPIRED"
        return order, trades

    def cancel(self, order: Order, now: int) -> Order:
        """End an open order."""
        if not order.open:
            raise Refusal(-2011, "Unknown order sent.")
        order.status, order.updated = "CANCELED", now
        return order

    def change(self, order: Order, request: Mapping[str, str], now: int) -> Order:
        """Give an open limit order of futures another price and quantity."""
        if not order.open:
            raise Refusal(-2013, "Order does not exist.")
        market = self.markets[order.symbol]
        qty = self._stepped(request, "quantity", market.lot, "LOT_SIZE")
        price = self._stepped(request, "price", market.tick, "PRICE_FILTER")
        if (qty, price) == (order.qty, order.price):
            raise Refusal(-5027, "No need to modify the order.")
        order.qty, order.price, order.updated = qty, price, now
        if order.filled >= qty:
            order.status = "CANCELED"
        return order

    def trade(self, order: Order, qty: Decimal, now: int) -> Trade:
        """Somebody takes so much of a resting order, at its limit."""
        return self._book(order, qty, order.price, now, maker=True)

    # --- pieces -------------------------------------------------------------------------------------------------

    def _market(self, symbol: str) -> Market:
        if symbol not in self.markets:
            raise Refusal(-1121, "Invalid symbol.")
        return self.markets[symbol]

    def _stepped(self, request: Mapping[str, str], key: str, step: Decimal, name: str) -> Decimal:
        text = request.get(key)
        if text is None:
            raise Refusal(-1102, f"Mandatory parameter '{key}' was not sent, was empty/null, or malformed.")
        if not _NUMBER.fullmatch(text):
            raise Refusal(-1100, f"Illegal characters found in parameter '{key}'.")
        value = Decimal(text)
        if value <= 0 or value % step:
            raise Refusal(-1013, f"Filter failure: {name}")
        return value

    def _affordable(self, order: Order, market: Market) -> None:
        worth = order.qty * (order.price or market.price)
        if not self.spot:
            held, _ = self.positions.get(order.symbol, (ZERO, ZERO))
            if order.reduce_only and held * (1 if order.side == "BUY" else -1) >= 0:
                raise Refusal(-2022, "ReduceOnly Order is rejected.")
            if worth / 20 > self.cash.get(market.quote, ZERO):
                raise Refusal(-2019, "Margin is insufficient.")
            return
        currency, needed = (market.quote, worth) if order.side == "BUY" else (market.base, order.qty)
        if needed > self.cash.get(currency, ZERO) - self.locked(currency):
            raise Refusal(-2010, "Account has insufficient balance for requested action.")

    def _crosses(self, order: Order, market: Market) -> bool:
        if order.type == "MARKET":
            return True
        if order.type not in ("LIMIT", "LIMIT_MAKER"):
            return False
        return order.price >= market.price if order.side == "BUY" else order.price <= market.price

    def _book(self, order: Order, qty: Decimal, price: Decimal, now: int, *, maker: bool) -> Trade:
        market = self.markets[order.symbol]
        qty = min(qty, order.qty - order.filled)
        sign = 1 if order.side == "BUY" else -1
        in_base = self.spot and sign > 0
        fee = (qty if in_base else qty * price) * market.fee
        currency = market.base if in_base else market.quote
        trade = Trade(
            id=500 + len(self.trades), order=order.id, symbol=order.symbol, side=order.side, qty=qty, price=price,
            fee=fee, fee_currency=currency, maker=maker, ts=now,
        )  # fmt: skip
        self.trades.append(trade)
        order.filled += qty
        order.paid += qty * price
        order.updated = now
        order.status = "FILLED" if order.filled == order.qty else "PARTIALLY_FILLED"
        if self.spot:
            self._move(market.base, sign * qty)
            self._move(market.quote, -sign * qty * price)
        else:
            self._hold(order.symbol, sign * qty, price, market.quote)
        self._move(currency, -fee)
        return trade

    def _move(self, currency: str, amount: Decimal) -> None:
        self.cash[currency] = self.cash.get(currency, ZERO) + amount

    def _hold(self, symbol: str, qty: Decimal, price: Decimal, quote: str) -> None:
        held, entry = self.positions.get(symbol, (ZERO, ZERO))
        if held * qty >= 0:
            entry = (held * entry + qty * price) / (held + qty)
        else:
            closed = min(abs(held), abs(qty)) * (1 if held > 0 else -1)
            self._move(quote, closed * (price - entry))
            entry = entry if abs(qty) <= abs(held) else price
        self.positions[symbol] = (held + qty, entry)
