"""What must not be told is gone before anything is folded, so that state, journal and replay agree."""

from tests.builders import START, event, flat, opened
from tradekit.core.redact import Redactor
from tradekit.model.market import Bar
from tradekit.model.session import CommandReceived
from tradekit.state.reducer import apply
from tradekit.state.shape import State, fingerprint
from tradekit.strategy.base import Strategy
from tradekit.trading.engine import Engine

SECRET = "s3cret-of-the-strategy"


class Talker(Strategy):
    """Says its key wherever a strategy can say something."""

    def on_bar(self, bar: Bar) -> None:
        self.signal(f"see {SECRET}", 1.0, note=SECRET)
        self.buy(1, tag=SECRET, reason=f"because {SECRET}")
        raise ValueError(f"key {SECRET} refused")


def test_neither_events_nor_state_hold_it_and_a_replay_gives_the_same() -> None:
    redactor = Redactor()
    redactor.add(SECRET)
    engine, state = Engine(Talker(), clean=redactor.clean_value), State()
    events = engine.step(opened(), START)
    events += engine.step(flat(1, 100.0), START + 60)
    events += engine.step(CommandReceived("1", "halt", {"reason": f"{SECRET} is out"}, "local"), START + 61)
    assert {"signal.raised", "order.submitted", "strategy.failed", "risk.changed"} <= {e.type for e in events}
    for one in events:
        apply(state, event(one.data, seq=one.seq, ts=one.ts, cause=one.cause))
    assert fingerprint(state) == fingerprint(engine.state)
    assert SECRET not in repr(events) + repr(state)
    assert state.risk.reason == "*** is out"
    again = Engine(Talker(), clean=redactor.clean_value)
    for one in [e for e in events if e.cause == 0]:
        again.step(one.data, one.ts)
    assert fingerprint(again.state) == fingerprint(state)
