"""Trades at a TWS of ours: each told once with its fee, corrected where they were wrong, and found again."""

import asyncio
from decimal import Decimal

import msgspec

from tests.brokers.ib.bench import IbBench
from tests.brokers.ib.play import play, until
from tradekit.model.order import OrderType, Side
from tradekit.model.said import Ask, BustSaid, FillSaid, OrderSaid, Question, What
from tradekit.testing.ib import shapes
from tradekit.testing.talk import Talk

D = Decimal


def test_a_market_order_is_taken_and_its_trade_told_once_with_its_fee() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = talk.order(type=OrderType.MARKET, limit=None)
        (said,) = await talk.broker.submit(order)
        assert isinstance(said, OrderSaid)
        assert (said.what, said.order) == (What.NEW, order.id)
        fill = await talk.hears(FillSaid)
        assert (fill.qty, fill.price, fill.fee, fill.fee_currency) == (D(10), D(190), D(1), "USD")
        assert (fill.cum, fill.order, fill.side, fill.liquidity) == (D(10), order.id, Side.BUY, "taker")

    assert len([one for one in play(script) if isinstance(one, FillSaid)]) == 1


def test_the_end_of_an_order_is_not_told_before_its_trades() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        kept = bench.gateway.account.by_ref(order.client_id)
        made = bench.gateway.account.trade(kept, D(4), D(100), bench.gateway.now())
        bench.gateway.tell(kept, shapes.execution(-1, made, "DU123456"))  # its fee is under way
        canceling = asyncio.create_task(talk.broker.cancel(order))
        await until(lambda: not kept.open)
        await asyncio.sleep(0.05)
        assert not canceling.done()
        bench.gateway.tell(kept, shapes.fee(made))
        (said,) = await canceling
        assert isinstance(said, OrderSaid)
        assert (said.what, said.cum) == (What.CANCELED, D(4))

    told = play(script)
    assert [one.qty for one in told if isinstance(one, FillSaid)] == [D(4)]


def test_a_trade_whose_fee_is_late_is_told_without_it_and_again_with_it() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        kept = bench.gateway.account.by_ref(order.client_id)
        made = bench.gateway.account.trade(kept, D(4), D(100), bench.gateway.now())
        bench.gateway.tell(kept, shapes.execution(-1, made, "DU123456"))
        fill = await talk.hears(FillSaid)
        assert (fill.fee, fill.fee_currency) == (D(0), "")
        bench.gateway.tell(kept, shapes.fee(made))
        again = await talk.hears(FillSaid, lambda one: one.fee > 0)
        assert (again.exec_id, again.qty, again.fee) == (fill.exec_id, fill.qty, D(1))

    play(script)


def test_a_corrected_trade_takes_the_first_one_back() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        made = await bench.gateway.trade(order.client_id, D(4))
        await talk.hears(FillSaid)
        bench.gateway.correct(made, D("99.5"))
        await talk.hears(FillSaid, lambda one: one.price == D("99.5"))

    told = [one for one in play(script) if isinstance(one, FillSaid | BustSaid)]
    assert [(type(one), one.exec_id[-3:]) for one in told] == [
        (FillSaid, ".01"),
        (BustSaid, ".01"),
        (FillSaid, ".02"),
    ]


def test_a_correction_that_was_missed_is_told_on_the_stream_when_the_book_shows_it() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        made = await bench.gateway.trade(order.client_id, D(4))
        await talk.hears(FillSaid)
        bench.gateway.account.correct(made, D("99.5"))  # nobody is told
        assert (await talk.book(Question.EXECUTIONS)).items == ()
        await talk.hears(FillSaid, lambda one: one.price == D("99.5"))
        (kept,) = (await talk.book(Question.EXECUTIONS)).items
        assert isinstance(kept, FillSaid)
        assert kept.exec_id.endswith(".02")

    told = [one for one in play(script) if isinstance(one, FillSaid | BustSaid)]
    assert [type(one) for one in told] == [FillSaid, BustSaid, FillSaid]


def test_a_version_of_a_trade_that_comes_after_its_correction_is_void_already() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        made = await bench.gateway.trade(order.client_id, D(4))
        bench.gateway.correct(made, D("99.5"))
        await talk.hears(FillSaid, lambda one: one.price == D("99.5"))
        bench.gateway.tell(made.order, shapes.execution(-1, made, "DU123456"), shapes.fee(made))
        await bench.gateway.trade(order.client_id, D(1))
        await talk.hears(FillSaid, lambda one: one.qty == D(1))

    told = [one for one in play(script) if isinstance(one, FillSaid)]
    assert [one.qty for one in told] == [D(4), D(4), D(1)]


def test_orders_and_trades_of_another_account_of_the_login_are_left_out() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        kept = bench.gateway.account.by_ref(order.client_id)
        made = bench.gateway.account.trade(kept, D(4), D(100), bench.gateway.now())
        other = msgspec.structs.replace(kept, perm_id=7, id=99, ref="theirs")
        bench.gateway.say(shapes.open_order(other, "DU9"), shapes.order_status(other))
        bench.gateway.say(shapes.execution(-1, made, "DU9"), shapes.fee(made))
        assert [one.order for one in (await talk.book(Question.OPEN_ORDERS)).items] == [order.client_id]  # type: ignore[union-attr]

    told = play(script)
    assert not [one for one in told if isinstance(one, FillSaid)]
    assert {one.order for one in told if isinstance(one, OrderSaid)} <= {"tk-contract-1"}


def test_a_partial_fill_is_counted_by_its_trade_and_not_by_the_order_before_it() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        kept = bench.gateway.account.by_ref(order.client_id)
        made = bench.gateway.account.trade(kept, D(4), D(100), bench.gateway.now())
        kept.limit = D(101)  # changed by hand just then
        bench.gateway.tell(kept, shapes.open_order(kept, "DU123456"), shapes.order_status(kept))
        kept.limit = D(102)
        bench.gateway.tell(kept, shapes.open_order(kept, "DU123456"), shapes.order_status(kept))
        await talk.hears(OrderSaid, lambda one: one.limit == D(102))
        bench.gateway.tell(kept, shapes.execution(-1, made, "DU123456"), shapes.fee(made))
        await talk.hears(FillSaid)

    told = play(script)
    fill = next(at for at, one in enumerate(told) if isinstance(one, FillSaid))
    assert {one.cum for one in told[:fill] if isinstance(one, OrderSaid)} == {None}


def test_an_order_that_filled_is_found_with_its_trades() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        await bench.trade(order.client_id, order.qty)
        fill, ended = await talk.broker.ask(Ask(Question.ORDER, order=order.client_id, instrument="AAPL"))
        assert isinstance(fill, FillSaid)
        assert isinstance(ended, OrderSaid)
        assert (fill.qty, ended.what, ended.cum, ended.venue_id) == (
            order.qty,
            What.FILLED,
            order.qty,
            order.venue_id,
        )

    play(script)


def test_an_order_that_was_there_and_is_listed_no_more_is_not_said_to_be_none() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        bench.gateway.account.orders.clear()  # a new day at TWS
        (said,) = await talk.broker.ask(Ask(Question.ORDER, order=order.client_id, venue_id=order.venue_id))
        assert "the orders of its day only" in said.reason  # type: ignore[union-attr]

    play(script)
