"""What the Alpaca broker sends, and what it makes of the venue's answers: the real library, a local venue."""

from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.alpaca.bench import AlpacaBench
from tests.brokers.alpaca.play import at_venue, market, order, play, reason_of, sent
from tradekit.brokers.alpaca.orders import AlpacaBroker
from tradekit.brokers.alpaca.ticket import amendment
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted, OrderType, Side, TimeInForce
from tradekit.model.said import Answer, Ask, Failed, OrderSaid, PositionSaid, Question, What

D = Decimal


def test_numbers_go_out_as_exact_text_and_the_client_id_as_it_is() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        await broker.submit(order("tk_-9", qty=D("3.000"), limit=D("1.5025E+2")))

    (request,) = sent(play(script), "POST")
    assert request == {
        "symbol": "AAPL", "qty": "3", "side": "buy", "type": "limit", "time_in_force": "gtc", "limit_price": "150.25",
        "client_order_id": "tk_-9",
    }  # fmt: skip


TYPES = [
    ({"type": OrderType.MARKET, "limit": None}, {"type": "market"}),
    ({"tif": TimeInForce.DAY, "qty": D("0.5")}, {"time_in_force": "day", "qty": "0.5"}),
    ({"tif": TimeInForce.IOC}, {"time_in_force": "ioc"}),
    ({"tif": TimeInForce.AT_CLOSE}, {"time_in_force": "cls"}),
    ({"type": OrderType.STOP, "limit": None, "stop": D(250)}, {"type": "stop", "stop_price": "250"}),
    ({"type": OrderType.STOP_LIMIT, "stop": D(149)}, {"type": "stop_limit", "stop_price": "149"}),
    ({"type": OrderType.TRAILING_STOP, "limit": None, "trail": D("1.5")}, {"trail_price": "1.5"}),
    ({"type": OrderType.TRAILING_STOP, "limit": None, "trail_pct": D(2)}, {"trail_percent": "2"}),
]


@pytest.mark.parametrize(("terms", "expected"), TYPES)
def test_each_type_is_sent_in_the_venues_words_and_taken(
    terms: dict[str, Any], expected: dict[str, str]
) -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        (said,) = await broker.submit(order(**terms))
        assert isinstance(said, OrderSaid)
        assert said.what is What.NEW

    (request,) = sent(play(script), "POST")
    assert expected.items() <= request.items()


@pytest.mark.parametrize(
    "terms",
    [
        {"type": OrderType.MARKET_IF_TOUCHED},
        {"tif": TimeInForce.GTD},
        {"post_only": True},
        {"qty": D(0), "share": D(1)},
    ],
)
def test_what_the_venue_cannot_do_is_refused_before_it_is_sent(terms: dict[str, Any]) -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        assert await reason_of(broker, order(**terms))

    assert sent(play(script), "POST") == []


def test_what_the_venue_refuses_is_told_in_its_words() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        assert "sub-penny increment" in await reason_of(broker, order("a", limit=D("150.255")))
        assert "insufficient buying power" in await reason_of(broker, order("b", qty=D(100_000)))
        assert "fractional orders must be DAY orders" in await reason_of(broker, order("c", qty=D("0.5")))
        assert 'asset "TSLA" not found' in await reason_of(
            broker, OrderSubmitted("d", "TSLA", "s", "main", Side.BUY, OrderType.MARKET, D(1))
        )

    play(script)


def test_an_order_through_zero_is_refused_so_the_broker_says_that_it_has_no_flips() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        await broker.submit(market("a", Side.BUY, 2))
        assert "insufficient qty available for order (requested: 3, available: 2)" in await reason_of(
            broker, market("b", Side.SELL, 3)
        )
        await broker.submit(market("c", Side.SELL, 2))
        (said,) = await broker.submit(market("d", Side.SELL, 1))  # a short sale, from zero
        assert isinstance(said, OrderSaid)
        assert said.what is What.NEW
        (book,) = await broker.ask(Ask(Question.POSITIONS))
        assert isinstance(book, Answer)
        assert book.items == (PositionSaid(instrument="AAPL", qty=D(-1), price=D(200), mark=D(200)),)
        assert not broker.abilities.flips

    play(script)


def test_a_client_id_that_was_used_is_doubt_and_no_refusal() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        bench.venue.lose_answer()
        assert isinstance((await broker.submit(order()))[0], Failed)
        (again,) = await broker.submit(order())
        assert isinstance(again, Failed)
        assert "must be unique" in again.reason

    play(script)


def test_a_cancel_without_the_venues_id_finds_it_first() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        await broker.submit(order())
        assert await broker.cancel(at_venue()) == ()
        (said,) = await broker.cancel(at_venue())
        assert isinstance(said, OrderSaid)
        assert (said.what, said.reason) == (
            What.CANCEL_REJECTED,
            'order is already in "canceled" state (42210000)',
        )
        (unknown,) = await broker.cancel(at_venue(client_id="tk-2"))
        assert isinstance(unknown, OrderSaid)
        assert unknown.what is What.CANCEL_REJECTED

    play(script)


def test_a_change_is_sent_with_the_next_client_id_and_acknowledged_only() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        (said,) = await broker.submit(order())
        assert isinstance(said, OrderSaid)
        wanted = OrderReplaceRequested("tk-1", "AAPL", D(3), D("150.50"))
        assert await broker.replace(at_venue(venue_id=said.venue_id), wanted) == ()
        (old,) = await broker.ask(Ask(Question.ORDER, order="tk-1"))
        (new,) = await broker.ask(Ask(Question.ORDER, order="tk-1-1"))
        assert isinstance(old, OrderSaid)
        assert isinstance(new, OrderSaid)
        assert (old.what, old.venue_id, old.earlier) == (What.REPLACED, new.venue_id, said.venue_id)
        assert (new.qty, new.limit, new.earlier) == (D(3), D("150.5"), said.venue_id)
        (late,) = await broker.replace(at_venue(venue_id=said.venue_id), wanted)
        assert isinstance(late, OrderSaid)
        assert (late.what, late.venue_id) == (What.REPLACE_REJECTED, said.venue_id)

    (first, _) = sent(play(script), "PATCH")
    assert first == {"qty": "3", "limit_price": "150.5", "client_order_id": "tk-1-1"}


@pytest.mark.parametrize("terms", [{"venue_id": ""}, {"venue_id": "v", "filled": D(1)}])
def test_an_order_that_has_begun_to_fill_is_not_changed(terms: dict[str, Any]) -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        (said,) = await broker.replace(at_venue(**terms), OrderReplaceRequested("tk-1", "AAPL", D(3)))
        assert isinstance(said, OrderSaid)
        assert said.what is What.REPLACE_REJECTED

    assert sent(play(script), "PATCH") == []


def test_a_trailing_stop_is_changed_by_its_distance() -> None:
    assert amendment(OrderReplaceRequested("a", "AAPL", trail=D("1.50")), "") == {"trail": "1.5"}
    assert amendment(OrderReplaceRequested("a", "AAPL", trail_pct=D(2)), "") == {"trail": "2"}


def test_while_the_market_is_closed_an_order_waits_and_cannot_be_changed() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        bench.venue.market_open = False
        (said,) = await broker.submit(order())
        assert isinstance(said, OrderSaid)
        assert said.what is What.NEW
        (no,) = await broker.replace(
            at_venue(venue_id=said.venue_id), OrderReplaceRequested("tk-1", "AAPL", D(3))
        )
        assert isinstance(no, OrderSaid)
        assert "isn't sent to exchange yet" in no.reason

    play(script)
