"""The written-out loop and the engine's own step tell the same story, byte for byte; a prefix is a prefix."""

from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, START, bar, columns, flat, law
from tests.run.scripted import Hearing, Script, Scripted, runs, with_script
from tradekit.core.codec import encode_event
from tradekit.data.columns import BarColumns
from tradekit.model.instrument import Instrument
from tradekit.run import inner
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.state.reducer import BARS_KEPT, apply
from tradekit.state.shape import State
from tradekit.strategy.library import SmaCross


def play(run: dict[str, Any], *, stepwise: bool) -> Result:
    options = {name: value for name, value in run.items() if name not in ("make", "bars")}
    return backtest(run["make"](), run["bars"], stepwise=stepwise, **options)


def story(result: Result) -> list[str]:
    return [encode_event(event).decode() for event in result.events()]


@given(runs(), st.sampled_from([1, 3, 8192]))
@law(50)
def test_the_written_out_loop_tells_what_step_tells(run: dict[str, Any], chunk: int) -> None:
    with patch.object(inner, "_CHUNK", chunk):
        quick = play(run, stepwise=False)
    assert story(quick) == story(play(run, stepwise=True))


@given(runs())
@law(10)
def test_both_loops_end_with_the_same_frames_and_numbers(run: dict[str, Any]) -> None:
    quick, slow = play(run, stepwise=False), play(run, stepwise=True)
    assert quick.to_json() == slow.to_json()
    assert quick.orders.equals(slow.orders)
    assert quick.equity.equals(slow.equity)


@given(runs())
@law(10)
def test_the_story_is_dense_and_its_fold_is_the_engines_state(run: dict[str, Any]) -> None:
    result = play(run, stepwise=True)
    state = State()
    for number, event in enumerate(result.events(), start=1):
        assert event.seq == number
        assert 0 <= event.cause < number
        apply(state, event)
    assert state == result.final


@given(runs(least=2), st.booleans(), st.data())
@law(15)
def test_what_is_decided_on_a_prefix_is_decided_on_the_whole(
    run: dict[str, Any], stepwise: bool, data: st.DataObject
) -> None:
    run["make"].script.pop(-1, None)  # what it wishes for at the end is at the end of the whole only
    count = data.draw(st.integers(1, len(run["bars"]) - 1))
    whole = story(play(run, stepwise=stepwise))
    part = story(play(run | {"bars": run["bars"].part(0, count)}, stepwise=stepwise))
    assert part[1:] == whole[1 : len(part)]


@given(runs())
@law(5)
def test_the_same_run_twice_is_the_same(run: dict[str, Any]) -> None:
    assert story(play(run, stepwise=False)) == story(play(run, stepwise=False))


@pytest.mark.law
@pytest.mark.parametrize("words", ["targets", "break_even", "timed", "timed_bracket"])
@pytest.mark.parametrize("many", [False, True])
def test_the_loops_agree_on_what_watches_a_position(words: str, many: bool) -> None:
    walk = 100 + np.random.default_rng(5).normal(0, 1, 400).cumsum()
    rows = [bar(n, (a, max(a, b) + 0.5, min(a, b) - 0.5, b)) for n, (a, b) in enumerate(pairwise(walk))]
    script: Script = {n: [("worded", "buy" if n % 2 else "sell", 2, words, 2.0)] for n in range(3, 390, 9)}
    series: Any = columns(rows)
    if many:
        series = [series, columns([bar(n, (50.0, 51.0, 49.0, 50.0), instrument="ETH") for n in range(399)])]
    with patch.object(inner, "_CHUNK", 64):
        quick, slow = (backtest(with_script(Scripted, script)(), series, stepwise=s) for s in (False, True))
    assert story(quick) == story(slow)
    told = [line for line in story(slow) if '"type":"monitor.' in line]
    assert len(told) > 60


STAIRS = columns([flat(n, 97.0 + n % 5) for n in range(12)])
CRAFTED: dict[str, tuple[type[Scripted], Script, dict[str, Any]]] = {
    "a wish in on_fill, answered after the bar's close": (Hearing, {11: [("to", 1, "")]}, {}),
    "a target in on_start": (Scripted, {0: [("to", 1, "")]}, {}),
    "a look in on_stop": (Scripted, {-1: [("look",)]}, {}),
    "an order after a target in the same bar": (Scripted, {9: [("to", 1, ""), ("percent", 0)]}, {}),
    "a share of equity in on_stop": (Scripted, {9: [("to", 50, "")], -1: [("percent", 50)]}, {"fee": 0.01}),
    "a target that was denied in on_start, asked for again": (
        Scripted, {0: [("to", 2, "")], 1: [("to", 2, "")]}, {"limits": {"max_order_qty": 1}},
    ),
    "a denied target, asked for again after a fill": (
        Scripted, {8: [("to", 1, "")], 9: [("to", 2, ""), ("to", 0, "")], 10: [("close",)]},
        {"limits": {"max_order_qty": 1}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CRAFTED)
def test_the_loops_agree_on(name: str) -> None:
    kind, script, options = CRAFTED[name]
    quick, slow = (
        backtest(with_script(kind, script)(), STAIRS, stepwise=s, **options) for s in (False, True)
    )
    assert story(quick) == story(slow)


@pytest.mark.parametrize("look", [1, BARS_KEPT - 1, BARS_KEPT + 3])
def test_a_strategy_that_looks_late_sees_the_same(look: int) -> None:
    rows = [flat(n, 100.0 + n % 7) for n in range(BARS_KEPT + 5)]
    make: Callable[[], Scripted] = with_script(
        Scripted, {look: [("look",), ("bars", 600)], BARS_KEPT + 4: [("look",)]}
    )
    stories = [story(backtest(make(), columns(rows), stepwise=stepwise)) for stepwise in (False, True)]
    assert stories[0] == stories[1]


def test_a_long_run_of_the_library_tells_the_same() -> None:
    walk = 100 + np.random.default_rng(3).normal(0, 1, 3000).cumsum() * 0.2
    ts = START + np.arange(3000) * 60_000_000_000
    opens = np.concatenate(([100.0], walk[:-1]))
    bars = BarColumns(
        BTC, "1m", ts=ts, open=opens, close=walk, high=np.maximum(opens, walk) + 0.1,
        low=np.minimum(opens, walk) - 0.1, volume=np.ones(3000),
    )  # fmt: skip
    quick, slow = (backtest(SmaCross(fast=5, slow=12), bars, fee=0.001, stepwise=s) for s in (False, True))
    assert story(quick) == story(slow)
    assert len(quick.fills) > 100


def test_a_price_with_fewer_digits_than_the_tick_is_written_alike() -> None:
    bars = columns([flat(n, 97.0 + n % 5) for n in range(60)], Instrument(id="BTC", tick=Decimal("0.01")))
    quick, slow = (backtest(SmaCross(fast=2, slow=3), bars, stepwise=s) for s in (False, True))
    assert story(quick) == story(slow)
    assert any('"price":"98.0"' in line for line in story(slow))
