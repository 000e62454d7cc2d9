"""Books page by page: whole, or not at all."""

from decimal import Decimal

import pytest

from tests.brokers.alpaca.bench import AlpacaBench
from tests.brokers.alpaca.messages import an_order
from tests.brokers.alpaca.play import market, order, play
from tradekit.brokers.alpaca import books
from tradekit.brokers.alpaca.orders import AlpacaBroker
from tradekit.model.order import Side
from tradekit.model.said import Answer, Ask, FillSaid, OrderSaid, Question, Unknown

D = Decimal


def test_books_come_in_pages_until_all_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "_ORDERS", 2)
    monkeypatch.setattr(books, "_TRADES", 2)

    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        for number in range(5):
            await broker.submit(order(f"rest-{number}"))
            await broker.submit(market(f"taken-{number}", Side.BUY, 1))
        (orders,) = await broker.ask(Ask(Question.OPEN_ORDERS))
        assert isinstance(orders, Answer)
        assert [one.order for one in orders.items if isinstance(one, OrderSaid)] == [
            f"rest-{n}" for n in range(5)
        ]
        (trades,) = await broker.ask(Ask(Question.EXECUTIONS))
        assert isinstance(trades, Answer)
        assert len({one.exec_id for one in trades.items if isinstance(one, FillSaid)}) == 5

    play(script)


def test_orders_of_one_moment_are_told_though_a_page_ends_between_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(books, "_ORDERS", 3)

    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        for number in range(4):
            await broker.submit(order(f"rest-{number}"))
        *_, third, fourth = bench.venue.account.orders.values()
        fourth.made = third.made
        (said,) = await broker.ask(Ask(Question.OPEN_ORDERS))
        assert isinstance(said, Answer)
        assert [one.order for one in said.items if isinstance(one, OrderSaid)] == [
            f"rest-{n}" for n in range(4)
        ]

    play(script)


def test_a_page_that_cannot_be_read_is_no_book(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "_ORDERS", 1)

    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        await broker.submit(order())
        bench.venue.answer_next(200, [an_order()])
        bench.venue.answer_next(502, "<html>")
        (said,) = await broker.ask(Ask(Question.OPEN_ORDERS))
        assert said == Unknown(question=Question.OPEN_ORDERS, reason="HTTP 502", ts=said.ts)
        for _ in range(2):
            bench.venue.answer_next(200, [an_order()])  # the page that was asked for behind it is the same
        (said,) = await broker.ask(Ask(Question.OPEN_ORDERS))
        assert isinstance(said, Unknown)
        assert "at one moment" in said.reason

    play(script)


def test_executions_are_asked_for_from_a_second_before_and_told_from_their_second_on() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        bench.venue.skew_ns = -5_000_000_000
        await broker.submit(market("early", Side.BUY, 1))
        bench.venue.skew_ns = 0
        since = bench.venue.now()
        await broker.submit(market("late", Side.BUY, 2))
        (said,) = await broker.ask(Ask(Question.EXECUTIONS, since))
        assert isinstance(said, Answer)
        assert [one.qty for one in said.items if isinstance(one, FillSaid)] == [D(2)]

    play(script)
