"""A restart in the middle of a session, between two timers: market hours and timers go on where they were."""

from typing import Any

import pytest

from tests.builders import opened
from tests.run.test_backtest_time import ACME, Timed, sessions_of
from tradekit.core.event import Event
from tradekit.data.calendar import in_sessions
from tradekit.run.cycle import Cycle
from tradekit.run.feed import position_of
from tradekit.run.restore import restore
from tradekit.run.timeline import hours_of, merged, with_timers
from tradekit.sim.exchange import Exchange
from tradekit.sim.venue import SimulatedVenue
from tradekit.state.shape import State, fingerprint
from tradekit.trading.engine import Engine

BARS = in_sessions(sessions_of("2022-11-23", "2022-11-25"))


class Ticking(Timed):
    timeframes = ("1D", "1h")

    def on_start(self) -> None:
        self.heard = []
        self.set_timer("tick", every="90m")


def cycle() -> Cycle:
    return Cycle(Engine(Ticking()), SimulatedVenue(Exchange([ACME])))


def feed(made: Cycle, after: dict[str, int]) -> list[Event]:
    told: list[Event] = []
    inputs = merged([BARS], after, hours=hours_of([BARS]))
    for ts, fact in with_timers(inputs, lambda: made.engine.state.due()):
        told += made.settle(made.take(fact, ts))
    return told


@pytest.fixture(scope="module")
def whole() -> tuple[State, list[Event]]:
    made = cycle()
    first = made.settle(made.take(opened(instruments=[ACME]), int(BARS.ts[0])))
    return made.engine.state, first + feed(made, {})


def inputs_of(events: list[Event], tag: str) -> list[int]:
    return [n for n, event in enumerate(events) if event.type == tag]


@pytest.mark.parametrize("tag", ["market.opened", "market.closed", "timer.fired", "timer.set", "bar.closed"])
@pytest.mark.parametrize("which", [0, -1])
def test_a_cut_after_an_event_loses_and_repeats_nothing(
    whole: tuple[State, list[Event]], tag: str, which: int
) -> None:
    state, events = whole
    cut = inputs_of(events, tag)[which] + 1
    while cut < len(events) and events[cut].cause:  # a step's events are written as one
        cut += 1
    again = cycle()
    assert restore(again, lambda: events[:cut]) is None
    assert feed(again, position_of(again.engine.state)) == events[cut:]
    assert fingerprint(again.engine.state) == fingerprint(state)


def test_the_story_has_hours_and_timers(whole: tuple[State, list[Event]]) -> None:
    _, events = whole
    counts: dict[str, Any] = {tag: len(inputs_of(events, tag)) for tag in ("market.opened", "market.closed")}
    assert counts == {"market.opened": 2, "market.closed": 2}
    assert len(inputs_of(events, "timer.fired")) > 20
