"""No lookahead: what any strategy decides on a prefix it decides on the whole; and the same run is the same twice."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.run.decisions import tables
from tests.run.scripted import LIMITS, runs
from tradekit.core.codec import canonical_hash, encode_event
from tradekit.data.columns import BarColumns
from tradekit.run.backtest import backtest
from tradekit.run.lookahead import check_lookahead
from tradekit.run.result import Result
from tradekit.strategy.base import Strategy
from tradekit.strategy.vector import Bars, VectorStrategy

pytestmark = pytest.mark.proof

RUNS = runs(least=2) | tables(limits=LIMITS)
CLAUSES = st.lists(
    st.tuples(st.sampled_from(["open", "high", "low", "close"]), st.integers(0, 4), st.sampled_from([-1, 0.5, 1])),
    min_size=1, max_size=3,
)  # fmt: skip


def options_of(run: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in run.items() if name not in ("make", "bars")}


def journal_hash(result: Result) -> str:
    """As the canonical hash is meant: without `recorded` and `epoch`, which a backtest leaves at 0."""
    return canonical_hash([encode_event(event).decode() for event in result.events()])


def generated(clauses: list[tuple[str, int, float]]) -> type[VectorStrategy]:
    """A strategy that compares columns with themselves some bars ago, and sums what that is worth."""

    class Generated(VectorStrategy):
        window = 1 + max(back for _, back, _ in clauses)

        def target(self, bars: Bars) -> Any:
            wanted = np.zeros(len(bars))
            for name, back, worth in clauses:
                column = getattr(bars, name)
                wanted[back:] += worth * (column[back:] > column[: len(column) - back])
            return wanted

    return Generated


def peeking(honest: type[VectorStrategy]) -> type[VectorStrategy]:
    """The same one bar early."""

    class Peeking(honest):  # type: ignore[misc,valid-type]
        def target(self, bars: Bars) -> Any:
            return np.append(np.asarray(super().target(bars))[1:], 0.25)

    return Peeking


@given(RUNS, st.booleans())
@law(40)
def test_decisions_on_a_prefix_are_the_decisions_on_the_whole(run: dict[str, Any], stepwise: bool) -> None:
    strategy: Strategy = run["make"]()
    report = check_lookahead(strategy, run["bars"], cuts=6, windows=20, stepwise=stepwise, **options_of(run))
    assert report.ok, report


@given(CLAUSES, tables())
@law(30)
def test_generated_targets_need_no_bar_but_those_of_their_window(
    clauses: list[tuple[str, int, float]], run: dict[str, Any]
) -> None:
    bars: BarColumns = run["bars"]
    honest = generated(clauses)
    report = check_lookahead(honest, bars, cuts=100, windows=100)
    assert report.ok, report
    window: int = honest.window
    if len(bars) >= window:
        peeks = check_lookahead(peeking(honest), bars, cuts=100, windows=100).peeks
        assert {peek.how for peek in peeks} == ({"prefix", "window"} if len(bars) > window else set())


@given(RUNS)
@law(30)
def test_the_same_run_twice_has_the_same_journal_hash(run: dict[str, Any]) -> None:
    first, second = (backtest(run["make"](), run["bars"], **options_of(run)) for _ in range(2))
    assert journal_hash(first) == journal_hash(second)
    assert len(first.opened.source) == 64


def test_a_day_of_bars_has_the_same_journal_hash_on_every_way_to_run_it(
    proof_record: Callable[..., None],
) -> None:
    from tradekit.strategy.library import InsideBarBreakout, SmaCross

    counted = 0
    for kind in (SmaCross, InsideBarBreakout):
        results = [
            backtest(kind, "sample:BTCUSDT-1m", fee="0.0005", stepwise=s) for s in (False, True, False)
        ]
        assert len({journal_hash(result) for result in results}) == 1
        counted += sum(1 for _ in results[0].events())
    proof_record("same inputs, same journal hash", size=f"{counted:,} events, three runs", result="one hash")
