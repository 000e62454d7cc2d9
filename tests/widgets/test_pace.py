"""The laws of flushing: facts at once, what flows at its pace, one message under way, nothing lost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.widgets.pace import FLOWING, PATIENCE_S, Batch, Coalescer, Pace, Turn

steps = st.lists(
    st.tuples(st.floats(0, 0.2), st.sampled_from(["fact", "flow", "tick"]), st.sampled_from("abc")),
    max_size=60,
)


PACE = Pace(0.02, 0.05)


def played(arrivals: list[tuple[float, str, str]], rate: Pace = PACE) -> list[tuple[float, float, Batch]]:
    """Run arrivals [pause, kind, key] on a clock of our own; returns flushes as (time due, time taken, batch)."""
    pace, now, flushes = Coalescer(rate), 0.0, []

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
            pace.change((key, "account"), (number,))
        elif kind == "flow":
            pace.change(("marks",), (number,))
        else:
            pace.tick(key, number)
    run_until(None)
    return flushes


@given(steps)
@law(100)
def test_every_event_arrives_once_and_in_order(arrivals: list[tuple[float, str, str]]) -> None:
    sent = [n for n, (_, kind, _) in enumerate(arrivals) if kind != "tick"]
    assert [event for _, _, batch in played(arrivals) for event in batch.events] == sent


@given(steps)
@law(100)
def test_the_last_tick_of_each_key_arrives_last(arrivals: list[tuple[float, str, str]]) -> None:
    last = {key: n for n, (_, kind, key) in enumerate(arrivals) if kind == "tick"}
    seen: dict[str, int] = {}
    for _, _, batch in played(arrivals):
        seen |= batch.ticks
    assert seen == last


@given(steps)
@law(100)
def test_flushes_are_as_far_apart_as_what_they_carry_asks_for(arrivals: list[tuple[float, str, str]]) -> None:
    flushes = played(arrivals)
    facts = [at for _, at, batch in flushes if not batch.changed <= FLOWING]
    assert all(b - a >= PACE.facts - 1e-9 for a, b in pairwise(facts))
    for (_, before, _), (_, at, batch) in pairwise(flushes):
        if batch.changed <= FLOWING:
            assert at - before >= PACE.flow - 1e-9


@given(steps)
@law(100)
def test_nothing_waits_longer_than_its_pace(arrivals: list[tuple[float, str, str]]) -> None:
    flushes, now = played(arrivals), 0.0
    for pause, kind, _ in arrivals:
        now += pause
        after = next(at for _, at, _ in flushes if at >= now)
        assert after - now <= (PACE.facts if kind == "fact" else PACE.flow) + 1e-9


def test_a_fact_goes_at_once_though_the_market_has_just_moved() -> None:
    pace = Coalescer(PACE)
    pace.change(("bars", "marks", "account"))
    assert pace.take(10.0) is not None
    pace.change(("marks",))
    assert pace.take(10.001) is None
    pace.change(("fills", "orders"))
    assert pace.take(10.001) == Batch(frozenset({"marks", "fills", "orders"}))


def test_a_tick_waits_for_the_period_and_a_fact_takes_it_along() -> None:
    pace = Coalescer(Pace(0.05, 0.05))
    pace.change(("orders",), ("first",))
    assert pace.take(1.0) == Batch(frozenset({"orders"}), ("first",), {})
    pace.tick("BTC", 1)
    pace.tick("BTC", 2)
    assert pace.take(1.049) is None
    pace.change(("fills",), ("second",))
    assert pace.take(1.05) == Batch(frozenset({"fills"}), ("second",), {"BTC": 2})
    assert pace.due() is None
    assert pace.take(9.0) is None


def test_only_the_newest_events_are_kept_for_a_slow_screen() -> None:
    pace = Coalescer(Pace(1.0, 1.0), keep_events=3)
    pace.change(("fills",), range(10))
    batch = pace.take(0.0)
    assert batch is not None
    assert batch.events == (7, 8, 9)


def test_batches_that_wait_become_one_with_the_latest_ticks() -> None:
    one = Batch(frozenset({"fills"}), (1,), {"BTC": 1, "ETH": 1})
    two = Batch(frozenset({"bars"}), (2,), {"BTC": 2})
    assert one.joined(two) == Batch(frozenset({"fills", "bars"}), (), {"BTC": 2, "ETH": 1})


def test_a_page_s_next_message_waits_until_it_has_shown_the_last() -> None:
    turn = Turn()
    assert turn.free <= 10.0
    turn.sent(10.0)
    assert turn.free > 10.0
    turn.shown(1)
    assert turn.free <= 10.0
    turn.sent(11.0)
    turn.shown(1)  # late: the second is still under way
    assert turn.free > 11.0
    assert turn.next == 3


def test_a_page_that_never_answers_is_written_to_all_the_same_but_seldom() -> None:
    turn = Turn()
    turn.sent(10.0)
    assert turn.free == 10.0 + PATIENCE_S


@pytest.mark.parametrize(("viewers", "hz"), [(0, 20), (1, 20), (5, 20), (10, 10), (50, 2)])
def test_the_pace_falls_so_that_all_viewers_together_stay_in_budget(viewers: int, hz: float) -> None:
    assert 1 / Pace.of_pages(viewers).flow == pytest.approx(hz)
    assert Pace.of_pages(viewers).facts * 100 == pytest.approx(viewers)
    assert Pace.of_widgets(viewers).facts == Pace.of_widgets(viewers).flow == Pace.of_pages(viewers).flow
