"""The totals of what is held: what summing up anew gives, exactly, whatever happened before."""

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import filled, law
from tests.state.books import ALL, book, tell
from tradekit.model.account import AccountType
from tradekit.model.market import MarkUpdated
from tradekit.model.order import Side
from tradekit.state.shape import State
from tradekit.state.totals import Totals, forget, totals_of

NAMES = st.sampled_from([one.id for one in ALL])
FACTS = st.one_of(
    st.builds(
        lambda side, qty, price, name: filled("o", side, qty, price, instrument=name),
        st.sampled_from(Side), st.integers(1, 3), st.decimals(90, 110, places=2), NAMES,
    ),
    st.builds(MarkUpdated, NAMES, st.floats(90, 110)),
)  # fmt: skip


@given(st.lists(FACTS, max_size=25), st.sampled_from(AccountType))
@law(60)
def test_totals_that_were_kept_up_are_those_made_anew(facts: list[object], kind: AccountType) -> None:
    state: State = book(*facts, account_type=kind)  # type: ignore[arg-type]
    kept, anew = totals_of(state), Totals(state)
    for currency in kept.currencies | anew.currencies:
        assert kept.of(currency) == anew.of(currency)


@given(st.lists(FACTS, max_size=25))
@law(60)
def test_a_sum_is_the_exact_one_rounded_once(facts: list[object]) -> None:
    state: State = book(*facts)  # type: ignore[arg-type]
    for currency in totals_of(state).currencies:
        held = [one for one in state.positions.values() if one.qty and one.currency == currency]
        total = totals_of(state).of(currency)
        assert total.held == len(held)
        assert total.net == float(sum((Fraction(one.value) for one in held), start=Fraction(0)))
        assert total.gross == float(sum((abs(Fraction(one.value)) for one in held), start=Fraction(0)))


def test_a_position_may_be_left_out() -> None:
    state = book(filled("a", Side.BUY, 2, 100), filled("b", Side.SELL, 1, 100, instrument="ETH"))
    assert (totals_of(state).of("USD").net, totals_of(state).of("USD").gross) == (100.0, 300.0)
    assert totals_of(state).of("USD", without=["s/ETH"]).gross == 200.0


def test_what_is_not_held_comes_to_nothing() -> None:
    assert totals_of(book()).of("USD") == (0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def test_a_mark_that_is_no_number_is_in_the_sum_until_the_next_one() -> None:
    state = book(filled("a", Side.BUY, 2, 100), filled("b", Side.BUY, 1, 100, instrument="ETH"))
    tell(state, MarkUpdated("ETH", math.inf))
    assert state.account.equity == math.inf
    assert totals_of(state).of("USD").held == 2
    tell(state, MarkUpdated("ETH", math.nan))
    assert math.isnan(state.account.equity)
    tell(state, MarkUpdated("ETH", 101.0))
    assert state.account.equity == 10_001.0


def test_what_is_remembered_is_no_part_of_the_state_and_made_again_when_forgotten() -> None:
    bought = filled("a", Side.BUY, 2, 100)
    state, other = book(bought), book(bought)
    forget(other)
    assert state == other
    before = totals_of(state)
    assert totals_of(state) is before
    forget(state)
    assert totals_of(state) is not before
    assert totals_of(state).of("USD") == before.of("USD")
