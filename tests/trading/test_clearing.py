"""What is due for what is held: at the fact that makes it due, and for the nights between."""

from decimal import Decimal

import pytest

from tests.builders import DAY, MINUTE, START, bar, filled
from tests.state.books import book, tell
from tradekit.core.event import Fact
from tradekit.errors import ConfigError
from tradekit.model.account import CashKind, DividendWentEx, FundingPublished, SplitEffected
from tradekit.model.market import MarketOpened, MarkUpdated
from tradekit.model.order import Side
from tradekit.state.shape import State
from tradekit.trading.clearing import Clearing

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
LATER = START + 7 * MINUTE


def due(state: State, fact: Fact) -> list[tuple[int, CashKind, Decimal]]:
    return [(ts, one.kind, one.amount) for ts, one in Clearing().due(state, fact, LATER)]


def nights(state: State, fact: Fact, ts: int, **rates: object) -> list[tuple[int, str, Decimal]]:
    told = Clearing(**rates).overnight(state, fact, ts)  # type: ignore[arg-type]
    return [(at, one.instrument or one.currency, one.amount) for at, one in told]


SHORT = book(filled("a", SELL, 100, 36, instrument="AAPL"), MarkUpdated("AAPL", 36.0))


def test_funding_is_due_on_what_is_held() -> None:
    state = book(filled("a", BUY, 2, 100))
    assert due(state, FundingPublished("BTC", D("0.001"), D(100))) == [(LATER, CashKind.FUNDING, D("-0.2"))]
    assert due(book(), FundingPublished("BTC", D("0.001"), D(100))) == []


def test_a_dividend_is_due_to_each_position() -> None:
    assert due(SHORT, DividendWentEx("AAPL", D("0.5"))) == [(LATER, CashKind.DIVIDEND, D(-50))]


def test_the_fraction_of_a_split_is_due_at_the_last_price() -> None:
    state = book(filled("a", BUY, 15, 10, instrument="AAPL"), MarkUpdated("AAPL", 12.0))
    split = SplitEffected("AAPL", D(1), D(10))
    assert due(state, split) == [(LATER, CashKind.CASH_IN_LIEU, D(60))]
    before = state.account.equity
    cash = [one for _, one in Clearing().due(state, split, LATER)]
    assert tell(state, split, *cash).account.equity == before


def test_nothing_else_makes_anything_due() -> None:
    assert due(SHORT, MarkUpdated("AAPL", 1.0)) == []


def test_a_night_is_charged_when_the_next_day_begins() -> None:
    """3,600 x 0.01 / 360 = 0.1 a day, at the open of the first bar of the day."""
    same, following = bar(10, (36,) * 4, instrument="AAPL"), bar(1440, (36,) * 4, instrument="AAPL")
    assert nights(SHORT, same, same.ts + MINUTE, borrow_rate="0.01") == []
    assert nights(SHORT, following, following.ts + MINUTE, borrow_rate="0.01") == [
        (following.ts, "AAPL", D("-0.1"))
    ]


def test_a_weekend_is_charged_as_three_nights() -> None:
    assert nights(SHORT, MarkUpdated("AAPL", 1.0), START + 3 * DAY, borrow_rate="0.01")[0][2] == D("-0.3")


def test_a_session_that_opens_begins_a_day() -> None:
    opens = MarketOpened("XNYS", "2022-12-15", 0)
    assert nights(SHORT, opens, START + DAY, borrow_rate="0.01") == [(START + DAY, "AAPL", D("-0.2"))]


def test_a_rate_may_be_one_by_instrument() -> None:
    tomorrow = MarkUpdated("AAPL", 1.0)
    assert nights(SHORT, tomorrow, START + DAY, borrow_rate={"BTC": "0.01"}) == []
    assert nights(SHORT, tomorrow, START + DAY, borrow_rate={"AAPL": "0.02"}) == [
        (START + DAY, "AAPL", D("-0.2"))
    ]


def test_a_short_future_is_borrowed_from_nobody() -> None:
    state = book(filled("a", SELL, 1, 100, instrument="FES"), MarkUpdated("FES", 100.0))
    assert nights(state, MarkUpdated("FES", 1.0), START + DAY, borrow_rate="0.01") == []


def test_cash_that_is_owed_costs_interest() -> None:
    state = book(filled("a", BUY, 460, 100))  # 36,000 more than there is
    assert nights(state, MarkUpdated("BTC", 1.0), START + DAY, interest_rate="0.05") == [
        (START + DAY, "USD", D(-5))
    ]


@pytest.mark.parametrize("rates", [{"borrow_rate": -1}, {"interest_rate": 10}, {"borrow_rate": {"BTC": 11}}])
def test_a_rate_that_is_none_is_refused(rates: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="give a yearly rate as a fraction"):
        Clearing(**rates)  # type: ignore[arg-type]
