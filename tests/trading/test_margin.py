"""Margin: what an order may use, what may be called, what is closed first."""

from decimal import Decimal

import pytest

from tests.builders import filled, order
from tests.state.books import book, tell
from tradekit.core.event import Fact
from tradekit.model.account import AccountType, MarginCalled
from tradekit.model.market import MarkUpdated
from tradekit.model.order import OrderAccepted, OrderSubmitted, Side
from tradekit.state.shape import State
from tradekit.trading.margin import buying_power, is_called, margin_call, next_to_close, shortage
from tradekit.trading.risk import check

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
PRICES = (
    MarkUpdated("BTC", 100.0),
    MarkUpdated("FES", 100.0),
    MarkUpdated("EURUSD", 1.25),
    MarkUpdated("BUND", 100.0),
)


def account(kind: AccountType, *facts: Fact, **more: object) -> State:
    return book(*PRICES, *facts, cash=1000, account_type=kind, armed=True, **more)


def rule(
    state: State, wish: OrderSubmitted, price: float | None = 100.0, under_way: object = 0
) -> str | None:
    found = shortage(state, wish, price, D(str(under_way)))
    return None if found is None else found[0]


# --- cash accounts ------------------------------------------------------------------------------------------


def test_a_cash_account_buys_what_its_cash_pays() -> None:
    state = account(AccountType.CASH)
    assert rule(state, order("a", BUY, 10)) is None
    assert shortage(state, order("a", BUY, 11), 100.0) == ("buying_power", "1000.00", "1100.00")


def test_what_is_under_way_counts() -> None:
    state = account(AccountType.CASH)
    assert rule(state, order("a", BUY, 6), under_way=4) is None
    assert rule(state, order("a", BUY, 6), under_way=5) == "buying_power"


def test_orders_of_other_instruments_reserve_what_they_need() -> None:
    waiting = order("a", BUY, 5, limit=100, instrument="ES")  # 5 x 100 x 50
    state = account(AccountType.CASH, waiting, OrderAccepted("a", "ES", "v"))
    assert rule(state, order("b", BUY, 1)) == "buying_power"


def test_a_cash_account_does_not_sell_short() -> None:
    state = account(AccountType.CASH, filled("a", BUY, 5, 100))
    assert rule(state, order("b", SELL, 5)) is None
    assert shortage(state, order("b", SELL, 6), 100.0) == ("short", "0", "-1")


def test_a_limit_is_reckoned_at_its_own_price() -> None:
    state = account(AccountType.CASH)
    assert rule(state, order("a", BUY, 20, limit=50)) is None
    assert rule(state, order("a", BUY, 20, limit=51)) == "buying_power"


def test_money_in_another_currency_counts_at_its_rate() -> None:
    state = account(AccountType.CASH)
    assert rule(state, order("a", BUY, 8, instrument="BUND")) is None
    assert rule(state, order("a", BUY, 9, instrument="BUND")) == "buying_power"


def test_without_a_price_or_a_rate_nothing_is_bought() -> None:
    assert rule(book(account_type=AccountType.CASH), order("a", BUY, 1), price=None) == "buying_power"
    assert rule(book(account_type=AccountType.CASH), order("a", BUY, 1, instrument="BUND")) == "buying_power"


# --- margin accounts ----------------------------------------------------------------------------------------


def test_a_margin_account_needs_the_initial_margin_either_way() -> None:
    state = account(AccountType.MARGIN)  # a tenth of 100 x 50 a contract
    for side in Side:
        assert rule(state, order("a", side, 2, instrument="FES")) is None
        assert rule(state, order("a", side, 3, instrument="FES")) == "buying_power"


def test_turning_a_position_round_needs_margin_for_what_is_added_only() -> None:
    state = account(AccountType.MARGIN, filled("a", BUY, 2, 100, instrument="FES"))
    assert rule(state, order("b", SELL, 4, instrument="FES")) is None
    assert rule(state, order("b", SELL, 5, instrument="FES")) == "buying_power"
    assert rule(state, order("b", BUY, 1, instrument="FES")) == "buying_power"


def test_an_unlimited_account_is_asked_nothing() -> None:
    assert rule(account(AccountType.UNLIMITED), order("a", SELL, 10**9)) is None


def test_buying_power_is_free_margin_over_the_initial_one() -> None:
    assert buying_power(account(AccountType.MARGIN), "FES") == 10_000.0
    assert buying_power(account(AccountType.CASH), "FES") == 1_000.0
    assert buying_power(account(AccountType.UNLIMITED), "FES") == float("inf")


def test_a_leg_of_a_hedging_account_is_reckoned_by_itself() -> None:
    state = account(AccountType.MARGIN, leg(filled("a", BUY, 2, 100, instrument="FES")), hedging=True)
    assert rule(state, order("b", SELL, 2, instrument="FES", position="up")) is None
    assert rule(state, order("b", SELL, 2, instrument="FES", position="down")) == "buying_power"


def leg(fill: Fact) -> Fact:
    return type(fill)(**{n: "up" if n == "position" else getattr(fill, n) for n in fill.__struct_fields__})


def test_risk_denies_with_the_rule_its_bound_and_the_value() -> None:
    denial = check(account(AccountType.CASH), order("a", BUY, 11), 100.0)
    assert denial is not None
    assert (denial.rule, denial.bound, denial.value) == ("buying_power", "1000.00", "1100.00")


def test_an_order_that_opens_another_leg_does_not_pass_as_one_that_reduces() -> None:
    state = account(
        AccountType.UNLIMITED, leg(filled("a", BUY, 2, 100)), hedging=True, limits={"max_order_qty": "1"}
    )
    denial = check(state, order("b", SELL, 2, position="down"), 100.0)
    assert denial is not None
    assert denial.rule == "max_order_qty"
    assert check(state, order("b", SELL, 2, position="up"), 100.0) is None


# --- margin calls -------------------------------------------------------------------------------------------

LEVERAGED = filled("a", BUY, 2, 100, instrument="FES")  # worth 10,000; maintenance margin 500


@pytest.mark.parametrize(("price", "called"), [(95.3, False), (94.5, True), (80.0, True)])
def test_a_call_comes_below_the_maintenance_margin(price: float, called: bool) -> None:
    """At 95.3: equity 530, margin 476.5. At 94.5: 450 against 472.5."""
    state = tell(account(AccountType.MARGIN, LEVERAGED), MarkUpdated("FES", price))
    assert is_called(state) is called


@pytest.mark.parametrize("kind", [AccountType.CASH, AccountType.UNLIMITED])
def test_other_accounts_are_not_called(kind: AccountType) -> None:
    assert not is_called(tell(account(kind, LEVERAGED), MarkUpdated("FES", 1.0)))


def test_an_account_that_cannot_be_valued_is_not_called() -> None:
    state = account(AccountType.MARGIN, LEVERAGED, filled("b", BUY, 1, 100, instrument="NK"))
    tell(state, MarkUpdated("FES", 1.0))
    assert not state.account.complete
    assert not is_called(state)


def test_the_call_tells_equity_and_margin() -> None:
    state = tell(account(AccountType.MARGIN, LEVERAGED), MarkUpdated("FES", 94.5))
    assert margin_call(state) == MarginCalled(
        "main", D("450.0"), D("472.5"), "equity 450.00 is below the maintenance margin 472.50"
    )
    tell(state, margin_call(state))
    assert state.account.margin_calls == 1


def test_the_largest_loss_in_the_accounts_currency_is_closed_first() -> None:
    state = account(
        AccountType.UNLIMITED,
        filled("a", BUY, 1, 100), filled("b", BUY, 1, 100, instrument="BUND"), MarkUpdated("BTC", 89.0),
        MarkUpdated("BUND", 91.0),
    )  # fmt: skip
    worst = next_to_close(state)
    assert worst is not None
    assert worst.instrument == "BUND"  # 9 EUR are 11.25 USD
    assert next_to_close(account(AccountType.MARGIN)) is None
