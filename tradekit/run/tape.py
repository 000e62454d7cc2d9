"""Market orders at the next open, written straight to the record: for as long as a run wishes for nothing else.

The same facts, risk rules, prices and fees as the engine and the exchange give, without folding each into a state that
nobody reads. With the first other wish the run goes over to them; what is written here is then folded like any journal.
"""

from decimal import Decimal

import msgspec

from tradekit.core.event import Event, Fact
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.money import ZERO, exact, floor_to
from tradekit.model.order import OrderDenied, OrderType, Side
from tradekit.model.session import SignalRaised
from tradekit.run.course import Course
from tradekit.run.record import Answer, Record, Trade, Wish
from tradekit.sim.costs import Costs
from tradekit.state.shape import Position
from tradekit.trading import risk
from tradekit.trading.dealing import number
from tradekit.trading.engine import Engine

__all__ = ["Lane", "Tape"]


class Lane(msgspec.Struct):
    """What the tape knows of one instrument.

    waiting  orders that fill at its next open; the loop looks whether there are any
    refused  the last target that was denied, and the rule (see `Dealing.refused`)
    """

    spec: Instrument
    position: Position
    refused: tuple[object, str] | None
    waiting: list[Wish | None] = []

    def expected(self) -> Decimal:
        """The position once what waits has filled [base units]."""
        total = self.position.qty
        for wish in self.waiting:
            if wish is not None:
                total += wish.qty * wish.side.sign
        return total

    def under_way(self, side: Side) -> Decimal:
        """What waits on one side [base units]."""
        return sum((o.qty for o in self.waiting if o is not None and o.side is side), start=ZERO)


class Tape:
    """One strategy's market orders, in one instrument or several.

    lanes    what it knows of each instrument, by name
    settled  how many events of the record have been acted on
    turned   the last order that the venue told of: the bars taken before, and its instrument
    """

    def __init__(self, engine: Engine, course: Course, costs: Costs, record: Record) -> None:
        self.settled = len(record)
        self.turned = (0, engine.home)
        self._record = record
        self._state = engine.state
        self._goals = engine.dealing.goals
        self._course = course
        self._costs = costs
        self._info = engine.state.strategy
        self._account = engine.state.session.account
        self._risk = engine.state.risk
        self.lanes: dict[str, Lane] = {}
        for name in course.names:
            flat = Position(self._info.id, self._account, name)
            position = self._state.positions.setdefault(f"{self._info.id}/{name}", flat)
            refused = engine.dealing.refused.get(name)  # on_start may have been refused
            self.lanes[name] = Lane(course.spec(name), position, refused)
        self._unanswered: list[Wish] = []
        self._asked = 0  # the bar with the last wish or signal, and what those of it follow from
        self._cause = 0

    # --- what a strategy wishes -----------------------------------------------------------------------------

    def target(self, about: str, qty: object, n: int, tag: str, reason: str) -> str | None:
        """Wish for a position after `n` bars; the order's id, or None when nothing is to be done."""
        lane, cause = self.lanes[about], self.cause(n)
        wanted = floor_to(exact(qty, name="the target position"), lane.spec.lot)
        gap = wanted - (lane.expected() if lane.waiting else lane.position.qty)
        if not gap:
            self._goals[about] = number(wanted)
            return None
        record, info = self._record, self._info
        side = Side.BUY if gap > 0 else Side.SELL
        behind = len(record) + 1 + n - cause
        wish = Wish(about, self._since(about, n), n, behind, info.intents + 1, side, abs(gap), tag, reason)
        denial = self._denial(lane, wish)
        if denial is None:
            info.intents += 1
            lane.waiting.append(wish)
            self._unanswered.append(wish)
            lane.refused = None
            self._goals[about] = number(wanted)
            record.add(wish)
            return record.order_id(wish)
        if lane.refused == (wanted, denial.rule):
            return None
        info.intents += 1
        lane.refused = (wanted, denial.rule)
        denied = OrderDenied(
            record.order_id(wish), about, info.id, self._account, side, OrderType.MARKET, wish.qty, denial.rule,
            denial.bound, denial.value,
        )  # fmt: skip
        self._tell(denied, n)
        return denied.id

    def signal(self, about: str, name: str, direction: float, n: int, note: str) -> None:
        """Tell an opinion after `n` bars; what is wished for after it in this bar is caused by it."""
        price = self._price(about, n) or 0.0
        self._tell(SignalRaised(self._info.id, about, name, float(direction), price, note), n)
        self._cause = len(self._record) + n

    def cause(self, n: int) -> int:
        """The event from which a wish after `n` bars follows: the last signal in this bar, else the bar itself."""
        if self._asked != n:
            self.settle()
            self._asked, self._cause = n, len(self._record) + n
        return self._cause

    # --- what the loop asks ---------------------------------------------------------------------------------

    def fill(self, bar: Bar, n: int) -> None:
        """What waits for the `n`-th bar trades at its open."""
        self.settle()
        lane, costs, record = self.lanes[bar.instrument], self._costs, self._record
        opening, spec, position = exact(bar.open), lane.spec, lane.position
        early: list[Wish | None] = []  # sent after this bar has opened
        for wish in lane.waiting:
            if wish is None:
                continue
            if wish.since > bar.ts:
                early.append(wish)
                continue
            price = costs.slip(spec, wish.side, opening)
            record.add(Trade(wish, n - 1, price, costs.charge(spec, wish.qty, price)))
            held = position.qty + wish.qty if wish.side is Side.BUY else position.qty - wish.qty
            position.qty = held if held else ZERO
            lane.refused = None
            self.turned = (n - 1, bar.instrument)
        lane.waiting[:] = early

    def settle(self) -> None:
        """The venue answers what was sent; what is wished for after this follows from what was told last."""
        record = self._record
        for wish in self._unanswered:
            record.add(Answer(wish))
            self.turned = (wish.taken, wish.instrument)
        self._unanswered.clear()
        self.settled = len(record)
        self._asked = 0

    def _since(self, about: str, n: int) -> int:
        """From when on a wish after `n` bars may trade: not in a bar that opened before it was sent.

        What was wished for at the close of the instrument's own last bar may trade in its next one.
        """
        course = self._course
        if course.instrument(n) == about:
            return course.opens(n) + 1
        sent, place = course.closes(n), course.place(about, n)
        opened: int = course.of(about).ts.item(place) if place >= 0 else sent
        return opened + 1 if place >= 0 and sent <= opened + course.length else sent

    def _price(self, about: str, n: int) -> float | None:
        """The last price of an instrument."""
        place = self._course.place(about, n)
        return self._course.of(about).close.item(place) if place >= 0 else None

    def _denial(self, lane: Lane, wish: Wish) -> risk.Denial | None:
        if not self._risk.limits and self._risk.armed:
            return None
        price = self._price(wish.instrument, wish.taken)
        return risk.check(self._state, self._record.submitted(wish), price, lane.under_way(wish.side))

    def _tell(self, fact: Fact, n: int) -> None:
        cause, seq = self.cause(n), len(self._record) + 1 + n
        self._record.add(
            (n, Event(seq, 0, self._course.closes(n), 0, fact.TYPE, fact.V, cause, fact.key, fact))
        )
