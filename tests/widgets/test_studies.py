"""The strategy's indicators over the bars of a chart: asked for once, and following what closes."""

from concurrent.futures import Executor, Future
from typing import Any

import pytest

from tests.widgets.conftest import MINUTE
from tradekit.indicators.averages import SMA
from tradekit.indicators.momentum import RSI
from tradekit.indicators.study import described
from tradekit.model.market import Bar
from tradekit.state.shape import BarRow
from tradekit.testing.stage import StageSession
from tradekit.widgets.candles import Plot
from tradekit.widgets.studies import Curves, Studies


class AtOnce(Executor):
    """Does what it is given before it returns."""

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        work(*args, **kwargs)
        return Future()


def row(indicator: Any, instrument: str = "BTCUSDT", timeframe: str = "1m") -> dict[str, Any]:
    """As a session gives it."""
    known = described(indicator, ("close",))
    assert known is not None
    return {"instrument": instrument, "timeframe": timeframe, **known}


def bars(*closes: float, since: int = 0) -> list[BarRow]:
    """A minute each."""
    return [BarRow((since + i) * MINUTE, c, c, c, c, 1.0) for i, c in enumerate(closes, 1)]


def test_lines_have_a_value_a_bar_and_none_before_they_are_ready() -> None:
    curves = Curves([row(SMA(2)), row(RSI(2))])
    shown = bars(1.0, 3.0, 5.0)
    curves.follow(shown)
    average, strength = curves.whole(shown)
    assert (average["title"], average["on_price"], average["values"]) == ("SMA 2", True, [None, 2.0, 4.0])
    assert (strength["title"], strength["on_price"], strength["values"]) == (
        "RSI 2",
        False,
        [None, None, 100.0],
    )


def test_each_bar_is_taken_once_and_what_was_warm_stays_warm() -> None:
    curves = Curves([row(SMA(2))])
    first = bars(1.0, 3.0)
    later = [*bars(1.0, 3.0, 5.0)[1:]]  # the state keeps the newest
    assert curves.follow(first)
    assert curves.follow(later)
    assert curves.follow(later)
    assert [curves.at(bar) for bar in later] == [[2.0], [4.0]]


def test_other_bars_begin_anew() -> None:
    curves = Curves([row(SMA(2))])
    curves.follow(bars(1.0, 3.0, since=10))
    assert not curves.follow(bars(10.0, 20.0))
    assert [curves.at(bar) for bar in bars(10.0, 20.0)] == [[None], [15.0]]


def test_they_are_asked_for_once_and_again_with_other_parameters() -> None:
    session, told = StageSession(), []
    session.studied = [row(SMA(2))]
    studies = Studies(session, told=lambda: told.append(len(studies.rows)), pool=AtOnce())
    studies.look(session.replica.state, live=False)
    assert told == []
    for _ in range(3):
        studies.look(session.replica.state, live=True)
    assert told == [1]
    session.set_param("qty", 1.0)
    studies.look(session.replica.state, live=True)
    assert told == [1, 1]


def test_the_chart_sends_them_with_its_bars_and_each_new_value_with_its_bar(session: StageSession) -> None:
    plot, state = Plot(), session.replica.state
    assert plot.parts(state)["bars"]["studies"] == []
    plot.study([row(SMA(2)), row(SMA(3), timeframe="15m")])
    sent = plot.parts(state)["bars"]
    assert [line["title"] for line in sent["studies"]] == ["SMA 2"]
    assert len(sent["studies"][0]["values"]) == len(sent["t"])
    at = state.bars["BTCUSDT"]["1m"][-1].ts + MINUTE
    session.replica.fold(
        Bar("BTCUSDT", "1m", at, 17_215.0, 17_240.0, 17_180.0, 17_235.0, 1.5), ts=at + MINUTE
    )
    delta = plot.parts(state)
    assert "bars" not in delta
    assert delta["bar"]["studies"][-1] == [at // 1_000_000_000, 17_225.0]


def test_what_this_release_does_not_know_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    session = StageSession()
    session.studied = [
        {**row(SMA(2)), "kind": "tradekit.indicators.later:New"},
        {**row(SMA(2)), "args": [1, 2, 3]},
    ]
    session.studied.append(row(SMA(3)))
    studies = Studies(session, told=lambda: None, pool=AtOnce())
    studies.look(session.replica.state, live=True)
    assert [one["title"] for one in studies.rows] == ["SMA 3"]
    assert "later:New" in caplog.text
