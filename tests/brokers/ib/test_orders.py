"""Orders at a TWS of ours, through the real library: sent once, exact, and every answer said for what it is."""

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.brokers.ib.bench import IbBench
from tests.brokers.ib.play import play, until
from tradekit.model.order import OrderReplaceRequested, OrderType, Side, TimeInForce
from tradekit.model.said import Answer, Ask, Failed, OrderSaid, Question, Unknown, What
from tradekit.testing.ib import shapes
from tradekit.testing.ib.account import AAPL, Order
from tradekit.testing.talk import Talk
from tradekit.trading.broker import AtVenue

D = Decimal
PLACED = "3"  # the number of the message that places an order


def placed(bench: IbBench) -> list[list[str]]:
    """The orders that were sent, field by field."""
    return [sent for sent in bench.gateway.requests if sent[0] == PLACED]


def test_numbers_leave_as_exact_text_and_the_client_id_as_the_orders_label() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = talk.order(D("1E+2"), limit=D("0.10"))
        await talk.broker.submit(order)
        (sent,) = placed(bench)
        assert (sent[17], sent[19], sent[26]) == ("100", "0.1", order.id)

    play(script)


def test_an_order_is_sent_once_whatever_becomes_of_its_answer() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.lose_answer()
        (said,) = await talk.broker.submit(talk.order())
        assert isinstance(said, Failed)
        bench.gateway.drop()
        await until(lambda: not bench.gateway.clients)
        await until(lambda: bool(bench.gateway.clients))
        assert len(placed(bench)) == 1

    play(script)


REFUSED = [
    ({"qty": D("0.5")}, "Fractional-sized order"),
    ({"limit": D("100.001")}, "does not conform to the minimum price variation"),
    ({"qty": D(1_000_000)}, "EQUITY WITH LOAN VALUE MUST EXCEED"),
]


@pytest.mark.parametrize(("terms", "words"), REFUSED)
def test_what_tws_refuses_is_rejected_in_its_own_words(terms: dict[str, Any], words: str) -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        (said,) = await talk.broker.submit(talk.order(**terms))
        assert isinstance(said, OrderSaid)
        assert said.what is What.REJECTED
        assert words in said.reason

    play(script)


def test_what_is_not_in_the_abilities_is_refused_without_being_sent() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        for terms in ({"tif": TimeInForce.AT_OPEN}, {"type": OrderType.TRAILING_STOP}, {"post_only": True}):
            (said,) = await talk.broker.submit(talk.order(**terms))
            assert isinstance(said, OrderSaid)
            assert said.what is What.REJECTED
        assert placed(bench) == []

    play(script)


def test_an_error_that_says_nothing_certain_leaves_doubt_with_its_words() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.lose_request()
        submitting = asyncio.create_task(talk.broker.submit(talk.order()))
        await until(lambda: bool(placed(bench)))
        bench.gateway.say(shapes.error(int(placed(bench)[0][1]), 322, "Error processing request."))
        (said,) = await submitting
        assert isinstance(said, Failed)
        assert said.reason == "Error processing request. (322)"

    play(script)


def test_a_warning_about_an_order_is_no_answer() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.lose_answer()
        submitting = asyncio.create_task(talk.broker.submit(talk.order()))
        await until(lambda: bool(placed(bench)))
        bench.gateway.say(
            shapes.error(int(placed(bench)[0][1]), 399, "Warning: not before 09:30:00 US/Eastern")
        )
        (said,) = await submitting
        assert isinstance(said, Failed)

    play(script)


def test_an_order_that_was_refused_has_no_second_end() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.lose_request()
        submitting = asyncio.create_task(talk.broker.submit(talk.order()))
        await until(lambda: bool(placed(bench)))
        number = int(placed(bench)[0][1])
        bench.gateway.say(shapes.error(number, 201, "Order rejected - reason:no"))
        (said,) = await submitting
        assert isinstance(said, OrderSaid)
        assert said.what is What.REJECTED
        gone = Order(
            perm_id=7, id=number, client_id=1, contract=AAPL, ref=said.order, side="BUY", type="LMT", qty=D(10),
            limit=D(100), status="Cancelled",
        )  # fmt: skip
        bench.gateway.say(shapes.open_order(gone, "DU123456"), shapes.order_status(gone))
        await talk.book(Question.OPEN_ORDERS)

    assert not [one for one in play(script) if isinstance(one, OrderSaid)]


def test_a_sale_of_more_than_is_held_goes_through_zero() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        await talk.broker.submit(talk.order(D(5), type=OrderType.MARKET, limit=None))
        await talk.broker.submit(talk.order(D(8), side=Side.SELL, type=OrderType.MARKET, limit=None))
        (held,) = (await talk.book(Question.POSITIONS)).items
        assert held.qty == D(-3)  # type: ignore[union-attr]

    play(script)


def test_an_order_of_an_earlier_life_is_canceled_by_its_client_id() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        await talk.broker.close()
        later = bench.made()
        second = Talk(IbBench())
        second.broker = later
        listening = asyncio.create_task(second.listen())
        await until(lambda: bool(second.heard))
        (said,) = await later.cancel(msgspec.structs.replace(order, venue_id=""))
        await later.close()
        await listening
        assert isinstance(said, OrderSaid)
        assert (said.what, said.order) == (What.CANCELED, order.client_id)

    play(script)


def test_an_order_of_another_client_is_shown_and_out_of_reach() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        terms = dict.fromkeys(("stop", "account", "ref"), "") | {
            "side": "BUY",
            "qty": "3",
            "type": "LMT",
            "limit": "90.0",
            "tif": "DAY",
        }
        bench.gateway.account.place(7, 1, 265598, terms, bench.gateway.now())
        (shown,) = (await talk.book(Question.OPEN_ORDERS)).items
        assert isinstance(shown, OrderSaid)
        assert (shown.order, shown.qty, shown.limit) == ("", D(3), D(90))
        foreign = AtVenue(
            client_id="",
            venue_id=shown.venue_id,
            instrument="AAPL",
            side=Side.BUY,
            type=OrderType.LIMIT,
            qty=D(3),
        )
        (said,) = await talk.broker.cancel(foreign)
        assert isinstance(said, OrderSaid)
        assert said.what is What.CANCEL_REJECTED
        assert "client id 7" in said.reason
        assert not [sent for sent in bench.gateway.requests if sent[0] == "4"]

    play(script)


def test_the_change_of_an_order_is_the_same_order_with_other_terms() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        wanted = OrderReplaceRequested(order.client_id, order.instrument, limit=D("101.5"))
        (said,) = await talk.broker.replace(order, wanted)
        assert isinstance(said, OrderSaid)
        assert (said.what, said.venue_id, said.limit, said.qty) == (
            What.REPLACED,
            order.venue_id,
            D("101.5"),
            order.qty,
        )
        first, second = placed(bench)
        assert (first[1], first[26], first[21]) == (second[1], second[26], second[21])
        assert len(bench.gateway.account.orders) == 1

    play(script)


CHANGES = [({"limit": D("101.555")}, "minimum price variation"), ({"trail": D(1)}, "it has no trail")]


@pytest.mark.parametrize(("terms", "words"), CHANGES)
def test_a_change_that_is_refused_leaves_the_order_as_it_was(terms: dict[str, Any], words: str) -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        (said,) = await talk.broker.replace(
            order, OrderReplaceRequested(order.client_id, order.instrument, **terms)
        )
        assert isinstance(said, OrderSaid)
        assert said.what is What.REPLACE_REJECTED
        assert words in said.reason
        shown = await talk.open_order(order.client_id)
        assert shown is not None
        assert shown.limit == order.limit

    play(script)


def test_a_change_of_an_order_that_has_filled_is_refused() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        await bench.trade(order.client_id, order.qty)
        (said,) = await talk.broker.replace(
            order, OrderReplaceRequested(order.client_id, order.instrument, limit=D(101))
        )
        assert isinstance(said, OrderSaid)
        assert said.what is What.REPLACE_REJECTED

    play(script)


def test_terms_that_somebody_has_changed_by_hand_are_told() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        kept = bench.gateway.account.by_ref(order.client_id)
        kept.qty = D(7)
        bench.gateway.tell(kept, shapes.open_order(kept, "DU123456"), shapes.order_status(kept))
        said = await talk.hears(OrderSaid, lambda one: one.what is What.REPLACED)
        assert (said.order, said.qty) == (order.client_id, D(7))

    play(script)


ENDS = [
    (202, "Order Canceled - reason:The contract has expired", What.CANCELED),
    (201, "Order rejected - reason:Exchange is closed.", What.REJECTED),
]


@pytest.mark.parametrize(("code", "words", "what"), ENDS)
def test_an_order_that_is_ended_there_is_told_once_with_the_reason(code: int, words: str, what: What) -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        bench.gateway.end(order.client_id, code, words)
        said = await talk.hears(OrderSaid, lambda one: one.what is what)
        assert (said.order, said.reason) == (order.client_id, f"{words} ({code})")
        await talk.book(Question.OPEN_ORDERS)

    ends = (What.CANCELED, What.REJECTED)
    assert [one.what for one in play(script) if isinstance(one, OrderSaid) and one.what in ends] == [what]


def test_a_refusal_of_an_order_that_goes_on_working_is_not_its_end() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        order = await talk.rests()
        kept = bench.gateway.account.by_ref(order.client_id)
        bench.gateway.tell(
            kept, shapes.error(kept.id, 201, "Order rejected - reason:the change came too late")
        )
        await talk.hears(OrderSaid, lambda one: one.what is What.REPLACE_REJECTED)
        assert await talk.open_order(order.client_id) is not None
        (said,) = await talk.broker.cancel(order)
        assert isinstance(said, OrderSaid)
        assert said.what is What.CANCELED

    assert not [one for one in play(script) if isinstance(one, OrderSaid) and one.what is What.REJECTED]


def test_what_would_wait_too_long_for_its_turn_is_not_sent_and_is_no_doubt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tradekit.brokers.ib.line._PATIENCE_S", -1.0)

    async def script(bench: IbBench, talk: Talk) -> None:
        for _ in range(60):
            (said,) = await talk.broker.submit(talk.order())
            if isinstance(said, OrderSaid) and said.what is What.REJECTED:
                break
        assert isinstance(said, OrderSaid)
        assert said.reason.startswith("not sent")
        assert (
            len(placed(bench)) == len(bench.gateway.account.orders) <= 36
        )  # a fifth is kept for what is urgent

    play(script)


def asked(talk: Talk, order: str, since: int) -> Ask:
    return Ask(Question.ORDER, since, order=order, instrument=talk.bench.instrument)


def test_an_order_that_is_in_no_list_is_none_if_it_was_sent_within_the_day_that_is_listed() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        (said,) = await talk.broker.ask(asked(talk, "tk-nobody", bench.now()))
        assert isinstance(said, Answer)
        assert said.items == ()

    play(script)


def test_an_order_that_filled_and_is_looked_for_on_a_later_day_is_no_order_that_never_was() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        sent = bench.now()
        bench.gateway.lose_answer()
        order = talk.order(type=OrderType.MARKET, limit=None)
        assert isinstance((await talk.broker.submit(order))[0], Failed)
        bench.clock.ahead_s += 24 * 3600
        bench.gateway.end_day()
        for since in (sent, 0):
            (said,) = await talk.broker.ask(asked(talk, order.id, since))
            assert isinstance(said, Unknown)
            assert "may have been sent before it began" in said.reason
        book = await talk.book(Question.EXECUTIONS, sent)
        assert (book.items, book.complete) == ((), False)
        assert sent < book.since < bench.now(), "the book says from when on it is whole"

    play(script)
