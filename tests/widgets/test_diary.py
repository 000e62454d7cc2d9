from decimal import Decimal

import pytest

from tests.widgets.conftest import WHO
from tradekit.core.event import Event, Fact
from tradekit.model.market import Bar, FeedEnded, FeedStarted, MarkUpdated
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRequested,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderSubmitted,
    OrderType,
    Side,
)
from tradekit.model.session import (
    CommandReceived,
    CommandRefused,
    HandlerFailed,
    ParamsChanged,
    RiskChanged,
    SessionClosed,
    SignalRaised,
    StrategyFailed,
)
from tradekit.testing.stage import BTC, StageSession, opened
from tradekit.widgets import diary

D = Decimal


def event(seq: int, fact: Fact) -> Event:
    return Event(seq, 1, seq * 1_000_000_000, 0, fact.TYPE, fact.V, 0, fact.key, fact)


@pytest.mark.parametrize(
    ("fact", "text", "tone"),
    [
        (opened(), "session btc-breakout opened, paper", ""),
        (SessionClosed("x", "stopped"), "session x closed: stopped", "warn"),
        (FeedStarted("replay", "sample"), "feed replay started: sample", ""),
        (FeedEnded("replay", "no more"), "feed replay ended: no more", "warn"),
        (SignalRaised("b", "X", "cross", -1.0), "cross \N{MINUS SIGN}1.0", ""),
        (OrderSubmitted("o", *WHO, Side.BUY, OrderType.MARKET, D(2)), "o buy 2 BTCUSDT market", ""),
        (
            OrderSubmitted("o", *WHO, Side.SELL, OrderType.STOP, D(2), None, D("17050.5"), reason="guard"),
            "o sell 2 BTCUSDT stop 17,050.50: guard",
            "",
        ),
        (OrderAccepted("o", "X", "v"), "o accepted by the venue", "muted"),
        (OrderAccepted("o", "X", "v", held=True), "o held at the venue", "muted"),
        (
            OrderFilled("o", *WHO, "x", Side.BUY, D(2), D("17200.25"), D(1), "USDT"),
            "o filled: buy 2 BTCUSDT at 17,200.25",
            "",
        ),
        (
            OrderDenied("o", *WHO, Side.BUY, OrderType.MARKET, D(2), "max", "5", "9"),
            "o denied, max: 9 against 5",
            "warn",
        ),
        (
            OrderDenied("o", *WHO, Side.BUY, OrderType.MARKET, D(2), "halted", "", "halted by me"),
            "o denied: halted by me",
            "warn",
        ),
        (OrderRejected("o", "X", "too late"), "o rejected by the venue: too late", "bad"),
        (OrderCancelRequested("o", "X"), "o cancel requested", "muted"),
        (OrderCanceled("o", "X", "asked"), "o canceled: asked", "muted"),
        (OrderExpired("o", "X"), "o expired", "muted"),
        (RiskChanged(True, True, False, "lunch", "me"), "halted by me: lunch", "warn"),
        (RiskChanged(True, False, False, "", "me"), "armed by me", "warn"),
        (RiskChanged(False, False, False, "", "me"), "disarmed by me", "warn"),
        (RiskChanged(False, True, True, "", "me"), "killed by me", "warn"),
        (ParamsChanged("b", {"fast": 9}), "parameters: fast=9", ""),
        (CommandReceived("c", "halt", {}, "me"), "me said halt", ""),
        (CommandRefused("c", "arm", "no"), "arm refused: no", "warn"),
        (StrategyFailed("b", "on_bar", "zero"), "strategy failed in on_bar: zero", "bad"),
        (HandlerFailed("h", "s", "e"), "h failed on s: e", "bad"),
    ],
)
def test_each_fact_has_its_sentence(fact: Fact, text: str, tone: str) -> None:
    (line,) = diary.recent([event(7, fact)], [], {"BTCUSDT": BTC})
    assert (line["text"], line["tone"], line["seq"], line["ts"]) == (text, tone, 7, 7000)


def test_a_fact_without_a_sentence_shows_its_type() -> None:
    stranger = Event(1, 1, 0, 0, "order.replaced", 1, 0, "X", Fact())
    assert diary.recent([stranger], [])[0]["text"] == "order.replaced"
    assert diary.recent([stranger], [])[0]["subject"] == "order.replaced.X"


def test_bars_and_marks_are_no_news() -> None:
    facts = [Bar("X", "1m", 0, 1, 1, 1, 1), MarkUpdated("X", 1.0)]
    assert diary.recent([event(i, fact) for i, fact in enumerate(facts)], []) == []


def test_new_lines_come_on_top_and_the_oldest_fall_off() -> None:
    lines: list[diary.Line] = []
    for seq in range(1, diary.KEPT + 10):
        lines = diary.recent([event(seq, CommandReceived(str(seq), "arm", {}, "me"))], lines)
    assert [line["seq"] for line in lines] == list(range(diary.KEPT + 9, 9, -1))


def test_the_past_is_told_from_the_state(session: StageSession) -> None:
    session.replica.fold(CommandReceived("c1", "arm", {}, "me"), CommandRefused("c1", "arm", "killed"))
    lines = diary.past(session.replica.state)
    assert [line["seq"] for line in lines] == sorted((line["seq"] for line in lines), reverse=True)
    texts = {line["text"] for line in lines}
    assert "me said arm, refused: killed" in texts
    assert "b-1 filled: buy 0.75 BTCUSDT at 17,200.00" in texts
    assert "inside bar +1.0 close above" in texts


def test_an_event_that_the_state_told_already_is_told_once() -> None:
    stage = StageSession()
    stage.replica.fold(SignalRaised("b", "BTCUSDT", "cross", 1.0))
    past = diary.past(stage.replica.state)
    late = event(past[0]["seq"], SignalRaised("b", "BTCUSDT", "cross", 1.0))
    fresh = event(late.seq + 1, SignalRaised("b", "BTCUSDT", "again", 1.0))
    assert diary.recent([late, fresh], past)[1:] == past
    assert diary.recent([late], past) is past
