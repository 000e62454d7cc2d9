"""What sets two orders' executions apart is parted exactly, whatever the instrument is paid in."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import START, law
from tradekit.model.instrument import Instrument, Kind
from tradekit.model.money import EXACT
from tradekit.model.order import OrderType, Side
from tradekit.run.parity.lives import INPUT, Deal, Traded
from tradekit.run.parity.split import brought, moved_at, parted
from tradekit.run.parity.worth import Worth
from tradekit.state.shape import Account, Mark, State

MINUTE = 60_000_000_000
SPOT = Instrument(id="BTC", quote="USD", base="BTC", tick=D("0.5"))
INVERSE = Instrument(id="BTC", quote="USD", base="BTC", inverse=True, multiplier=D(100), kind=Kind.PERPETUAL)
ABROAD = Instrument(id="BTC", quote="EUR", multiplier=D(2))


def state(spec: Instrument, last: float = 120.0) -> State:
    """An account in USD that knows the instrument's last price, and 1.25 USD for one EUR."""
    made = State(
        instruments={spec.id: spec}, marks={spec.id: Mark(START, last)}, rates={"EUR/USD": D("1.25")}
    )
    made.account = Account(currency="USD")
    return made


def deal(
    *fills: tuple[object, object, object], side: Side = Side.BUY, bar: int = 0, paid_in: str = "USD"
) -> Deal:
    """An order that filled so: quantity, price, fee."""
    traded = [
        Traded(10 + n, START + (bar + n) * MINUTE, 10 + n, f"x{n}", D(str(qty)), D(str(price)), D(str(fee)), paid_in,
               D(str(qty)), D(str(qty)))
        for n, (qty, price, fee) in enumerate(fills)
    ]  # fmt: skip
    whole = sum((one.qty for one in traded), start=D(0))
    return Deal("s-1", "s", "BTC", side, OrderType.MARKET, whole, 1, START, 1, INPUT, fills=traded)


def test_a_price_that_is_worse_by_so_much_a_unit_is_the_price_part_with_the_fee_on_it() -> None:
    parts = parted(Worth(state(SPOT)), deal((2, 101, "0.202")), deal((2, 100, "0.2")), MINUTE)
    assert (parts.price, parts.worse, parts.fee, parts.rest, parts.more) == (D("-2.002"), 1, 0, 0, 0)


def test_a_fee_beyond_that_is_the_fee_part() -> None:
    parts = parted(Worth(state(SPOT)), deal((2, 101, "0.302")), deal((2, 100, "0.2")), MINUTE)
    assert (parts.price, parts.fee) == (D("-2.002"), D("-0.1"))


def test_what_one_has_traded_more_is_the_rest_at_the_last_price() -> None:
    parts = parted(Worth(state(SPOT)), deal((1, 100, "0.1")), deal((3, 100, "0.3")), MINUTE)
    assert (parts.more, parts.price, parts.fee) == (-2, 0, 0)
    assert parts.rest == -(2 * 20 - D("0.2"))


def test_a_sale_is_worse_at_a_lower_price() -> None:
    parts = parted(
        Worth(state(SPOT)), deal((1, 99, 0), side=Side.SELL), deal((1, 100, 0), side=Side.SELL), MINUTE
    )
    assert (parts.price, parts.worse) == (-1, 1)


def test_an_inverse_contract_is_worth_its_base_currency_at_the_last_price() -> None:
    parts = parted(Worth(state(INVERSE)), deal((1, 125, 0)), deal((1, 100, 0)), MINUTE)
    assert parts.price == (D(100) / 125 - D(100) / 100) * 120
    assert parts.worse == 25


def test_what_is_paid_abroad_counts_at_the_rate_of_the_end() -> None:
    made, twin = deal((1, 101, 1), paid_in="EUR"), deal((1, 100, 1), paid_in="EUR")
    worth = Worth(state(ABROAD))
    assert parted(worth, made, twin, MINUTE).price + parted(worth, made, twin, MINUTE).fee == D("-2.5")


def test_a_fee_in_what_was_traded_costs_what_that_is_worth_now() -> None:
    assert brought(Worth(state(SPOT)), deal((1, 100, "0.01"), paid_in="BTC")) == 20 - D("1.2")


def test_a_currency_without_a_rate_counts_as_nothing_and_is_named() -> None:
    worth = Worth(state(SPOT))
    assert brought(worth, deal((1, 100, 5), paid_in="BNB")) == 20
    assert worth.unpriced == {"BNB"}


@pytest.mark.parametrize(("later", "bars"), [(0, 0), (1, 1), (-2, -2)])
def test_the_bar_is_that_in_which_the_common_quantity_was_whole(later: int, bars: int) -> None:
    parts = parted(Worth(state(SPOT)), deal((1, 100, 0), bar=5 + later), deal((1, 100, 0), bar=5), MINUTE)
    assert parts.bars == bars


def test_without_bars_a_minute_is_late() -> None:
    worth = Worth(state(SPOT))
    assert parted(worth, deal((1, 100, 0), bar=1), deal((1, 100, 0)), None).bars == 0
    assert parted(worth, deal((1, 100, 0), bar=2), deal((1, 100, 0)), None).bars == 1


def test_two_orders_part_where_their_sums_do() -> None:
    whole, halves = deal((2, 100, 0)), deal((1, 100, 0), (1, 100, 0))
    assert moved_at(whole, halves, int) == 10
    assert moved_at(whole, whole, int) is None
    assert moved_at(None, halves, int) == 10


AMOUNTS = st.decimals("0.01", "50", places=2)
SPECS = st.sampled_from([SPOT, INVERSE, ABROAD])
FILLS = st.lists(st.tuples(AMOUNTS, AMOUNTS, st.decimals("0", "1", places=4)), max_size=4)


@given(
    FILLS,
    FILLS,
    st.sampled_from([SPOT, INVERSE, ABROAD]),
    st.sampled_from(list(Side)),
    st.sampled_from(["USD", "BTC"]),
)
@law(60)
def test_the_parts_are_the_whole(
    ours: list[tuple[D, D, D]], theirs: list[tuple[D, D, D]], spec: Instrument, side: Side, paid_in: str
) -> None:
    worth = Worth(state(spec))
    one, twin = deal(*ours, side=side, paid_in=paid_in), deal(*theirs, side=side, paid_in=paid_in)
    parts = parted(worth, one, twin, MINUTE)
    whole = EXACT.subtract(brought(worth, one), brought(worth, twin))
    assert EXACT.add(EXACT.add(parts.price, parts.fee), parts.rest) == whole
    assert parts.more or not parts.rest
