"""Market orders at the next open, written straight to the record: for as long as a run wishes for nothing else.

The same facts, risk rules, prices and fees as the engine and the exchange give, without folding each into a state that
nobody reads. With the first other wish the run goes over to them; what is written here is then folded like any journal.
"""

from decimal import Decimal

from tradekit.core.event import Event, Fact
from tradekit.data.columns import BarColumns
from tradekit.model.instrument import duration
from tradekit.model.market import Bar
from tradekit.model.money import ZERO, exact, floor_to
from tradekit.model.order import OrderDenied, OrderType, Side
from tradekit.model.session import SignalRaised
from tradekit.run.record import Answer, Record, Trade, Wish
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
    settled  how many events of the record have been acted on
    """

    def __init__(self, engine: Engine, columns: BarColumns, costs: Costs, record: Record) -> None:
        self.waiting: list[Wish | None] = []
        self.goal: float = 0
        self.refused = engine.dealing.refused.get(columns.instrument)  # on_start may have been refused
        self.settled = len(record)
        self._record = record
        self._state = engine.state
        self._columns = columns
        self._costs = costs
        self._length = duration(columns.timeframe)
        self._info = engine.state.strategy
        self._account = engine.state.session.account
        self._risk = engine.state.risk
        name = columns.instrument
        key = f"{self._info.id}/{name}"
        self._position = self._state.positions.setdefault(key, Position(self._info.id, self._account, name))
        self._asked = 0  # the bar with the last wish or signal, and what those of it follow from
        self._cause = 0

    # --- what a strategy wishes -----------------------------------------------------------------------------

    def target(self, qty: object, n: int, tag: str, reason: str) -> str | None:
        """Wish for a position after `n` bars; the order's id, or None when nothing is to be done."""
        wanted = floor_to(exact(qty, name="the target position"), self._columns.spec.lot)
        gap = wanted - (self._expected() if self.waiting else self._position.qty)
        if not gap:
            self.goal = number(wanted)
            return None
        record, info = self._record, self._info
        side = Side.BUY if gap > 0 else Side.SELL
        wish = Wish(n, len(record) + 1 + n - self.cause(n), info.intents + 1, side, abs(gap), tag, reason)
        denial = self._denial(wish)
        if denial is None:
            info.intents += 1
            self.waiting.append(wish)
            self.refused = None
            self.goal = number(wanted)
            record.add(wish)
            return record.order_id(wish)
        if self.refused == (wanted, denial.rule):
            return None
        info.intents += 1
        self.refused = (wanted, denial.rule)
        denied = OrderDenied(
            record.order_id(wish), self._columns.instrument, info.id, self._account, side, OrderType.MARKET, wish.qty,
            denial.rule, denial.bound, denial.value,
        )  # fmt: skip
        self._tell(denied, n)
        return denied.id

    def signal(self, name: str, direction: float, n: int, note: str) -> None:
        """Tell an opinion after `n` bars; what is wished for after it in this bar is caused by it."""
        about = self._columns.instrument
        price = self._columns.close.item(n - 1) if n else 0.0
        self._tell(SignalRaised(self._info.id, about, name, float(direction), price, note), n)
        self._cause = len(self._record) + n

    def cause(self, n: int) -> int:
        """The event from which a wish after `n` bars follows: the last signal in this bar, else the bar itself."""
        if self._asked != n:
            self._asked, self._cause = n, len(self._record) + n
        return self._cause

    # --- what the loop asks ---------------------------------------------------------------------------------

    def fill(self, bar: Bar) -> None:
        """The venue answers what waits, which then trades at the bar's open."""
        self.settle()
        opening, spec, costs, position = exact(bar.open), self._columns.spec, self._costs, self._position
        for wish in self.waiting:
            if wish is None:
                continue
            price = costs.slip(spec, wish.side, opening)
            self._record.add(Trade(wish, price, costs.charge(spec, wish.qty, price)))
            held = position.qty + wish.qty if wish.side is Side.BUY else position.qty - wish.qty
            position.qty = held if held else ZERO
        self.waiting.clear()
        self.refused = None

    def settle(self) -> None:
        """The venue answers what waits; what is wished for after this follows from what was told last."""
        record = self._record
        for wish in self.waiting:
            if wish is not None:
                record.add(Answer(wish))
        self.settled = len(record)
        self._asked = 0

    def _expected(self) -> Decimal:
        """The position once what waits has filled [base units]."""
        total = self._position.qty
        for wish in self.waiting:
            if wish is not None:
                total += wish.qty * wish.side.sign
        return total

    def _denial(self, wish: Wish) -> risk.Denial | None:
        if not self._risk.limits and self._risk.armed:
            return None
        n = wish.taken
        under_way = sum((o.qty for o in self.waiting if o is not None and o.side is wish.side), start=ZERO)
        price = self._columns.close.item(n - 1) if n else None
        return risk.check(self._state, self._record.submitted(wish), price, under_way)

    def _tell(self, fact: Fact, n: int) -> None:
        cause, columns = self.cause(n), self._columns
        seq, ts = len(self._record) + 1 + n, columns.ts.item(n - 1) + self._length
        self._record.add((n, Event(seq, 0, ts, 0, fact.TYPE, fact.V, cause, columns.instrument, fact)))
