import json

from tests.widgets.lists import rows_of
from tests.widgets.made import Make, made, part
from tests.widgets.test_flusher import eventually
from tradekit.model.session import SignalRaised
from tradekit.state.shape import State
from tradekit.testing.stage import StageSession
from tradekit.widgets.log import Log

__all__ = ["made"]


def test_it_begins_with_what_the_state_remembers_and_goes_on_with_each_event(
    session: StageSession, made: Make
) -> None:
    log = made(Log, session)
    assert "filled" in rows_of(log, "entries")[0]["text"]
    session.replica.fold(SignalRaised("breakout", "BTCUSDT", "cross", 1.0))
    assert eventually(lambda: rows_of(log, "entries")[0]["text"] == "cross +1.0")
    assert repr(log).splitlines()[1].endswith("cross +1.0")


def test_another_state_is_another_story(session: StageSession, made: Make) -> None:
    log = made(Log, session)
    session.replica.snapshot(State())
    assert eventually(lambda: rows_of(log, "entries") == [])
    assert repr(log).endswith("no event yet")


def test_a_subject_is_looked_for_and_what_is_newer_comes_on_top(session: StageSession, made: Make) -> None:
    log = made(Log, session)
    log.request = json.dumps({"subject": "signal.>", "n": 1})
    assert eventually(
        lambda: [row["text"] for row in rows_of(log, "found")] == ["inside bar +1.0 close above"]
    )
    session.replica.fold(SignalRaised("breakout", "BTCUSDT", "cross", -1.0))
    assert eventually(lambda: len(rows_of(log, "found")) == 2)
    log.request = json.dumps({"subject": "", "n": 2})
    assert eventually(lambda: rows_of(log, "found") == [])


def test_an_order_tells_its_life(session: StageSession, made: Make) -> None:
    log = made(Log, session)
    log.request = json.dumps({"order": "b-1", "n": 1})
    assert eventually(lambda: part(log, "story").get("state") == "ok")
    assert part(log, "story")["order"] == "b-1"
    log.request = json.dumps({"older": True, "n": 2})  # nothing is looked for: nothing is older


def test_closed_it_looks_for_nothing(session: StageSession) -> None:
    log = Log(session)
    log.request = json.dumps({"subject": "signal.>", "n": 1})
    assert eventually(lambda: len(session.replica.watches) == 2)
    log.close()
    assert session.replica.watches == []
