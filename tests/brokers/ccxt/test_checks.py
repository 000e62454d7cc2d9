"""What the doctor finds at a venue: clock, instruments, steps, the key's rights."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.ccxt.bench import access_to
from tradekit.brokers.ccxt.checks import account, look
from tradekit.core.secret import Secret
from tradekit.errors import BrokerError, ConnectionLostError
from tradekit.health.finding import Finding
from tradekit.model.instrument import Instrument
from tradekit.testing.binance.venue import Venue

BTC = Instrument(id="BTC-USDT", tick=Decimal("0.1"), lot=Decimal("0.001"))


def found(
    market: str = "spot",
    given: Instrument = BTC,
    prepare: Callable[[Venue], Any] = lambda venue: None,
    **access: Any,
) -> dict[str, list[Finding]]:
    """Findings that are not well, by their subject; and all of them under ""."""

    async def whole() -> list[Finding]:
        venue = Venue(market)
        await venue.open()
        prepare(venue)
        try:
            return await look(access_to(venue, **access), market, [given])
        finally:
            await venue.close()

    sorted_: dict[str, list[Finding]] = {"": []}
    for one in asyncio.run(whole()):
        sorted_[""].append(one)
        if one.grade != "well":
            sorted_.setdefault(one.subject, []).append(one)
    return sorted_


@pytest.mark.parametrize("market", ["spot", "linear"])
def test_a_sound_account_has_nothing_wrong_and_its_open_address_is_noted(market: str) -> None:
    looked = found(market)
    assert {one.subject for one in looked[""]} == {"venue", "instruments", "key"}
    assert [one.grade for one in looked.pop("key")] == ["note"]  # bound to no address
    assert set(looked) == {""}


def test_a_key_that_may_withdraw_is_warned_of() -> None:
    told = found(prepare=lambda venue: setattr(venue, "withdraws", True))["key"]
    assert any("it may withdraw" in one.said for one in told)


def test_a_key_that_is_refused_is_wrong_with_what_to_check() -> None:
    (one,) = found(key=Secret("some-other-key"))["key"]
    assert (one.grade, one.remedy) == ("wrong", "check key and secret, and the addresses it is bound to")


def test_steps_that_are_finer_than_the_venues_are_wrong() -> None:
    (one,) = found(given=Instrument(id="BTC-USDT", tick=Decimal("0.001"), lot=Decimal("0.000001")))[
        "instruments"
    ]
    assert "tick 0.001 where the venue has 0.01" in one.said
    assert "lot" in one.said


def test_an_instrument_that_is_not_traded_there_is_wrong() -> None:
    (one,) = found(given=Instrument(id="BTCEUR"))["instruments"]
    assert one.said == "BTCEUR is not traded at binance spot"


def test_a_clock_that_is_minutes_off_is_wrong_and_said_with_its_remedy() -> None:
    (one,) = found(prepare=lambda venue: setattr(venue, "skew_ms", 180_000))["venue"]
    assert (one.grade, "timedatectl" in one.remedy) == ("wrong", True)


def test_hedge_mode_is_wrong() -> None:
    assert (
        "hedge mode"
        in found("linear", prepare=lambda venue: setattr(venue, "hedged", True))["account"][0].said
    )


def test_a_venue_that_is_not_there_is_the_only_finding() -> None:
    looked = found(prepare=lambda venue: venue.answer_next(503))
    assert [(one.subject, one.grade) for one in looked[""]] == [("venue", "wrong")]


def named(market: str = "spot", prepare: Callable[[Venue], Any] = lambda venue: None, **access: Any) -> str:
    """What a local venue calls the account."""

    async def whole() -> str:
        venue = Venue(market)
        await venue.open()
        prepare(venue)
        try:
            return await account(access_to(venue, **access), market)
        finally:
            await venue.close()

    return asyncio.run(whole())


@pytest.mark.parametrize(("market", "name"), [("spot", "354937868"), ("linear", "SgsR")])
def test_the_venue_says_which_account_a_key_belongs_to(market: str, name: str) -> None:
    assert named(market) == name


def test_another_key_of_the_account_has_its_name() -> None:
    other = Secret("the-second-key")
    assert named(prepare=lambda venue: setattr(venue, "more_keys", {other.reveal()}), key=other) == named()


def test_a_refused_key_has_no_account_and_says_what_to_do() -> None:
    with pytest.raises(BrokerError, match=r"binance does not accept the key: .* are a pair of this market"):
        named(key=Secret("some-other-key"))


def test_without_an_answer_no_account_is_guessed() -> None:
    with pytest.raises(ConnectionLostError, match=r"binance has not told the account: .* 503"):
        named(prepare=lambda venue: [venue.answer_next(503) for _ in range(3)])
    with pytest.raises(ConnectionLostError, match="uid is missing"):
        named(prepare=lambda venue: setattr(venue, "uid", 0))
