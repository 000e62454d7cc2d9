"""How long orders live: day, date, first chance, open and close."""

import pytest

from tests.builders import DAY, START, bar, flat, order
from tests.sim.floor import SECOND, D, Floor, exchange, told
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarketClosed, MarketOpened, TradingHalted
from tradekit.model.order import OrderType, Side, TimeInForce

BUY, SELL = Side.BUY, Side.SELL
TIF = TimeInForce
STOCK = Instrument(id="BTC", calendar="XNYS")
OPENS, CLOSES = START + 52_200 * SECOND, START + 75_600 * SECOND  # 14:30 and 21:00 UTC
OPENED = MarketOpened("XNYS", "2022-12-13", CLOSES)
CLOSED = MarketClosed("XNYS", "2022-12-13", OPENS + DAY)


def stock() -> Floor:
    """An exchange with hours, before a session's open."""
    return exchange(spec=STOCK)


# --- day and date -------------------------------------------------------------------------------------------


def test_a_day_order_of_a_market_that_never_rests_lives_until_utc_midnight() -> None:
    made = exchange(order("a", BUY, limit=90, tif=TIF.DAY))
    assert made.bar(flat(1439, 100.0)) == []
    reports = made.bar(flat(1440, 80.0))
    assert told(reports) == [("expired", "a", "day: its time has run out")]
    assert reports[0][0] == START + DAY


def test_a_day_order_sent_at_midnight_lives_through_the_day_that_begins() -> None:
    made = exchange()
    made.bar(flat(1439, 100.0))
    made.submit(order("a", BUY, limit=90, tif=TIF.DAY), START + DAY)
    assert told(made.bar(flat(2879, 90.0)))[0][0] == "filled"


def test_a_day_order_ends_with_its_instruments_session() -> None:
    made = stock()
    made.submit(order("a", BUY, limit=90, tif=TIF.DAY), OPENS)
    made.submit(order("b", BUY, limit=90, tif=TIF.DAY, instrument="ETH"), OPENS)
    assert told(made.market(CLOSED, CLOSES)) == [("expired", "a", "day: the session closed")]
    assert list(made.book) == ["b"]


def test_a_day_order_sent_at_the_close_is_for_the_next_session() -> None:
    made = stock()
    made.submit(order("a", BUY, limit=90, tif=TIF.DAY), CLOSES)
    assert made.market(CLOSED, CLOSES) == []
    assert told(made.market(CLOSED, CLOSES + DAY)) == [("expired", "a", "day: the session closed")]


def test_a_gtd_order_lives_until_its_time_and_a_bar_that_opens_before_may_fill_it() -> None:
    until = START + 90 * SECOND
    made = exchange(
        order("a", BUY, limit=90, tif=TIF.GTD, expires=until),
        order("b", BUY, limit=80, tif=TIF.GTD, expires=until),
    )
    assert told(made.bar(bar(1, (100.0, 100.0, 90.0, 95.0))))[0][:2] == ("filled", "a")
    reports = made.bar(flat(2, 70.0))
    assert told(reports) == [("expired", "b", "gtd: its time has run out")]
    assert reports[0][0] == until


def test_an_order_that_expires_without_a_fill_takes_its_children_along() -> None:
    made = exchange(
        order("a", BUY, limit=90, tif=TIF.DAY), order("a.loss", SELL, stop=80, parent="a", reduce_only=True)
    )
    assert told(made.bar(flat(1440, 100.0)))[1] == ("canceled", "a.loss", "parent a ended")


# --- the first chance ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("tif", [TIF.IOC, TIF.FOK])
def test_what_does_not_trade_at_its_first_chance_is_canceled(tif: TimeInForce) -> None:
    made = exchange(order("a", BUY, limit=99, tif=tif))
    assert told(made.bar(bar(0, (100.0, 100.0, 98.0, 99.0)))) == [
        ("canceled", "a", f"{tif}: it did not trade at once")
    ]


def test_an_ioc_order_takes_what_there_is_and_gives_the_rest_up() -> None:
    made = exchange(order("a", BUY, 5, tif=TIF.IOC), participation="0.1")
    assert told(made.bar(flat(0, 100.0, volume=20.0))) == [
        ("filled", "a", D("2.0"), D("100.0"), "market.open"),
        ("canceled", "a", "ioc: the rest did not trade at once"),
    ]


def test_a_fok_order_trades_whole_or_not_at_all() -> None:
    made = exchange(order("a", BUY, 5, tif=TIF.FOK), order("b", BUY, 2, tif=TIF.FOK), participation="0.1")
    assert told(made.bar(flat(0, 100.0, volume=20.0))) == [
        ("canceled", "a", "fill or kill: 2 could trade"),
        ("filled", "b", D(2), D("100.0"), "market.open"),
    ]


def test_at_this_close_the_first_chance_is_the_price_at_hand() -> None:
    made = exchange(market="this_close")
    made.bar(flat(0, 100.0))
    assert told(made.submit(order("a", BUY, limit=99, tif=TIF.IOC), START + 60 * SECOND))[1][0] == "canceled"
    assert told(made.submit(order("b", BUY, limit=101, tif=TIF.IOC), START + 60 * SECOND))[1] == (
        "filled", "b", D(1), D("100.0"), "limit.close",
    )  # fmt: skip


# --- open and close -----------------------------------------------------------------------------------------


def test_an_at_open_order_trades_at_the_next_sessions_open_only() -> None:
    made = stock()
    made.submit(order("a", tif=TIF.AT_OPEN), START)
    assert made.bar(flat(800, 100.0)) == []  # before the session
    made.market(OPENED, OPENS)
    assert told(made.bar(flat(870, 101.0))) == [("filled", "a", D(1), D("101.0"), "market.open")]
    made.submit(order("late", tif=TIF.AT_OPEN), OPENS + 60 * SECOND)
    assert made.bar(flat(871, 101.0)) == []


def test_an_at_open_limit_that_the_open_does_not_reach_expires() -> None:
    made = stock()
    made.submit(order("a", BUY, limit=99, tif=TIF.AT_OPEN), START)
    made.market(OPENED, OPENS)
    assert told(made.bar(bar(870, (100.0, 100.0, 98.0, 99.0)))) == [
        ("expired", "a", "at_open: the session has opened")
    ]


def test_an_at_close_order_trades_at_the_sessions_last_price() -> None:
    made = stock()
    for one in (order("m", tif=TIF.AT_CLOSE), order("far", BUY, limit=90, tif=TIF.AT_CLOSE)):
        made.submit(one, OPENS)
    assert made.bar(bar(1259, (100.0, 103.0, 89.0, 102.0))) == []
    reports = made.market(CLOSED, CLOSES)
    assert told(reports) == [
        ("filled", "m", D(1), D("102.0"), "market.at_close"),
        ("expired", "far", "at_close: the session closed"),
    ]
    assert reports[0][0] == CLOSES


def test_an_at_close_order_sent_at_the_close_waits_for_the_next() -> None:
    made = stock()
    made.bar(flat(1259, 100.0))
    made.submit(order("m", tif=TIF.AT_CLOSE), CLOSES)
    assert made.market(CLOSED, CLOSES) == []


def test_an_at_close_order_expires_where_trading_is_halted_at_the_close() -> None:
    made = stock()
    made.submit(order("m", tif=TIF.AT_CLOSE), OPENS)
    made.bar(flat(1258, 100.0))
    made.market(TradingHalted("BTC", "news"), CLOSES - SECOND)
    assert told(made.market(CLOSED, CLOSES)) == [("expired", "m", "at_close: the session closed")]


@pytest.mark.parametrize("tif", [TIF.AT_OPEN, TIF.AT_CLOSE])
def test_where_there_is_no_session_an_order_for_it_is_rejected(tif: TimeInForce) -> None:
    assert told(exchange().submit(order("a", tif=tif), START)) == [
        ("rejected", "a", f"{tif}: BTC trades round the clock and has no session")
    ]


@pytest.mark.parametrize("tif", [TIF.IOC, TIF.FOK, TIF.AT_OPEN, TIF.AT_CLOSE])
def test_a_first_chance_or_a_session_is_for_market_and_limit_orders(tif: TimeInForce) -> None:
    for kind in (OrderType.STOP, OrderType.MARKET_IF_TOUCHED):
        assert told(stock().submit(order("a", kind=kind, stop=90, tif=tif), START)) == [
            ("rejected", "a", f"{tif} is for market and limit orders, not for a {kind}")
        ]


def test_a_gtd_order_needs_a_time_to_come() -> None:
    made = exchange()
    assert told(made.submit(order("a", tif=TIF.GTD), START)) == [
        ("rejected", "a", "gtd without the time it expires")
    ]
    assert told(made.submit(order("b", tif=TIF.GTD, expires=START), START))[0][0] == "rejected"
