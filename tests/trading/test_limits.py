"""Each risk rule at its boundary, one step on either side of it; what it says; how it is configured."""

import math
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import BTC, DAY, filled, flat, opened, order
from tests.trading.asking import broken, state
from tests.trading.desk import Desk
from tradekit.errors import ConfigError, OrderError
from tradekit.model.account import RatePublished
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarketClosed, MarketOpened, MarkUpdated
from tradekit.model.order import (
    OrderCanceled,
    OrderRejected,
    Side,
    TimeInForce,
)
from tradekit.state.totals import forget
from tradekit.trading.limits import LIMITS, check_limits
from tradekit.trading.risk import Denial, check

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
ES = Instrument(id="BTC", multiplier=D(50))
ETH = Instrument(id="ETH", quote="USD")
LONG = filled("x", BUY, 2, 100)
SECOND = 1_000_000_000


# --- size ---------------------------------------------------------------------------------------------------


def test_an_order_may_be_as_large_as_its_bound() -> None:
    made = state(max_order_qty=2)
    assert broken(made, order("o", qty=2)) is None
    assert broken(made, order("o", qty="2.00000001")) == "2.00000001"


def test_an_order_may_be_worth_as_much_as_its_bound() -> None:
    made = state(max_order_notional=500)
    assert broken(made, order("o", qty=5)) is None
    assert broken(made, order("o", qty="5.01")) == "501.000"
    assert broken(made, order("o", qty=5), 100.01) == "500.05"


def test_an_order_is_weighed_with_its_own_price_where_that_is_dearer() -> None:
    made = state(max_order_notional=500)
    assert broken(made, order("o", qty=5, limit=100)) is None
    assert broken(made, order("o", qty=5, limit=99)) is None
    assert broken(made, order("o", qty=5, limit="100.01")) == "500.05"
    assert broken(made, order("o", qty=5, stop="100.01")) == "500.05"


def test_the_multiplier_counts_in_what_an_order_is_worth() -> None:
    assert broken(state(specs=[ES], max_order_notional=5000), order("o", qty=1)) is None
    assert broken(state(specs=[ES], max_order_notional=4999), order("o", qty=1)) == "5000.0"
    made = state(specs=[ES], leverage=1)
    assert broken(made, order("o", qty=2)) is None
    assert broken(made, order("o", qty=3)) == "15000.00 on equity 10000.00"


def test_a_position_may_reach_its_bound_on_either_side() -> None:
    made = state(LONG, max_position=3)
    assert broken(made, order("o", qty=1)) is None
    assert broken(made, order("o", qty="1.01")) == "3.01"
    assert broken(made, order("o", SELL, 5)) is None
    assert broken(made, order("o", SELL, 6)) == "-4"


def test_what_is_under_way_counts_towards_the_position() -> None:
    made = state(LONG, max_position=3)
    assert broken(made, order("o", qty="0.5"), under_way="0.5") is None
    assert broken(made, order("o", qty="0.5"), under_way="0.51") == "3.01"


ELSEWHERE = filled("x", SELL, 50, 100, instrument="ETH")
SOLD = (filled("y", BUY, 1, 1, instrument="OLD"), filled("z", SELL, 1, 1, instrument="OLD"))


def test_gross_exposure_counts_what_is_held_elsewhere_long_or_short() -> None:
    made = state(ELSEWHERE, *SOLD, max_gross_exposure=10_000)
    assert broken(made, order("o", qty=50)) is None
    assert broken(made, order("o", qty="50.01")) == "10001.00"


def test_gross_exposure_takes_what_is_held_at_its_worth_now() -> None:
    made = state(ELSEWHERE, MarkUpdated("ETH", 90.0), max_gross_exposure=10_000)
    assert broken(made, order("o", qty=55)) is None
    assert broken(made, order("o", qty="55.01")) == "10001.00"


def test_a_sale_adds_to_gross_exposure_as_a_purchase_does() -> None:
    made = state(max_gross_exposure=10_000)
    assert broken(made, order("o", SELL, 100)) is None
    assert broken(made, order("o", SELL, "100.01")) == "10001.00"


def test_a_price_below_zero_is_worth_its_distance_from_zero() -> None:
    made = state(max_order_notional=500)
    assert broken(made, order("o", qty=5), -100.0) is None
    assert broken(made, order("o", qty=5), -100.01) == "500.05"
    made = state(price_collar_pct=5)
    assert broken(made, order("o", limit=-105), -100.0) is None
    assert broken(made, order("o", limit="-105.01"), -100.0) is not None


def test_an_inverse_contract_is_worth_more_the_lower_its_price() -> None:
    inverse = Instrument(id="BTC", base="BTC", quote="USD", multiplier=D(100), inverse=True)
    made = state(specs=[inverse], first={"currency": "BTC", "cash": D(10)}, max_gross_exposure=2)
    assert broken(made, order("o", qty=2)) is None
    assert broken(made, order("o", qty=2), 99.0) == "2.02"
    assert broken(made, order("o", qty=2, limit=99)) == "2.02"
    made = state(specs=[inverse], first={"currency": "BTC", "cash": D(10)}, max_order_notional=200)
    assert (
        broken(made, order("o", qty=2), 1.0) is None
    )  # in its quote currency a contract is worth its multiplier
    assert broken(made, order("o", qty=3), 1.0) == "300"


def test_exposure_in_another_currency_is_converted_and_refused_without_a_rate() -> None:
    other = Instrument(id="ETH", base="ETH", quote="EUR")
    made = Desk(specs=[other], limits={"max_gross_exposure": "300"}, currency="USD")
    assert (
        broken(made.state, order("o", qty=1, instrument="ETH")) == "the rate of a currency is not known yet"
    )
    made.tell(RatePublished("EUR", "USD", D("1.5")))
    assert broken(made.state, order("o", qty=2, instrument="ETH")) is None
    assert broken(made.state, order("o", qty="2.01", instrument="ETH")) == "301.50"


def test_leverage_is_gross_exposure_against_equity() -> None:
    made = state(LONG, leverage="0.05")
    assert broken(made, order("o", qty=3)) is None
    assert broken(made, order("o", qty="3.01")) == "501.00 on equity 10000.00"
    made = state(ELSEWHERE, *SOLD, leverage=1)
    assert broken(made, order("o", qty=50)) is None
    assert broken(made, order("o", qty=51)) == "10100.00 on equity 10000.00"


@pytest.mark.parametrize("rule", ["leverage", "max_gross_exposure"])
def test_exposure_counts_what_is_under_way_elsewhere(rule: str) -> None:
    bound = {"leverage": 1, "max_gross_exposure": 10_000}[rule]
    sent = order("e", qty=40, instrument="ETH")
    made = state(MarkUpdated("ETH", 100.0), sent, specs=[BTC, ETH], **{rule: bound})
    assert broken(made, order("o", qty=60)) is None
    assert str(broken(made, order("o", qty=61))).startswith("10100.00")
    made = state(sent, specs=[BTC, ETH], **{rule: bound})
    assert broken(made, order("o", qty=1)) == "no price of ETH is known yet, and e is under way"


@pytest.mark.parametrize(
    "facts",
    [
        (order("e", qty=40, instrument="ETH"), OrderCanceled("e", "ETH")),
        (order("e", qty=40, instrument="ETH", reduce_only=True),),
        (order("e", qty=40),),  # in the instrument itself: the caller says what of it is under way
    ],
)
def test_exposure_leaves_out_what_cannot_add_to_it(facts: Any) -> None:
    made = state(MarkUpdated("ETH", 100.0), *facts, specs=[BTC, ETH], max_gross_exposure=10_000)
    assert broken(made, order("o", qty=100)) is None
    assert broken(made, order("o", qty=101)) == "10100.00"


def test_exposure_counts_what_is_under_way_at_a_price_below_zero() -> None:
    sent = order("e", qty=40, instrument="ETH")
    made = state(MarkUpdated("ETH", -100.0), sent, specs=[BTC, ETH], max_gross_exposure=10_000)
    assert broken(made, order("o", qty=61)) == "10100.00"


# --- price --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["limit", "stop"])
def test_a_price_may_be_as_far_from_the_last_as_the_collar(word: str) -> None:
    made = state(price_collar_pct=5)
    for level in ("95", "105"):
        assert broken(made, order("o", **{word: level})) is None
    for level in ("94.99", "105.01"):
        assert broken(made, order("o", **{word: level})) == f"{word} {level} against a last price of 100.0"
    assert broken(made, order("o")) is None  # a market order names no price


@pytest.mark.parametrize("level", ["1E+308", "1E-308"])
def test_a_price_out_of_this_world_is_outside_the_collar(level: str) -> None:
    assert "against a last price" in str(broken(state(price_collar_pct=99), order("o", limit=level)))


def test_the_reference_price_may_be_as_old_as_its_bound() -> None:
    made = Desk(limits={"max_price_age_s": "90"})
    made.bar(flat(0, 100.0))
    closed = made.state.time
    for age, value in ((90 * SECOND, None), (90 * SECOND + 500_000_000, "90.5")):
        made.tell(MarkUpdated("ETH", 1.0), closed + age)
        assert broken(made.state, order("o")) == value
    assert broken(made.state, order("o", instrument="NEW")) == "no price is known yet"


WITH_PRICE = ("max_order_notional", "max_gross_exposure", "leverage", "price_collar_pct")


@pytest.mark.parametrize("rule", WITH_PRICE)
def test_a_rule_that_needs_a_price_refuses_without_one(rule: str) -> None:
    made = state(**{rule: 9})
    assert broken(made, order("o", limit=100), None) == "no price is known yet"
    for price in (math.nan, math.inf, -math.inf):
        assert broken(made, order("o", limit=100), price) == f"the last price is {price}"


@pytest.mark.parametrize("rule", WITH_PRICE)
def test_a_rule_that_needs_a_price_stands_an_absurd_one(rule: str) -> None:
    assert broken(state(**{rule: 9}), order("o", limit=100), 1e308) is not None


def test_equity_that_is_no_number_allows_nothing() -> None:
    made = state(leverage=2)
    made.account.equity = math.nan
    assert broken(made, order("o", qty=1)) == "100.00 on equity nan"
    made = state(ELSEWHERE, max_gross_exposure=1e9)
    made.positions["s/ETH"].value = math.nan
    forget(made)
    assert broken(made, order("o", qty=1)) == "nan"


# --- hours ---


STOCK = Instrument(id="BTC", quote="USD", calendar="XNYS")


def test_an_order_goes_out_while_its_exchange_is_open() -> None:
    made = Desk(specs=[STOCK], limits={"session_hours": "deny"})
    assert broken(made.state, order("o")) == "XNYS has told no session yet"
    made.tell(MarketOpened("XNYS", "2022-12-13", made.state.time + 9))
    assert broken(made.state, order("o")) is None
    made.tell(MarketOpened("XETR", "2022-12-13", made.state.time + 9))
    made.tell(MarketClosed("XNYS", "2022-12-13"))
    assert broken(made.state, order("o")) == "XNYS is closed"
    assert broken(made.state, order("o", tif=TimeInForce.AT_OPEN)) is None


def test_what_never_rests_may_be_traded_at_any_hour() -> None:
    assert broken(state(session_hours="deny"), order("o")) is None


# --- the day ------------------------------------------------------------------------------------------------


def test_the_daily_loss_counts_from_the_days_start() -> None:
    made = Desk(limits={"max_daily_loss": "100"})
    assert broken(made.state, order("o")) is None  # no day has begun
    made.tell(filled("x", BUY, 10, 100))
    made.tell(MarkUpdated("BTC", 90.0), made.state.time + 1)
    assert not made.state.risk.halted
    made.tell(MarkUpdated("BTC", 89.99))
    assert made.state.risk.reason == "max_daily_loss: 100.10 against 100"
    made.command("arm")
    assert broken(made.state, order("o"), 90.0) == "100.10"
    made.tell(MarkUpdated("BTC", 89.0), made.state.time + DAY)
    made.command("arm")
    assert broken(made.state, order("o"), 89.0) is None


def test_a_loss_that_is_no_number_halts() -> None:
    made = Desk(limits={"max_daily_loss": "100"})
    made.tell(filled("x", BUY, 10, 100))
    made.tell(MarkUpdated("BTC", math.nan))
    assert made.state.risk.reason == "max_daily_loss: nan against 100"


# --- all of them --------------------------------------------------------------------------------------------


def test_the_first_rule_that_refuses_is_named() -> None:
    made = state(max_position=1, max_order_qty=1)
    denial = check(made, order("o", qty=2), 100.0)
    assert denial == Denial("max_position", "1", "2")


@pytest.mark.parametrize("rule", LIMITS)
def test_no_rule_holds_up_an_order_that_makes_a_position_smaller(rule: str) -> None:
    bound = "deny" if LIMITS[rule].switch else 1 if LIMITS[rule].whole else "0.001"
    made = Desk(limits=check_limits({rule: bound}))
    resting = order("r", qty=2, limit=99)
    for fact in (
        filled("x", BUY, 9, 100),
        resting,
        OrderRejected("r2", "BTC", "no"),
        MarkUpdated("BTC", 1.0),
    ):
        made.engine.step(fact, made.state.time)
    for asked in (order("o", SELL, 9, limit=99), order("o", SELL, 99, limit=99, reduce_only=True)):
        assert check(made.state, asked, None) is None


def test_limits_become_plain_text() -> None:
    given = {"max_position": 2.5, "leverage": "1", "max_orders_per_minute": 60, "self_cross": "deny"}
    assert check_limits(given) == {
        "max_position": "2.5", "leverage": "1", "max_orders_per_minute": "60", "self_cross": "deny",
    }  # fmt: skip
    assert opened(limits=check_limits({"max_order_qty": 1e-8})).limits == {"max_order_qty": "0.00000001"}


def test_an_unknown_rule_names_the_nearest_and_the_known_ones() -> None:
    words = (
        r"risk rule 'max_postion' is unknown \(did you mean 'max_position'\?\); known rules: max_order_qty, "
    )
    with pytest.raises(ConfigError, match=words):
        check_limits({"max_postion": 1})
    with pytest.raises(ConfigError, match="risk rule 'hours' is unknown; known rules: "):
        check_limits({"hours": 1})


@pytest.mark.parametrize("bound", [0, -1])
def test_a_bound_that_allows_nothing_is_refused(bound: int) -> None:
    with pytest.raises(ConfigError, match=f"risk.leverage is {bound}: give a number above zero"):
        check_limits({"leverage": bound})


@pytest.mark.parametrize("bound", ["much", True, math.nan, math.inf])
def test_a_bound_that_is_no_number_is_refused(bound: object) -> None:
    with pytest.raises(OrderError, match=rf"risk\.leverage is {bound!r}: give a"):
        check_limits({"leverage": bound})


def test_a_count_is_a_whole_number_and_a_switch_a_word() -> None:
    with pytest.raises(ConfigError, match=r"risk\.max_orders_per_minute is 2\.5: give a whole number"):
        check_limits({"max_orders_per_minute": 2.5})
    with pytest.raises(ConfigError, match=r"risk\.self_cross is 'allow': say deny, or leave the rule out"):
        check_limits({"self_cross": "allow"})
