"""An order's terms: which type the prices make, what is rounded and which way, what makes no sense."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, START, law
from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderType, Side, TimeInForce
from tradekit.trading.terms import Terms, limit_price, terms_of

D = Decimal
TICKED = Instrument(id="BTC", tick=D("0.5"), lot=D("0.1"))
SIZED = Instrument(id="BTC", max_qty=D(5), min_notional=D(10))


def terms(
    qty: object = 1,
    *,
    side: Side = Side.BUY,
    spec: Instrument = BTC,
    price: float | None = 100.0,
    **asked: Any,
) -> Terms:
    return terms_of(spec, side, qty, now=START, price=price, **asked)


# --- types --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({}, OrderType.MARKET),
        ({"limit": 99}, OrderType.LIMIT),
        ({"stop": 101}, OrderType.STOP),
        ({"stop": 101, "limit": 102}, OrderType.STOP_LIMIT),
        ({"if_touched": 95}, OrderType.MARKET_IF_TOUCHED),
        ({"if_touched": 95, "limit": 94}, OrderType.LIMIT_IF_TOUCHED),
        ({"trail": 5}, OrderType.TRAILING_STOP),
        ({"trail_pct": 5, "stop": 90}, OrderType.TRAILING_STOP),
    ],
)
def test_the_prices_make_the_type(asked: dict[str, Any], kind: OrderType) -> None:
    assert terms(**asked).type is kind


def test_every_price_is_kept_and_the_trigger_is_the_stop() -> None:
    made = terms(if_touched="95.5", limit=94)
    assert (made.stop, made.limit, made.trail, made.trail_pct) == (D("95.5"), D(94), None, None)
    made = terms(trail=5, stop=90)
    assert (made.stop, made.trail) == (D(90), D(5))
    assert terms(trail_pct=2.5).trail_pct == D("2.5")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"stop": 101, "if_touched": 99}, "an order has one trigger"),
        ({"trail": 5, "limit": 99}, "a trailing stop has no other price"),
        ({"trail_pct": 5, "if_touched": 99}, "a trailing stop has no other price"),
        ({"trail": 5, "trail_pct": 5}, "in price .trail. or in percent .trail_pct., not both"),
        ({"trail": 0}, "trail is 0: give a distance above zero"),
        ({"trail": -1}, "trail is -1: give a distance above zero"),
        ({"trail_pct": 0}, "trail_pct is 0: give a percentage above 0 and below 100"),
        ({"trail_pct": 100}, "trail_pct is 100: give a percentage"),
        ({"trail": "x"}, "trail is 'x': give a number"),
        ({"limit": 0}, "the order's price is 0: give a price above zero"),
        ({"stop": -3}, "the order's price is -3: give a price above zero"),
        ({"if_touched": 0}, "the order's price is 0"),
        ({"if_touched": "y"}, "if_touched is 'y': give a number"),
    ],
)
def test_prices_that_make_no_sense_are_refused(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(OrderError, match=words):
        terms(**asked)


# --- rounding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "asked", "price"),
    [
        (Side.BUY, 99.3, "99.0"),
        (Side.SELL, 99.3, "99.5"),
        (Side.BUY, 99.0, "99.0"),
        (Side.SELL, 99.0, "99.0"),
        (Side.SELL, 99.00000000000001, "99.0"),  # a float's noise is no tick
        (Side.BUY, 98.99999999999999, "99.0"),
    ],
)
def test_a_limit_is_rounded_to_the_tick_that_is_no_worse(side: Side, asked: float, price: str) -> None:
    assert terms(side=side, limit=asked, spec=TICKED).limit == D(price)


@given(
    st.sampled_from(Side), st.decimals("0.01", "99999", places=5), st.sampled_from([D("0.01"), D("0.25"), D(5)])
)  # fmt: skip
@law(60)
def test_a_limit_lies_on_a_tick_less_than_one_away_and_never_on_the_worse_side(
    side: Side, asked: Decimal, tick: Decimal
) -> None:
    price = limit_price(Instrument(id="X", tick=tick), side, asked)
    assert price is not None
    assert price % tick == 0
    assert abs(price - asked) < tick
    assert (asked - price) * side.sign >= -tick * D("1e-6")


def test_triggers_and_distances_are_rounded_to_the_nearest_tick() -> None:
    assert terms(stop=99.2, spec=TICKED).stop == D("99.0")
    assert terms(if_touched=99.3, spec=TICKED).stop == D("99.5")
    assert terms(trail=1.3, spec=TICKED).trail == D("1.5")
    with pytest.raises(OrderError, match=r"trail is 0\.1: give a distance above zero .smallest step 0\.5"):
        terms(trail=0.1, spec=TICKED)


def test_a_buys_limit_below_the_first_tick_is_refused() -> None:
    with pytest.raises(OrderError, match=r"the order's price is 0\.3"):
        terms(limit=0.3, spec=TICKED)


# --- sizes --------------------------------------------------------------------------------------------------


def test_a_quantity_is_floored_to_the_lot() -> None:
    assert terms(0.37, spec=TICKED).qty == D("0.3")


def test_a_share_takes_the_place_of_the_quantity() -> None:
    made = terms(None, share=0.95)
    assert (made.qty, made.share) == (D(0), D("0.95"))
    assert terms(None, share=1, spec=SIZED).share == 1


@pytest.mark.parametrize(
    ("qty", "asked", "words"),
    [
        (None, {}, "an order needs a quantity, or a share"),
        (1, {"share": 1}, "a quantity or a share, not both"),
        (None, {"share": 0}, "share is 0: give a fraction"),
        (None, {"share": 1.01}, "share is 1.01: give a fraction"),
        (0, {}, "quantity is 0: give a number above zero"),
        (6, {}, "quantity 6 of BTC is above the largest order of 5"),
        (0.09, {}, "0.09 BTC at 100 are worth 9.00 USD; the smallest order is 10"),
        (1, {"limit": 9}, "1 BTC at 9 are worth 9 USD"),
        (1, {"stop": 8}, "1 BTC at 8 are worth 8 USD"),
    ],
)
def test_a_size_that_the_venue_does_not_take_is_refused(
    qty: object, asked: dict[str, Any], words: str
) -> None:
    with pytest.raises(OrderError, match=words):
        terms(qty, spec=SIZED, price=100, **asked)


def test_the_smallest_value_binds_neither_what_reduces_nor_what_has_no_price_yet() -> None:
    assert terms(0.01, spec=SIZED, reduce_only=True).qty == D("0.01")
    assert terms(0.01, spec=SIZED, price=None).qty == D("0.01")


def test_the_value_counts_the_multiplier_and_of_an_inverse_contract_no_price() -> None:
    multiplied = Instrument(id="ES", multiplier=D(50), min_notional=D(400))
    assert terms(1, spec=multiplied, price=8).qty == 1
    inverse = Instrument(id="XBT", multiplier=D(1), inverse=True, base="BTC", min_notional=D(100))
    assert terms(100, spec=inverse, price=50_000).qty == 100
    with pytest.raises(OrderError, match="are worth 99 USD"):
        terms(99, spec=inverse, price=50_000)


# --- life ---------------------------------------------------------------------------------------------------

LATER = START + 60_000_000_000


@pytest.mark.parametrize(
    ("asked", "life"),
    [
        ({}, (TimeInForce.GTC, None)),
        ({"tif": "day"}, (TimeInForce.DAY, None)),
        ({"tif": TimeInForce.IOC}, (TimeInForce.IOC, None)),
        ({"tif": "at_close", "limit": 99}, (TimeInForce.AT_CLOSE, None)),
        ({"expires": LATER}, (TimeInForce.GTD, LATER)),
        ({"tif": "gtd", "expires": "2022-12-13 00:01"}, (TimeInForce.GTD, LATER)),
        ({"expires": datetime(2022, 12, 13, 0, 1)}, (TimeInForce.GTD, LATER)),  # noqa: DTZ001 - UTC without a zone
        ({"expires": datetime(2022, 12, 13, 0, 1, tzinfo=UTC)}, (TimeInForce.GTD, LATER)),
        (
            {"expires": datetime(2022, 12, 13, 2, 1, tzinfo=timezone(timedelta(hours=2)))},
            (TimeInForce.GTD, LATER),
        ),
        ({"stop": 101, "tif": "day"}, (TimeInForce.DAY, None)),
    ],
)
def test_how_long_an_order_lives(asked: dict[str, Any], life: tuple[TimeInForce, int | None]) -> None:
    made = terms(**asked)
    assert (made.tif, made.expires) == life


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"tif": "forever"}, "tif is 'forever': give one of gtc, day, gtd, ioc, fok, at_open, at_close"),
        ({"tif": "gtd"}, "a gtd order needs `expires`"),
        ({"tif": "day", "expires": LATER}, "a gtd order needs `expires`, and no other has it"),
        ({"expires": START}, "not after the session's time, 2022-12-13 00:00:00 UTC"),
        ({"expires": "soon"}, "expires is 'soon': give a date and time"),
        ({"expires": 1.5}, "expires is 1.5: give a datetime"),
        ({"expires": True}, "expires is True: give a datetime"),
        ({"stop": 101, "tif": "ioc"}, "a stop order waits for its trigger: it cannot be ioc"),
        ({"if_touched": 99, "limit": 98, "tif": "fok"}, "a limit_if_touched order waits for its trigger"),
        ({"trail": 5, "tif": "at_open"}, "a trailing_stop order waits for its trigger: it cannot be at_open"),
        ({"post_only": True}, "post_only is for limit orders that rest"),
        ({"post_only": True, "limit": 99, "stop": 101}, "post_only is for limit orders"),
        ({"post_only": True, "limit": 99, "tif": "ioc"}, "post_only is for limit orders"),
        ({"post_only": True, "limit": 99, "tif": "at_open"}, "post_only is for limit orders"),
    ],
)
def test_a_life_that_makes_no_sense_is_refused(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(OrderError, match=words):
        terms(**asked)


def test_a_limit_order_that_rests_may_be_post_only() -> None:
    assert terms(limit=99, post_only=True, tif="day").post_only
