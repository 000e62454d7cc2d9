import json

from tests.widgets.made import Make, made, part
from tests.widgets.test_flusher import eventually
from tradekit.testing.stage import StageSession
from tradekit.widgets.controls import Controls

__all__ = ["made"]


def test_the_parameters_are_drawn_from_the_declaration(session: StageSession, made: Make) -> None:
    controls = made(Controls, session)
    assert eventually(lambda: part(controls, "form")["state"] == "ok")
    rows = {row["name"]: row for row in part(controls, "form")["rows"]}
    assert rows["risk_reward"]["value"] == 1.8
    assert (rows["risk_reward"]["kind"], rows["risk_reward"]["low"]) == ("number", 0.1)


def test_a_change_is_set_acknowledged_and_shown(session: StageSession, made: Make) -> None:
    controls = made(Controls, session)
    controls.request = json.dumps({"name": "set_param", "values": {"risk_reward": 2.5}, "n": 1})
    assert eventually(lambda: part(controls, "tuned")["text"] == "risk_reward 1.8 → 2.5")
    assert part(controls, "tuned")["seq"].startswith("#")
    assert part(controls, "ack")["state"] == "", "the buttons' acknowledgement is another"
    assert eventually(
        lambda: (
            next(row for row in part(controls, "form")["rows"] if row["name"] == "risk_reward")["value"]
            == 2.5
        )
    )


def test_a_refused_change_says_why(session: StageSession, made: Make) -> None:
    controls = made(Controls, session)
    session.refuse = "risk_reward must be at most 20"
    controls.request = json.dumps({"name": "set_param", "values": {"risk_reward": 25}, "n": 1})
    assert eventually(lambda: "must be at most 20" in part(controls, "tuned")["text"])


def test_a_button_is_told_to_the_session_once(session: StageSession, made: Make) -> None:
    controls = made(Controls, session)
    controls.request = json.dumps({"name": "disarm", "n": 1})
    assert eventually(lambda: part(controls, "ack")["text"] == "disarmed")
    assert not part(controls, "allowed")["armed"]
    assert session.said == ["disarm"]
