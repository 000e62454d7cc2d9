"""Money without a trade: cash that moved, splits, rates that come late."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import filled, law
from tests.state.books import INVERSE, book, tell
from tradekit.model.account import (
    CashKind,
    CashMoved,
    DividendWentEx,
    FundingPublished,
    RatePublished,
    SplitEffected,
)
from tradekit.model.market import MarkUpdated
from tradekit.model.order import Side
from tradekit.state.shape import State

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
HUNDRED = filled("a", BUY, 100, 50, instrument="AAPL")


def paid(amount: object, kind: CashKind, currency: str = "USD") -> CashMoved:
    return CashMoved("main", currency, D(str(amount)), kind, "AAPL", "s")


# --- cash ---------------------------------------------------------------------------------------------------


def test_cash_that_moved_is_in_cash_flows_day_and_equity() -> None:
    state = book(paid("-1.25", CashKind.FUNDING), paid(3, CashKind.DIVIDEND), paid(-1, CashKind.FUNDING))
    account = state.account
    assert account.cash == {"USD": D("10000.75")}
    assert account.flows == {CashKind.FUNDING: D("-2.25"), CashKind.DIVIDEND: D(3)}
    assert state.pnl.days["2022-12-13"].flows == D("0.75")
    assert account.equity == 10_000.75
    assert (account.realised, account.fees) == (D(0), D(0))


def test_what_is_published_moves_nothing_by_itself() -> None:
    before = book(HUNDRED)
    after = tell(
        book(HUNDRED),
        FundingPublished("AAPL", D("0.01"), D(50)),
        DividendWentEx("AAPL", D(1)),
        ts=before.time,
    )
    after.seq = before.seq
    assert after == before


# --- rates that come late -----------------------------------------------------------------------------------


def test_without_a_rate_the_account_says_that_it_is_not_complete() -> None:
    state = book(paid(100, CashKind.DIVIDEND, "EUR"))
    assert not state.account.complete
    assert state.account.rates == {"EUR": None}
    assert state.account.cash == {"USD": D(10_000), "EUR": D(100)}
    assert (state.account.equity, state.account.flows) == (10_000.0, {})


@pytest.mark.parametrize("rate", [RatePublished("EUR", "USD", D("1.1")), MarkUpdated("EURUSD", 1.1)])
def test_what_waited_for_a_rate_is_booked_with_it(rate: RatePublished | MarkUpdated) -> None:
    state = book(
        paid(100, CashKind.DIVIDEND, "EUR"),
        filled("a", BUY, 1, 100, instrument="BUND"),
        filled("b", SELL, 1, 120, instrument="BUND", fee=3),
        rate,
    )
    account = state.account
    assert account.complete
    assert account.unbooked == {}
    assert (account.flows, account.realised) == ({CashKind.DIVIDEND: D(110)}, D(22))
    assert state.pnl.days["2022-12-13"].realised == D(22)
    assert account.equity == pytest.approx(10_000 + 110 + 22 - 3)


def test_a_rate_that_moves_later_is_a_currency_gain_not_a_profit() -> None:
    state = book(RatePublished("EUR", "USD", D("1.1")), paid(100, CashKind.DIVIDEND, "EUR"))
    tell(state, RatePublished("EUR", "USD", D("1.2")))
    assert state.account.flows == {CashKind.DIVIDEND: D(110)}
    assert state.account.currency_gain == pytest.approx(10.0)
    assert state.account.equity == pytest.approx(10_120.0)


# --- splits -------------------------------------------------------------------------------------------------


def split(state: State, new: object, old: object, instrument: str = "AAPL") -> State:
    return tell(state, SplitEffected(instrument, D(str(new)), D(str(old))))


def test_a_split_gives_new_units_at_the_same_cost_and_value() -> None:
    state = split(book(HUNDRED, MarkUpdated("AAPL", 60.0)), 4, 1)
    position = state.positions["s/AAPL"]
    assert (position.qty, position.cost, position.realised) == (D(400), D(5000), D(0))
    assert (position.entry, position.mark, position.unrealised) == (12.5, 15.0, 1000.0)
    assert state.marks["AAPL"].last == 15.0
    assert state.account.equity == 11_000.0


def test_the_fraction_below_a_lot_leaves_with_its_cost_and_is_paid_in_lieu() -> None:
    """15 units at 10 become one and a half: one stays with 100 of the cost, 50 leave, and 60 are paid for them."""
    state = split(book(filled("a", BUY, 15, 10, instrument="AAPL"), MarkUpdated("AAPL", 12.0)), 1, 10)
    position = state.positions["s/AAPL"]
    assert (position.qty, position.cost, position.realised) == (D(1), D(100), D(-50))
    tell(state, paid(60, CashKind.CASH_IN_LIEU))
    assert state.account.cash == {"USD": D(9_910)}
    assert state.account.equity == 10_030.0


def test_a_position_below_one_lot_is_paid_out_whole() -> None:
    state = split(book(filled("a", SELL, 3, 10, instrument="AAPL")), 1, 10)
    position = state.positions["s/AAPL"]
    assert (position.qty, position.cost, position.realised, position.value) == (D(0), D(0), D(30), 0.0)


def test_a_split_of_what_is_not_held_changes_its_price_only() -> None:
    state = split(book(HUNDRED, MarkUpdated("BTC", 60.0, 59.0, 61.0)), 2, 1, "BTC")
    mark = state.marks["BTC"]
    assert (mark.last, mark.bid, mark.ask) == (30.0, 29.5, 30.5)
    assert state.positions["s/AAPL"].qty == D(100)


@pytest.mark.parametrize(
    "nonsense",
    [SplitEffected("AAPL", D(0), D(1)), SplitEffected("AAPL", D(1), D(-1)), SplitEffected("X", D(2), D(1))],
)
def test_a_split_that_makes_no_sense_changes_nothing(nonsense: SplitEffected) -> None:
    state = tell(book(HUNDRED), nonsense)
    assert (state.positions["s/AAPL"].qty, state.account.equity) == (D(100), 10_000.0)


def test_an_inverse_contract_is_not_split() -> None:
    state = split(book(filled("a", BUY, 3, 50_000, instrument="XBTUSD")), 2, 1, INVERSE.id)
    assert state.positions["s/XBTUSD"].qty == D(3)


@given(
    st.integers(-500, 500).filter(bool), st.decimals("0.01", 999, places=2), st.integers(1, 30), st.integers(1, 30)
)  # fmt: skip
@law(60)
def test_a_split_and_its_cash_in_lieu_keep_the_value(qty: int, price: Decimal, new: int, old: int) -> None:
    side = BUY if qty > 0 else SELL
    state = book(filled("a", side, abs(qty), price, instrument="AAPL"))
    before = state.account.equity
    split(state, new, old)
    position = state.positions["s/AAPL"]
    fraction = D(qty) * new / old - position.qty
    assert abs(fraction) < 1
    assert abs(position.qty) <= abs(D(qty) * new / old)
    lieu = fraction * price * old / new
    tell(state, paid(lieu.quantize(D("1e-8")), CashKind.CASH_IN_LIEU))
    assert state.account.equity == pytest.approx(before, abs=1e-6)
    cash, totals = state.account.cash["USD"], state.account
    assert cash + position.cost == totals.opening + totals.realised + totals.flows.get(
        CashKind.CASH_IN_LIEU, D(0)
    )
