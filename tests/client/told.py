"""A day's facts, and a session that tells them over a real bridge: for tests of what a client shows.

Knows no engine: orders and fills are as the test writes them.
"""

from collections.abc import Iterable
from typing import Any

from tests.builders import MINUTE, START, event, filled, flat, opened, order
from tests.client.wire import TOKENS
from tradekit.bridge.limits import Limits
from tradekit.bridge.server import Bridge
from tradekit.core.event import Event, Fact
from tradekit.core.memory import MemoryJournal
from tradekit.core.store import Store
from tradekit.health.metrics import SessionMetrics
from tradekit.model.market import FeedStarted
from tradekit.model.order import OrderAccepted, Side
from tradekit.model.session import CommandReceived, CommandRefused, SignalRaised
from tradekit.state.reducer import apply
from tradekit.state.shape import State, fingerprint
from tradekit.wiring.source import SessionSource

DAY: list[Fact] = [
    opened(),
    FeedStarted("replay", "BTC 1m"),
    flat(0, 100.0),
    SignalRaised("s", "BTC", "cross", 1.0, 100.0, "up"),
    order("s-1", qty=2, tag="entry"),
    OrderAccepted("s-1", "BTC", "v-1"),
    filled("s-1", Side.BUY, 2, 100, fee="0.4"),
    flat(1, 110.0),
    order("s-2", Side.SELL, 1, limit=105),
    OrderAccepted("s-2", "BTC", "v-2"),
    filled("s-2", Side.SELL, 1, 105, fee="0.1"),
    order("s-3", Side.SELL, 1, stop=90),
    OrderAccepted("s-3", "BTC", "v-3"),
    CommandReceived("c-1", "cancel", {"order_id": "s-9"}, "me"),
    CommandRefused("c-1", "cancel", "no such order"),
]


def told(facts: Iterable[Fact] = DAY, *, since: int = 0) -> list[Event]:
    """Facts as events, a minute apart."""
    return [event(fact, seq=n, ts=START + n * MINUTE) for n, fact in enumerate(facts, start=since + 1)]


def folded(facts: Iterable[Fact] = DAY) -> State:
    """The state after facts."""
    state = State()
    for one in told(facts):
        apply(state, one)
    return state


class TellingSession:
    """Tells facts to whoever is attached."""

    def __init__(self, facts: Iterable[Fact] = DAY, *, port: int = 0) -> None:
        self.journal = MemoryJournal()
        self.store: Store[State] = Store(State(), apply, fingerprint=fingerprint)
        self.source = SessionSource(self.journal, self.store, SessionMetrics())
        self.bridge = Bridge(self.source, tokens=TOKENS, port=port, limits=Limits(beat_s=0.1))
        self.tell(facts)
        self.bridge.start()
        self.source.publish = self.bridge.publish

    def tell(self, facts: Iterable[Fact]) -> int:
        """These happen now; the last seq."""
        self.journal.append(told(facts, since=self.journal.last_seq), critical=True)
        return self.journal.last_seq

    def close(self) -> None:
        """End it."""
        self.bridge.close()
        self.source.close()
        self.journal.close()

    def __enter__(self) -> "TellingSession":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
