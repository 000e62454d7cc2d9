import gc
import weakref
from decimal import Decimal
from typing import Any

import pytest

from tests.interleaved import interleavings
from tests.widgets.deals import trade
from tests.widgets.later import Later
from tradekit.model.order import OrderFilled, OrderSubmitted, OrderType, Side
from tradekit.testing.stage import StageSession
from tradekit.widgets.lives import Life

WHO = ("BTCUSDT", "breakout", "paper")


@pytest.fixture
def stage() -> tuple[StageSession, Life, Later, list[dict[str, Any]]]:
    session, pool, told = StageSession(), Later(), []
    life = Life(session, told=lambda: told.append(life.story), pool=pool)
    session.replica.fold(*trade(1))
    return session, life, pool, told


def test_an_order_s_life_is_read_and_told(stage: Any) -> None:
    _, life, pool, told = stage
    life.ask("hand-1")
    assert (told[-1]["state"], told[-1]["order"]) == ("busy", "hand-1")
    pool.run()
    assert told[-1]["state"] == "ok"
    assert told[-1]["title"] == "Order hand-1"
    steps = told[-1]["chapters"][0]["steps"]
    assert [step["what"] for step in steps] == ["order submitted", "order filled"]
    assert steps[1]["ts"] == 1_670_889_600_000


def test_it_is_read_again_when_something_became_of_the_order(stage: Any) -> None:
    session, life, pool, told = stage
    half = OrderSubmitted("half", *WHO, Side.BUY, OrderType.MARKET, Decimal(1))
    session.replica.fold(half)
    life.ask("half")
    pool.run()
    life.follow(session.replica.state)
    assert pool.waiting == [], "nothing became of it"
    fill = OrderFilled("half", *WHO, "x", Side.BUY, Decimal("0.5"), Decimal(100), Decimal(0), "USDT")
    session.replica.fold(fill)
    life.follow(session.replica.state)
    assert told[-1]["state"] == "ok", "what is shown stays until there is more"
    pool.run()
    assert [step["what"] for step in told[-1]["chapters"][0]["steps"]] == ["order submitted", "order filled"]


def test_an_order_that_the_journal_does_not_have_is_said_to_be_missing(stage: Any) -> None:
    _, life, pool, told = stage
    life.ask("hand-9")
    pool.run()
    assert told[-1]["state"] == "error"
    assert "no order 'hand-9'" in told[-1]["problem"]


def test_a_failure_in_the_reading_is_told_too(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    session, life, pool, told = stage
    monkeypatch.setattr(session, "why", lambda order: 1 / 0)
    life.ask("hand-1")
    pool.run()
    assert told[-1] == {"order": "hand-1", "state": "error", "problem": "ZeroDivisionError: division by zero"}


def test_who_has_closed_it_or_opened_another_is_not_told_of_the_first(stage: Any) -> None:
    session, life, pool, told = stage
    session.replica.fold(*trade(2))
    life.ask("hand-1")
    life.ask("hand-2")
    first, second = pool.waiting
    second()
    first()
    assert told[-1]["order"] == "hand-2"
    life.ask("hand-1")
    life.ask("")
    pool.waiting[-1]()
    assert told[-1] == {"order": "", "state": ""}
    life.follow(session.replica.state)
    assert told[-1] == {"order": "", "state": ""}


def looking(order: str = "hand-1") -> tuple[StageSession, Life, Later]:
    session, pool = StageSession(), Later()
    life = Life(session, told=lambda: None, pool=pool)
    session.replica.fold(*trade(1), *trade(2))
    life.ask(order)
    return session, life, pool


def test_an_order_that_is_clicked_as_something_becomes_of_another_is_the_one_that_is_shown() -> None:
    def moved() -> tuple[StageSession, Life, Later]:
        session, life, pool = looking("half")
        half = OrderSubmitted("half", *WHO, Side.BUY, OrderType.MARKET, Decimal(1))
        session.replica.fold(half)
        return session, life, pool

    def follow(it: tuple[StageSession, Life, Later]) -> None:
        it[1].follow(it[0].replica.state)

    for _, life, pool in interleavings(
        moved, follow, lambda it: it[1].ask("hand-2"), within="widgets/lives.py"
    ):
        pool.run()
        assert (life.story["order"], life.story["state"]) == ("hand-2", "ok")


def test_a_session_that_is_gone_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    session, pool = StageSession(), Later()
    life = Life(weakref.proxy(session), told=lambda: None, pool=pool)
    session.replica.fold(*trade(1))
    life.ask("hand-1")
    del session
    gc.collect()
    pool.run()
    assert "the story of hand-1" not in caplog.text
