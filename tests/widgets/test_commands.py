import json
from typing import Any

import pytest

from tests.interleaved import interleavings
from tests.widgets.later import Later
from tradekit.core.clock import ManualClock
from tradekit.errors import RefusedError
from tradekit.model.reconciliation import DifferenceFound, Proposal
from tradekit.testing.stage import StageSession
from tradekit.widgets.commands import DONE, Commands, verdict


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(1_670_926_445_000_000_000)


@pytest.fixture
def stage(clock: ManualClock) -> tuple[StageSession, Commands, Later, list[dict[str, Any]]]:
    session, pool, told = StageSession(), Later(), []
    commands = Commands(session, told=lambda: told.append(commands.ack), clock=clock, pool=pool)
    return session, commands, pool, told


def ask(name: str) -> str:
    return json.dumps({"name": name, "n": 1})


@pytest.mark.parametrize("name", DONE)
def test_each_command_waits_and_then_says_what_was_acknowledged(name: str, stage: Any) -> None:
    session, commands, pool, told = stage
    commands.request(ask(name))
    assert told[-1]["state"] == "busy"
    pool.run()
    assert session.said == [name]
    assert told[-1] == {
        "state": "ok", "name": name, "text": DONE[name], "seq": "#2", "ts": 1_670_926_445_000,
    }  # fmt: skip


def test_a_refusal_a_silence_and_a_failure_are_told(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session, commands, pool, told = stage
    session.refuse = "this token may not arm"
    commands.request(ask("arm"))
    pool.run()
    assert (told[-1]["state"], told[-1]["text"]) == ("no", "arm refused: this token may not arm")
    session.refuse, session.silent = "", True
    commands.request(ask("cancel_all"))
    pool.run()
    assert (told[-1]["state"], told[-1]["name"]) == ("silent", "cancel_all")
    assert "no answer to cancel all" in told[-1]["text"]
    assert "try again" in told[-1]["text"]
    monkeypatch.setattr(session, "halt", lambda: 1 / 0)
    commands.request(ask("halt"))
    pool.run()
    assert told[-1]["text"] == "halt failed: division by zero"


def test_a_second_click_while_the_first_waits_sends_nothing(stage: Any) -> None:
    session, commands, pool, _ = stage
    commands.request(ask("halt"))
    commands.request(ask("halt"))
    pool.run()
    assert session.said == ["halt"]
    commands.request(ask("halt"))
    pool.run()
    assert session.said == ["halt", "halt"], "afterwards it may be said again"


def test_what_had_no_answer_for_two_seconds_may_be_said_again_and_the_last_one_is_told(
    stage: Any, clock: ManualClock
) -> None:
    session, commands, pool, told = stage
    commands.request(ask("halt"))
    clock.advance(2.0)
    commands.request(ask("halt"))
    first, second = pool.waiting
    pool.waiting.clear()
    second()
    assert told[-1]["text"] == "halted"
    session.silent = True
    first()
    assert told[-1]["text"] == "halted", "the first one's silence does not undo the second one's answer"


def test_a_late_answer_is_told_while_the_second_waits(stage: Any, clock: ManualClock) -> None:
    _, commands, pool, told = stage
    commands.request(ask("halt"))
    clock.advance(2.0)
    commands.request(ask("halt"))
    pool.waiting[0]()
    assert (told[-1]["state"], told[-1]["text"]) == ("ok", "halted")


def test_a_command_that_expired_at_the_session_is_offered_again(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expired() -> int:
        raise RefusedError("halt was not taken up in time; nothing was done", code="expired")

    session, commands, pool, told = stage
    monkeypatch.setattr(session, "halt", expired)
    commands.request(ask("halt"))
    pool.run()
    assert told[-1]["state"] == "silent"
    assert "did not take up halt in time" in told[-1]["text"]


@pytest.mark.parametrize("name", ["stop", "set_param", "__init__", "close", ""])
def test_a_page_cannot_ask_for_anything_else(name: str, stage: Any) -> None:
    session, commands, pool, told = stage
    commands.request(ask(name))
    assert told[-1]["state"] == "no"
    assert pool.waiting == []
    assert session.said == []


def test_an_older_answer_that_comes_last_hides_no_newer_one(stage: Any) -> None:
    session, commands, pool, told = stage
    commands.request(ask("arm"))
    commands.request(ask("disarm"))
    arm, disarm = pool.waiting
    session.refuse = "this token may not disarm"
    disarm()
    session.refuse = ""
    arm()
    assert told[-1]["text"] == "disarm refused: this token may not disarm"


def differing(session: StageSession) -> None:
    repair = (Proposal("order.canceled", 1, {"id": "a-1"}),)
    session.replica.fold(
        DifferenceFound("order:a-1", "order.missing", "BTCUSDT", "working", "none", "gone", repair)
    )


@pytest.mark.parametrize(("accept", "done"), [(True, "order:a-1 accepted"), (False, "order:a-1 refused")])
def test_a_difference_is_accepted_or_refused(clock: ManualClock, accept: bool, done: str) -> None:
    session, pool = StageSession(), Later()
    differing(session)
    commands = Commands(session, told=list, clock=clock, pool=pool, read=verdict)
    commands.request(json.dumps({"name": "resolve", "difference": "order:a-1", "accept": accept}))
    pool.run()
    assert (commands.ack["state"], commands.ack["text"]) == ("ok", done)
    assert session.replica.state.health.reconciliation.open == []


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "halt"},
        {"difference": "x"},
        {"difference": "", "accept": True},
        {"difference": "x", "accept": 1},
    ],
)
def test_a_verdict_without_both_halves_is_none(clock: ManualClock, asked: dict[str, Any]) -> None:
    session, pool = StageSession(), Later()
    commands = Commands(session, told=list, clock=clock, pool=pool, read=verdict)
    commands.request(json.dumps(asked))
    assert commands.ack["state"] == "no"
    assert (pool.waiting, session.said) == ([], [])


def two_asked() -> tuple[StageSession, Commands, Later]:
    session, pool = StageSession(), Later()
    commands = Commands(session, told=lambda: None, clock=ManualClock(1), pool=pool)
    commands.request(ask("arm"))
    commands.request(ask("disarm"))
    return session, commands, pool


def test_of_two_answers_that_come_at_once_the_newer_ones_stands() -> None:
    answers = [lambda them, which=which: them[2].waiting[which]() for which in (0, 1)]
    for _, commands, _ in interleavings(two_asked, *answers, within="widgets/commands.py"):
        assert commands.ack["text"] == "disarmed"


def test_what_is_asked_as_an_answer_comes_is_sent_once() -> None:
    answered = interleavings(
        two_asked,
        lambda them: them[2].waiting[1](),
        lambda them: them[1].request(ask("halt")),
        within="widgets/commands.py",
    )
    for _, commands, pool in answered:
        commands.request(ask("halt"))
        assert len(pool.waiting) == 3, "a second click"
