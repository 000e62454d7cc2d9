"""Longer bars made ahead close with the same bars, in the same order, as those that are made one by one."""

from collections.abc import Callable, Sequence
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, MINUTE, START, columns, flat, law
from tests.run.scripted import Scripted, runs, with_script
from tests.run.test_same_events import play, story
from tradekit.data.columns import BarColumns
from tradekit.errors import DataError, StrategyError
from tradekit.model.market import Bar
from tradekit.run import inner
from tradekit.run.backtest import backtest
from tradekit.run.longer import Longer, can_be_made
from tradekit.strategy.base import Strategy
from tradekit.strategy.library import InsideBarBreakout
from tradekit.trading.series import Series

FRAMES = st.sampled_from([("2m",), ("1m", "3m"), ("5m", "2m"), ("1m", "2m", "5m"), ("4m", "2m", "1h")])


def thinned(bars: BarColumns, kept: Sequence[bool]) -> BarColumns:
    """The same bars without some."""
    mask = np.array(kept)
    names = ("ts", "open", "high", "low", "close", "volume")
    return BarColumns(bars.spec, bars.timeframe, **{name: getattr(bars, name)[mask] for name in names})


@st.composite
def gaps(draw: st.DrawFn, bars: BarColumns) -> BarColumns:
    """The same bars with some missing, the first excepted."""
    rest = draw(
        st.lists(st.sampled_from([True, True, False]), min_size=len(bars) - 1, max_size=len(bars) - 1)
    )
    return thinned(bars, [True, *rest])


def following(frames: tuple[str, ...], make: Callable[[], Scripted]) -> Callable[[], Scripted]:
    made: Any = make
    return type(made.__name__, (made,), {"timeframes": frames, "__module__": __name__})


@given(runs(), FRAMES, st.sampled_from([1, 3, 8192]), st.data())
@law(40)
def test_the_written_out_loop_tells_what_step_tells(
    run: dict[str, Any], frames: tuple[str, ...], chunk: int, data: st.DataObject
) -> None:
    run["make"] = following(frames, run["make"])
    run["bars"] = data.draw(gaps(run["bars"]))
    if len(run["bars"]) > 3:
        run["warmup"] = data.draw(st.sampled_from([0, 0, 2]))
    with patch.object(inner, "_CHUNK", chunk):
        quick = play(run, stepwise=False)
    assert story(quick) == story(play(run, stepwise=True))


@given(runs(), st.lists(st.sampled_from(["2m", "3m", "5m", "1h"]), unique=True, min_size=1), st.data())
@law(40)
def test_they_are_those_of_the_stream_with_their_closes(
    run: dict[str, Any], frames: list[str], data: st.DataObject
) -> None:
    bars = data.draw(gaps(run["bars"]))
    series = Series(tuple(frames), ())
    streamed = [(n, one) for n, bar in enumerate(bars.bars(), 1) for one in series.made_by(bar)]
    longer, taken = Longer(bars, series.beyond("1m")), []
    while longer.due:
        n = longer.due
        taken += [(n, one) for one in longer.take()]
    assert taken == streamed


def walk(count: int) -> BarColumns:
    prices = np.round(100 + np.random.default_rng(5).normal(0, 1, count).cumsum() * 0.2, 2).tolist()
    return columns([flat(n, price) for n, price in enumerate(prices)])


def test_a_long_run_of_the_library_tells_the_same() -> None:
    bars = walk(4000)
    made = {"risk_reward": 1.5, "volume_filter": 0.0}
    quick, slow = (backtest(InsideBarBreakout(**made), bars, fee=0.001, stepwise=s) for s in (False, True))
    assert story(quick) == story(slow)
    assert len(quick.fills) > 4


def test_a_strategy_sees_the_bars_that_it_follows_and_those_alone() -> None:
    seen: list[tuple[str, int]] = []

    class Look(Strategy):
        timeframes = ("5m",)

        def on_bar(self, bar: Bar) -> None:
            seen.append((bar.timeframe, bar.ts))
            assert [one.ts for one in self.bars(2)] == [ts for _, ts in seen[-2:]]
            assert [one.ts for one in self.bars(2, timeframe="1m")][-1] == bar.ts + 4 * MINUTE

    backtest(Look(), walk(14))
    assert seen == [("5m", START), ("5m", START + 5 * MINUTE)]


def test_a_longer_bar_follows_from_the_bar_that_closed_it_and_not_from_what_moved_a_stop_meanwhile() -> None:
    script: Any = {n: [("worded", "buy", 0.5, "break_even", 0.3)] for n in range(3, 140, 9)}
    run = {"make": following(("1m", "3m"), with_script(Scripted, script)), "bars": walk(150)}
    quick, slow = (play(run, stepwise=stepwise) for stepwise in (False, True))
    assert sum(event.type == "monitor.moved" for event in quick.events()) > 5
    assert story(quick) == story(slow)


def test_the_engine_is_asked_for_no_bar_but_the_longer_ones() -> None:
    bars = walk(60)
    with patch.object(Series, "made_by", side_effect=AssertionError("made one by one")):
        backtest(InsideBarBreakout(), bars)


def test_bars_that_overlap_are_refused_as_by_step() -> None:
    bars = columns([flat(0, 100.0), flat(1, 100.0), flat(2, 100.0)])
    crooked = BarColumns(
        BTC, "1m", ts=bars.ts - np.array([0, MINUTE // 2, 0]),
        **{name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")},
    )  # fmt: skip
    assert not can_be_made(crooked, ["2m"])
    with pytest.raises(DataError, match="give bars in the order of time"):
        backtest(following(("2m",), with_script(Scripted, {}))(), crooked)


def test_a_timeframe_that_the_bars_do_not_make_is_refused() -> None:
    with pytest.raises(StrategyError, match="cannot be made from the feed's 2m bars"):
        backtest(
            following(("5m",), with_script(Scripted, {}))(),
            columns([flat(n, 1.0, timeframe="2m") for n in range(9)]),
        )
