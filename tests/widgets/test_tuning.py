import json
import weakref
from typing import Any

import pytest

from tests.widgets.later import Later
from tradekit.core.clock import ManualClock
from tradekit.errors import ConnectionLostError
from tradekit.testing.stage import StageSession
from tradekit.widgets.commands import Commands
from tradekit.widgets.panes import Moment
from tradekit.widgets.tuning import Declared, changes


def moment(session: StageSession, scopes: frozenset[str] | None = None) -> Moment:
    return Moment(session.name, session.replica.state, status=session.replica.status, scopes=scopes)


def test_the_declaration_is_asked_for_once_a_start() -> None:
    session, pool, told = StageSession(), Later(), []
    declared = Declared(session, told=lambda: told.append(1), pool=pool)
    assert declared.part(moment(session))["state"] == "busy"
    declared.part(moment(session))
    assert len(pool.waiting) == 1
    pool.run()
    assert told == [1]
    part = declared.part(moment(session))
    assert (part["state"], part["off"]) == ("ok", "")
    assert next(row for row in part["rows"] if row["name"] == "risk_reward")["value"] == 1.8
    session.replica.state.session.epoch += 1
    declared.part(moment(session))
    assert len(pool.waiting) == 1, "another start may run another strategy"


def test_a_declaration_that_cannot_be_had_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    session, pool = StageSession(), Later()
    declared = Declared(session, told=list, pool=pool)

    def gone() -> Any:
        raise ConnectionLostError("no answer to parameters")

    monkeypatch.setattr(session, "declaration", gone)
    declared.part(moment(session))
    pool.run()
    part = declared.part(moment(session))
    assert (part["state"], part["problem"]) == ("error", "no answer to parameters")
    assert {row["name"] for row in part["rows"]} == {"risk_reward", "qty"}, (
        "what is in force is shown all the same"
    )
    session.replica.state.session.epoch += 1
    monkeypatch.setattr(session, "declaration", lambda: 1 / 0)
    declared.part(moment(session))
    pool.run()
    assert declared.part(moment(session))["problem"] == "ZeroDivisionError: division by zero"


def test_a_session_that_is_gone_by_then_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    session, pool, told = StageSession(), Later(), []
    declared = Declared(weakref.proxy(session), told=lambda: told.append(1), pool=pool)
    declared.part(moment(session))
    del session
    pool.run()
    assert (told, caplog.text) == ([], "")


def test_nothing_is_asked_of_a_session_that_is_not_there() -> None:
    session, pool = StageSession(), Later()
    session.replica.become("stale", "no beat")
    part = Declared(session, told=list, pool=pool).part(moment(session))
    assert pool.waiting == []
    assert "no connection" in part["off"]


def test_a_token_that_may_not_trade_sees_the_form_and_why_it_is_off() -> None:
    session = StageSession()
    part = Declared(session, told=list, pool=Later()).part(moment(session, frozenset({"read"})))
    assert part["off"] == "this token may not set param: it allows read, that needs trade"


@pytest.fixture
def stage() -> tuple[StageSession, Commands, Later]:
    session, pool = StageSession(), Later()
    return session, Commands(session, told=list, clock=ManualClock(10**18), pool=pool, read=changes), pool


def ask(**values: Any) -> str:
    return json.dumps({"name": "set_param", "values": values, "n": 1})


def test_changes_are_sent_as_one_command_and_told_with_old_and_new(stage: Any) -> None:
    session, commands, pool = stage
    commands.request(ask(risk_reward=2.0, qty=1.0))
    assert (commands.ack["state"], commands.ack["text"]) == (
        "busy",
        "set risk_reward, qty: waiting for the session",
    )
    pool.run()
    assert session.said == ["set_param"]
    assert session.replica.state.strategy.params == {"risk_reward": 2.0, "qty": 1.0}
    assert (commands.ack["state"], commands.ack["text"]) == ("ok", "risk_reward 1.8 → 2.0, qty 0.75 → 1.0")


def test_what_the_session_refuses_is_told_in_its_words(stage: Any) -> None:
    session, commands, pool = stage
    session.refuse = "qty must be above 0"
    commands.request(ask(qty=-1))
    pool.run()
    assert (commands.ack["state"], commands.ack["text"]) == ("no", "set qty refused: qty must be above 0")


@pytest.mark.parametrize(
    "asked", [{"name": "halt"}, {"name": "set_param"}, {"name": "set_param", "values": {}}, {}]
)
def test_nothing_else_can_be_asked_for(stage: Any, asked: dict[str, Any]) -> None:
    session, commands, pool = stage
    commands.request(json.dumps(asked))
    assert commands.ack["state"] == "no"
    assert (pool.waiting, session.said) == ([], [])
