"""What is paid and charged for what is held: worked examples, and money that is neither made nor lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.state.books import FUTURE, INVERSE, STOCK
from tradekit.model.account import CashKind, CashMoved, DividendWentEx, FundingPublished, SplitEffected
from tradekit.model.instrument import Instrument, Kind
from tradekit.sim.accruals import Holding, borrowing, cash_in_lieu, dividend, funding, interest

D = Decimal
PERPETUAL = Instrument(id="BTCUSDT", quote="USDT", base="BTC", kind=Kind.PERPETUAL)


def held(*quantities: object) -> list[Holding]:
    return [Holding("main", f"s{n}", D(str(qty))) for n, qty in enumerate(quantities)]


def amounts(told: list[CashMoved]) -> list[Decimal]:
    return [one.amount for one in told]


def test_longs_pay_funding_to_shorts_when_the_rate_is_positive() -> None:
    """2 BTC at 50,000 and a rate of 0.01 %: 2 x 50,000 x 0.0001 = 10."""
    told = funding(PERPETUAL, held(2, -2), FundingPublished("BTCUSDT", D("0.0001"), D(50_000)))
    assert told == [
        CashMoved("main", "USDT", D(-10), CashKind.FUNDING, "BTCUSDT", "s0", "funding of 0.0001 at 50000"),
        CashMoved("main", "USDT", D(10), CashKind.FUNDING, "BTCUSDT", "s1", "funding of 0.0001 at 50000"),
    ]


def test_a_negative_rate_is_paid_by_shorts() -> None:
    assert amounts(funding(PERPETUAL, held(1), FundingPublished("BTCUSDT", D("-0.001"), D(100)))) == [
        D("0.1")
    ]


def test_the_funding_of_an_inverse_contract_is_in_its_base_currency() -> None:
    """500 contracts of 100 USD at 50,000 are worth 1 BTC."""
    told = funding(INVERSE, held(500), FundingPublished("XBTUSD", D("0.0003"), D(50_000)))
    assert [(one.amount, one.currency) for one in told] == [(D("-0.0003"), "BTC")]


def test_longs_receive_a_dividend_and_shorts_owe_it() -> None:
    told = dividend(STOCK, held(100, -40), DividendWentEx("AAPL", D("0.24")))
    assert [(one.amount, one.currency, one.kind) for one in told] == [
        (D(24), "USD", CashKind.DIVIDEND), (D("-9.6"), "USD", CashKind.DIVIDEND)
    ]  # fmt: skip


def test_a_dividend_may_be_paid_in_another_currency() -> None:
    assert dividend(STOCK, held(1), DividendWentEx("AAPL", D(1), "EUR"))[0].currency == "EUR"


def test_only_what_is_sold_short_is_borrowed() -> None:
    """100 at 50, 3 % a year, over a weekend: 5,000 x 0.03 x 3 / 360 = 1.25."""
    assert amounts(borrowing(STOCK, held(-100, 100), D("0.03"), D(50), 3)) == [D("-1.25")]


def test_only_cash_that_is_owed_costs_interest() -> None:
    assert amounts(interest("main", "USD", D(-36_000), D("0.05"), 2)) == [D(-10)]
    assert interest("main", "USD", D(36_000), D("0.05"), 2) == []


@pytest.mark.parametrize(
    ("qty", "new", "old", "paid"),
    [(15, 1, 10, "60"), (-15, 1, 10, "-60"), (7, 3, 2, "4"), (10, 2, 1, None)],
)
def test_the_fraction_of_a_split_is_paid_at_the_price_before_it(
    qty: int, new: int, old: int, paid: str | None
) -> None:
    """15 at 12 in a reverse split of 1 for 10: half a new unit, which is worth 120, is left over."""
    told = cash_in_lieu(STOCK, held(qty), SplitEffected("AAPL", D(new), D(old)), D(12))
    assert amounts(told) == ([] if paid is None else [D(paid)])


def test_nothing_is_told_where_nothing_is_due() -> None:
    assert funding(PERPETUAL, held(1), FundingPublished("BTCUSDT", D(0), D(1))) == []
    assert dividend(STOCK, [], DividendWentEx("AAPL", D(1))) == []


@given(
    st.decimals(0, 1000, places=4), st.decimals("-0.01", "0.01", places=6), st.decimals(1, 70_000, places=2),
    st.sampled_from([PERPETUAL, INVERSE, FUTURE]),
)  # fmt: skip
@law(40)
def test_what_longs_pay_is_what_shorts_receive(
    qty: Decimal, rate: Decimal, price: Decimal, spec: Instrument
) -> None:
    assert sum(amounts(funding(spec, held(qty, -qty), FundingPublished(spec.id, rate, price))), D(0)) == 0
