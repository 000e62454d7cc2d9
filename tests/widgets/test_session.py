import json

from tests.widgets.lists import rows_of
from tests.widgets.made import Make, made, part
from tests.widgets.test_flusher import eventually
from tradekit.testing.stage import StageSession
from tradekit.widgets.pace import Batch
from tradekit.widgets.panes import Moment
from tradekit.widgets.session import Session

__all__ = ["made"]


def test_it_holds_every_pane_of_one_moment(session: StageSession, made: Make) -> None:
    whole = made(Session, session)
    assert part(whole, "ribbon")["power_word"] == "ARMED"
    assert part(whole, "series")["instrument"] == "BTCUSDT"
    assert len(part(whole, "bars")["t"]) == 5
    assert part(whole, "cells")[0]["label"] == "Equity USDT"
    assert len(rows_of(whole, "orders")) == 7
    assert rows_of(whole, "entries")
    assert rows_of(whole, "days")
    assert part(whole, "allowed")["held"] == 1
    assert len(session.replica.watches) == 1


def test_each_request_reaches_the_pane_that_it_is_for(session: StageSession, made: Make) -> None:
    whole = made(Session, session)
    whole.request = json.dumps({"timeframe": "15m", "n": 1})
    assert eventually(lambda: part(whole, "series")["timeframe"] == "15m")
    whole.request = json.dumps({"name": "set_param", "values": {"qty": 0.5}, "n": 2})
    assert eventually(lambda: part(whole, "tuned")["state"] == "ok")
    whole.request = json.dumps({"order": "b-1", "n": 3})
    assert eventually(lambda: part(whole, "story").get("state") == "ok")
    whole.request = json.dumps({"name": "halt", "n": 4})
    assert eventually(lambda: part(whole, "ack")["text"] == "halted")
    assert session.said == ["set_param", "halt"]


def test_ticks_alone_refresh_the_ribbons_ages_only_now_and_then(session: StageSession, made: Make) -> None:
    whole = made(Session, session)
    moment = Moment(session.name, session.replica.state, status="live")
    ticks = Batch(frozenset(), (), {"BTCUSDT": {"key": "BTCUSDT"}})
    whole._ribbon_at = float("inf")  # it was refreshed just now
    assert "ribbon" not in whole.parts(moment, ticks)
    assert "ribbon" in whole.parts(moment, Batch(frozenset({"orders"})))
    whole._ribbon_at = float("-inf")
    assert "ribbon" in whole.parts(moment, ticks)


def test_a_verdict_on_a_difference_has_an_acknowledgement_of_its_own(
    session: StageSession, made: Make
) -> None:
    whole = made(Session, session)
    whole.request = json.dumps({"name": "resolve", "difference": "d-1", "n": 1})
    assert eventually(lambda: "no command of this table" in part(whole, "resolved")["text"])
    assert part(whole, "ack")["state"] == ""
