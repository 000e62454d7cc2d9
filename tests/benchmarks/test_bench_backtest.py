"""The backtest's benchmark measures equal work, and says so when it does not."""

import pytest

from benchmarks.bench_backtest import OwnCross, check_equal, made_up_bars, ours
from tradekit.data.columns import BarColumns


def test_both_sides_do_the_same_work_on_every_path() -> None:
    bars = made_up_bars(3_000)
    columns = BarColumns.from_frame(bars)
    counts = {check_equal(ours(bars, *how), columns) for how in [(), (OwnCross,)]}
    counts.add(check_equal(ours(bars, stepwise=True), columns))
    assert len(counts) == 1
    assert counts.pop() > 50


def test_a_difference_is_refused_with_both_sides_numbers() -> None:
    result = ours(made_up_bars(3_000))
    other = made_up_bars(3_000)
    other["close"] += 1.0
    with pytest.raises(AssertionError, match="did not do the same work"):
        check_equal(result, BarColumns.from_frame(other))
