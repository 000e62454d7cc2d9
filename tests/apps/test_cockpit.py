"""The cockpit's parts: what a flush changes, and nothing else."""

import json

import pytest

from tradekit.apps.cockpit import Cockpit
from tradekit.apps.panes import served_panes
from tradekit.core.clock import ManualClock
from tradekit.testing.play import Play
from tradekit.testing.stage import StageSession
from tradekit.widgets.pace import Batch
from tradekit.widgets.panes import ALL, TABLES, Moment

Played = tuple[StageSession, Play]


def batch(*changed: str, **ticks: object) -> Batch:
    return Batch(frozenset(changed), (), dict(ticks))


def moment(session: StageSession) -> Moment:
    return Moment(session.name, session.replica.state, status=session.replica.status)


@pytest.fixture
def cockpit(played: Played) -> tuple[Cockpit, list[str], ManualClock]:
    nudges: list[str] = []
    clock = ManualClock(1_000_000_000)
    return Cockpit(played[0], served_panes("light"), nudge=nudges.append, clock=clock), nudges, clock


def test_everything_is_told_at_first(cockpit: tuple[Cockpit, list[str], ManualClock], played: Played) -> None:
    parts = cockpit[0].parts(moment(played[0]), batch(ALL), [])
    assert set(parts) == {"ribbon", "hero", "controls", "params", "chart", "blotter", "log"}
    assert all("connection" in values for values in parts.values())
    assert set(parts["blotter"]) == {*TABLES, "ack", "connection"}
    assert set(parts["log"]) == {"entries", "alerts", "found", "story", "connection"}


def test_a_signal_touches_one_table_the_chart_s_marks_and_the_ribbon(
    cockpit: tuple[Cockpit, list[str], ManualClock], played: Played
) -> None:
    parts = cockpit[0].parts(moment(played[0]), batch("signals"), [])
    assert set(parts["blotter"]) == {"signals", "ack"}
    assert "hero" not in parts
    assert "markers" in parts["chart"]
    assert "form" not in parts["params"]


def test_ticks_alone_move_the_chart_and_once_a_second_the_ribbon(
    cockpit: tuple[Cockpit, list[str], ManualClock], played: Played
) -> None:
    page, _, clock = cockpit
    page.parts(moment(played[0]), batch(ALL), [])
    tick = {
        "key": "BTCUSDT",
        "bar": {"timeframe": "1m", "ts": 1_670_889_600_000_000_000 + 120 * 60_000_000_000},
    }
    tick["bar"] |= {"open": 1.0, "high": 2.0, "low": 1.0, "close": 1.5, "volume": 1.0}
    parts = page.parts(moment(played[0]), batch(BTCUSDT=tick), [])
    assert parts["chart"]["bar"]["rows"][-1][4] == 1.5
    assert "ribbon" not in parts
    clock.advance(1.0)
    assert "ribbon" in page.parts(moment(played[0]), batch(BTCUSDT=tick), [])


def test_the_page_chooses_a_series_and_asks_for_a_flush(
    cockpit: tuple[Cockpit, list[str], ManualClock], played: Played
) -> None:
    page, nudges, _ = cockpit
    page.panes["chart"].request = json.dumps({"timeframe": "15m", "n": 1})
    assert nudges == ["series"]
    parts = page.parts(moment(played[0]), batch("series"), [])
    assert parts["chart"]["series"]["timeframe"] == "15m"
    page.write(parts)
    assert json.loads(page.panes["chart"].series)["timeframe"] == "15m"
