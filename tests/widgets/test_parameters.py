import pytest

from tradekit.errors import RefusedError
from tradekit.testing.stage import StageSession
from tradekit.widgets.parameters import form


def test_a_declared_parameter_carries_the_value_in_force() -> None:
    session = StageSession()
    shown = form(session.replica.state, session.declaration())
    values = {row["name"]: (row["value"], row["default"]) for row in shown["rows"]}
    assert values["qty"] == (0.75, 0.5)
    assert values["stop_atr"][0] == values["stop_atr"][1], "one that is not told has its default"
    assert (shown["strategy"], shown["changed"]) == ("breakout", None)


def test_one_that_is_not_declared_is_shown_and_stands_still() -> None:
    session = StageSession()
    assert form(session.replica.state, [])["rows"] == [
        {"name": "risk_reward", "kind": "other", "doc": "", "default": None, "value": 1.8, "constant": True},
        {"name": "qty", "kind": "other", "doc": "", "default": None, "value": 0.75, "constant": True},
    ]


def test_the_last_change_is_told_and_a_refused_one_is_none() -> None:
    session = StageSession()
    session.set_param("qty", 1.0)
    session.refuse = "out of bounds"
    with pytest.raises(RefusedError):
        session.set_param("qty", -1.0)
    shown = form(session.replica.state, session.declaration())
    assert {row["name"]: row["value"] for row in shown["rows"]}["qty"] == 1.0
    assert shown["changed"] == {"seq": "#2", "ts": 1_670_889_600_000, "user": "trader"}
