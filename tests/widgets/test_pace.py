"""The laws of flushing: facts at once, no flood, nothing lost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradekit.widgets.pace import Batch, Coalescer, period_for

steps = st.lists(
    st.tuples(st.floats(0, 0.2), st.sampled_from(["fact", "tick"]), st.sampled_from("abc")), max_size=60
)


def played(arrivals: list[tuple[float, str, str]], period: float) -> list[tuple[float, float, Batch]]:
    """Run arrivals [pause, kind, key] on a clock of our own; returns flushes as (time due, time taken, batch)."""
    pace, now, flushes = Coalescer(period), 0.0, []

    def run_until(end: float | None) -> None:
        while (due := pace.due()) is not None and (end is None or due <= end):
            at = max(due, now)
            batch = pace.take(at)
            assert batch is not None
            flushes.append((due, at, batch))

    for number, (pause, kind, key) in enumerate(arrivals):
        run_until(now + pause)
        now += pause
        if kind == "fact":
            pace.fact((key,), (number,))
        else:
            pace.tick(key, number)
    run_until(None)
    return flushes


@given(steps)
def test_every_event_arrives_once_and_in_order(arrivals: list[tuple[float, str, str]]) -> None:
    sent = [n for n, (_, kind, _) in enumerate(arrivals) if kind == "fact"]
    assert [event for _, _, batch in played(arrivals, 0.05) for event in batch.events] == sent


@given(steps)
def test_the_last_tick_of_each_key_arrives_last(arrivals: list[tuple[float, str, str]]) -> None:
    last = {key: n for n, (_, kind, key) in enumerate(arrivals) if kind == "tick"}
    seen: dict[str, int] = {}
    for _, _, batch in played(arrivals, 0.05):
        seen |= batch.ticks
    assert seen == last


@given(steps)
def test_facts_flush_at_most_once_a_period_and_all_at_most_twice(
    arrivals: list[tuple[float, str, str]],
) -> None:
    period = 0.05
    flushes = played(arrivals, period)
    facts = [at for _, at, batch in flushes if batch.changed]
    assert all(b - a >= period - 1e-9 for a, b in pairwise(facts))
    times = [at for _, at, _ in flushes]
    assert all(c - a >= period - 1e-9 for a, c in zip(times, times[2:], strict=False))


def test_a_fact_after_silence_flushes_at_once_even_right_behind_a_tick() -> None:
    pace = Coalescer(0.05)
    pace.tick("BTC", 1)
    assert pace.take(10.0) is not None
    pace.fact(("fills",))
    assert pace.due() == float("-inf")
    assert pace.take(10.001) is not None


def test_a_tick_waits_for_the_period_and_a_fact_takes_it_along() -> None:
    pace = Coalescer(0.05)
    pace.fact(("orders",), ("first",))
    assert pace.take(1.0) == Batch(frozenset({"orders"}), ("first",), {})
    pace.tick("BTC", 1)
    pace.tick("BTC", 2)
    assert pace.take(1.049) is None
    pace.fact(("fills",), ("second",))
    assert pace.take(1.05) == Batch(frozenset({"fills"}), ("second",), {"BTC": 2})
    assert pace.due() is None
    assert pace.take(9.0) is None


def test_only_the_newest_events_are_kept_for_a_slow_screen() -> None:
    pace = Coalescer(1.0, keep_events=3)
    pace.fact(("fills",), range(10))
    batch = pace.take(0.0)
    assert batch is not None
    assert batch.events == (7, 8, 9)


@pytest.mark.parametrize(("viewers", "hz"), [(0, 20), (1, 20), (5, 20), (10, 10), (50, 2)])
def test_the_pace_falls_so_that_all_viewers_together_stay_in_budget(viewers: int, hz: float) -> None:
    assert 1 / period_for(viewers) == pytest.approx(hz)
