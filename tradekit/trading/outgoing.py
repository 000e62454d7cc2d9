"""What goes out to a venue, and what waits here instead: for a parent's fill, for a price, for the end of an old leg.

Pure. Exits shrink with what there is to leave, and one cancels the other where the venue does not see to it. Knows
neither doubts nor books.
"""

from collections.abc import Iterable

from tradekit.core.event import Event, Fact
from tradekit.model.account import SplitEffected
from tradekit.model.doubt import FillBusted, OrderGivenUp
from tradekit.model.order import (
    OrderCanceled,
    OrderCancelRequested,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderTriggered,
    Status,
)
from tradekit.model.reconciliation import AlertRaised
from tradekit.state.monitors import is_kept
from tradekit.state.shape import Order
from tradekit.trading import dead_man
from tradekit.trading.engine import Engine
from tradekit.trading.kept import KEPT, TICKS, Tick, kept, moved_by
from tradekit.trading.legs import leg, next_leg, started
from tradekit.trading.reconcile.books import SECOND, Practice
from tradekit.trading.waiting import (
    as_sent,
    done_here,
    one_cancels_other,
    orphaned,
    rechecked,
    replaced_here,
    room_for,
    shrunk,
    waits_here,
)

__all__ = ["Outgoing", "Request"]

Request = OrderSubmitted | OrderCancelRequested | OrderReplaceRequested
_ENDS = (OrderCanceled, OrderExpired, OrderRejected, OrderGivenUp)
_MOVED = (OrderFilled, OrderReplaced, FillBusted, *_ENDS)  # what may leave less to reduce


class Outgoing:
    """The half of the office that sends.

    practice  what the venue sees to by itself, and how long an answer is waited for
    requests  orders, cancels and replacements for the venue, to be sent and taken out by whoever runs it; they are
              durable by then
    """

    def __init__(self, engine: Engine, practice: Practice) -> None:
        self.engine = engine
        self.practice = practice
        self.requests: list[Request] = []
        self._wait = int(practice.answer_s * SECOND)  # how long an answer is waited for [ns]
        self._refused = 0  # when to size reduce-only orders again of which a change was refused, 0 for never
        self._handed: dict[str, int] = {}  # by order: when what was wished of it last came here [UTC ns]
        self._sent: set[str] = set()  # children that were sent when their parent filled, and new legs
        engine.dealing.flips = practice.flips

    def follow(self, events: Iterable[Event], now: int) -> list[Event]:
        """What follows from what the engine has just told: requests go out, children wait, exits shrink."""
        told: list[Event] = []
        for event in events:
            data = event.data
            if isinstance(data, Request):
                self._handed[data.id] = now  # a bar may have closed a while before it was told
            if isinstance(data, TICKS):
                told += self._priced(data, event, now)
            elif isinstance(data, OrderSubmitted):
                told += self._submitted(data, now)
            elif isinstance(data, OrderCancelRequested | OrderReplaceRequested):
                told += self._asked(data, now)
            elif isinstance(data, OrderFilled):
                told += self._filled(data, now)
            elif isinstance(data, SplitEffected):
                told += self._take(_split(self.engine, data.instrument), now)
            if isinstance(data, _ENDS):
                self._handed.pop(data.id, None)
            if isinstance(data, _MOVED):
                told += self._take(orphaned(self.engine.state), now)
                told += self._recheck(data.instrument, now)
            elif isinstance(data, OrderReplaceRejected):
                self._refused = self._refused or now + self._wait  # at once it would be refused at once
        return told + self._take(dead_man.over(self.engine.state, self.practice.dead_man, now), now)

    def _recheck(self, instrument: str, now: int) -> list[Event]:
        """Keep the reduce-only orders of an instrument within its position, where the venue does not."""
        return self._take(rechecked(self.engine.state, instrument, kept=self.practice.reduces), now)

    def _take(self, facts: Iterable[Fact], now: int) -> list[Event]:
        events: list[Event] = []
        for fact in facts:
            step = self.engine.step(fact, now)
            events += step
            events += self.follow(step, now)
        return events

    def _submitted(self, data: OrderSubmitted, now: int) -> list[Event]:
        """Send an order, unless the clearing has ended it or it waits here: for its parent, or for its price."""
        order = self.engine.state.orders.get(data.id)
        if order is None or not order.working or waits_here(self.engine.state, order):
            return []
        if data.type in KEPT and data.type not in self.practice.types:
            return self._take([kept(data)], now)
        told: list[Event] = []
        if not self.practice.reduces and (facts := shrunk(self.engine.state, order)):
            told = [event for fact in facts for event in self.engine.step(fact, now)]
            data = as_sent(order)
        if order.working:
            self.requests.append(data)
        return told

    def _priced(self, tick: Tick, event: Event, now: int) -> list[Event]:
        """What a price makes of the orders that are kept here; those that it sets off go out."""
        dealing, told = self.engine.dealing, list[Event]()
        for fact in moved_by(self.engine.state, tick, event, list(dealing.working.of(tick.instrument))):
            told += self._take([fact], now)
            if isinstance(fact, OrderTriggered):
                told += self._send(self.engine.state.orders[fact.id], now)
        return told

    def _send(self, order: Order, now: int) -> list[Event]:
        """Send what has waited here, an exit as large as what there is to leave; nothing where nothing is left."""
        told: list[Event] = []
        room = room_for(self.engine.state, order)
        if order.reduce_only and not self.practice.reduces and room < order.leaves:
            if not room and order.status is Status.TRIGGERED:
                return self._take(
                    [OrderCanceled(order.id, order.instrument, "nothing is left to reduce")], now
                )
            if room:
                wish = OrderReplaceRequested(order.id, order.instrument, room)
                told += [event for one in replaced_here(order, wish) for event in self.engine.step(one, now)]
        self._sent.add(order.id)
        self._handed[order.id] = now
        return told + self._submitted(as_sent(order), now)

    def _asked(self, data: OrderCancelRequested | OrderReplaceRequested, now: int) -> list[Event]:
        """Send what is asked of an order; one that waits here takes it at once."""
        order = self.engine.state.orders.get(data.id)
        if order is None or not order.working:
            return []
        if not waits_here(self.engine.state, order):
            if isinstance(data, OrderReplaceRequested) and not self.practice.replaces:
                data = OrderCancelRequested(data.id, data.instrument, "replaced")
            self.requests.append(data)
            return []
        return self._take(done_here(order, data), now)

    def _filled(self, data: OrderFilled, now: int) -> list[Event]:
        """Send what waited for this fill, an exit as large as what there is to leave."""
        state = self.engine.state
        told: list[Event] = []
        for order in list(state.orders.values()):
            if order.parent != data.id or order.id in self._sent or order.status is not Status.SUBMITTED:
                continue
            if not waits_here(state, order):
                told += self._send(order, now)
        filled = state.orders.get(data.id)
        if filled is not None and filled.group and not self.practice.groups:
            told += self._take(
                one_cancels_other(state, filled, self.engine.dealing.working.of(data.instrument)), now
            )
        return told

    def _new_legs(self, now: int) -> list[Event]:
        """Send the next leg of each change whose old one has ended, once."""
        facts: list[Fact] = []
        for order in started(self.engine.dealing.working.values()):
            if leg(order) in self._sent:
                continue
            self._sent.add(leg(order))
            following = next_leg(self.engine.state, order)
            if isinstance(following, OrderSubmitted):
                self.requests.append(following)
            else:
                facts += following
        return self._take(facts, now)


def _split(engine: Engine, instrument: str) -> list[Fact]:
    """What a split makes of the orders that are kept here: they have followed it; what is none any more ends."""
    facts: list[Fact] = []
    for order in engine.dealing.working.of(instrument):
        if is_kept(order):
            at = "" if order.stop is None else f" at {order.stop.normalize():f}"
            text = f"{order.id}, which is kept here, follows the split: {order.qty.normalize():f}{at}"
            facts.append(AlertRaised("split", text, instrument, order.id))
            if not order.leaves:
                facts.append(OrderCanceled(order.id, instrument, "the split left less than a lot of it"))
    return facts
