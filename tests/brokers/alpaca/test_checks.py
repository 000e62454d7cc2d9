"""What the doctor finds at Alpaca: the key, the account, clocks, the market, the tape, stocks and their steps."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.alpaca.bench import access_to
from tradekit.brokers.alpaca.checks import account, instruments, look
from tradekit.core.secret import Secret
from tradekit.errors import BrokerError, ConnectionLostError
from tradekit.health.finding import Finding
from tradekit.model.instrument import Instrument
from tradekit.testing.alpaca.account import Stock
from tradekit.testing.alpaca.venue import Venue

D = Decimal
AAPL = Instrument(id="AAPL", tick=D("0.01"), lot=D(1))


def found(
    given: Instrument = AAPL, prepare: Callable[[Venue], Any] = lambda venue: None, **access: Any
) -> list[Finding]:
    """Findings on a local venue."""

    async def whole() -> list[Finding]:
        venue = Venue(
            stocks=[Stock(), Stock(symbol="DEAD", tradable=False), Stock(symbol="WHOLE", fractionable=False)]
        )
        await venue.open()
        prepare(venue)
        try:
            return await look(access_to(venue, **access), [given])
        finally:
            await venue.close()

    return asyncio.run(whole())


def graver(findings: list[Finding]) -> list[tuple[str, str, str]]:
    """Those that are not well."""
    return [(one.subject, str(one.grade), one.said) for one in findings if one.grade != "well"]


def test_a_sound_account_has_nothing_wrong() -> None:
    looked = found()
    assert [one.subject for one in looked] == ["key", "account", "venue", "market", "tape", "instruments"]
    assert graver(looked) == []
    assert "100000 USD in cash" in looked[1].said
    assert looked[-1].said == "AAPL: traded, shortable, easy to borrow"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"trading_blocked": True}, "trading is blocked: orders would be refused"),
        ({"status": "SUBMITTED"}, "its status is SUBMITTED: orders would be refused"),
        (
            {"trade_suspended_by_user": True},
            "trading is suspended in the account's settings: orders would be refused",
        ),
    ],
)
def test_an_account_that_may_not_trade_is_wrong(flags: dict[str, Any], said: str) -> None:
    assert graver(found(prepare=lambda venue: venue.flags.update(flags))) == [("account", "wrong", said)]


def test_what_an_account_may_not_do_is_noted() -> None:
    told = graver(found(prepare=lambda venue: venue.flags.update(shorting_enabled=False)))
    assert [(subject, grade) for subject, grade, _ in told] == [("account", "note")]
    poor = {"pattern_day_trader": True, "equity": "24999.99"}
    (one,) = graver(found(prepare=lambda venue: venue.flags.update(poor)))
    assert "pattern day trader" in one[2]
    assert graver(found(prepare=lambda venue: venue.flags.update(poor | {"equity": "25000"}))) == []


def test_a_key_that_is_refused_is_the_only_finding_and_says_of_which_exchange_it_should_be() -> None:
    (one,) = found(secret=Secret("some-other-key"), paper=True)
    assert (one.subject, one.grade) == ("key", "wrong")
    assert "they are of the paper exchange" in one.remedy


def test_a_venue_that_is_not_there_is_the_only_finding() -> None:
    (one,) = found(prepare=lambda venue: venue.answer_next(503))
    assert (one.subject, one.grade, one.said) == ("venue", "wrong", "alpaca gives no answer: HTTP 503")


@pytest.mark.parametrize(("seconds", "grade"), [(180, "wrong"), (-180, "wrong"), (3, "note")])
def test_a_clock_that_is_off_is_said_with_its_remedy(seconds: int, grade: str) -> None:
    looked = found(prepare=lambda venue: setattr(venue, "skew_ns", seconds * 1_000_000_000))
    (one,) = (one for one in looked if one.subject == "venue")
    assert (one.grade, "timedatectl" in one.remedy) == (grade, True)


def test_a_closed_market_is_noted() -> None:
    told = graver(found(prepare=lambda venue: setattr(venue, "market_open", False)))
    assert told == [("market", "note", "it is closed: orders wait for its open")]


def test_a_tape_that_the_key_may_not_see_is_wrong() -> None:
    def prepare(venue: Venue) -> None:
        venue.tapes = {"iex"}

    (one,) = (one for one in found(prepare=prepare, tape="sip") if one.grade == "wrong")
    assert (one.subject, one.remedy) == ("tape", "subscribe to it, or write market_data.tape: iex")
    assert "subscription does not permit" in one.said


STOCKS = [
    (Instrument(id="NONE"), "wrong", "NONE is no stock at alpaca"),
    (Instrument(id="DEAD"), "wrong", "DEAD is not traded at alpaca now"),
    (Instrument(id="WHOLE", lot=D("0.1")), "wrong", "WHOLE is not traded in parts of shares"),
    (Instrument(id="AAPL", lot=D("0.1")), "note", "AAPL in parts of 0.1: they go with day orders only"),
    (Instrument(id="AAPL", tick=D("0.001")), "note", "AAPL: tick 0.001 is finer than a cent"),
]


@pytest.mark.parametrize(("given", "grade", "said"), STOCKS)
def test_stocks_that_are_not_traded_and_steps_that_are_too_fine_are_told(
    given: Instrument, grade: str, said: str
) -> None:
    (one,) = graver(found(given))
    assert one[:2] == ("instruments", grade)
    assert one[2].startswith(said)


def test_the_stocks_of_a_session_are_looked_up() -> None:
    async def whole() -> list[str]:
        venue = Venue()
        await venue.open()
        try:
            return list(await instruments(access_to(venue), ["AAPL", "NONE"]))
        finally:
            await venue.close()

    assert asyncio.run(whole()) == ["AAPL"]


def named(prepare: Callable[[Venue], Any] = lambda venue: None, **access: Any) -> str:
    """What a local venue calls the account."""

    async def whole() -> str:
        venue = Venue()
        await venue.open()
        prepare(venue)
        try:
            return await account(access_to(venue, **access))
        finally:
            await venue.close()

    return asyncio.run(whole())


def test_the_venue_says_which_account_a_key_belongs_to() -> None:
    assert named() == "1d9eed04-be39-4e01-9b84-a48ac5bbafcf"


def test_a_refused_key_has_no_account() -> None:
    with pytest.raises(BrokerError, match="does not accept the key"):
        named(secret=Secret("not-the-secret"))


def test_without_an_answer_no_account_is_guessed() -> None:
    with pytest.raises(ConnectionLostError, match="alpaca has not told the account: HTTP 503"):
        named(lambda venue: venue.answer_next(503))
