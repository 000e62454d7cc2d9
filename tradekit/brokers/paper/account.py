"""The venue's own books of a paper account: cash, positions and executions, kept apart from the session's.

Kept by the same rules as a real venue's, and not by our ledger: comparing the two says something. Knows no order.
"""

from decimal import ROUND_HALF_EVEN, Decimal

from tradekit.model.account import SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.money import CENT, EXACT, ZERO
from tradekit.model.order import OrderFilled, Side
from tradekit.model.said import BalanceSaid, FillSaid, PositionSaid

__all__ = ["Account"]


class Account:
    """What an account holds. Exact; the profit of a part that is closed is rounded to 0.01 of its currency.

    trades  every execution, oldest first
    """

    def __init__(self, instruments: list[Instrument], cash: Decimal, currency: str) -> None:
        self.trades: list[FillSaid] = []
        self._specs = {one.id: one for one in instruments}
        self._cash = {currency: cash}
        self._held: dict[str, Decimal] = {}
        self._cost: dict[str, Decimal] = {}  # of what is held [its currency]

    def book(self, fill: OrderFilled, told: FillSaid) -> None:
        """Book an execution."""
        spec = self._specs[fill.instrument]
        qty = fill.qty * fill.side.sign
        if fill.fee and spec.base and fill.fee_currency == spec.base and not spec.margined:
            qty = EXACT.subtract(qty, fill.fee)
            self._pay(spec.currency, -spec.value(fill.qty * fill.side.sign, fill.price))
        else:
            self._pay(fill.fee_currency, -fill.fee)
            if not spec.margined:
                self._pay(spec.currency, -spec.value(qty, fill.price))
        earned = self._move(spec, qty, fill.price)
        if spec.margined:
            self._pay(spec.currency, earned)
        self.trades.append(told)

    def void(self, trade: FillSaid) -> None:
        """Book a trade back: the opposite one at the same price, and its fee."""
        side = Side.BUY if trade.side is Side.SELL else Side.SELL
        undone = OrderFilled(
            trade.order, trade.instrument, "", "", "", side, trade.qty, trade.price, -trade.fee, trade.fee_currency
        )  # fmt: skip
        self.book(undone, trade)
        self.trades = [one for one in self.trades if one.exec_id != trade.exec_id]

    def split(self, fact: SplitEffected) -> None:
        """Hold other units of an instrument at the same cost."""
        held = self._held.get(fact.instrument, ZERO)
        self._held[fact.instrument] = fact.units(held, self._specs[fact.instrument].lot)

    def positions(self) -> tuple[PositionSaid, ...]:
        """What is held, by instrument, with its average price where that is one of a unit."""
        return tuple(
            PositionSaid(instrument=name, qty=qty, price=self._entry(name))
            for name, qty in self._held.items()
            if qty
        )

    def balances(self) -> tuple[BalanceSaid, ...]:
        """The cash, and what is held of the base of pairs that are paid in full."""
        total = dict(self._cash)
        for name, qty in self._held.items():
            spec = self._specs[name]
            if spec.base and not spec.margined:
                total[spec.base] = EXACT.add(total.get(spec.base, ZERO), qty)
        return tuple(BalanceSaid(currency=name, total=amount) for name, amount in total.items())

    def _entry(self, name: str) -> Decimal | None:
        spec, cost = self._specs[name], self._cost.get(name)
        return None if spec.inverse or not cost else cost / (self._held[name] * spec.multiplier)

    def _pay(self, currency: str, amount: Decimal) -> None:
        if amount:
            self._cash[currency] = EXACT.add(self._cash.get(currency, ZERO), amount)

    def _move(self, spec: Instrument, qty: Decimal, price: Decimal) -> Decimal:
        """Move what is held; the profit that this realises [the instrument's currency]."""
        held, cost = self._held.get(spec.id, ZERO), self._cost.get(spec.id, ZERO)
        worth = spec.value(qty, price) * (-1 if spec.inverse else 1)
        after = EXACT.add(held, qty)
        self._held[spec.id] = after
        if not held or held * qty > 0:
            self._cost[spec.id] = EXACT.add(cost, worth)
            return ZERO
        if abs(qty) < abs(held):
            closed = (cost * -qty / held).quantize(CENT, ROUND_HALF_EVEN, EXACT)
            self._cost[spec.id] = EXACT.subtract(cost, closed)
            return EXACT.subtract(-worth, closed)
        opened = spec.value(after, price) * (-1 if spec.inverse else 1)
        self._cost[spec.id] = opened
        return -(worth - opened) - cost
