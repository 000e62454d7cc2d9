"""Equity, margins and currencies: what is held is worth what its marks and rates say."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, DAY, START, filled, law
from tests.state.books import ALL, ES, INVERSE, book, tell
from tradekit.core.codec import encode
from tradekit.model.account import AccountType, CashKind, CashMoved, RatePublished
from tradekit.model.instrument import Instrument, Kind
from tradekit.model.market import MarkUpdated
from tradekit.model.order import Side
from tradekit.state.shape import State
from tradekit.state.totals import forget
from tradekit.state.valuation import revalue, revalue_position

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


# --- derivatives --------------------------------------------------------------------------------------------


def test_a_margined_instrument_keeps_its_notional_out_of_cash_and_has_the_same_equity() -> None:
    facts = [
        (
            filled("a", BUY, 2, 100, instrument=name),
            MarkUpdated(name, 103.0),
            filled("b", SELL, 1, 104, instrument=name),
        )
        for name in ("ES", "FES")
    ]
    paid, margined = (book(*one) for one in facts)
    assert paid.account.cash == {"USD": D(10_000 - 10_000 + 5_200)}
    assert margined.account.cash == {"USD": D(10_200)}
    assert paid.account.equity == margined.account.equity == 10_400.0
    assert paid.account.realised == margined.account.realised == D(200)
    assert paid.account.unrealised == margined.account.unrealised == 200.0


def test_an_inverse_contract_earns_its_base_currency() -> None:
    """1,000 contracts of 100 USD from 50,000 to 62,500: 100,000 x (1/50,000 - 1/62,500) = 0.4 BTC."""
    state = book(filled("a", BUY, 1000, 50_000, instrument="XBTUSD"), cash=1, currency="BTC")
    tell(state, MarkUpdated("XBTUSD", 62_500.0))
    position = state.positions["s/XBTUSD"]
    assert (position.cost, position.entry) == (D(-2), 50_000.0)
    assert position.unrealised == pytest.approx(0.4)
    assert state.account.equity == pytest.approx(1.4)
    tell(state, filled("b", SELL, 1000, 62_500, instrument="XBTUSD"))
    assert state.account.cash == {"BTC": D("1.4")}
    assert state.fills[-1].realised == D("0.4")


def test_a_short_inverse_contract_loses_what_the_long_one_earns() -> None:
    state = book(filled("a", SELL, 1000, 50_000, instrument="XBTUSD"), cash=1, currency="BTC")
    tell(state, filled("b", BUY, 1000, 62_500, instrument="XBTUSD"))
    assert state.account.cash["BTC"] == D("0.6")


def test_the_average_entry_of_an_inverse_contract_is_the_harmonic_mean() -> None:
    state = book(*(filled("a", BUY, 100, price, instrument="XBTUSD") for price in (40_000, 60_000)))
    assert state.positions["s/XBTUSD"].entry == pytest.approx(48_000.0)


def test_the_average_entry_is_a_price_whatever_the_multiplier() -> None:
    assert book(filled("a", BUY, 2, 4000, instrument="ES")).positions["s/ES"].entry == 4000.0


# --- currencies ---------------------------------------------------------------------------------------------


def test_equity_is_the_sum_of_all_currencies_at_their_rates() -> None:
    state = book(
        MarkUpdated("EURUSD", 1.1),
        MarkUpdated("USDJPY", 125.0),
        filled("a", BUY, 10, 100, instrument="BUND"),
        filled("b", SELL, 1, 25_000, instrument="NK"),
        MarkUpdated("BUND", 110.0),
        MarkUpdated("NK", 26_000.0),
    )
    account = state.account
    assert account.cash == {"USD": D(10_000), "EUR": D(-1000), "JPY": D(25_000)}
    assert account.unrealised == pytest.approx(100 * 1.1 - 1000 / 125)
    assert account.equity == pytest.approx(10_000 + 100 * 1.1 - 1000 / 125)
    assert account.currency_gain == pytest.approx(0.0, abs=1e-9)


def test_the_identity_of_equity_holds_with_a_currency_gain() -> None:
    state = book(MarkUpdated("EURUSD", 1.1), filled("a", BUY, 10, 100, instrument="BUND"))
    tell(state, filled("b", SELL, 4, 110, instrument="BUND"), MarkUpdated("EURUSD", 1.3))
    account = state.account
    assert account.realised == D(44)  # 40 EUR at the rate of its moment
    assert account.unrealised == pytest.approx(60 * 1.3)
    assert account.currency_gain == pytest.approx(40 * (1.3 - 1.1))
    assert account.equity == pytest.approx(10_000 + 44 + 78 + 8)


def test_a_position_in_a_currency_without_a_rate_is_left_out_and_said() -> None:
    state = book(filled("a", BUY, 1, 100, instrument="BUND"), MarkUpdated("BUND", 150.0))
    assert (state.account.equity, state.account.complete) == (10_000.0, False)
    tell(state, RatePublished("EUR", "USD", D(2)))
    assert (state.account.equity, state.account.complete) == (10_100.0, True)


def test_a_free_fill_in_a_foreign_fee_currency_needs_no_rate() -> None:
    fill = msgspec.structs.replace(filled("a", BUY, 1, 100), fee_currency="BNB")
    assert book(fill).account.complete
    assert not book(msgspec.structs.replace(fill, fee=D("0.1"))).account.complete


# --- margins ------------------------------------------------------------------------------------------------


def margins(kind: AccountType) -> tuple[float, float, float]:
    state = book(filled("a", BUY, 2, 100, instrument="FES"), filled("b", SELL, 3, 100), account_type=kind)
    return state.account.used, state.account.maintenance, state.account.free


def test_an_unlimited_account_counts_no_margin() -> None:
    assert margins(AccountType.UNLIMITED) == (0.0, 0.0, 10_000.0)


def test_a_margin_account_sums_the_margins_of_longs_and_shorts() -> None:
    assert margins(AccountType.MARGIN) == (1000.0 + 300.0, 500.0 + 150.0, 8_700.0)


def test_a_cash_account_secures_everything_in_full() -> None:
    assert margins(AccountType.CASH) == (10_300.0, 0.0, -300.0)


# --- many positions -----------------------------------------------------------------------------------------

MANY = [Instrument(id=f"I{n}", kind=Kind.FUTURE if n % 2 else Kind.SPOT, margin=D("0.5")) for n in range(20)]
MOVES = st.lists(st.tuples(st.integers(0, 19), st.floats(50, 150)), max_size=40)


@given(MOVES, st.sampled_from(AccountType))
@law(30)
def test_adding_what_has_changed_gives_what_summing_up_gives(
    moves: list[tuple[int, float]], kind: AccountType
) -> None:
    entries = [
        filled("a", BUY if n % 3 else SELL, 1 + n, 100, instrument=one.id) for n, one in enumerate(MANY)
    ]
    state = book(*entries, instruments=[BTC, *MANY], account_type=kind)
    tell(state, MarkUpdated("BTC", 5.0), *(MarkUpdated(f"I{n}", price) for n, price in moves))
    account = state.account
    shifted = (account.equity, account.unrealised, account.used, account.maintenance)
    forget(state)
    revalue(state, state.time)
    assert shifted == (account.equity, account.unrealised, account.used, account.maintenance)


# --- the identity -------------------------------------------------------------------------------------------

NAMES = st.sampled_from([one.id for one in ALL])
FACTS = st.one_of(
    st.builds(
        lambda side, qty, price, fee, name: filled("o", side, qty, price, fee=fee, instrument=name),
        st.sampled_from(Side), st.integers(1, 5), st.decimals(90, 110, places=2), st.decimals(0, 1, places=2), NAMES,
    ),
    st.builds(MarkUpdated, NAMES, st.floats(90, 110)),
    st.builds(
        lambda amount, kind, currency: CashMoved("main", currency, amount, kind),
        st.decimals(-9, 9, places=2), st.sampled_from(CashKind), st.sampled_from(["USD", "EUR", "JPY", "BTC"]),
    ),
    st.builds(RatePublished, st.just("EUR"), st.just("USD"), st.decimals("0.5", 2, places=3)),
)  # fmt: skip


@given(st.lists(FACTS, max_size=25))
@law(60)
def test_equity_is_opening_profit_fees_flows_and_currency_gain(facts: list[object]) -> None:
    state: State = book(*facts)  # type: ignore[arg-type]
    account = state.account
    flows = float(sum(account.flows.values(), D(0)))
    booked = float(account.opening + account.realised - account.fees) + flows
    assert account.equity == pytest.approx(booked + account.unrealised + account.currency_gain, abs=1e-6)
    worth = 0.0
    for currency, amount in account.cash.items():
        worth += float(amount) * float(1 if currency == "USD" else account.rates.get(currency) or 0)
    for p in state.positions.values():
        at = float(1 if p.currency == "USD" else account.rates.get(p.currency) or 0)
        worth += (p.unrealised if p.margined else p.value) * at
    assert account.equity == pytest.approx(worth, abs=1e-6)


@given(st.lists(FACTS, max_size=25), NAMES, st.sampled_from(AccountType))
@law(60)
def test_a_mark_leaves_the_account_as_valuing_everything_anew_does(
    facts: list[object], name: str, kind: AccountType
) -> None:
    state: State = book(*facts, MarkUpdated(name, 101.0), account_type=kind)  # type: ignore[arg-type]
    marked = encode((state.account, state.pnl, state.positions))
    forget(state)
    for key in state.positions:
        revalue_position(state, key)
    revalue(state, state.time - 1)
    assert encode((state.account, state.pnl, state.positions)) == marked


def test_a_mark_of_what_is_not_held_begins_the_day_all_the_same() -> None:
    state = tell(book(filled("a", BUY, 1, 100)), MarkUpdated("ES", 5.0), ts=START + DAY + 1)
    assert {name: day.start for name, day in state.pnl.days.items()} == {
        "2022-12-13": 10_000.0,
        "2022-12-14": 10_000.0,
    }


def test_the_instruments_here_are_of_every_sort() -> None:
    assert {one.margined for one in ALL} == {True, False}
    assert (INVERSE.currency, ES.currency) == ("BTC", "USD")
