"""What the doctor finds at TWS: whether it is there, the account, the right to trade, contracts and their data."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.brokers.ib.bench import access_to
from tests.brokers.ib.market import Forward, told_bar
from tradekit.brokers.ib.checks import account, instruments, look
from tradekit.brokers.ib.client import Access
from tradekit.brokers.ib.contracts import terms_of
from tradekit.errors import BrokerError, ConnectionLostError
from tradekit.health.finding import Finding
from tradekit.model.instrument import Instrument, Kind
from tradekit.testing.ib.account import AAPL, ESZ6
from tradekit.testing.ib.gateway import Gateway

SHARE = Instrument(id="AAPL", tick=Decimal("0.05"), lot=Decimal(10))
HOUR = 3600
TERMS = {
    "AAPL": terms_of("STK AAPL SMART USD"),
    "EUR-USD": terms_of("CASH EUR.USD IDEALPRO"),
    "ES": terms_of("FUT ESZ6 CME USD"),
    "NONE": terms_of("STK NONE SMART USD"),
}


def at_gateway(
    work: Callable[[Gateway], Any], prepare: Callable[[Gateway], Any] = lambda gateway: None
) -> Any:
    """Do something at a TWS that was prepared, and that has an hour's bar of the share."""

    async def whole() -> Any:
        gateway = Gateway()
        for contract in (AAPL, ESZ6):
            hour = Forward().now() // 1_000_000_000 // HOUR * HOUR
            gateway.market.bars[contract.id, HOUR] = [told_bar(hour - 2 * HOUR)]
        prepare(gateway)
        await gateway.open()
        try:
            return await work(gateway)
        finally:
            await gateway.close()

    return asyncio.run(whole())


def looked(
    given: Instrument = SHARE, prepare: Callable[[Gateway], Any] = lambda gateway: None, **access: Any
) -> dict[str, Finding]:
    """Findings by their subject."""

    async def work(gateway: Gateway) -> list[Finding]:
        return await look(access_to(gateway, client_id=13, **access), TERMS, [given])

    return {one.subject: one for one in at_gateway(work, prepare)}


def test_a_sound_tws_has_nothing_wrong() -> None:
    found = looked()
    assert {name: one.grade for name, one in found.items()} == dict.fromkeys(
        ("venue", "account", "rights", "instruments", "market data"), "well"
    )
    assert found["account"].said == "DU123456, a paper account"
    assert "AAPL, contract 265598: tick 0.01, lot 1, in USD" in found["instruments"].said


def test_a_tws_that_is_not_there_is_the_only_finding() -> None:
    async def work(gateway: Gateway) -> list[Finding]:
        await gateway.cut()
        return await look(access_to(gateway), TERMS, [SHARE])

    (one,) = at_gateway(work)
    assert (one.subject, one.grade) == ("venue", "wrong")
    assert "is TWS or IB Gateway running" in one.said


def test_a_client_id_that_is_in_use_is_said() -> None:
    async def work(gateway: Gateway) -> list[Finding]:
        first, second = (access_to(gateway, client_id=13) for _ in range(2))
        found, _ = await asyncio.gather(look(first, TERMS, [SHARE]), look(second, TERMS, [SHARE]))
        return found if len(found) == 1 else _

    (one,) = at_gateway(work)
    assert one.said == "client id 13 is in use at TWS"


def wrong(
    prepare: Callable[[Gateway], Any], subject: str, given: Instrument = SHARE, **access: Any
) -> Finding:
    """The finding on a subject, which is wrong."""
    one = looked(given, prepare, **access)[subject]
    assert one.grade == "wrong"
    return one


def test_the_read_only_api_is_wrong_with_where_to_switch_it_off() -> None:
    assert (
        "untick Read-Only API" in wrong(lambda gateway: setattr(gateway, "read_only", True), "rights").remedy
    )


def test_an_account_that_is_not_of_this_login_is_wrong() -> None:
    assert "account U7 is not among those" in wrong(lambda gateway: None, "account", account="U7").said
    assert "several accounts" in wrong(lambda gateway: setattr(gateway, "others", "DU7"), "account").said


def test_a_tws_without_interactive_brokers_is_wrong() -> None:
    assert (
        "has lost Interactive Brokers"
        in wrong(lambda gateway: setattr(gateway, "away", "lost."), "venue").said
    )


def test_a_clock_that_is_minutes_off_is_wrong() -> None:
    assert "timedatectl" in wrong(lambda gateway: setattr(gateway, "skew_s", 180), "venue").remedy


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Instrument(id="AAPL", tick=Decimal("0.001")), "tick 0.001 where Interactive Brokers has 0.01"),
        (Instrument(id="AAPL", lot=Decimal("0.1")), "lot 0.1 where Interactive Brokers has 1"),
        (Instrument(id="ES", multiplier=Decimal(5)), "multiplier 5 where it is 50"),
        (Instrument(id="NONE"), "NONE: STK NONE SMART is not known"),
    ],
)
def test_what_would_be_refused_or_mean_more_is_wrong(given: Instrument, words: str) -> None:
    assert words in wrong(lambda gateway: None, "instruments", given).said


def test_data_that_is_not_subscribed_is_wrong_and_a_quiet_instrument_is_noted() -> None:
    def refuses(gateway: Gateway) -> None:
        gateway.market.refuses[AAPL.id] = (
            162,
            "Historical Market Data Service error message:No market data permissions",
        )

    assert "No market data permissions" in wrong(refuses, "market data").said
    assert looked(prepare=lambda gateway: gateway.market.bars.clear())["market data"].grade == "note"


def test_instruments_have_the_steps_and_the_kind_that_ib_tells() -> None:
    def prepare(gateway: Gateway) -> None:
        kept = gateway.account.contracts
        kept[AAPL.id] = msgspec.structs.replace(
            AAPL, lot=Decimal("0.0001")
        )  # told so, and not taken by the API

    async def work(gateway: Gateway) -> dict[str, Instrument]:
        return await instruments(access_to(gateway), TERMS)

    made = at_gateway(work, prepare)
    assert set(made) == {"AAPL", "EUR-USD", "ES"}
    share, pair, future = made["AAPL"], made["EUR-USD"], made["ES"]
    assert (share.tick, share.lot, share.quote, share.kind) == (Decimal("0.01"), Decimal(1), "USD", Kind.SPOT)
    assert (pair.tick, pair.base, pair.quote) == (Decimal("0.00005"), "EUR", "USD")
    assert (future.multiplier, future.kind, future.tick) == (Decimal(50), Kind.FUTURE, Decimal("0.25"))


def test_instruments_of_a_tws_that_is_away_are_not_none() -> None:
    async def work(gateway: Gateway) -> dict[str, Instrument]:
        await gateway.cut()
        return await instruments(access_to(gateway), TERMS)

    with pytest.raises(ConnectionLostError, match="the contracts could not be read: nothing listens"):
        at_gateway(work)


def test_the_account_has_ibs_name_whether_it_is_asked_for_by_it_or_not() -> None:
    assert at_gateway(lambda gateway: account(access_to(gateway))) == "DU123456"
    assert at_gateway(lambda gateway: account(access_to(gateway, account="DU123456"))) == "DU123456"


def test_one_of_several_accounts_has_to_be_named() -> None:
    with pytest.raises(
        BrokerError, match=r"several accounts: DU123456, DU7; say which one in broker\.account"
    ):
        at_gateway(
            lambda gateway: account(access_to(gateway)), lambda gateway: setattr(gateway, "others", "DU7")
        )


def test_where_nothing_listens_no_account_is_guessed() -> None:
    with pytest.raises(ConnectionLostError, match="TWS has not told the account: nothing listens"):
        asyncio.run(account(Access(port=1)))
