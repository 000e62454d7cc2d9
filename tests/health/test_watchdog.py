import asyncio
import threading
import time

import pytest

from tests.interleaved import interleavings
from tests.sessions import wait_until
from tests.virtual import in_virtual_time
from tradekit.core.clock import ManualClock, SystemClock
from tradekit.health.watchdog import LoopLag, StepWatch


def test_a_step_tells_how_long_it_took() -> None:
    clock = ManualClock()
    watch = StepWatch(clock, deadline_s=1, on_stuck=lambda age: None)
    watch.begin()
    clock.advance(0.25)
    assert watch.end() == 0.25
    assert watch.end() == 0.0


def test_a_step_that_hangs_is_told_while_it_hangs_and_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    ages: list[float] = []
    release, hanging = threading.Event(), threading.Event()
    with StepWatch(SystemClock(), deadline_s=0.02, on_stuck=ages.append) as watch:

        def a_step_that_hangs_here() -> None:
            hanging.set()
            release.wait(60)

        def deep_inside(calls: int) -> None:
            if calls:
                deep_inside(calls - 1)
            else:
                a_step_that_hangs_here()

        def step() -> None:
            watch.begin()
            deep_inside(30)
            watch.end()

        worker = threading.Thread(target=step)
        worker.start()
        assert hanging.wait(30)
        wait_until(lambda: len(ages) >= 3)
        release.set()
        worker.join()
        wait_until(lambda: ages[-1] == 0.0)
    assert ages[:-1] == sorted(ages[:-1])
    assert min(ages[:-1]) > 0.02
    said = [record for record in caplog.records if "a step has been running" in record.getMessage()]
    assert len(said) == 1
    assert "a_step_that_hangs_here" in (said[0].stack_info or "")


def test_quick_steps_and_idle_times_are_no_cause() -> None:
    clock = ManualClock()
    ages: list[float] = []
    with StepWatch(clock, deadline_s=0.02, on_stuck=ages.append) as watch:
        for _ in range(20):
            watch.begin()
            clock.advance(0.02)
            watch.end()
            clock.advance(10)
            time.sleep(0.002)
    assert ages == []


def test_a_listener_that_fails_does_not_end_the_watch(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[float] = []

    def broken(age: float) -> None:
        calls.append(age)
        raise RuntimeError("listener")

    with StepWatch(SystemClock(), deadline_s=0.02, on_stuck=broken) as watch:
        watch.begin()
        wait_until(lambda: len(calls) >= 2)
    assert "the watchdog's listener failed" in caplog.text


def test_the_watch_ends_with_its_context() -> None:
    with StepWatch(SystemClock(), deadline_s=3600, on_stuck=lambda age: None):
        assert "tradekit-watchdog" in [thread.name for thread in threading.enumerate()]
    wait_until(lambda: "tradekit-watchdog" not in [thread.name for thread in threading.enumerate()])


def test_a_step_that_ends_as_it_is_looked_at_is_no_cause() -> None:
    ages: list[float] = []

    def begun() -> tuple[StepWatch, ManualClock]:
        clock = ManualClock()
        watch = StepWatch(clock, deadline_s=0.02, on_stuck=ages.append)
        watch.begin()
        return watch, clock

    def end(it: tuple[StepWatch, ManualClock]) -> None:
        it[0].end()
        it[1].advance(10)

    for _ in interleavings(begun, lambda it: it[0]._look(None), end, within="health/watchdog.py", fine=True):
        assert ages == []


def test_a_loop_that_is_held_up_shows_its_lag() -> None:
    async def held_up() -> tuple[float, float]:
        lag = LoopLag(period_s=0.01)
        await asyncio.sleep(0.03)
        before = lag.worst_s
        asyncio.get_running_loop().hold_up(0.2)  # type: ignore[attr-defined]
        await asyncio.sleep(0.001)
        after = lag.worst_s
        lag.stop()
        return before, after

    before, after = in_virtual_time(held_up())
    assert (before, after) == (pytest.approx(0.0, abs=1e-6), pytest.approx(0.19, abs=0.01))
