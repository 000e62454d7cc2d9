"""The account's stream: what ends it, what it says when it is back, and what no waiting mends."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.brokers.alpaca.bench import AlpacaBench, Mute
from tests.brokers.alpaca.messages import a_fill, an_order, an_update
from tradekit.core.secret import Secret
from tradekit.errors import BrokerError
from tradekit.model.said import FillSaid, LinkSaid, OrderSaid, Said, What
from tradekit.testing.talk import Talk

Script = Callable[[AlpacaBench, Talk], Awaitable[None]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once: how long is waited has its own test."""
    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 0.0)


def listen(script: Script, **access: Any) -> list[Said]:
    """Listen while the script plays, from the first word of the stream on."""

    async def whole() -> list[Said]:
        bench = AlpacaBench()
        await bench.venue.open()
        bench.broker = bench.made(**access)
        talk = Talk(bench)
        listening = asyncio.create_task(talk.listen())
        try:
            async with asyncio.timeout(30):
                await talk.hears(LinkSaid)
                await script(bench, talk)
        finally:
            await bench.broker.close()
            await listening
            await bench.venue.close()
        return talk.heard

    return asyncio.run(whole())


async def back(talk: Talk, since: int) -> None:
    """Wait until the line was lost, and is there again."""
    await talk.hears(LinkSaid, lambda one: not one.up, since=since)
    at = next(
        i for i, one in enumerate(talk.heard[since:], since) if isinstance(one, LinkSaid) and not one.up
    )
    await talk.hears(LinkSaid, lambda one: one.up, since=at)


async def say(bench: AlpacaBench, update: dict[str, Any]) -> None:
    """Have the venue say something."""
    await bench.venue.streams.tell({"stream": "trade_updates", "data": update})


def test_a_connection_that_the_venue_closes_is_made_again() -> None:
    async def script(bench: AlpacaBench, talk: Talk) -> None:
        order = await talk.rests()
        since = len(talk.heard)
        await bench.venue.streams.drop()
        await back(talk, since)
        assert bench.venue.streams.listeners == 1
        await bench.venue.trade(order.client_id, order.qty)
        await talk.hears(OrderSaid, lambda one: one.what is What.FILLED)

    listen(script)


@pytest.mark.parametrize(
    "update",
    [an_update("trade_bust"), an_update("new", an_order(status="something")), a_fill("1", "2")],
)
def test_a_report_that_cannot_be_read_is_a_line_that_was_lost(update: dict[str, Any]) -> None:
    async def script(bench: AlpacaBench, talk: Talk) -> None:
        since = len(talk.heard)
        await say(bench, update)
        await back(talk, since)

    told = [one for one in listen(script) if isinstance(one, LinkSaid)]
    assert [one.up for one in told] == [True, False, True]
    assert "a report cannot be read" in told[1].reason


def test_numbers_of_a_report_with_a_point_are_read_as_they_are_written() -> None:
    async def script(bench: AlpacaBench, talk: Talk) -> None:
        await say(
            bench,
            a_fill("3", "2") | {"price": 150.1, "qty": 2, "order": an_order(filled_qty=3, commission=1.25)},
        )
        fill = await talk.hears(FillSaid)
        assert str(fill.price) == "150.1"

    listen(script)


def test_what_is_none_of_the_accounts_is_passed_by() -> None:
    async def script(bench: AlpacaBench, talk: Talk) -> None:
        since = len(talk.heard)
        await bench.venue.streams.tell({"stream": "account_updates", "data": {}})
        await say(bench, an_update("new"))
        await talk.hears(OrderSaid, since=since)
        assert [type(one) for one in talk.heard[since:]] == [OrderSaid]

    listen(script)


def test_what_is_told_before_the_line_is_confirmed_comes_behind_that_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def early(socket: Any, stream: str, data: dict[str, Any]) -> None:
        if stream == "listening":
            await socket.send_json({"stream": "trade_updates", "data": an_update("new")})
        await socket.send_json({"stream": stream, "data": data})

    monkeypatch.setattr("tradekit.testing.alpaca.streams._say", early)

    async def script(bench: AlpacaBench, talk: Talk) -> None:
        await talk.hears(OrderSaid)

    assert [type(one) for one in listen(script)] == [LinkSaid, OrderSaid]


def test_a_venue_that_does_not_stream_updates_is_no_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(socket: Any, stream: str, data: dict[str, Any]) -> None:
        await socket.send_json({"stream": stream, "data": data | {"streams": [], "error": "not now"}})

    monkeypatch.setattr("tradekit.testing.alpaca.streams._say", refused)

    async def script(bench: AlpacaBench, talk: Talk) -> None:
        monkeypatch.undo()
        monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 0.0)
        await talk.hears(LinkSaid, lambda one: one.up)

    first, second = (one for one in listen(script) if isinstance(one, LinkSaid))
    assert (first.up, first.reason) == (False, "the venue does not stream trade_updates: not now")
    assert second.up


def test_a_key_that_the_venue_does_not_know_is_said_to_be_hopeless() -> None:
    async def whole() -> None:
        bench = AlpacaBench()
        await bench.venue.open()
        broker = bench.made(secret=Secret("not-the-secret"), paper=True)
        try:
            with pytest.raises(BrokerError, match=r"does not accept the key: unauthorized.*sandbox: true"):
                async with asyncio.timeout(30):
                    _ = [said async for said in broker.reports()]
        finally:
            await broker.close()
            await bench.venue.close()

    asyncio.run(whole())


def test_no_frame_with_the_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def script(bench: AlpacaBench, talk: Talk) -> None:
        await talk.rests()

    listen(script)
    assert "authenticate" not in caplog.text
    assert caplog.text  # others do say something


def test_a_venue_that_is_away_at_the_start_is_told_once_and_waited_for() -> None:
    async def whole() -> list[Said]:
        bench = AlpacaBench()
        await bench.venue.open()
        bench.broker = bench.made()
        await bench.venue.cut()
        talk = Talk(bench)
        listening = asyncio.create_task(talk.listen())
        async with asyncio.timeout(30):
            await talk.hears(LinkSaid)
            await bench.venue.heal()
            await talk.hears(LinkSaid, lambda one: one.up)
        await bench.broker.close()
        await listening
        await bench.venue.close()
        return talk.heard

    assert [one.up for one in asyncio.run(whole()) if isinstance(one, LinkSaid)] == [False, True]


def test_it_closes_at_once_while_the_venue_says_nothing() -> None:
    async def whole() -> None:
        async with Mute() as mute:
            bench = AlpacaBench()
            bench.venue.url = mute.url
            broker = bench.made()

            async def heard() -> list[Said]:
                return [said async for said in broker.reports()]

            listening = asyncio.create_task(heard())
            await mute.called.wait()  # the handshake is under way
            async with asyncio.timeout(30):
                await broker.close()
                assert await listening == []

    asyncio.run(whole())
