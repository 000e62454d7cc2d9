from tests.widgets.conftest import MINUTE, START
from tradekit.core.clock import ManualClock
from tradekit.model.market import Bar
from tradekit.model.session import SignalRaised
from tradekit.testing.stage import StageSession
from tradekit.widgets.pace import Pace
from tradekit.widgets.stream import Stream


def stream_of(session: StageSession, clock: ManualClock) -> tuple[Stream, list[int]]:
    woken: list[int] = []
    return Stream(session.replica, lambda: woken.append(1), clock=clock, pace=Pace(0.05, 0.05)), woken


def test_what_arrives_wakes_the_owner_and_waits_until_it_is_taken() -> None:
    clock, session = ManualClock(10_000_000_000), StageSession()
    stream, woken = stream_of(session, clock)
    session.replica.fold(SignalRaised("b", "BTCUSDT", "cross", 1.0))
    session.replica.tick({"key": "BTCUSDT", "last": 1.0}, {"key": "BTCUSDT", "last": 2.0})
    session.replica.become("stale", "no beat")
    assert len(woken) == 3
    batch = stream.take(clock.monotonic())
    assert batch is not None
    assert batch.changed == {"signals", "status"}
    assert [event.type for event in batch.events] == ["signal.raised"]
    assert batch.ticks["BTCUSDT"]["last"] == 2.0
    assert stream.due() is None


def test_the_feeds_age_counts_from_the_last_bar_or_tick() -> None:
    clock, session = ManualClock(), StageSession()
    stream, _ = stream_of(session, clock)
    assert stream.feed_age() is None
    session.replica.fold(SignalRaised("b", "BTCUSDT", "cross", 1.0))
    assert stream.feed_age() is None
    session.replica.fold(Bar("BTCUSDT", "1m", START, 1, 1, 1, 1), ts=START + MINUTE)
    clock.advance(2.0)
    assert stream.feed_age() == 2.0
    assert not stream.ticking
    session.replica.tick({"key": "BTCUSDT", "last": 1.0})
    assert stream.feed_age() == 0.0
    assert stream.ticking


def test_a_closed_stream_hears_nothing_more() -> None:
    session = StageSession()
    stream, woken = stream_of(session, ManualClock())
    stream.close()
    session.replica.fold(SignalRaised("b", "BTCUSDT", "cross", 1.0))
    assert woken == []
    assert session.replica.watches == []


def test_a_slower_pace_holds_for_the_next_flush() -> None:
    clock, session = ManualClock(10_000_000_000), StageSession()
    stream, _ = stream_of(session, clock)
    stream.nudge("ack")
    assert stream.take(clock.monotonic()) is not None
    stream.set_pace(Pace(0.5, 0.5))
    stream.nudge("ack")
    assert stream.due() == 10.5
