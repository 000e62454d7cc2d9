"""What the ccxt broker sends, and what it says when the venue answers oddly: the real library, a local venue."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import TCPConnector

from tests.brokers.ccxt.bench import CcxtBench
from tradekit.brokers.ccxt.client import Access
from tradekit.brokers.ccxt.orders import CcxtBroker
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted, OrderType, Side, TimeInForce
from tradekit.model.said import Answer, Ask, BalanceSaid, Failed, FillSaid, OrderSaid, Question, Unknown, What
from tradekit.trading.broker import AtVenue

D = Decimal
Script = Callable[[CcxtBench, CcxtBroker], Awaitable[None]]


def order(name: str = "tk-1", **terms: Any) -> OrderSubmitted:
    """A resting buy, unless terms say otherwise."""
    said: dict[str, Any] = {
        "side": Side.BUY,
        "type": OrderType.LIMIT,
        "qty": D("0.02"),
        "limit": D(40_000),
    } | terms
    return OrderSubmitted(name, "BTC-USDT", "s", "main", **said)


def at_venue(**terms: Any) -> AtVenue:
    said: dict[str, Any] = {
        "client_id": "tk-1",
        "venue_id": "",
        "side": Side.BUY,
        "type": OrderType.LIMIT,
    } | terms
    return AtVenue(instrument="BTC-USDT", qty=D("0.02"), limit=D(40_000), **said)


def play(script: Script, market: str = "spot", **access: Any) -> CcxtBench:
    """Open a venue and a broker, let the script play, close both."""

    async def whole() -> CcxtBench:
        bench = CcxtBench(market)
        await bench.venue.open()
        broker = bench.made(**access)
        try:
            async with asyncio.timeout(30):
                await script(bench, broker)
        finally:
            await broker.close()
            await bench.venue.close()
        return bench

    return asyncio.run(whole())


def sent(bench: CcxtBench, method: str) -> list[dict[str, str]]:
    """The parameters of the order requests that reached the venue."""
    return [
        params for verb, path, params in bench.venue.requests if verb == method and path.endswith("/order")
    ]


def test_numbers_go_out_as_exact_text_and_the_client_id_as_it_is() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        await broker.submit(order("tk_-9", qty=D("0.00100000"), limit=D("4.0001E+4")))

    (request,) = sent(play(script), "POST")
    assert (request["quantity"], request["price"], request["newClientOrderId"]) == ("0.001", "40001", "tk_-9")


TYPES = [
    ({"type": OrderType.MARKET, "limit": None}, {"type": "MARKET"}),
    ({"tif": TimeInForce.IOC}, {"type": "LIMIT", "timeInForce": "IOC"}),
    ({"post_only": True}, {"type": "LIMIT_MAKER"}),
    ({"type": OrderType.STOP, "limit": None, "stop": D(60_000)}, {"type": "STOP_LOSS", "stopPrice": "60000"}),
    ({"type": OrderType.STOP_LIMIT, "stop": D(60_000)}, {"type": "STOP_LOSS_LIMIT", "price": "40000"}),
    (
        {"type": OrderType.LIMIT_IF_TOUCHED, "stop": D(30_000)},
        {"type": "TAKE_PROFIT_LIMIT", "timeInForce": "GTC"},
    ),
]


@pytest.mark.parametrize(("terms", "expected"), TYPES)
def test_each_type_is_sent_in_the_words_of_spot_and_taken(
    terms: dict[str, Any], expected: dict[str, str]
) -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        said = await broker.submit(order(**terms))
        assert not [one for one in said if isinstance(one, Failed)]
        assert all(one.what is not What.REJECTED for one in said if isinstance(one, OrderSaid)), said

    (request,) = sent(play(script), "POST")
    assert expected.items() <= request.items()
    assert ("timeInForce" in request) == (
        request["type"] in ("LIMIT", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
    )


def test_a_reduce_only_order_says_so_to_futures() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        (said,) = await broker.submit(order(reduce_only=True, post_only=True))
        assert isinstance(said, OrderSaid)
        assert (said.what, said.reason) == (What.REJECTED, "ReduceOnly Order is rejected. (-2022)")

    (request,) = sent(play(script, "linear"), "POST")
    assert (request["reduceOnly"], request["timeInForce"]) == ("true", "GTX")


@pytest.mark.parametrize(
    "terms",
    [{"type": OrderType.STOP, "stop": D(1)}, {"tif": TimeInForce.DAY}, {"qty": D(0), "share": D("0.5")}],
)
def test_what_the_venue_cannot_do_is_refused_before_it_is_sent(terms: dict[str, Any]) -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        (said,) = await broker.submit(order(**terms))
        assert isinstance(said, OrderSaid)
        assert said.what is What.REJECTED

    assert play(script, "linear").venue.requests == []


def test_an_order_that_trades_at_once_tells_its_trade_with_its_fee() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        fill, stands = await broker.submit(order(type=OrderType.MARKET, limit=None))
        assert isinstance(fill, FillSaid)
        assert isinstance(stands, OrderSaid)
        assert (fill.qty, fill.price, fill.fee, fill.fee_currency) == (
            D("0.02"),
            D(50_000),
            D("0.00002"),
            "BTC",
        )
        assert stands.what is What.FILLED
        (book,) = await broker.ask(Ask(Question.EXECUTIONS))
        assert isinstance(book, Answer)
        (kept,) = book.items
        assert isinstance(kept, FillSaid)
        assert (kept.exec_id, kept.venue_id, kept.fee) == (fill.exec_id, fill.venue_id, fill.fee)
        (cash,) = await broker.ask(Ask(Question.BALANCES))
        assert isinstance(cash, Answer)
        assert not cash.complete
        assert BalanceSaid(currency="USDT", total=D(99_000)) in cash.items

    play(script)


ODD = [
    (503, {"code": -1016, "msg": "This service is no longer available."}),
    (502, "<html><body>Bad Gateway</body></html>"),
    (200, "<html><body>maintenance</body></html>"),
    (200, ""),
    (200, {"symbol": "BTCUSDT"}),
    (403, "<html>blocked</html>"),
    (400, {"code": -1007, "msg": "Timeout waiting for response from backend server. Send status unknown."}),
    (400, {"code": -2010, "msg": "Duplicate order sent."}),
    (400, {"code": -1021, "msg": "Timestamp for this request is outside of the recvWindow."}),
]


@pytest.mark.parametrize(("status", "body"), ODD)
def test_an_answer_that_is_no_certain_no_leaves_doubt(status: int, body: Any) -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        bench.venue.answer_next(status, body)
        (said,) = await broker.submit(order())
        assert isinstance(said, Failed), said
        assert (said.call, said.order, said.banned) == ("submit", "tk-1", False)
        bench.venue.answer_next(status, body)
        (book,) = await broker.ask(Ask(Question.OPEN_ORDERS))
        assert isinstance(book, Unknown)

    play(script)


@pytest.mark.parametrize(("status", "banned"), [(429, False), (418, True)])
def test_a_venue_that_wants_us_to_wait_is_left_alone_for_as_long(status: int, banned: bool) -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        bench.venue.answer_next(status, {"code": -1003, "msg": "Too many requests"}, Retry_After="40")
        (first,) = await broker.submit(order())
        assert isinstance(first, Failed)
        assert first.banned is banned
        (second,) = await broker.submit(order("tk-2"))
        assert isinstance(second, OrderSaid)
        assert second.what is What.REJECTED  # it was not sent, which is certain
        assert "again in" in second.reason
        (cancel,) = await broker.cancel(at_venue())
        assert isinstance(cancel, OrderSaid)
        assert cancel.what is What.CANCEL_REJECTED
        (book,) = await broker.ask(Ask(Question.OPEN_ORDERS))
        assert isinstance(book, Unknown)

    assert play(script).venue.requests == []  # the one that was answered was not even looked at


def test_a_key_that_is_refused_has_sent_nothing() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        (said,) = await broker.submit(order())
        assert isinstance(said, OrderSaid)
        assert (said.what, "-2015" in said.reason) == (What.REJECTED, True)

    play(script, key=Secret("some-other-key"))


def test_a_refused_cancel_is_about_the_cancel() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        (said,) = await broker.cancel(at_venue(venue_id="4711"))
        assert isinstance(said, OrderSaid)
        assert (said.what, said.venue_id, said.reason) == (
            What.CANCEL_REJECTED,
            "4711",
            "Unknown order sent. (-2011)",
        )

    (request,) = sent(play(script), "DELETE")
    assert request["orderId"] == "4711"
    assert "origClientOrderId" not in request


def test_futures_change_an_order_in_its_place() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        (made,) = await broker.submit(order())
        assert isinstance(made, OrderSaid)
        wanted = OrderReplaceRequested("tk-1", "BTC-USDT", None, D(41_000))
        (said,) = await broker.replace(at_venue(venue_id=made.venue_id), wanted)
        assert isinstance(said, OrderSaid)
        assert (said.what, said.qty, said.limit) == (What.REPLACED, D("0.02"), D(41_000))
        assert (said.venue_id, said.order) == (made.venue_id, "tk-1")
        (gone,) = await broker.replace(at_venue(venue_id="1"), wanted)
        assert isinstance(gone, OrderSaid)
        assert gone.what is What.REPLACE_REJECTED

    play(script, "linear")


def test_spot_changes_no_order_and_is_not_asked_to() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        (said,) = await broker.replace(at_venue(), OrderReplaceRequested("tk-1", "BTC-USDT", D("0.01")))
        assert isinstance(said, OrderSaid)
        assert said.what is What.REPLACE_REJECTED

    assert play(script).venue.requests == []


def test_a_book_of_trades_is_read_to_its_last_page() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        account, now = bench.venue.account, bench.venue.now()
        placed, _ = account.submit(
            {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.03", "price": "40000"}, now
        )
        for _ in range(2_500):
            account.trade(placed, D("0.00001"), now)
        (book,) = await broker.ask(Ask(Question.EXECUTIONS, since=(now - 5) * 1_000_000))
        assert isinstance(book, Answer)
        assert (
            len({one.exec_id for one in book.items if isinstance(one, FillSaid)}) == len(book.items) == 2_500
        )

    for market in ("spot", "linear"):
        play(script, market)


def test_a_page_that_is_lost_makes_the_whole_book_unknown() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        account, now = bench.venue.account, bench.venue.now()
        placed, _ = account.submit(
            {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.03", "price": "40000"}, now
        )
        for _ in range(1_000):
            account.trade(placed, D("0.00001"), now)
        bench.venue.answer_next(503)
        (book,) = await broker.ask(Ask(Question.EXECUTIONS, since=(now - 5) * 1_000_000))
        assert isinstance(book, Unknown)

    play(script)


def test_trades_of_weeks_ago_are_found_on_futures_which_tell_a_week_at_a_time() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        account, now, day = bench.venue.account, bench.venue.now(), 24 * 3600 * 1000
        placed, _ = account.submit(
            {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.03", "price": "40000"}, now
        )
        for ago in (20, 9, 1):
            account.trade(placed, D("0.01"), now - ago * day)
        (book,) = await broker.ask(Ask(Question.EXECUTIONS, since=(now - 40 * day) * 1_000_000))
        assert isinstance(book, Answer)
        assert len(book.items) == 3

    play(script, "linear")


def test_an_order_whose_instrument_is_not_named_is_none_only_if_no_instrument_has_it() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        await broker.submit(order())
        (found,) = await broker.ask(Ask(Question.ORDER, order="tk-1"))
        assert isinstance(found, OrderSaid)
        (none,) = await broker.ask(Ask(Question.ORDER, order="tk-2"))
        assert isinstance(none, Answer)
        bench.venue.answer_next(503)
        (doubt,) = await broker.ask(Ask(Question.ORDER, order="tk-2"))
        assert isinstance(doubt, Unknown)

    play(script)


@pytest.mark.parametrize(
    ("market", "days", "known"), [("linear", 2, True), ("linear", 4, False), ("spot", 400, True)]
)
def test_an_order_is_none_only_if_the_venue_would_still_tell_of_it(
    market: str, days: int, known: bool
) -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        sent = bench.now() - days * 24 * 3600 * 1_000_000_000
        (said,) = await broker.ask(Ask(Question.ORDER, sent, order="tk-1", instrument="BTC-USDT"))
        assert isinstance(said, Answer if known else Unknown)
        if isinstance(said, Unknown):
            assert said.reason == "binance forgets within 3 days an order that has ended without a trade"

    play(script, market)


@pytest.mark.parametrize(("market", "days"), [("linear", 180), ("spot", 0)])
def test_the_book_of_trades_says_how_far_back_it_goes(market: str, days: int) -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        (book,) = await broker.ask(Ask(Question.EXECUTIONS))
        assert isinstance(book, Answer)
        ago = bench.now() - book.since if book.since else 0
        assert ago // (24 * 3600 * 1_000_000_000) == days

    play(script, market)


def test_a_kill_while_a_connection_is_made_stops_what_it_is_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made, killed = asyncio.Event(), asyncio.Event()
    make = TCPConnector._create_connection

    async def slowly(connector: TCPConnector, *args: Any) -> Any:
        made.set()
        await killed.wait()
        return await make(connector, *args)

    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        monkeypatch.setattr(TCPConnector, "_create_connection", slowly)
        stopped = lambda: "kill switch: enough" if killed.is_set() else ""  # noqa: E731
        submitting = asyncio.create_task(broker.submit(order(), stopped=stopped))
        await made.wait()
        killed.set()
        (said,) = await submitting
        assert isinstance(said, OrderSaid)
        assert (said.what, said.reason) == (What.REJECTED, "kill switch: enough")
        assert [how for how, _, _ in bench.venue.requests if how == "POST"] == []

    play(script)


def test_no_secret_and_no_signature_stands_in_what_is_said() -> None:
    async def script(bench: CcxtBench, broker: CcxtBroker) -> None:
        bench.venue.lose_answer()
        said = [*await broker.submit(order())]
        bench.venue.answer_next(400, {"code": -2010, "msg": f"no, {bench.venue.key} may not"})
        said += await broker.submit(order("tk-2"))
        told = repr(said)
        assert "signature" not in told
        assert bench.venue.key not in told
        assert bench.venue.secret not in told

    play(script)


def test_a_venue_that_is_not_proven_is_refused_by_name() -> None:
    for venue, market, said in (
        ("binanse", "spot", "did you mean 'binance'"),
        ("binance", "inverse", "spot, linear"),
    ):
        with pytest.raises(ConfigError, match=said):
            CcxtBroker(Access(venue=venue), market, ["BTCUSDT"])


def test_without_the_library_the_line_to_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ccxt.pro", None)
    broker = CcxtBroker(Access(venue="binance"), "spot", ["BTCUSDT"])
    with pytest.raises(ConfigError, match=r'pip install "tradekit\[ccxt\]"'):
        _ = broker.client
