"""Bars as they close: only closed ones, each once, in order, and none missing over lost connections."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest

from tests.brokers.ib.market import MINUTE, Forward, Heard, closed_bars, feed_at, told_bar
from tests.brokers.ib.play import until
from tradekit.brokers.ib.client import Access
from tradekit.brokers.ib.contracts import terms_of
from tradekit.brokers.ib.feed import IbFeed
from tradekit.errors import DataError
from tradekit.model.market import MarkUpdated
from tradekit.testing.ib import shapes
from tradekit.testing.ib.account import AAPL, ESZ6
from tradekit.testing.ib.gateway import Gateway
from tradekit.testing.ib.wire import framed

KEY = ("AAPL", "1m")
NS = 1_000_000_000


async def listening(heard: Heard) -> None:
    """Wait until the series is subscribed, and what was missed is asked."""
    await until(lambda: bool(heard.gateway.market.subscribed) and not heard.feed.stale())
    await asyncio.sleep(0.05)


def test_a_bar_is_told_when_the_next_one_begins_with_what_it_was_last() -> None:
    async def script(heard: Heard) -> None:
        await listening(heard)
        now = heard.minute()
        heard.forms(now, 200.0)
        heard.forms(now, 201.0)
        heard.forms(now + MINUTE, 202.0)
        await until(lambda: len(heard.bars) >= 1)

    (bar,) = feed_at(script).bars
    assert (bar.close, bar.high, bar.timeframe, bar.volume) == (201.0, 202.0, "1m", 100.0)
    assert bar.ts % (MINUTE * NS) == 0


def test_a_bar_that_is_told_again_after_its_close_is_not_told_again_here() -> None:
    async def script(heard: Heard) -> None:
        await listening(heard)
        now = heard.minute()
        heard.forms(now, 200.0)
        heard.forms(now + MINUTE, 201.0)
        await until(lambda: len(heard.bars) == 1)
        (number,) = [int(s[1]) for s in heard.gateway.requests if s[0] == "20" and s[21] == "1"]
        heard.gateway.say(framed(90, number, 1, now, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0))
        heard.forms(now + MINUTE, 202.0)
        heard.forms(now + 2 * MINUTE, 203.0)
        await until(lambda: len(heard.bars) >= 2)

    assert [bar.close for bar in feed_at(script).bars] == [200.0, 202.0]


def test_a_bar_that_no_later_one_follows_is_told_by_the_clock() -> None:
    async def script(heard: Heard) -> None:
        await listening(heard)
        heard.forms(heard.minute(), 201.0)
        await until(lambda: any(isinstance(one, MarkUpdated) for _, one in heard.told))
        heard.clock.ahead_s += MINUTE + 3
        await until(lambda: len(heard.bars) >= 1)

    assert feed_at(script).bars[-1].close == 201.0


def test_what_forms_gives_marks_and_not_more_than_one_a_second() -> None:
    async def script(heard: Heard) -> None:
        await listening(heard)
        for close in (201.0, 202.0, 203.0):
            heard.forms(heard.minute(), close)
        await until(lambda: any(isinstance(one, MarkUpdated) for _, one in heard.told))

    marks = [one.last for _, one in feed_at(script, mark_s=30.0).told if isinstance(one, MarkUpdated)]
    assert marks == [201.0]


def test_what_has_closed_since_the_last_bar_is_told_first_and_in_order() -> None:
    def prepare(gateway: Gateway, clock: Forward) -> None:
        gateway.market.bars[AAPL.id, MINUTE] = closed_bars(clock, 40)
        after[KEY] = gateway.market.bars[AAPL.id, MINUTE][3].time * NS

    after: dict[tuple[str, str], int] = {}

    async def script(heard: Heard) -> None:
        await until(lambda: len(heard.bars) >= 36)

    bars = feed_at(script, after=after, prepare=prepare).bars
    steps = {later.ts - earlier.ts for earlier, later in pairwise(bars)}
    assert (bars[0].ts, steps) == (after[KEY] + MINUTE * NS, {MINUTE * NS})


def test_bars_of_a_cut_are_told_after_it_before_anything_later() -> None:
    async def script(heard: Heard) -> None:
        await listening(heard)
        now = heard.minute()
        heard.forms(now, 200.0)
        heard.forms(now + MINUTE, 201.0)
        await until(lambda: len(heard.bars) == 1)
        await heard.gateway.cut()
        await until(lambda: bool(heard.feed.stale()))
        heard.clock.ahead_s += 4 * MINUTE
        for back in range(1, 5):
            heard.gateway.market.bars[AAPL.id, MINUTE].append(
                told_bar(now + (back + 1) * MINUTE, 210.0 + back)
            )
        await heard.gateway.heal()
        await until(lambda: len(heard.bars) >= 4)

    bars = feed_at(script).bars
    assert {later.ts - earlier.ts for earlier, later in pairwise(bars)} == {MINUTE * NS}


def test_a_bar_that_was_not_told_is_asked_of_the_history() -> None:
    async def script(heard: Heard) -> None:
        await listening(heard)
        now = heard.minute()
        heard.forms(now, 200.0)
        await until(lambda: any(isinstance(one, MarkUpdated) for _, one in heard.told))
        heard.clock.ahead_s += 3 * MINUTE
        heard.gateway.market.bars[AAPL.id, MINUTE].append(told_bar(now + MINUTE, 222.0))  # and nobody is told
        heard.forms(now + 2 * MINUTE, 203.0)
        heard.forms(now + 3 * MINUTE, 204.0)
        await until(lambda: len(heard.bars) >= 3)

    assert [bar.close for bar in feed_at(script).bars] == [200.0, 222.0, 203.0]


def test_a_series_that_is_silent_while_its_exchange_trades_is_stale_and_subscribed_anew() -> None:
    async def script(heard: Heard) -> None:
        await listening(heard)
        asked = [sent for sent in heard.gateway.requests if sent[0] == "20"]
        heard.gateway.market.forget()
        heard.clock.ahead_s += 100
        assert heard.feed.stale() == [KEY]
        await until(lambda: bool(heard.gateway.market.subscribed))
        again = [sent for sent in heard.gateway.requests if sent[0] == "20"]
        assert len(again) > len(asked)
        assert len(heard.gateway.clients) == 1
        await listening(heard)

    feed_at(script)


def test_silence_while_the_exchange_is_closed_is_no_staleness() -> None:
    def prepare(gateway: Gateway, clock: Forward) -> None:
        (share,) = [one for one in gateway.account.contracts.values() if one.id == AAPL.id]
        closed = ";".join(f"{day}:CLOSED" for day in range(20260101, 20260132))
        hours = f"20200101:0930-20200101:1600;{closed};20991231:0930-20991231:1600"
        gateway.account.contracts[AAPL.id] = type(share)(
            **{name: getattr(share, name) for name in share.__struct_fields__} | {"hours": hours}
        )

    async def script(heard: Heard) -> None:
        await listening(heard)
        heard.clock.ahead_s += 1000
        assert heard.feed.stale() == []

    feed_at(script, prepare=prepare)


def test_data_that_was_lost_on_the_way_is_subscribed_anew_on_the_same_line() -> None:
    async def script(heard: Heard) -> None:
        await listening(heard)
        heard.gateway.lose_interactive_brokers()
        await until(lambda: heard.feed.stale() == [KEY])
        heard.gateway.find_interactive_brokers(subscriptions=False)
        await until(lambda: not heard.feed.stale())
        assert heard.gateway.market.subscribed == {(AAPL.id, MINUTE)}

    feed_at(script)


async def falls_silent(heard: Heard) -> None:
    heard.clock.ahead_s += 100


async def tells_a_bar_that_is_none(heard: Heard) -> None:
    number = next(sent[1] for sent in reversed(heard.gateway.requests) if sent[0] == "20" and sent[21] == "1")
    heard.gateway.say(framed(90, number, 1, heard.minute() + 7, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0))
    await until(lambda: bool(heard.feed.stale()))
    heard.clock.ahead_s += 31


async def loses_interactive_brokers(heard: Heard) -> None:
    heard.gateway.lose_interactive_brokers()
    await until(lambda: bool(heard.feed.stale()))
    heard.gateway.find_interactive_brokers()


@pytest.mark.parametrize("happens", [falls_silent, tells_a_bar_that_is_none, loses_interactive_brokers])
def test_however_often_a_series_is_subscribed_anew_one_request_of_it_is_open(
    happens: Callable[[Heard], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradekit.brokers.ib.feed._LOOK_S", 0.001)
    monkeypatch.setattr("tradekit.brokers.ib.feed.PACE", 1e9)
    monkeypatch.setattr("tradekit.brokers.ib.line.PER_SECOND", 1e9)

    async def script(heard: Heard) -> None:
        await until(lambda: not heard.feed.stale())
        for _ in range(20):
            asked = len(heard.gateway.requests)
            await happens(heard)
            await until(lambda: len(heard.gateway.requests) > asked and not heard.feed.stale())  # noqa: B023
        assert heard.gateway.market.listening == 1

    feed_at(script)


def test_a_subscription_that_tws_ends_is_made_anew() -> None:
    async def script(heard: Heard) -> None:
        await listening(heard)
        number = next(
            int(sent[1]) for sent in reversed(heard.gateway.requests) if sent[0] == "20" and sent[21] == "1"
        )
        heard.gateway.say(
            shapes.error(number, 10225, "Bust event occurred, current subscription is deactivated.")
        )
        await until(
            lambda: len([sent for sent in heard.gateway.requests if sent[0] == "20" and sent[21] == "1"]) == 2
        )
        assert not [sent for sent in heard.gateway.requests if sent[0] == "71"][1:], "on the same line"

    feed_at(script)


def test_a_series_whose_past_is_not_told_waits_for_it_and_holds_no_other_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def script(heard: Heard) -> None:
        await until(lambda: len(heard.gateway.market.subscribed) == 2 and not heard.feed.stale())
        now = heard.minute()
        heard.forms(now, 200.0)
        await until(lambda: any(isinstance(one, MarkUpdated) and one.last == 200.0 for _, one in heard.told))
        heard.clock.ahead_s += 4 * MINUTE
        heard.gateway.market.refuses[AAPL.id] = (
            162,
            "Historical Market Data Service error message:pacing violation",
        )
        heard.forms(now + 2 * MINUTE, 203.0)  # the minute between is missing
        heard.forms(now + 3 * MINUTE, 204.0)
        await until(lambda: heard.feed.stale() == [KEY])
        assert "pacing violation" in caplog.text
        heard.gateway.market.forms(ESZ6.id, MINUTE, told_bar(now, 6000.0))
        heard.gateway.market.forms(ESZ6.id, MINUTE, told_bar(now + MINUTE, 6000.0))
        await until(lambda: any(bar.instrument == "ES" for bar in heard.bars))
        del heard.gateway.market.refuses[AAPL.id]
        heard.gateway.market.bars[AAPL.id, MINUTE].insert(-2, told_bar(now + MINUTE, 222.0))
        heard.clock.ahead_s += 31
        await until(lambda: len([bar for bar in heard.bars if bar.instrument == "AAPL"]) >= 3)
        assert len(heard.gateway.clients) == 1

    def prepare(gateway: Gateway, clock: Forward) -> None:
        gateway.market.bars[ESZ6.id, MINUTE] = closed_bars(clock, 5)

    bars = feed_at(script, prepare=prepare, series=[KEY, ("ES", "1m")]).bars
    assert [bar.close for bar in bars if bar.instrument == "AAPL"][:3] == [200.0, 222.0, 203.0]


def test_a_refused_subscription_is_stale_and_said(caplog: pytest.LogCaptureFixture) -> None:
    def prepare(gateway: Gateway, clock: Forward) -> None:
        gateway.market.refuses[AAPL.id] = (
            162,
            "Historical Market Data Service error message:No market data permissions",
        )

    async def script(heard: Heard) -> None:
        await until(lambda: "is not told" in caplog.text)
        assert heard.feed.stale() == [KEY]

    feed_at(script, prepare=prepare)
    assert "No market data permissions" in caplog.text


def test_a_timeframe_whose_bars_begin_elsewhere_is_refused() -> None:
    with pytest.raises(DataError, match="timeframe 1D is not taken"):
        IbFeed(Access(), {"AAPL": terms_of("STK AAPL SMART USD")}, [("AAPL", "1D")])
