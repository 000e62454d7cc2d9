"""An account at Interactive Brokers, as TWS shows it: contracts, orders, trades, cash and positions.

Pure: the time is given to it. Knows no wire; what it refuses it refuses with TWS's codes and words.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

__all__ = ["AAPL", "ESZ6", "EURUSD", "Account", "Contract", "Order", "Refusal", "Trade"]

ZERO = Decimal(0)
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_TYPES = ("MKT", "LMT", "STP", "STP LMT", "MIT", "LIT")
_LIMITS, _STOPS = ("LMT", "STP LMT", "LIT"), ("STP", "STP LMT", "MIT", "LIT")
_FEE = Decimal("0.005")  # of a trade, for one unit


class Refusal(Exception):
    """What TWS refuses: its code and its words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"{words} ({code})")
        self.code, self.words = code, words


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is traded, with its steps and the price of the moment."""

    id: int
    symbol: str
    kind: str = "STK"
    exchange: str = "SMART"
    home: str = ""
    currency: str = "USD"
    local: str = ""
    expiry: str = ""
    multiplier: str = ""
    tick: Decimal = Decimal("0.01")
    lot: Decimal = Decimal(1)
    price: Decimal = Decimal(190)
    hours: str = ""  # "20240105:0930-20240105:1600;20240106:CLOSED"; "" is around the clock
    zone: str = "US/Eastern"


AAPL = Contract(id=265598, symbol="AAPL", local="AAPL", home="NASDAQ")
EURUSD = Contract(
    id=12087792, symbol="EUR", kind="CASH", exchange="IDEALPRO", local="EUR.USD", tick=Decimal("0.00005"),
    price=Decimal("1.1"),
)  # fmt: skip
ESZ6 = Contract(
    id=495512563, symbol="ES", kind="FUT", exchange="CME", local="ESZ6", expiry="20261218", multiplier="50",
    tick=Decimal("0.25"), price=Decimal(6000),
)  # fmt: skip


class Order(msgspec.Struct, kw_only=True):
    """An order as TWS keeps it."""

    perm_id: int
    id: int
    client_id: int
    contract: Contract
    ref: str
    side: str
    type: str
    qty: Decimal
    limit: Decimal | None = None
    stop: Decimal | None = None
    tif: str = "DAY"
    status: str = "Submitted"
    reason: str = ""
    filled: Decimal = ZERO
    paid: Decimal = ZERO

    @property
    def open(self) -> bool:
        """Whether it may still trade."""
        return self.status in ("Submitted", "PreSubmitted", "PendingSubmit")

    @property
    def average(self) -> Decimal:
        """What has traded cost for one unit."""
        return self.paid / self.filled if self.filled else ZERO


class Trade(msgspec.Struct, frozen=True, kw_only=True):
    """A trade of the account; `cum` is what had filled with it, `ts` when [s]."""

    id: str
    order: Order
    qty: Decimal
    price: Decimal
    cum: Decimal
    fee: Decimal
    ts: int


class Account:
    """One account. `shorts` is whether more may be sold than is held."""

    def __init__(
        self,
        contracts: Iterable[Contract],
        cash: Mapping[str, Decimal],
        *,
        name: str = "DU123456",
        shorts: bool = True,
    ) -> None:
        self.name, self.shorts = name, shorts
        self.contracts = {one.id: one for one in contracts}
        self.cash = dict(cash)
        self.orders: list[Order] = []
        self._placed = 0
        self._last_ids: dict[int, int] = {}  # by client
        self.trades: list[Trade] = []
        self.positions: dict[
            int, tuple[Decimal, Decimal]
        ] = {}  # by contract: signed quantity, cost with fees

    def forget(self) -> None:
        """Trades and ended orders of the day before are listed no more; what they came to stays."""
        self.trades = []
        self.orders = [one for one in self.orders if one.open]

    def find(self, client_id: int, order_id: int) -> Order | None:
        """An order by the number that its client gave it."""
        return next((one for one in self.orders if (one.client_id, one.id) == (client_id, order_id)), None)

    def by_ref(self, ref: str) -> Order:
        """The latest order under a label."""
        return next(one for one in reversed(self.orders) if one.ref == ref)

    def next_id(self, client_id: int) -> int:
        """The least number that a client may give its next order."""
        return self._last_ids.get(client_id, 0) + 1

    def place(
        self, client_id: int, order_id: int, con_id: int, terms: Mapping[str, str], now: int
    ) -> tuple[Order, list[Trade]]:
        """Take an order, or other terms for one; what is marketable trades at once, at the price. `now` in [s]."""
        known = self.find(client_id, order_id)
        contract = self.contracts.get(con_id)
        if contract is None:
            raise Refusal(200, "No security definition has been found for the request")
        if known is None and order_id < self.next_id(client_id):
            raise Refusal(103, "Duplicate order id")
        if terms["account"] not in ("", self.name):
            raise Refusal(435, "You must specify an account.")
        kind = terms["type"]
        if kind not in _TYPES or terms["side"] not in ("BUY", "SELL"):
            raise Refusal(387, "Unsupported order type for this exchange and security type.")
        qty = self._quantity(terms["qty"], contract)
        limit = self._price(terms["limit"], contract) if kind in _LIMITS else None
        stop = self._price(terms["stop"], contract) if kind in _STOPS else None
        if known is not None:
            return self._change(known, terms, qty, limit, stop), []
        order = Order(
            perm_id=1_000_000_000 + self._placed, id=order_id, client_id=client_id, contract=contract,
            ref=terms["ref"],
            side=terms["side"], type=kind, qty=qty, limit=limit, stop=stop, tif=terms["tif"] or "DAY",
        )  # fmt: skip
        self._affordable(order)
        self.orders.append(order)
        self._placed, self._last_ids[client_id] = self._placed + 1, order_id
        if kind in _STOPS:
            order.status = "PreSubmitted"  # waits at Interactive Brokers for its trigger
        if self._crosses(order):
            return order, [self.trade(order, qty, contract.price, now)]
        if order.tif in ("IOC", "FOK"):
            order.status = "Cancelled"
        return order, []

    def cancel(self, client_id: int, order_id: int) -> Order:
        """End an open order."""
        order = self.find(client_id, order_id)
        if order is None:
            raise Refusal(10147, f"OrderId {order_id} that needs to be cancelled is not found.")
        if not order.open:
            raise Refusal(
                10148,
                f"OrderId {order_id} that needs to be cancelled can not be cancelled, state: {order.status}.",
            )
        order.status = "Cancelled"
        return order

    def trade(self, order: Order, qty: Decimal, price: Decimal, now: int) -> Trade:
        """Somebody trades with an order."""
        qty = min(qty, order.qty - order.filled)
        order.filled += qty
        order.paid += qty * price
        if order.filled == order.qty:
            order.status = "Filled"
        fee = max(Decimal(1), qty * _FEE)
        trade = Trade(
            id=f"0000e0d5.6576fd38.{len(self.trades) + 1:02d}.01", order=order, qty=qty, price=price, cum=order.filled,
            fee=fee, ts=now,
        )  # fmt: skip
        self.trades.append(trade)
        self._book(trade, 1)
        return trade

    def correct(self, trade: Trade, price: Decimal) -> Trade:
        """A trade was another's: it comes again under the next version of its id."""
        stem, _, version = trade.id.rpartition(".")
        made = msgspec.structs.replace(trade, id=f"{stem}.{int(version) + 1:02d}", price=price)
        self._book(trade, -1)
        self._book(made, 1)
        self.trades.append(made)
        return made

    # --- pieces -------------------------------------------------------------------------------------------------

    def _quantity(self, text: str, contract: Contract) -> Decimal:
        if not _NUMBER.fullmatch(text):
            raise Refusal(320, f"Error reading request. Unable to parse data. {text!r}")
        value = Decimal(text)
        if value <= 0:
            raise Refusal(434, "The order size cannot be zero.")
        if value % contract.lot:
            raise Refusal(
                10243, "Fractional-sized order cannot be placed via API. Please refer to desktop/mobile apps."
            )
        return value

    def _price(self, text: str, contract: Contract) -> Decimal:
        if not _NUMBER.fullmatch(text):
            raise Refusal(320, f"Error reading request. Unable to parse data. {text!r}")
        value = Decimal(text)
        if value % contract.tick:
            raise Refusal(110, "The price does not conform to the minimum price variation for this contract.")
        return value

    def _change(
        self,
        order: Order,
        terms: Mapping[str, str],
        qty: Decimal,
        limit: Decimal | None,
        stop: Decimal | None,
    ) -> Order:
        if not order.open:
            raise Refusal(104, "Cannot modify a filled order.")
        if (order.side, order.type) != (terms["side"], terms["type"]):
            raise Refusal(105, "Order being modified does not match original order.")
        if qty < order.filled:
            raise Refusal(201, "Order rejected - reason:Order size may not be below what has filled")
        order.qty, order.limit, order.stop = qty, limit, stop
        if order.filled == qty:
            order.status = "Filled"
        return order

    def _affordable(self, order: Order) -> None:
        if order.side == "SELL" and not self.shorts:
            held, _ = self.positions.get(order.contract.id, (ZERO, ZERO))
            if order.qty > held:
                raise Refusal(201, "Order rejected - reason:The account does not allow short positions")
        worth = order.qty * (order.limit or order.contract.price) * Decimal(order.contract.multiplier or 1)
        leverage = 20 if order.contract.kind == "FUT" else 4
        if order.side == "BUY" and worth / leverage > self.cash.get(order.contract.currency, ZERO):
            raise Refusal(201, "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE DESIRED "
                               "POSITION YOUR EQUITY WITH LOAN VALUE MUST EXCEED THE INITIAL MARGIN")  # fmt: skip

    def _crosses(self, order: Order) -> bool:
        price = order.contract.price
        if order.type == "MKT":
            return True
        if order.type != "LMT" or order.limit is None:
            return False
        return order.limit >= price if order.side == "BUY" else order.limit <= price

    def _book(self, trade: Trade, sign: int) -> None:
        contract = trade.order.contract
        way = sign if trade.order.side == "BUY" else -sign
        multiplier = Decimal(contract.multiplier or 1)
        held, cost = self.positions.get(contract.id, (ZERO, ZERO))
        self.positions[contract.id] = (
            held + way * trade.qty, cost + way * trade.qty * trade.price * multiplier + sign * trade.fee
        )  # fmt: skip
        paid = ZERO if contract.kind == "FUT" else way * trade.qty * trade.price
        self.cash[contract.currency] = self.cash.get(contract.currency, ZERO) - paid - sign * trade.fee
        if contract.kind == "CASH":
            self.cash[contract.symbol] = self.cash.get(contract.symbol, ZERO) + way * trade.qty
