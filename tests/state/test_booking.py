"""What a fill comes to in its instrument's currency, held against the ledger."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import event, filled, opened
from tradekit.model.account import RatePublished
from tradekit.model.instrument import Instrument, Kind
from tradekit.model.order import Side
from tradekit.state.booking import Booked, booked
from tradekit.state.reducer import apply
from tradekit.state.shape import State

D = Decimal
PAIR = Instrument(id="BTC", quote="USD", base="BTC")


def state_of(*instruments: Instrument, **rates: str) -> State:
    state = State()
    apply(state, event(opened(instruments=list(instruments))))
    for pair, rate in rates.items():
        base, _, quote = pair.partition("_")
        apply(state, event(RatePublished(base, quote, D(rate))))
    return state


def test_a_fee_in_the_currency_of_the_instrument_stays_as_it_is() -> None:
    assert booked(state_of(PAIR), filled("a", Side.BUY, 2, 100, fee="0.5")) == Booked(D(2), D("0.5"), 1.0)


@pytest.mark.parametrize("side", Side)
def test_a_fee_in_what_was_traded_changes_the_quantity_as_the_ledger_has_it(side: Side) -> None:
    state = state_of(PAIR)
    fill = filled("a", side, 2, 100, fee="0.01", fee_currency="BTC")
    apply(state, event(fill, seq=2))
    (position,) = state.positions.values()
    found = booked(state, fill)
    assert (found.qty * side.sign, found.fee) == (position.qty, position.fees)
    assert found.fee == D("1.00")


def test_a_fee_in_a_third_currency_is_converted_at_the_rate_of_the_moment() -> None:
    state = state_of(PAIR, BNB_USD="300")
    assert booked(state, filled("a", Side.BUY, 2, 100, fee="0.01", fee_currency="BNB")).fee == D(3)


def test_a_fee_without_a_rate_is_none_and_never_a_guess() -> None:
    assert booked(state_of(PAIR), filled("a", Side.BUY, 2, 100, fee="0.01", fee_currency="BNB")).fee is None


@pytest.mark.parametrize(
    ("terms", "rate"), [({"quote": "EUR"}, 1.25), ({"quote": "GBP"}, 0.0), ({"kind": Kind.FUTURE}, 1.0)]
)
def test_the_rate_is_the_instruments_currency_in_the_accounts(terms: dict[str, Any], rate: float) -> None:
    state = state_of(Instrument(id="BTC", **terms), EUR_USD="1.25")
    fill = filled("a", Side.BUY, 1, 100, fee_currency=str(terms.get("quote", "USD")))
    assert booked(state, fill).rate == rate
