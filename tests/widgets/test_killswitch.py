"""The widgets with buttons: what they may do, what came of it, and the tickets for the page's own line."""

import json

import pytest

from tests.widgets.made import Make, made, part, told
from tests.widgets.test_flusher import eventually
from tests.widgets.test_line import Gate
from tradekit.testing.stage import StageSession
from tradekit.widgets.killswitch import KillSwitch

__all__ = ["made"]


def test_it_names_the_sessions_address_and_whether_orders_go_out(session: StageSession, made: Make) -> None:
    switch = made(KillSwitch, session)
    assert part(switch, "line") == {"uri": session.uri}
    assert part(switch, "allowed")["armed"]
    assert "armed, 4 orders working, 1 positions open" in repr(switch)


def test_the_kernel_serves_where_the_page_has_no_line(session: StageSession, made: Make) -> None:
    switch = made(KillSwitch, session)
    switch.request = json.dumps({"name": "kill", "n": 1})
    assert eventually(lambda: part(switch, "ack")["text"] == "killed")
    assert part(switch, "allowed")["killed"]
    assert session.said == ["kill"]
    assert "killed" in repr(switch)


def test_a_refusal_is_told_word_for_word(session: StageSession, made: Make) -> None:
    switch = made(KillSwitch, session)
    session.refuse = "the journal has failed"
    switch.request = json.dumps({"name": "halt", "n": 1})
    assert eventually(lambda: part(switch, "ack")["text"] == "halt refused: the journal has failed")


def test_a_page_that_asks_gets_a_ticket_by_message_and_never_in_a_trait(
    made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, gate = told(KillSwitch, monkeypatch), Gate()
    switch = made(KillSwitch, gate)
    switch._heard(switch, {"op": "ticket"}, [])
    assert eventually(lambda: any(message.get("ticket") for message in messages))
    ticket = next(message["ticket"] for message in messages if message.get("ticket"))
    assert ticket not in json.dumps(switch.get_state(), default=str)
    assert ticket not in repr(switch)


def test_a_beat_has_a_ticket_ready_though_no_page_could_ask(
    made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages, gate = told(KillSwitch, monkeypatch), Gate()
    made(KillSwitch, gate).beat()
    assert eventually(lambda: any(message.get("ticket") for message in messages))
