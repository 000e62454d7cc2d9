from typing import Any

import pytest

from tests.interleaved import interleavings
from tests.widgets.deals import trade
from tests.widgets.later import Later
from tradekit.errors import ConnectionLostError
from tradekit.model.session import CommandReceived, SignalRaised
from tradekit.state.shape import State
from tradekit.testing.stage import StageSession
from tradekit.widgets import search as module
from tradekit.widgets.search import PAGE, Search, back_from


def noise(session: StageSession, count: int) -> None:
    session.replica.fold(*(CommandReceived(f"n{i}", "snapshot", {}, "me") for i in range(count)))


@pytest.fixture
def stage() -> tuple[StageSession, Search, Later, list[dict[str, Any]]]:
    session, pool, told = StageSession(), Later(), []
    search = Search(session, told=lambda: told.append(search.found), pool=pool)
    session.replica.fold(*trade(1), SignalRaised("s", "BTCUSDT", "cross", 1.0, 100.0))
    return session, search, pool, told


def subjects(found: dict[str, Any]) -> list[str]:
    return [row["subject"] for row in found["rows"]]


def test_the_events_of_a_subject_come_newest_first(stage: Any) -> None:
    _, search, pool, told = stage
    search.ask("order.>")
    assert told[-1]["state"] == "busy"
    pool.run()
    assert subjects(told[-1]) == ["order.filled.BTCUSDT", "order.submitted.BTCUSDT"]
    assert (told[-1]["state"], told[-1]["more"]) == ("ok", False)
    assert told[-1]["rows"][0]["text"] == "hand-1 filled: buy 0.5 BTCUSDT at 104.25"


def test_what_happens_from_now_on_is_put_on_top_without_a_question(stage: Any) -> None:
    session, search, pool, told = stage
    search.ask("signal.>")
    session.replica.fold(SignalRaised("s", "BTCUSDT", "while it is read", 1.0, 100.0))
    pool.run()
    session.replica.fold(*trade(2), SignalRaised("s", "BTCUSDT", "later", -1.0, 100.0))
    assert pool.waiting == []
    assert [row["text"].split(" +")[0].split(" \N{MINUS SIGN}")[0] for row in told[-1]["rows"]] == [
        "later", "while it is read", "cross",
    ]  # fmt: skip
    before = len(told)
    noise(session, 3)
    assert len(told) == before, "other subjects are no news"


def test_older_ones_come_page_by_page_until_the_beginning(stage: Any) -> None:
    session, search, pool, told = stage
    noise(session, 2 * PAGE + 5)
    search.ask("command.>")
    pool.run()
    first = len(told[-1]["rows"])
    assert first >= PAGE
    for _ in range(5):
        search.older()
        pool.run()
    assert len(told[-1]["rows"]) == 2 * PAGE + 5
    assert told[-1]["more"] is False
    seqs = [row["seq"] for row in told[-1]["rows"]]
    assert seqs == sorted(set(seqs), reverse=True)
    search.older()
    assert pool.waiting == [], "there is nothing before the beginning"


def test_a_rare_subject_is_looked_for_so_far_and_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST", 10)
    monkeypatch.setattr(module, "_SCAN", 100)
    session = StageSession()
    session.replica.fold(SignalRaised("s", "BTCUSDT", "old", 1.0, 100.0))
    noise(session, 1000)
    asked: list[tuple[int, int | None]] = []
    events = session.events

    def noted(subject: str, *, since: int = 0, until: int | None = None) -> Any:
        asked.append((since, until))
        return events(subject, since=since, until=until)

    monkeypatch.setattr(session, "events", noted)
    found, end = back_from(session, "signal.>", session.replica.seq + 1)
    assert found == []
    assert 0 < end < session.replica.seq - 100
    assert [until for _, until in asked[1:]] == [since for since, _ in asked[:-1]], "without hole or overlap"
    while end:
        found, end = back_from(session, "signal.>", end + 1)
    assert [event.data.name for event in found] == ["old"]


def test_a_bad_pattern_and_a_silent_session_are_told_in_words(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, search, pool, told = stage
    search.ask("order..x")
    assert told[-1]["state"] == "error"
    assert "not understood" in told[-1]["problem"]

    def gone(subject: str, **bounds: Any) -> Any:
        raise ConnectionLostError("no answer to events")

    monkeypatch.setattr(session, "events", gone)
    search.ask("order.>")
    pool.run()
    assert (told[-1]["state"], told[-1]["problem"]) == ("error", "no answer to events")
    monkeypatch.setattr(session, "events", lambda subject, **bounds: 1 / 0)
    search.ask("order.>")
    pool.run()
    assert told[-1]["problem"] == "ZeroDivisionError: division by zero"


def test_nobody_is_followed_once_it_is_closed(stage: Any) -> None:
    session, search, pool, told = stage
    search.ask("order.>")
    search.ask("signal.>")
    assert len(session.replica.watches) == 1
    pool.run()
    assert subjects(told[-1]) == ["signal.raised.BTCUSDT"], "the first filter's answer is not shown"
    search.ask("")
    assert session.replica.watches == []
    assert told[-1]["state"] == ""


def test_after_a_gap_it_is_read_again(stage: Any) -> None:
    session, search, pool, told = stage
    search.ask("order.>")
    pool.run()
    state: State = session.replica.state
    session.replica.snapshot(state)
    pool.run()
    assert subjects(told[-1]) == ["order.filled.BTCUSDT", "order.submitted.BTCUSDT"]
    assert len(session.replica.watches) == 1


def test_a_busy_subject_pushes_its_oldest_lines_out_and_they_can_be_had_again(stage: Any) -> None:
    session, search, pool, told = stage
    search.ask("command.>")
    pool.run()
    for _ in range(5):
        noise(session, PAGE)
    assert len(told[-1]["rows"]) <= 2 * PAGE
    assert told[-1]["more"] is True
    for _ in range(6):
        search.older()
        pool.run()
    assert len(told[-1]["rows"]) == 5 * PAGE


def searching() -> tuple[StageSession, Search, Later]:
    session, pool = StageSession(), Later()
    search = Search(session, told=lambda: None, pool=pool)
    session.replica.fold(*trade(1), SignalRaised("s", "BTCUSDT", "cross", 1.0, 100.0))
    search.ask("order.>")
    pool.run()
    return session, search, pool


def behind() -> tuple[StageSession, Search, Later]:
    """A fresh snapshot has come, so that the search is to be made again on a worker."""
    session, search, pool = searching()
    session.replica.snapshot(session.replica.state)
    return session, search, pool


def test_a_subject_that_is_asked_for_as_another_is_read_again_is_the_one_that_is_shown() -> None:
    for session, search, pool in interleavings(
        behind, lambda it: it[2].run(), lambda it: it[1].ask("signal.>"), within="widgets/search.py"
    ):
        pool.run()
        assert subjects(search.found) == ["signal.raised.BTCUSDT"]
        assert len(session.replica.watches) == 1


def test_closed_as_it_is_read_again_it_follows_nobody() -> None:
    for session, _, _ in interleavings(
        behind, lambda it: it[2].run(), lambda it: it[1].close(), within="widgets/search.py"
    ):
        assert session.replica.watches == []


def test_of_two_that_ask_at_once_one_is_followed() -> None:
    for session, search, pool in interleavings(
        searching,
        lambda it: it[1].ask("signal.>"),
        lambda it: it[1].ask("order.filled.>"),
        within="widgets/search.py",
    ):
        pool.run()
        assert len(session.replica.watches) == 1
        [subject] = subjects(search.found)
        assert subject.startswith(search.found["subject"].rstrip(">"))
