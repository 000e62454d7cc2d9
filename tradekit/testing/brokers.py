"""What every broker must do, whatever venue is behind it: the tests of an adapter inherit `BrokerContract`.

Needs pytest (the extra `testing`). It knows the venue through a `Bench` only, which makes the venue do what nobody can
ask a venue for: trade, lose an answer, cut the line.

    class TestMyBroker(BrokerContract):
        @pytest.fixture
        def bench(self):
            return MyBench()          # MyBroker against a local server that speaks the venue's protocol

`LinkContract` is the same, and what a line that can break adds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal

from tradekit.model.order import OrderReplaceRequested
from tradekit.model.said import (
    BOOKS,
    Answer,
    Ask,
    BalanceSaid,
    Failed,
    FillSaid,
    LinkSaid,
    OrderSaid,
    PositionSaid,
    Question,
    Said,
    Unknown,
    What,
)
from tradekit.testing.talk import Bench, LinkBench, Talk

__all__ = ["BrokerContract", "LinkContract"]

BOUND_S = 10.0
ENDS = (What.CANCELED, What.REJECTED, What.EXPIRED)


class BrokerContract:
    """Inherit it, and give the fixture `bench`."""

    @staticmethod
    def talk(bench: Bench, script: Callable[[Talk], Awaitable[None]]) -> list[Said]:
        """Open the broker, let the script play, close it; what was heard on the stream."""

        async def whole() -> list[Said]:
            async with asyncio.timeout(BOUND_S):
                await bench.open()
                talk = Talk(bench)
                listening = asyncio.create_task(talk.listen())
                try:
                    await talk.hears(LinkSaid)
                    await script(talk)
                finally:
                    await bench.broker.close()
                    await listening
                    await bench.close()
                return talk.heard

        return asyncio.run(whole())

    # --- orders ---------------------------------------------------------------------------------------------

    def test_its_stream_begins_with_the_link(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            await talk.rests()

        first = self.talk(bench, script)[0]
        assert isinstance(first, LinkSaid)
        assert first.up

    def test_an_order_that_rests_is_told_by_its_client_id(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            order = await talk.rests()
            assert order.venue_id
            shown = await talk.open_order(order.client_id)
            assert shown is not None
            assert (shown.what, shown.venue_id, shown.instrument) == (
                What.NEW,
                order.venue_id,
                order.instrument,
            )
            assert (shown.side, shown.qty, shown.limit) == (order.side, order.qty, order.limit)
            assert shown.cum in (None, 0)

        self.talk(bench, script)

    def test_a_client_id_makes_one_order_however_often_it_is_sent(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            if not talk.broker.abilities.refuses_twins:
                return  # such a venue is asked to say so: then nothing is ever sent under doubt
            order = talk.order()
            await talk.broker.submit(order)
            again = await talk.broker.submit(order)
            assert not [one for one in again if isinstance(one, OrderSaid) and one.what in ENDS]
            assert await talk.open_order(order.id) is not None

        self.talk(bench, script)

    def test_an_order_that_is_canceled_is_told_and_gone(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            order = await talk.rests()
            answered = await talk.broker.cancel(order)
            await talk.told(order.client_id, What.CANCELED, answered=answered)
            assert await talk.open_order(order.client_id) is None

        self.talk(bench, script)

    def test_the_cancel_of_an_order_that_has_ended_says_nothing_of_its_end(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            order = await talk.rests()
            await talk.bench.trade(order.client_id, order.qty)
            await talk.hears(FillSaid)
            answered = await talk.broker.cancel(order)
            ends = [one for one in answered if isinstance(one, OrderSaid) and one.what in ENDS]
            assert not ends, f"the refusal of a cancel was told as the order's end: {ends}"

        self.talk(bench, script)

    def test_what_the_venue_refuses_is_rejected_with_its_reason(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            order = talk.order(qty=Decimal("0.000000000001"), limit=Decimal("0.000000000001"))
            answered = await talk.broker.submit(order)
            said = await talk.told(order.id, What.REJECTED, What.NEW, answered=answered)
            if said.what is What.REJECTED:
                assert said.reason
                assert await talk.open_order(order.id) is None

        self.talk(bench, script)

    def test_a_change_is_told_with_its_terms(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            if not talk.broker.abilities.replaces:
                return
            order = await talk.rests()
            wanted = OrderReplaceRequested(order.client_id, order.instrument, order.qty / 2)
            answered = await talk.broker.replace(order, wanted)
            told = [one for one in (*answered, *talk.heard) if isinstance(one, OrderSaid)]
            if not any(one.what is What.REPLACED for one in told):
                await talk.hears(OrderSaid, lambda one: one.what is What.REPLACED)
            items = (await talk.book(Question.OPEN_ORDERS)).items
            assert [one.qty for one in items if isinstance(one, OrderSaid)] == [order.qty / 2]

        self.talk(bench, script)

    def test_nothing_that_is_stopped_reaches_the_venue(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            def stopped() -> str:
                return "kill switch: the contract says so"

            held = await talk.rests()
            order = talk.order()
            (said,) = await talk.broker.submit(order, stopped=stopped)
            assert isinstance(said, OrderSaid)
            assert (said.what, said.order, said.reason) == (What.REJECTED, order.id, stopped())
            assert await talk.open_order(order.id) is None
            if talk.broker.abilities.replaces:
                wanted = OrderReplaceRequested(held.client_id, held.instrument, held.qty / 2)
                (said,) = await talk.broker.replace(held, wanted, stopped=stopped)
                assert isinstance(said, OrderSaid)
                assert (said.what, said.reason) == (What.REPLACE_REJECTED, stopped())
            shown = await talk.open_order(held.client_id)
            assert shown is not None
            assert shown.qty == held.qty

        self.talk(bench, script)

    # --- trades ---------------------------------------------------------------------------------------------

    def test_a_trade_is_told_once_with_its_numbers_and_counted(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            order = await talk.rests()
            half = order.qty / 2
            await talk.bench.trade(order.client_id, half)
            first = await talk.hears(FillSaid)
            assert (first.qty, first.price, first.side) == (half, order.limit, order.side)
            assert first.order == order.client_id or first.venue_id == order.venue_id
            assert first.exec_id
            assert first.instrument == order.instrument
            assert first.cum in (None, half)
            shown = await talk.open_order(order.client_id)
            assert shown is not None
            assert shown.cum in (None, half)
            await talk.bench.trade(order.client_id, half)
            second = await talk.hears(FillSaid, lambda one: one.exec_id != first.exec_id)
            assert second.cum in (None, order.qty)
            assert await talk.open_order(order.client_id) is None

        self.talk(bench, script)

    def test_trades_can_be_asked_for_again_under_the_same_ids(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            order = await talk.rests()
            await talk.bench.trade(order.client_id, order.qty)
            told = await talk.hears(FillSaid)
            book = await talk.book(Question.EXECUTIONS, talk.bench.now() - 60_000_000_000)
            kept = [one for one in book.items if isinstance(one, FillSaid)]
            assert [(one.exec_id, one.qty, one.price) for one in kept] == [
                (told.exec_id, told.qty, told.price)
            ]
            later = await talk.book(Question.EXECUTIONS, talk.bench.now() + 60_000_000_000)
            assert later.items == ()

        self.talk(bench, script)

    def test_what_was_traded_is_held(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            keeps = talk.broker.abilities.keeps
            order = await talk.rests()
            await talk.bench.trade(order.client_id, order.qty)
            await talk.hears(FillSaid)
            if Question.POSITIONS in keeps:
                held = (await talk.book(Question.POSITIONS)).items
                qtys = [
                    one.qty
                    for one in held
                    if isinstance(one, PositionSaid) and one.instrument == order.instrument
                ]
                assert sum(qtys) == order.qty
            if Question.BALANCES in keeps:
                cash = (await talk.book(Question.BALANCES)).items
                assert cash
                assert all(isinstance(one, BalanceSaid) for one in cash)

        self.talk(bench, script)

    # --- questions ------------------------------------------------------------------------------------------

    def test_an_order_is_found_by_its_client_id_also_after_its_end(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            if Question.ORDER not in talk.broker.abilities.keeps:
                return
            order = await talk.rests()
            ask = Ask(
                Question.ORDER, order=order.client_id, venue_id=order.venue_id, instrument=order.instrument
            )
            working = await talk.broker.ask(ask)
            assert [one.what for one in working if isinstance(one, OrderSaid)] == [What.NEW]
            await talk.told(order.client_id, What.CANCELED, answered=await talk.broker.cancel(order))
            ended = await talk.broker.ask(ask)
            assert [one.what for one in ended if isinstance(one, OrderSaid)] == [What.CANCELED]

        self.talk(bench, script)

    def test_an_order_that_nobody_sent_is_stated_to_be_none(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            if Question.ORDER not in talk.broker.abilities.keeps:
                return
            sent = talk.bench.now()
            ask = Ask(Question.ORDER, sent, order="tk-nobody", instrument=talk.bench.instrument)
            (said,) = await talk.broker.ask(ask)
            assert isinstance(said, Answer), f"an order that is not there is no doubt: {said}"
            assert (said.items, said.order) == ((), "tk-nobody")

        self.talk(bench, script)

    def test_every_book_is_answered_and_those_not_kept_say_so(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            for question in BOOKS:
                (said,) = await talk.broker.ask(Ask(question))
                if question in talk.broker.abilities.keeps:
                    assert isinstance(said, Answer)
                else:
                    assert isinstance(said, Unknown)
                    assert not said.kept

        self.talk(bench, script)

    def test_its_clock_is_told(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            (said,) = await talk.broker.ask(Ask(Question.TIME))
            assert abs(said.ts - talk.bench.now()) < 2_000_000_000

        self.talk(bench, script)

    def test_closing_it_ends_the_stream_and_may_be_done_twice(self, bench: Bench) -> None:
        async def script(talk: Talk) -> None:
            await talk.broker.close()
            await talk.broker.close()

        self.talk(bench, script)


class LinkContract(BrokerContract):
    """What a line that can break adds: nothing that was lost is taken for a no."""

    def test_an_answer_that_is_lost_leaves_doubt_and_the_order(self, bench: LinkBench) -> None:
        async def script(talk: Talk) -> None:
            order = talk.order()
            await bench.lose_answer()
            answered = await talk.broker.submit(order)
            failed = [one for one in answered if isinstance(one, Failed)]
            assert [one.call for one in failed] == ["submit"]
            assert not [one for one in answered if isinstance(one, OrderSaid) and one.what is What.REJECTED]
            assert await talk.open_order(order.id) is not None

        self.talk(bench, script)

    def test_a_request_that_is_lost_leaves_doubt_and_no_order(self, bench: LinkBench) -> None:
        async def script(talk: Talk) -> None:
            order = talk.order()
            await bench.lose_request()
            answered = await talk.broker.submit(order)
            assert [type(one) for one in answered] == [Failed]
            assert await talk.open_order(order.id) is None

        self.talk(bench, script)

    def test_a_cancel_whose_answer_is_lost_is_in_doubt_and_was_done(self, bench: LinkBench) -> None:
        async def script(talk: Talk) -> None:
            order = await talk.rests()
            await bench.lose_answer()
            answered = await talk.broker.cancel(order)
            assert [one.call for one in answered if isinstance(one, Failed)] == ["cancel"]
            assert await talk.open_order(order.client_id) is None

        self.talk(bench, script)

    def test_a_book_whose_answer_is_lost_is_unknown_and_not_empty(self, bench: LinkBench) -> None:
        async def script(talk: Talk) -> None:
            await talk.rests()
            for question in BOOKS:
                if question in talk.broker.abilities.keeps:
                    await bench.lose_answer()
                    (said,) = await talk.broker.ask(Ask(question))
                    assert isinstance(said, Unknown)
                    assert said.question is question

        self.talk(bench, script)

    def test_a_cut_line_is_told_and_so_is_the_next_one(self, bench: LinkBench) -> None:
        async def script(talk: Talk) -> None:
            order = await talk.rests()
            await bench.cut()
            await talk.hears(LinkSaid, lambda one: not one.up)
            (said,) = await talk.broker.ask(Ask(Question.OPEN_ORDERS))
            assert isinstance(said, Unknown)
            lost = await talk.broker.submit(talk.order())
            assert [type(one) for one in lost] == [Failed]
            since = len(talk.heard)
            await bench.heal()
            await talk.hears(LinkSaid, lambda one: one.up, since=since)
            assert await talk.open_order(order.client_id) is not None

        links = [one.up for one in self.talk(bench, script) if isinstance(one, LinkSaid)]
        assert links[:3] == [True, False, True]

    def test_a_trade_during_a_cut_is_in_the_book_of_executions(self, bench: LinkBench) -> None:
        async def script(talk: Talk) -> None:
            order = await talk.rests()
            await bench.cut()
            await talk.hears(LinkSaid, lambda one: not one.up)
            await bench.trade(order.client_id, order.qty)
            since = len(talk.heard)
            await bench.heal()
            await talk.hears(LinkSaid, lambda one: one.up, since=since)
            book = await talk.book(Question.EXECUTIONS)
            assert [one.qty for one in book.items if isinstance(one, FillSaid)] == [order.qty]

        self.talk(bench, script)
