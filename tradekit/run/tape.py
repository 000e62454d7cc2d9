"""Market orders at the next open, written straight to the events: for as long as a run wishes for nothing else.

The same facts, risk rules, prices and fees as the engine and the exchange give, without folding each into a state that
nobody reads. With the first other wish the run goes over to them; what is written here is then folded like any journal.
"""

from decimal import Decimal

from tradekit.core.event import Event, Fact
from tradekit.data.columns import BarColumns
from tradekit.model.instrument import duration
from tradekit.model.market import Bar
from tradekit.model.money import ZERO, exact, floor_to
from tradekit.model.order import OrderAccepted, OrderDenied, OrderFilled, OrderSubmitted, OrderType, Side
from tradekit.model.session import SignalRaised
from tradekit.sim.costs import Costs
from tradekit.state.shape import Position
from tradekit.trading import risk
from tradekit.trading.dealing import number
from tradekit.trading.engine import Engine

__all__ = ["Tape"]


class Tape:
    """One strategy's market orders in one instrument.

    waiting  orders that fill at the next open; the loop looks whether there are any
    goal     the position once they have filled, as the number that a user would write
    refused  the last target that was denied, and the rule (see `Dealing.refused`)
    cause    what the wishes of the bar under way follow from; 0 before it has told anything
    """

    def __init__(self, engine: Engine, columns: BarColumns, costs: Costs, *, told: int) -> None:
        self.waiting: list[OrderSubmitted | None] = []
        self.goal: float = 0
        self.refused = engine.dealing.refused.get(columns.instrument)  # on_start may have been refused
        self._engine = engine
        self._state = engine.state
        self._columns = columns
        self._costs = costs
        self._length = duration(columns.timeframe)
        self._told = told  # events so far, the bars left out
        self.cause = 0
        self._info = engine.state.strategy
        self._account = engine.state.session.account
        self._risk = engine.state.risk
        name = columns.instrument
        key = f"{self._info.id}/{name}"
        self._position = self._state.positions.setdefault(key, Position(self._info.id, self._account, name))

    # --- what a strategy wishes -----------------------------------------------------------------------------

    def target(self, qty: object, n: int, tag: str, reason: str) -> str | None:
        """Wish for a position after `n` bars; the order's id, or None when nothing is to be done."""
        wanted = floor_to(exact(qty, name="the target position"), self._columns.spec.lot)
        gap = wanted - (self._expected() if self.waiting else self._position.qty)
        if not gap:
            self.goal = number(wanted)
            return None
        name, info = self._columns.instrument, self._info
        side = Side.BUY if gap > 0 else Side.SELL
        order = OrderSubmitted(
            f"{info.id}-{info.intents + 1}", name, info.id, self._account, side, OrderType.MARKET, abs(gap),
            tag=tag, reason=reason,
        )  # fmt: skip
        denial = self._denial(order, n)
        if denial is None:
            info.intents += 1
            self.waiting.append(order)
            self.refused = None
            self.goal = number(wanted)
            self._tell(order, n)
            return order.id
        if self.refused == (wanted, denial.rule):
            return None
        info.intents += 1
        self.refused = (wanted, denial.rule)
        self._tell(
            OrderDenied(
                order.id, name, info.id, self._account, side, OrderType.MARKET, order.qty,
                denial.rule, denial.bound, denial.value,
            ),
            n,
        )  # fmt: skip
        return order.id

    def signal(self, name: str, direction: float, n: int, note: str) -> None:
        """Tell an opinion after `n` bars; what is wished for after it in this bar is caused by it."""
        about = self._columns.instrument
        price = self._columns.close.item(n - 1) if n else 0.0
        self._tell(SignalRaised(self._info.id, about, name, float(direction), price, note), n)
        self.cause = self._engine.out[-1].seq

    # --- what the loop asks ---------------------------------------------------------------------------------

    def fills(self, bar: Bar, n: int) -> list[Event]:
        """What waits trades at the bar's open; `n` bars were taken before it."""
        told = []
        spec = self._columns.spec
        opening = exact(bar.open)
        for order in self.waiting:
            if order is None:
                continue
            price = self._costs.slip(spec, order.side, opening)
            fee = self._costs.charge(spec, order.qty, price)
            fill = OrderFilled(
                order.id, order.instrument, order.strategy, order.account, f"{order.id}.1", order.side, order.qty,
                price, fee, spec.quote, "market.open",
            )  # fmt: skip
            held = self._position.qty + order.qty * order.side.sign
            self._position.qty = held if held else ZERO
            self._told += 1
            told.append(Event(self._told + n, 0, bar.ts, 0, "order.filled", fill.V, 0, bar.instrument, fill))
        self.waiting.clear()
        self.goal = number(self._position.qty)
        self.refused = None
        return told

    def settle(self, n: int) -> list[Event]:
        """What the bar has told, and the venue's answers to it."""
        told = self._engine.out
        self.cause = 0
        for event in told[:]:
            order = event.data
            if isinstance(order, OrderSubmitted):
                self._told += 1
                taken = OrderAccepted(order.id, order.instrument, f"sim-{order.id}", False)
                told.append(
                    Event(
                        self._told + n, 0, event.ts, 0, "order.accepted", taken.V, 0, order.instrument, taken
                    )
                )
        return told

    def _expected(self) -> Decimal:
        """The position once what waits has filled [base units]."""
        total = self._position.qty
        for order in self.waiting:
            if order is not None:
                total += order.qty * order.side.sign
        return total

    def _denial(self, order: OrderSubmitted, n: int) -> risk.Denial | None:
        if not self._risk.limits and self._risk.armed:
            return None
        under_way = sum((o.qty for o in self.waiting if o is not None and o.side is order.side), start=ZERO)
        return risk.check(self._state, order, self._columns.close.item(n - 1) if n else None, under_way)

    def _tell(self, fact: Fact, n: int) -> None:
        columns = self._columns
        self._told += 1
        seq = self._told + n
        # before anything else was told in this bar, `seq - 1` is the bar itself
        if not self.cause:
            self.cause = seq - 1
        ts = columns.ts.item(n - 1) + self._length
        self._engine.out.append(Event(seq, 0, ts, 0, fact.TYPE, fact.V, self.cause, columns.instrument, fact))
