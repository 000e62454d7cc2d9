"""The library held to the rules: nothing twice, nothing for ever, nothing beyond the limit, numbers exact."""

import asyncio
import threading
from decimal import Decimal
from typing import Any

import pytest
from urllib3.connection import HTTPConnection

from tests.brokers.alpaca.bench import AlpacaBench, Mute
from tests.brokers.alpaca.play import at_venue, order, play, reason_of, sent
from tradekit.brokers.alpaca.client import load_library
from tradekit.brokers.alpaca.orders import AlpacaBroker
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError
from tradekit.model.said import (
    Answer,
    Ask,
    BalanceSaid,
    Failed,
    OrderSaid,
    Question,
    Unknown,
    What,
)

D = Decimal


ODD = [
    (429, {"code": 42910000, "message": "rate limit exceeded"}),
    (504, "<html>gateway</html>"),
    (500, {"code": 1, "message": "x"}),
    (403, "<html>no</html>"),
    (302, ""),
    (200, "<html>"),
    (200, []),
]


@pytest.mark.parametrize(("status", "body"), ODD)
def test_what_is_no_clear_answer_is_doubt_and_nothing_is_sent_again(status: int, body: Any) -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        bench.venue.answer_next(status, body, Retry_After="1")
        said = await broker.submit(order())
        assert [type(one) for one in said] == [Failed]

    assert (
        sent(play(script), "POST") == []
    )  # the one answer was given without a look, and nothing came after it


@pytest.mark.parametrize("status", [429, 504])
def test_the_library_sends_nothing_again_by_itself(status: int) -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        for _ in range(2):
            bench.venue.answer_next(status, {"code": status, "message": "later"})
        async with asyncio.timeout(2):  # it would wait for three seconds
            said = await broker.cancel(at_venue(venue_id="1"))
        assert [type(one) for one in said] == [Failed]
        assert len(bench.venue._faults) == 1

    play(script)


def test_without_that_switch_the_library_would_send_again() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        keys = {"api_key": bench.venue.key, "secret_key": bench.venue.secret}
        rest = load_library().RESTClient(base_url=bench.venue.url, retry_attempts=0, **keys)
        rest._retry_wait = 0
        bench.venue.answer_next(429, {"code": 429, "message": "later"})
        wish = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
        await asyncio.to_thread(rest.post, "/orders", wish)
        rest._session.close()

    assert len(sent(play(script), "POST")) == 1


def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_was_said() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        async with Mute() as mute:
            deaf = bench.made(timeout_s=0.2)
            deaf._client._rest._base_url = mute.url
            (said,) = await deaf.submit(order())
            assert isinstance(said, Failed)
            await deaf.close()

    play(script)


def test_numbers_come_in_as_exact_text() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        bench.venue.answer_next(200, {"currency": "USD", "cash": 100000.1})
        (said,) = await broker.ask(Ask(Question.BALANCES))
        assert isinstance(said, Answer)
        assert said.items == (BalanceSaid(currency="USD", total=D("100000.1")),)

    play(script)


def test_a_full_minute_of_requests_is_kept_to_and_a_part_is_left_for_cancels() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        bench.venue.a_minute = 10
        for number in range(2):
            await broker.submit(order(f"tk-{number}"))
        for _ in range(7):
            await broker.ask(Ask(Question.TIME))  # the venue has one left, of its ten
        (said,) = await broker.submit(order("tk-9"))
        assert isinstance(said, OrderSaid)
        assert said.reason.startswith("not sent: the limit of requests is used up; again in ")
        assert await broker.cancel(at_venue(venue_id=next(iter(bench.venue.account.orders)))) == ()

    play(script)


def test_after_too_many_requests_nothing_is_sent_for_as_long_as_was_said() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        bench.venue.answer_next(429, {"code": 42910000, "message": "rate limit exceeded"}, Retry_After="30")
        await broker.ask(Ask(Question.TIME))
        (said,) = await broker.ask(Ask(Question.TIME))
        assert isinstance(said, Unknown)
        assert "again in 30 s" in said.reason

    assert sent(play(script), "GET") == []


def test_a_kill_while_a_connection_is_made_stops_what_it_is_made_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made, killed = threading.Event(), threading.Event()
    make = HTTPConnection._new_conn

    def slowly(connection: HTTPConnection) -> Any:
        made.set()
        assert killed.wait(30)
        return make(connection)

    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        monkeypatch.setattr(HTTPConnection, "_new_conn", slowly)
        broker._client.close()  # what is kept open is not used again
        stopped = lambda: "kill switch: enough" if killed.is_set() else ""  # noqa: E731
        submitting = asyncio.create_task(broker.submit(order(), stopped=stopped))
        assert await asyncio.to_thread(made.wait, 10)
        killed.set()
        (said,) = await submitting
        assert isinstance(said, OrderSaid)
        assert (said.what, said.reason) == (What.REJECTED, "kill switch: enough")

    assert sent(play(script), "POST") == []


def test_a_key_that_is_refused_rejects_an_order_and_empties_no_book() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        assert "not authorized" in await reason_of(broker, order())
        (said,) = await broker.ask(Ask(Question.OPEN_ORDERS))
        assert isinstance(said, Unknown)

    play(script, secret=Secret("not-the-secret"))


def test_no_reason_tells_a_secret() -> None:
    async def script(bench: AlpacaBench, broker: AlpacaBroker) -> None:
        bench.venue.answer_next(422, {"code": 40010001, "message": f"bad key {bench.venue.key}"})
        assert await reason_of(broker, order()) == "bad key *** (40010001)"

    play(script)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "alpaca.common.rest", None)
    with pytest.raises(ConfigError, match=r'pip install "tradekit\[alpaca\]"'):
        load_library()
