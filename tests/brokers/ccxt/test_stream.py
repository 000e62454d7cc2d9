"""The account's stream: what ends it, what it says when it is back, and what no waiting mends."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.brokers.ccxt.bench import CcxtBench
from tests.brokers.ccxt.messages import spot_report
from tradekit.brokers.ccxt.orders import CcxtBroker
from tradekit.brokers.ccxt.stream import _skew
from tradekit.core.secret import Secret
from tradekit.errors import BrokerError, ConnectionLostError
from tradekit.model.said import Ask, LinkSaid, OrderSaid, Question, Said, What
from tradekit.testing.talk import Talk

Script = Callable[[CcxtBench, Talk], Awaitable[None]]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once: how long is waited has its own test."""
    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 0.0)


def listen(script: Script, market: str = "spot", skew_ms: int = 0, **access: Any) -> list[Said]:
    """Listen while the script plays, from the first word of the stream on."""

    async def whole() -> list[Said]:
        bench = CcxtBench(market)
        bench.venue.skew_ms = skew_ms
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


async def until(holds: Callable[[], bool]) -> None:
    """Wait on a condition, within the script's bound."""
    while not holds():  # noqa: ASYNC110 - the library's insides have no event
        await asyncio.sleep(0.01)


async def back(talk: Talk, since: int) -> None:
    """Wait until the line was lost, and is there again."""
    await talk.hears(LinkSaid, lambda one: not one.up, since=since)
    at = next(
        i for i, one in enumerate(talk.heard[since:], since) if isinstance(one, LinkSaid) and not one.up
    )
    await talk.hears(LinkSaid, lambda one: one.up, since=at)


@pytest.mark.parametrize("market", ["spot", "linear"])
def test_a_connection_that_the_venue_closes_is_made_again_and_subscribed_anew(market: str) -> None:
    async def script(bench: CcxtBench, talk: Talk) -> None:
        order = await talk.rests()
        since = len(talk.heard)
        await bench.venue.streams.drop()
        await back(talk, since)
        assert bench.venue.streams.listeners == 1
        await bench.venue.trade(order.client_id, order.qty)
        await talk.hears(OrderSaid, lambda one: one.what is What.FILLED)

    listen(script, market)


ENDS = [("linear", "listenKeyExpired"), ("spot", "eventStreamTerminated"), ("spot", "serverShutdown")]


@pytest.mark.parametrize(("market", "event"), ENDS)
def test_a_stream_that_is_over_while_its_connection_stands_is_opened_again(market: str, event: str) -> None:
    async def script(bench: CcxtBench, talk: Talk) -> None:
        since = len(talk.heard)
        await bench.venue.streams.tell({"e": event, "E": 1})
        await back(talk, since)
        order = await talk.rests()
        await talk.told(order.client_id, What.NEW)

    down = [one for one in listen(script, market) if isinstance(one, LinkSaid) and not one.up]
    assert event in down[0].reason


def test_a_report_that_cannot_be_read_is_a_line_that_was_lost() -> None:
    async def script(bench: CcxtBench, talk: Talk) -> None:
        since = len(talk.heard)
        await bench.venue.streams.tell(spot_report(X="SOMETHING_NEW"))
        await back(talk, since)

    told = [one for one in listen(script) if isinstance(one, LinkSaid)]
    assert [one.up for one in told] == [True, False, True]
    assert "SOMETHING_NEW" in told[1].reason


def test_what_is_told_before_the_line_is_known_to_be_up_waits_for_that_word() -> None:
    async def script(bench: CcxtBench, talk: Talk) -> None:
        stream = talk.broker._stream  # type: ignore[attr-defined]
        since = len(talk.heard)
        stream._early = []
        await bench.venue.streams.tell(spot_report())
        await until(lambda: bool(stream._early))
        assert talk.heard[since:] == []
        stream._up()
        await talk.hears(OrderSaid, since=since)
        assert [type(one) for one in talk.heard[since:]] == [LinkSaid, OrderSaid]

    listen(script)


@pytest.mark.parametrize("market", ["spot", "linear"])
def test_a_key_that_the_venue_does_not_know_is_said_to_be_hopeless(market: str) -> None:
    async def whole() -> None:
        bench = CcxtBench(market)
        await bench.venue.open()
        broker = bench.made(secret=Secret("not-the-secret"), key=Secret("not-the-key"))
        try:
            with pytest.raises(BrokerError, match="does not accept the key"):
                async with asyncio.timeout(30):
                    _ = [said async for said in broker.reports()]
        finally:
            await broker.close()
            await bench.venue.close()

    asyncio.run(whole())


def test_an_account_in_hedge_mode_is_refused_with_what_to_do() -> None:
    async def whole() -> None:
        bench = CcxtBench("linear")
        bench.venue.hedged = True
        await bench.venue.open()
        broker = bench.made()
        try:
            with pytest.raises(BrokerError, match="one-way mode"):
                async with asyncio.timeout(30):
                    _ = [said async for said in broker.reports()]
        finally:
            await broker.close()
            await bench.venue.close()

    asyncio.run(whole())


def test_a_venue_that_is_away_at_the_start_is_told_once_and_waited_for() -> None:
    async def whole() -> list[Said]:
        bench = CcxtBench("spot")
        await bench.venue.open()
        broker: CcxtBroker = bench.made()
        await bench.venue.cut()
        bench.broker = broker
        talk = Talk(bench)
        listening = asyncio.create_task(talk.listen())
        async with asyncio.timeout(30):
            await talk.hears(LinkSaid)
            await bench.venue.heal()
            await talk.hears(LinkSaid, lambda one: one.up)
        await broker.close()
        await listening
        await bench.venue.close()
        return talk.heard

    assert [one.up for one in asyncio.run(whole()) if isinstance(one, LinkSaid)] == [False, True]


@pytest.mark.parametrize("skew_ms", [-3_600_000, 3_600_000])
def test_a_clock_an_hour_off_is_measured_and_requests_bear_the_venues_time(
    skew_ms: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def script(bench: CcxtBench, talk: Talk) -> None:
        assert talk.broker._stream.skew_s == pytest.approx(skew_ms / 1000, abs=1.0)  # type: ignore[attr-defined]
        await talk.rests()

    listen(script, skew_ms=skew_ms)
    assert "this machine's clock is" in caplog.text


@pytest.mark.parametrize(
    ("ahead_s", "took_s", "skew_s"),
    [(2.5, 3.0, 0.0), (0.1, 0.2, 0.0), (60.0, 2.0, 58.0), (-60.0, 2.0, -60.0), (-0.1, 3, -0.1)],
)
def test_a_slow_answer_does_not_make_a_right_clock_wrong(
    ahead_s: float, took_s: float, skew_s: float
) -> None:
    assert _skew(ahead_s, took_s) == skew_s


def test_a_clock_that_steps_leaves_doubt_once_and_is_measured_anew() -> None:
    async def script(bench: CcxtBench, talk: Talk) -> None:
        bench.venue.skew_ms = 60_000
        stream = talk.broker._stream  # type: ignore[attr-defined]
        await talk.broker.ask(Ask(Question.OPEN_ORDERS))
        await until(lambda: stream.skew_s > 30)
        await talk.book(Question.OPEN_ORDERS)

    listen(script)


def test_the_key_of_the_stream_is_renewed_while_it_lasts_and_not_after() -> None:
    async def script(bench: CcxtBench, talk: Talk) -> None:
        client = talk.broker.client  # type: ignore[attr-defined]
        (timer,) = client.timers
        assert (
            600 < timer.when() - asyncio.get_running_loop().time() <= 1800
        )  # the venue forgets a key in an hour
        client.end_timers()
        client.delay(1, client.keep_alive_listen_key, {"type": "swap", "subType": "linear"})
        await until(lambda: bench.venue.streams.renewed > 0)
        client.delay(100, client.keep_alive_listen_key, {"type": "swap", "subType": "linear"})
        await talk.broker.close()
        assert not getattr(client, "timers", ())

    listen(script, "linear")


@pytest.mark.parametrize("how", ["canceled", "raised"])
def test_a_connection_that_is_given_up_without_a_word_is_a_lost_stream_and_nobody_waits_for_ever(
    how: str,
) -> None:
    """The library cancels the future that it was to tell the end by; what keeps the stream must not die of it."""

    async def whole() -> list[Said]:
        bench = CcxtBench("spot")
        await bench.open()
        stream = bench.broker._stream
        heard: list[Said] = []
        ended: list[str] = []
        lost: list[asyncio.Future[Any]] = []
        listen = stream._dialect.listen

        async def listening(client: Any) -> Any:
            await listen(client)
            if len(lost) == 1 and how == "raised":
                raise asyncio.CancelledError  # as a library that cancels its own waits does
            lost.append(asyncio.get_running_loop().create_future())
            return lost[-1]

        stream._dialect.listen = listening
        async with asyncio.timeout(30):
            try:
                async for said in bench.broker.reports():
                    heard.append(said)
                    if len(heard) == 1:
                        lost[0].cancel()
                    elif how == "canceled" and len(heard) == 3:
                        break
            except ConnectionLostError as error:
                ended.append(str(error))
            finally:
                await bench.broker.close()
                await bench.close()
        assert [*map(bool, ended)] == [how == "raised"] * len(ended)
        return heard

    ups = [one.up for one in asyncio.run(whole()) if isinstance(one, LinkSaid)]
    assert ups == ([True, False, True] if how == "canceled" else [True, False])
