"""The loop compares books at its start, and arms nothing while they disagree."""

import asyncio

from tests.builders import BTC
from tests.run.desk import BOUND_S, Desk, Quiet, bars, on_desk
from tradekit.brokers.paper.venue import PaperVenue
from tradekit.errors import RefusedError
from tradekit.model.said import Answer, Ask, PositionSaid, Question, Said, Unknown


class Forgetful(PaperVenue):
    """Says that it holds what nobody has bought, or that it cannot say."""

    said: Said | None = None

    def ask(self, ask: Ask, ts: int) -> list[Said]:
        if ask.question is Question.POSITIONS and self.said is not None:
            return [self.said]
        return super().ask(ask, ts)


def desk_with(said: Said) -> Desk:
    """A desk that is about to open, whose exchange says this of its positions."""
    desk = Desk(Quiet())
    desk.cycle.venue = broker = Forgetful([BTC])
    broker.said = said
    return desk


def refused_at_start(said: Said) -> tuple[Desk, str]:
    async def whole() -> tuple[Desk, str]:
        desk = desk_with(said)
        desk.open()
        async with asyncio.timeout(BOUND_S):
            await desk.until("risk.changed")
            try:
                await desk.ask("arm")
            except RefusedError as error:
                reason = str(error)
            await desk.close()
        return desk, reason

    return asyncio.run(whole())


def test_a_session_opens_with_a_comparison_that_finds_nothing() -> None:
    async def play(desk: Desk) -> None:
        await bars(desk, 1)

    desk = on_desk(Quiet(), play)
    first, second = desk.events()[:2]
    assert (first.type, second.type, second.data.ok) == ("session.opened", "reconciliation.completed", True)  # type: ignore[attr-defined]
    assert desk.engine.state.risk.armed


def test_books_that_disagree_disarm_the_session_until_they_are_settled() -> None:
    told = Answer(question=Question.POSITIONS, items=(PositionSaid(instrument="BTC", qty=BTC.multiplier),))
    desk, reason = refused_at_start(told)
    state = desk.engine.state
    assert (state.risk.armed, state.risk.user) == (False, "reconciliation")
    assert "the account holds 1 BTC where 0 are booked" in reason
    assert "order.submitted" not in {event.type for event in desk.events()}


def test_a_book_that_cannot_be_read_disarms_it_too() -> None:
    desk, reason = refused_at_start(Unknown(question=Question.POSITIONS, reason="the exchange is gone"))
    assert "positions: the exchange is gone" in reason
    assert desk.engine.state.health.reconciliation.differences == {}


def test_a_session_that_was_settled_by_a_human_may_be_armed() -> None:
    async def whole() -> Desk:
        desk = desk_with(
            Answer(question=Question.POSITIONS, items=(PositionSaid(instrument="BTC", qty=BTC.multiplier),))
        )
        desk.open()
        async with asyncio.timeout(BOUND_S):
            await desk.until("risk.changed")
            await desk.ask("resolve", difference="position.quantity:BTC", accept=False)
            await desk.ask("arm")
            await desk.close()
        return desk

    assert asyncio.run(whole()).engine.state.risk.armed
