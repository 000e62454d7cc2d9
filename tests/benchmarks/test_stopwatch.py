"""The stop-watch: fair turns, and a ratio that one bad round does not move."""

import pytest

from benchmarks.stopwatch import Duel, Took, duel, peak_mb, reset_peak, resident_mb

pytestmark = pytest.mark.process


def test_both_are_warmed_up_and_then_take_turns_at_going_first() -> None:
    calls: list[str] = []
    duel(lambda: calls.append("ours"), lambda: calls.append("limit"), rounds=3)
    assert calls == ["ours", "limit", "ours", "limit", "limit", "ours", "ours", "limit"]


def test_the_ratio_is_of_neighbours_and_its_median() -> None:
    ours = [Took(2.0, 2.0), Took(90.0, 40.0), Took(6.0, 6.0)]
    limit = [Took(1.0, 1.0), Took(1.0, 1.0), Took(3.0, 4.0)]
    made = Duel(ours, limit)
    assert made.ratio == 2.0
    assert made.wall_ratio == 2.0
    assert "core 2.00x (from 1.50 to 40.00)" in made.told(100)


def test_the_peak_counts_what_was_freed_again() -> None:
    reset_peak()
    before = resident_mb()
    block = bytearray(b"x" * 64 * 2**20)
    del block
    assert peak_mb() - before > 60
