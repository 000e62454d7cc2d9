"""What TWS says, read as it was written: numbers exact, times in UTC, nothing guessed."""

import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.brokers.ib import words
from tradekit.brokers.ib.client import NO_TIME, load_library, make_client
from tradekit.brokers.ib.contracts import Contracts, terms_of
from tradekit.errors import ConfigError
from tradekit.model.order import OrderType, Side
from tradekit.model.said import BalanceSaid, What
from tradekit.testing.ib import shapes
from tradekit.testing.ib.account import AAPL, ESZ6, Contract, Order, Trade
from tradekit.testing.ib.wire import framed

D = Decimal
IB = load_library()
# as recorded from an account in Australian dollars: its values by tag and currency, those of cash among others
VALUES = [
    ("AccountCode", "DU123456", ""), ("AccountType", "JOINT", ""), ("AccruedCash", "-159.62", "AUD"),
    ("CashBalance", "-100000.79", "AUD"), ("CashBalance", "-100000.0981", "BASE"), ("CashBalance", "429.72", "EUR"),
    ("CashBalance", "100000.27", "USD"), ("Cushion", "0.753525", ""), ("ExchangeRate", "1.5508992", "EUR"),
    ("TotalCashBalance", "-100000.79", "AUD"),
]  # fmt: skip


class Ear:
    """Keeps what the library's decoder says."""

    defaultTimezone = UTC
    TimezoneTWS = "UTC"

    def __init__(self) -> None:
        self.ib = self
        self.told: list[tuple[Any, ...]] = []
        self.broken: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *args: self.told.append((name, *args))


def read(message: bytes) -> Ear:
    """What a message says, through the library's decoder as it is used here."""
    ear = Ear()
    client = make_client(ear, ear.broken.append)
    client.decoder.serverVersion = 178
    client.decoder.interpret(message[4:].decode().split("\0")[:-1])
    return ear


def order(**terms: Any) -> Order:
    """A resting order of a share."""
    given = {"side": "BUY", "type": "LMT", "qty": D(10), "limit": D("100.05"), "tif": "GTC"} | terms
    return Order(perm_id=42, id=3, client_id=1, contract=AAPL, ref="tk-1", **given)


def known(one: Order) -> words.Known:
    """An order as the broker keeps it, once TWS has told it."""
    ((_, _, contract, told, state),) = read(shapes.open_order(one, "DU123456")).told
    return words.Known(
        perm_id=told.permId, client_id=1, order_id=3, instrument="AAPL", contract=contract, order=told,
        status=state.status,
    )  # fmt: skip


def test_an_order_has_its_exact_terms() -> None:
    said = words.order_said(known(order()), What.NEW, 7)
    assert (said.order, said.venue_id, said.side, said.type) == ("tk-1", "42", Side.BUY, OrderType.LIMIT)
    assert (said.qty, said.limit, said.stop, said.ts) == (D(10), D("100.05"), None, 7)


def test_an_order_without_a_price_has_none() -> None:
    said = words.order_said(known(order(type="MKT", limit=None)), What.NEW, 7)
    assert (said.type, said.limit, said.stop) == (OrderType.MARKET, None, None)


def test_a_kind_of_order_that_has_no_name_here_is_told_without_one() -> None:
    said = words.order_said(known(order(type="TRAIL", limit=None)), What.NEW, 7)
    assert (said.type, said.limit, said.qty) == (None, None, D(10))


@law(200)
@given(st.decimals(min_value="0.00000001", max_value="99999999", places=8))
def test_a_number_comes_in_as_it_was_written(number: Decimal) -> None:
    said = words.order_said(known(order(qty=number, limit=number)), What.NEW, 0)
    assert (said.qty, said.limit) == (number, number)


@law(200)
@given(st.decimals(min_value="0.00000001", max_value="1E+9", allow_nan=False).filter(lambda x: x > 0))
def test_a_number_goes_out_without_an_exponent_and_unchanged(number: Decimal) -> None:
    text = words.text(number)
    assert set(text) <= set("0123456789.")
    assert D(text) == number


def trade(**told: Any) -> Trade:
    """A trade of four shares on a winter's afternoon in New York."""
    ts = int(datetime(2024, 1, 5, 14, 30, tzinfo=UTC).timestamp())
    given = {
        "id": "0000e0d5.6576fd38.01.01",
        "qty": D(4),
        "price": D("99.995"),
        "cum": D(4),
        "fee": D(1),
        "ts": ts,
    }
    return Trade(order=order(), **(given | told))


def execution(message: bytes) -> Any:
    """A trade as the decoder gives it."""
    ((_, _, _, told),) = read(message).told
    return told


def test_a_trade_has_its_exact_numbers_and_its_time_in_utc() -> None:
    told = execution(shapes.execution(-1, trade(), "DU123456"))
    said = words.fill_said(told, "AAPL", (D("1.2345"), "USD"))
    assert (said.qty, said.price, said.cum, said.side) == (D(4), D("99.995"), D(4), Side.BUY)
    assert (said.fee, said.fee_currency, said.liquidity) == (D("1.2345"), "USD", "maker")
    assert (said.exec_id, said.order, said.venue_id) == ("0000e0d5.6576fd38.01.01", "tk-1", "42")
    assert said.ts == 1704465000 * 1_000_000_000


TIMES = [
    ("20240105-14:30:00", 1704465000), ("20240105 09:30:00 US/Eastern", 1704465000),
    ("20240705 09:30:00 America/New_York", 1720186200), ("20240105  09:30:00", 0), ("20240105 09:30:00 Nowhere", 0),
]  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), TIMES)
def test_a_time_whose_zone_is_not_told_is_not_guessed(text: str, seconds: int) -> None:
    fields = shapes.execution(-1, trade(), "DU123456")[4:].decode().split("\0")[:-1]
    fields[15] = text
    assert words.fill_said(execution(framed(*fields)), "AAPL", None).ts == seconds * 1_000_000_000
    assert NO_TIME.startswith("1970")


def test_a_correction_is_a_version_of_the_same_trade_and_counts_nothing() -> None:
    told = execution(shapes.execution(-1, trade(id="0000e0d5.6576fd38.01.02"), "DU123456"))
    assert words.fill_said(told, "AAPL", None).cum is None
    assert words.revision("0000e0d5.6576fd38.01.02") == ("0000e0d5.6576fd38.01", 2)
    assert words.revision("plain") == ("plain", 1)


def test_cash_of_a_recorded_account_is_read_by_currency() -> None:
    told = [said for said in (words.balance_said(*row) for row in VALUES) if said is not None]
    assert told == [
        BalanceSaid(currency="AUD", total=D("-100000.79")),
        BalanceSaid(currency="EUR", total=D("429.72")),
        BalanceSaid(currency="USD", total=D("100000.27")),
    ]


def test_the_price_of_a_position_in_a_future_is_one_of_its_points() -> None:
    ((_, account, contract, held, cost),) = read(shapes.position(ESZ6, D(-2), D(-600_000), "DU1")).told
    said = words.position_said("ES", contract, held, cost)
    assert (account, said.qty, said.price) == ("DU1", D(-2), D(6000))


@pytest.mark.parametrize("told", [D("NaN"), D("Infinity"), D("1.7976931348623157E308")])
def test_what_is_no_number_is_never_a_quantity(told: Decimal) -> None:
    with pytest.raises(ValueError, match="is no number"):
        words.number(told)


def test_a_message_with_a_field_that_is_no_number_is_said_to_be_broken() -> None:
    fields = shapes.open_order(order(), "DU1")[4:].decode().split("\0")[:-1]
    for at in (14, 16):
        ear = read(framed(*(one if i != at else "many" for i, one in enumerate(fields))))
        assert ear.told == []
        assert "of kind 5 cannot be read" in ear.broken[0]


def test_a_completed_order_says_how_it_ended() -> None:
    ends = {
        "Cancelled": What.CANCELED,
        "ApiCancelled": What.CANCELED,
        "Filled": What.FILLED,
        "Inactive": What.REJECTED,
    }
    for status, what in ends.items():
        one = order(status=status, reason="why", filled=D(3))
        ((_, _, told, state),) = read(shapes.completed_order(one, "DU1")).told
        said = words.completed_said("AAPL", told, state, 5)
        assert (said.what, said.order, said.venue_id, said.cum, said.reason) == (
            what,
            "tk-1",
            "42",
            D(3),
            "why",
        )


# --- contracts ----------------------------------------------------------------------------------------------------


def test_a_contract_is_written_in_words() -> None:
    share, pair, future = map(
        terms_of, ("STK AAPL SMART USD NASDAQ", "CASH EUR.USD IDEALPRO", "FUT ESZ6 CME USD")
    )
    assert (share.symbol, share.exchange, share.currency, share.home) == ("AAPL", "SMART", "USD", "NASDAQ")
    assert (pair.symbol, pair.currency, pair.exchange, pair.shown) == ("EUR", "USD", "IDEALPRO", "MIDPOINT")
    assert (future.symbol, future.exchange, future.shown) == ("ESZ6", "CME", "TRADES")


UNCLEAR = [
    "",
    "AAPL",
    "STK AAPL",
    "OPT X Y Z",
    "CASH EURUSD IDEALPRO",
    "FUT ES CME USD 2026",
    "STK A B C D E",
]


@pytest.mark.parametrize("text", UNCLEAR)
def test_a_contract_that_is_not_understood_is_refused_with_the_form(text: str) -> None:
    with pytest.raises(ConfigError, match="write"):
        terms_of(text)


def details(contract: Contract) -> Any:
    """A contract as TWS tells it."""
    ((_, _, told),) = read(shapes.contract_details(1, contract)).told
    return told


def test_instruments_are_known_by_number_and_others_by_a_name_of_their_own() -> None:
    contracts = Contracts({"ES": terms_of("FUT ESZ6 CME USD")})
    assert contracts.there("ES") is None
    contracts.found("ES", details(ESZ6))
    assert contracts.ours(contracts.there("ES")) == "ES"
    assert contracts.ours(IB.Contract(conId=7, symbol="BRK B", localSymbol="BRK B")) == "BRK-B-7"


def test_two_names_for_one_contract_are_refused() -> None:
    contracts = Contracts({"ES": terms_of("FUT ESZ6 CME USD"), "MINI": terms_of("FUT ESZ6 CME USD")})
    contracts.found("ES", details(ESZ6))
    with pytest.raises(ConfigError, match="MINI and ES are one contract"):
        contracts.found("MINI", details(ESZ6))


def test_the_steps_of_a_contract_are_exact() -> None:
    told = details(Contract(id=1, symbol="X", tick=D("0.00005"), lot=D("0.0001")))
    assert (told.minTick, told.sizeIncrement) == (D("0.00005"), D("0.0001"))


def test_what_the_library_logs_is_not_printed_where_nobody_has_set_up_a_log() -> None:
    load_library()
    assert logging.getLogger("ib_async").hasHandlers(), "else Python prints it"
    assert sum(isinstance(one, logging.NullHandler) for one in logging.getLogger("ib_async").handlers) == 1
