"""The dead man's rules in a running session, at a broker and in the house."""

import asyncio
from collections.abc import Callable

import msgspec
import pytest

from tests.builders import flat
from tests.run.desk import Desk, Quiet, on_desk
from tests.run.line import Line, on_line
from tradekit.brokers.paper.broker import PaperBroker
from tradekit.model.market import MarkUpdated
from tradekit.model.session import ClientsChanged, RiskChanged
from tradekit.run.restore import restore
from tradekit.state.shape import State, fingerprint
from tradekit.strategy.base import Strategy
from tradekit.trading.dead_man import DeadMan, Rule, Then
from tradekit.trading.engine import Engine


class _Alone:
    def __init__(self, strategy: Strategy) -> None:
        self.engine = Engine(strategy)

    def replay(self, event: object) -> None: ...


def test_a_broken_off_feed_cancels_what_works_and_a_replay_gives_the_same() -> None:
    rules = DeadMan(feed=Rule(after_s=90, then=Then.CANCEL), clients=Rule(after_s=20))

    async def play() -> Line:
        line = Line(Quiet(), dead_man=rules)
        await asyncio.sleep(1)
        await line.ask("submit", side="buy", qty=1, limit=100)
        await asyncio.sleep(29)
        assert "dead man: clients" in line.engine.state.risk.holds["*"]
        line.loop.note(ClientsChanged(1))
        await asyncio.sleep(1)
        assert line.engine.state.risk.holds == {}
        await asyncio.sleep(90)
        await line.close()
        return line

    line = on_line(play)
    state = line.engine.state
    assert [order.status for order in state.orders.values()] == ["canceled"]
    assert line.paper.working == []
    assert state.risk.halted
    assert "dead man: feed" in state.risk.holds["BTC"]
    alone = _Alone(Quiet())
    assert restore(alone, line.journal.events) is None
    assert fingerprint(alone.engine.state) == fingerprint(state)


@pytest.mark.parametrize(
    "stop",
    [
        lambda state: RiskChanged(True, True, False, "max_daily_loss", "risk"),
        lambda state: RiskChanged(False, False, False, "disarmed", "somebody"),
        None,
    ],
    ids=["a breaker's halt", "disarmed", "the dead man"],
)
def test_what_waits_at_the_pace_does_not_go_out_after_it(
    stop: Callable[[State], RiskChanged] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = msgspec.structs.replace(PaperBroker.abilities, per_second=1.0)
    monkeypatch.setattr(PaperBroker, "abilities", slow)

    async def play() -> Line:
        line = Line(Quiet(), dead_man=None if stop else DeadMan(clients=Rule(after_s=45.3)))
        await asyncio.sleep(45)
        await line.ask("submit", side="buy", qty=1, limit=100)
        await line.ask("submit", side="buy", qty=1, limit=90)
        if stop is not None:
            await line.loop.take(stop(line.engine.state))
        await asyncio.sleep(30)
        await line.close()
        return line

    line = on_line(play)
    assert len(line.line.sent) == 1
    assert [order.status for order in line.engine.state.orders.values()] == ["accepted", "rejected"]


def test_on_paper_a_rule_goes_by_the_time_of_the_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradekit.run.in_house._WATCH_S", 0.001)

    async def play(desk: Desk) -> None:
        desk.loop.execution._practice = msgspec.structs.replace(  # type: ignore[attr-defined]
            desk.loop.execution._practice,  # type: ignore[attr-defined]
            dead_man=DeadMan(clients=Rule(after_s=90), reconciliation=Rule(after_s=1)),
        )
        desk.feed.push(flat(0, 100), flat(1, 100))
        (tripped, *_) = await desk.until("hold.changed")
        assert (tripped.data.instrument, tripped.data.by) == ("*", "dead man: clients")  # type: ignore[attr-defined]
        desk.loop.note(ClientsChanged(2))
        await desk.until("hold.changed", count=2)
        desk.loop.note(MarkUpdated("BTC-USD", 100.0))

    assert on_desk(Quiet(), play).engine.state.risk.holds == {}
