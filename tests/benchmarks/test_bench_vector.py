"""The benchmark of decisions by array measures equal work."""

import numpy as np
import pytest

from benchmarks import bench_vector
from benchmarks.bench_backtest import made_up_bars
from tradekit.data.columns import BarColumns
from tradekit.sim.vector import Terms, fills_of


def test_the_bare_loop_and_the_twin_end_with_the_same_equity(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = BarColumns.from_frame(made_up_bars(3_000))
    terms = Terms(1.0, bench_vector.FEE, 0.0, 0.0, 0.0)
    targets = bench_vector._targets(columns, [(5, 30), (10, 50)])
    monkeypatch.setattr(bench_vector, "PAIRS", 3)
    rules = (bench_vector.CASH, bench_vector.FEE)
    limit = [bench_vector._bare(columns.open, columns.close, targets[n % 2], *rules) for n in range(3)]
    for measured in (False, True):
        ends = bench_vector.swept(columns, targets, terms, measured=measured)
        np.testing.assert_allclose(ends, limit, rtol=1e-9)
    assert len(fills_of(columns.open, targets[0], terms).at) > 50
