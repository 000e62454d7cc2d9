"""Blotter and Chart without a browser: what they hold, who writes them, and that they let go."""

import gc
import json
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from tests.widgets.conftest import MINUTE, START
from tests.widgets.lists import rows_of
from tests.widgets.test_flusher import eventually
from tradekit.model.market import Bar
from tradekit.model.session import SignalRaised
from tradekit.testing.stage import StageSession
from tradekit.widgets.blotter import Blotter
from tradekit.widgets.chart import Chart
from tradekit.widgets.flusher import FLUSHER


@pytest.fixture
def opened() -> Iterator[list[Any]]:
    made: list[Any] = []
    yield made
    for widget in made:
        widget.close()
    assert eventually(lambda: not FLUSHER.running)


def rows(widget: Any, table: str) -> list[dict[str, Any]]:
    return rows_of(widget, table)


def test_a_blotter_starts_complete_and_names_session_mode_and_seq(
    session: StageSession, opened: list[Any]
) -> None:
    blotter = Blotter(session)
    opened.append(blotter)
    first = json.loads(blotter.first)
    assert (first["name"], first["mode_word"]) == ("btc-breakout", "PAPER")
    assert first["seq"] == f"#{session.replica.seq}"
    assert len(rows(blotter, "orders")) == 7
    assert len(rows(blotter, "fills")) == 1
    assert json.loads(blotter.connection)["state"] == "live"


def test_a_fact_reaches_the_widget_without_the_callers_thread(
    session: StageSession, opened: list[Any]
) -> None:
    blotter = Blotter(session)
    opened.append(blotter)
    orders = blotter.orders
    session.replica.fold(SignalRaised("breakout", "BTCUSDT", "cross", -1.0))
    assert eventually(lambda: len(rows(blotter, "signals")) == 2)
    assert blotter.orders is orders, "what did not change was not written"
    session.replica.become("stale", "no beat")
    assert eventually(lambda: json.loads(blotter.connection)["state"] == "stale")


def test_an_alarm_reaches_the_widget_though_nothing_else_happens(
    session: StageSession, opened: list[Any]
) -> None:
    blotter = Blotter(session)
    opened.append(blotter)
    session.replica.sound("the journal has failed")
    assert eventually(lambda: json.loads(blotter.connection)["alarm"] == "the journal has failed")
    session.replica.sound("")
    assert eventually(lambda: json.loads(blotter.connection)["alarm"] == "")


def test_a_chart_follows_bars_ticks_and_the_page_s_choice(session: StageSession, opened: list[Any]) -> None:
    chart = Chart(session)
    opened.append(chart)
    assert len(json.loads(chart.bars)["t"]) == 5
    bar = {
        "timeframe": "1m",
        "ts": START + 5 * MINUTE,
        "open": 1.0,
        "high": 2.0,
        "low": 1.0,
        "close": 1.5,
        "volume": 1,
    }
    session.replica.tick({"key": "BTCUSDT", "bar": bar})
    assert eventually(lambda: json.loads(chart.bar)["rows"][-1][4] == 1.5)
    session.replica.fold(Bar("BTCUSDT", "1m", START + 5 * MINUTE, 1.0, 3.0, 1.0, 2.5), ts=START + 6 * MINUTE)
    assert eventually(lambda: json.loads(chart.bar)["rows"][-1][4] == 2.5)
    chart.request = json.dumps({"timeframe": "15m", "n": 1})
    assert eventually(lambda: json.loads(chart.series)["timeframe"] == "15m")
    assert json.loads(chart.bars)["key"] == "BTCUSDT 15m"


def test_a_terminal_shows_the_same_facts_as_text(session: StageSession, opened: list[Any]) -> None:
    blotter, chart = Blotter(session), Chart(session)
    opened += [blotter, chart]
    text = repr(blotter)
    assert text.splitlines()[0] == f"PAPER btc-breakout #{session.replica.seq}"
    assert "17,200.00" in text
    assert "BTCUSDT 1m: 5 bars" in repr(chart)
    opened.append(empty := Blotter(StageSession()))
    assert "session object is gone" in repr(empty)


def test_an_empty_session_reads_well_in_a_terminal(two: StageSession, opened: list[Any]) -> None:
    blotter, chart = Blotter(two), Chart(two)
    opened += [blotter, chart]
    assert "fills: none" in repr(blotter)
    assert repr(chart).endswith("BTCUSDT 15m: no bar yet")


def test_a_widget_does_not_keep_its_session_alive(opened: list[Any]) -> None:
    session = StageSession()
    replica, gone = session.replica, weakref.ref(session)
    blotter = Blotter(session)
    opened.append(blotter)
    del session
    gc.collect()
    assert gone() is None
    replica.fold(SignalRaised("breakout", "BTCUSDT", "cross", 1.0))
    assert eventually(lambda: "gone" in json.loads(blotter.connection)["problem"])


def test_closing_releases_the_subscription(session: StageSession) -> None:
    blotter = Blotter(session)
    assert len(session.replica.watches) == 1
    blotter.close()
    assert session.replica.watches == []
    assert eventually(lambda: not FLUSHER.running)
