"""Whatever goes wrong on the way, the books are those of TWS, nothing was sent twice, and no end was made up.

Stories of orders, changes, trades, corrections, lost answers and broken lines, made by a seed.
"""

import asyncio
import random
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.ib.bench import IbBench
from tests.brokers.ib.play import play
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted, OrderType, Side
from tradekit.model.said import (
    Answer,
    Ask,
    BustSaid,
    FillSaid,
    OrderSaid,
    PositionSaid,
    Question,
    Said,
    Unknown,
    What,
)
from tradekit.testing.talk import Talk
from tradekit.trading.broker import AtVenue

D = Decimal
STEPS = 20
ENDED = {"Cancelled": What.CANCELED, "Filled": What.FILLED, "Inactive": What.REJECTED}


class Story:
    """One bad day at a TWS, step by step."""

    def __init__(self, bench: IbBench, talk: Talk, chance: random.Random) -> None:
        self.bench, self.talk, self.chance = bench, talk, chance
        self.gateway, self.account = bench.gateway, bench.gateway.account
        self.began = bench.now()
        self.sent: dict[str, OrderSubmitted] = {}
        self.answered: list[Said] = []

    async def step(self) -> None:
        """Something happens."""
        happens = [self.submit, self.submit, self.market, self.cancel, self.replace, self.trade, self.trade]
        await self.chance.choice([*happens, self.correct, self.end, self.lose, self.drop, self.away])()
        if self.chance.random() < 0.5:
            await asyncio.sleep(self.chance.random() * 0.02)

    async def submit(self, **terms: Any) -> None:
        order = self.talk.order(
            D(self.chance.randint(1, 9)), **({"limit": D(self.chance.randint(50, 180))} | terms)
        )
        self.sent[order.id] = order
        self.answered += await self.talk.broker.submit(order)

    async def market(self) -> None:
        await self.submit(type=OrderType.MARKET, limit=None, side=self.chance.choice(list(Side)))

    async def cancel(self) -> None:
        if self.sent:
            self.answered += await self.talk.broker.cancel(self.one())

    async def replace(self) -> None:
        if self.sent:
            order = self.one()
            qty, limit = D(self.chance.randint(1, 12)), D(self.chance.randint(50, 180))
            wanted = OrderReplaceRequested(order.client_id, order.instrument, qty=qty, limit=limit)
            self.answered += await self.talk.broker.replace(order, wanted)

    def one(self) -> AtVenue:
        """An order of ours, by its client id alone."""
        order = self.sent[self.chance.choice(list(self.sent))]
        return AtVenue(
            client_id=order.id, venue_id="", instrument=order.instrument, side=order.side, type=order.type,
            qty=order.qty,
        )  # fmt: skip

    async def trade(self) -> None:
        resting = [one for one in self.account.orders if one.open and one.limit]
        if resting:
            await self.gateway.trade(self.chance.choice(resting).ref, D(self.chance.randint(1, 4)))

    async def correct(self) -> None:
        if self.account.trades and self.account.trades[-1].id.endswith(".01"):
            self.gateway.correct(self.account.trades[-1], self.account.trades[-1].price + 1)

    async def end(self) -> None:
        works = [one for one in self.account.orders if one.open]
        if works:
            self.gateway.end(self.chance.choice(works).ref, self.chance.choice([201, 202]), "why")

    async def lose(self) -> None:
        self.chance.choice([self.gateway.lose_answer, self.gateway.lose_request])()

    async def drop(self) -> None:
        self.gateway.drop()

    async def away(self) -> None:
        self.gateway.lose_interactive_brokers()
        await asyncio.sleep(0.01)
        self.gateway.find_interactive_brokers()

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        """An answer, once it can be had."""
        said = await self.talk.broker.ask(ask)
        while isinstance(said[0], Unknown):
            await asyncio.sleep(0.02)
            said = await self.talk.broker.ask(ask)
        return said

    async def book(self, question: Question) -> Answer:
        """A whole book."""
        (said,) = await self.ask(Ask(question))
        assert isinstance(said, Answer)
        return said


@pytest.mark.parametrize("seed", range(8))
def test_after_a_bad_day_the_books_are_those_of_tws(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradekit.brokers.stream._FIRST_PAUSE_S", 0.01)

    async def script(bench: IbBench, talk: Talk) -> None:
        story = Story(bench, talk, random.Random(seed))
        for _ in range(STEPS):
            await story.step()
        bench.gateway.lose_nothing()
        orders, trades = (
            story.account.orders,
            {one.id.rpartition(".")[0]: one for one in story.account.trades},
        )
        works = (await story.book(Question.OPEN_ORDERS)).items
        assert {(one.order, one.qty, one.limit, one.cum) for one in works if isinstance(one, OrderSaid)} == {
            (one.ref, one.qty, one.limit, one.filled) for one in orders if one.open
        }
        held = (await story.book(Question.POSITIONS)).items
        assert [one.qty for one in held if isinstance(one, PositionSaid)] == [
            qty for qty, _ in story.account.positions.values() if qty
        ]
        await story.book(Question.EXECUTIONS)  # corrections that were missed are told because of this one
        kept = (await story.book(Question.EXECUTIONS)).items
        traded = {one.id: (one.qty, one.price, one.order.ref) for one in trades.values()}
        assert {
            one.exec_id: (one.qty, one.price, one.order) for one in kept if isinstance(one, FillSaid)
        } == traded
        void = {one.exec_id for one in talk.heard if isinstance(one, BustSaid)}
        told = [one for one in (*talk.heard, *kept) if isinstance(one, FillSaid) and one.exec_id not in void]
        assert {one.exec_id: (one.qty, one.price, one.order) for one in told} == traded

        assert len({one.ref for one in orders}) == len(orders), "an order was sent twice"
        status = {one.ref: one.status for one in orders}
        for said in (*story.answered, *talk.heard):
            if isinstance(said, OrderSaid) and said.what in (What.REJECTED, What.CANCELED):
                assert ENDED.get(status.get(said.order, "Inactive")) is said.what, said
        for name in story.sent:
            asked = await story.ask(Ask(Question.ORDER, story.began, order=name, instrument="AAPL"))
            found = [one.what for one in asked if isinstance(one, OrderSaid)]
            assert found == ([ENDED.get(status[name], What.NEW)] if name in status else [])

    play(script, access={"timeout_s": 0.15})
