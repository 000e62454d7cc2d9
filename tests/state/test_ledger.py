"""Money: exact against fractions, whatever is traded, netted or hedged."""

from decimal import Decimal, getcontext, localcontext
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MINUTE, START, event, filled, law, opened
from tests.state.books import book, tell
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarkUpdated
from tradekit.model.order import OrderFilled, Side
from tradekit.state import ledger
from tradekit.state.reducer import apply

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
# --- crafted ------------------------------------------------------------------------------------------------


def test_a_buy_pays_price_and_fee_and_holds_its_cost() -> None:
    state = book(filled("a", BUY, 2, "100.5", fee="0.2"))
    position = state.positions["s/BTC"]
    assert (position.qty, position.cost, position.realised, position.fees) == (
        D(2),
        D("201.0"),
        D(0),
        D("0.2"),
    )
    assert position.entry == 100.5
    assert position.opened == START + MINUTE
    assert state.account.cash == {"USD": D("9798.8")}
    assert state.account.fees == D("0.2")
    assert state.account.equity == pytest.approx(9999.8, abs=1e-9)


def test_a_part_close_realises_its_share_of_the_cost() -> None:
    state = book(filled("a", BUY, 3, 100), filled("b", SELL, 1, 110))
    position = state.positions["s/BTC"]
    assert (position.qty, position.cost, position.realised) == (D(2), D(200), D(10))
    assert state.fills[-1].realised == D(10)


def test_what_a_division_leaves_over_stays_in_the_position() -> None:
    state = book(filled("a", BUY, 3, "33.34"), filled("b", BUY, 4, 10), filled("c", SELL, 1, 20))
    position = state.positions["s/BTC"]
    assert position.cost == D("120.01714286")  # 140.02 less its seventh, which is 20.00285714 to 1e-8
    assert position.realised == D("-0.00285714")


def test_a_full_close_leaves_nothing_and_forgets_the_entry() -> None:
    state = book(filled("a", SELL, 3, 100), filled("b", BUY, 3, 90))
    position = state.positions["s/BTC"]
    assert (position.qty, position.cost, position.realised, position.unrealised) == (D(0), D(0), D(30), 0.0)
    assert position.entry == 0.0
    assert state.account.cash["USD"] == D(10_030)


@pytest.mark.parametrize(("first", "second", "realised"), [(BUY, SELL, 10), (SELL, BUY, -10)])
def test_a_flip_closes_all_and_opens_the_rest_at_the_same_price(
    first: Side, second: Side, realised: int
) -> None:
    state = book(filled("a", first, 1, 100), filled("b", second, 3, 110))
    position = state.positions["s/BTC"]
    assert (position.qty, position.cost) == (2 * second.sign, 220 * second.sign)
    assert position.realised == realised
    assert position.opened == START + 2 * MINUTE


def test_the_multiplier_counts_in_cash_cost_and_unrealised_profit() -> None:
    state = book(filled("a", BUY, 1, 100, instrument="ES"), MarkUpdated("ES", 102.0))
    assert state.positions["s/ES"].cost == D(5000)
    assert state.account.cash["USD"] == D(5000)
    assert state.positions["s/ES"].unrealised == 100.0
    assert state.account.equity == 10_100.0


def test_a_fill_of_an_unknown_instrument_counts_in_the_accounts_currency() -> None:
    state = book(filled("a", BUY, 1, 100, instrument="DOGE"))
    assert state.account.cash == {"USD": D(9900)}
    assert state.account.equity == 10_000.0


def test_a_fee_in_another_currency_leaves_that_cash() -> None:
    fill = OrderFilled("a", "BTC", "s", "main", "a.1", BUY, D(1), D(100), D("0.01"), "BNB")
    assert book(fill).account.cash == {"USD": D(9900), "BNB": D("-0.01")}


def test_a_mark_moves_equity_and_peak_of_its_own_instrument_only() -> None:
    state = book(
        filled("a", BUY, 1, 100),
        filled("b", BUY, 1, 100, instrument="ES"),
        MarkUpdated("BTC", 120.0),
        MarkUpdated("BTC", 90.0),
    )
    assert state.positions["s/ES"].mark == 100.0
    assert state.positions["s/BTC"].mark == 90.0
    assert (state.account.equity, state.account.peak) == (9990.0, 10_020.0)


def test_the_marks_of_a_flat_position_are_kept_without_profit() -> None:
    state = book(filled("a", BUY, 1, 100), filled("b", SELL, 1, 100), MarkUpdated("BTC", 120.0))
    assert (state.positions["s/BTC"].mark, state.positions["s/BTC"].unrealised) == (120.0, 0.0)


def test_money_is_exact_whatever_precision_the_user_has_set() -> None:
    with localcontext() as context:
        context.prec = 4
        state = book(filled("a", BUY, "1.23456789", "9876.54321"), cash="123456.78")
    assert state.account.cash["USD"] == D("123456.78") - D("1.23456789") * D("9876.54321")
    assert getcontext().prec == 28


# --- hedging ------------------------------------------------------------------------------------------------


def leg(name: str, side: Side, qty: object, price: object) -> OrderFilled:
    return msgspec.structs.replace(filled(name, side, qty, price), position=name)


def test_a_hedging_account_keeps_named_positions_apart() -> None:
    state = book(leg("up", BUY, 2, 100), leg("down", SELL, 3, 100), leg("up", SELL, 1, 110), hedging=True)
    assert {key: p.qty for key, p in state.positions.items()} == {"s/BTC/up": D(1), "s/BTC/down": D(-3)}
    assert state.position("s", "BTC") == D(-2)
    assert state.position("else", "BTC") == D(0)
    assert state.positions["s/BTC/up"].realised == state.account.realised == D(10)


def test_a_netting_account_nets_whatever_the_fills_name() -> None:
    state = book(leg("up", BUY, 2, 100), leg("down", SELL, 3, 100))
    assert {key: p.qty for key, p in state.positions.items()} == {"s/BTC": D(-1)}
    assert state.position("s", "BTC") == D(-1)


def test_flat_positions_of_a_hedging_account_are_forgotten_when_there_are_many() -> None:
    held = [leg("kept", BUY, 1, 100)]
    closed = [leg(f"p{n}", side, 1, 100) for n in range(ledger.POSITIONS_KEPT + 2) for side in (BUY, SELL)]
    state = book(*held, *closed, hedging=True)
    assert len(state.positions) == ledger.POSITIONS_KEPT
    assert list(state.positions)[:2] == ["s/BTC/kept", "s/BTC/p3"]
    assert state.held["BTC"] == [key for key, position in state.positions.items() if position.qty]


def test_marks_look_at_the_named_positions_that_are_open_and_at_one_again_that_opens_again() -> None:
    state = book(leg("up", BUY, 2, 100), leg("up", SELL, 2, 110), leg("down", SELL, 1, 100), hedging=True)
    assert state.held["BTC"] == ["s/BTC/down"]
    state = book(leg("up", BUY, 2, 100), leg("up", SELL, 2, 110), leg("up", BUY, 1, 100), hedging=True)
    assert state.held["BTC"] == ["s/BTC/up"]


def test_a_position_keeps_the_terms_it_was_opened_with_until_it_is_flat() -> None:
    state = book(filled("a", BUY, 1, 100))
    dearer = opened(instruments=[Instrument(id="BTC", multiplier=D(10))])
    tell(state, dearer, MarkUpdated("BTC", 101.0))
    assert state.positions["s/BTC"].unrealised == 1.0
    tell(state, filled("b", SELL, 1, 100), dearer, filled("c", BUY, 1, 100), MarkUpdated("BTC", 101.0))
    assert state.positions["s/BTC"].unrealised == 10.0


# --- laws ---------------------------------------------------------------------------------------------------

QTY = st.decimals("0.00000001", "1000", places=8)
PRICE = st.floats(1e-6, 1e6, allow_nan=False).map(
    lambda x: D(repr(x))
)  # as a bar's open comes, all its digits
FEE = st.decimals("-1", "10", places=8)
NAMES = st.sampled_from(["BTC", "ES"])
FILLS = st.builds(
    lambda side, qty, price, fee, name: filled("o", side, qty, price, fee=fee, instrument=name),
    st.sampled_from(Side), QTY, PRICE, FEE, NAMES,
)  # fmt: skip
SAME_SIZES = st.builds(
    lambda side, qty, price, name: filled("o", side, qty, price, instrument=name),
    st.sampled_from(Side), st.integers(1, 3), st.decimals(90, 110, places=2), NAMES,
)  # fmt: skip
MULTIPLIER = {"BTC": 1, "ES": 50}


@given(st.lists(FILLS | SAME_SIZES, max_size=12))
@law(40)
def test_cash_and_cost_agree_with_fractions_to_the_last_digit(fills: list[OrderFilled]) -> None:
    state = book(*fills)
    cash, held, fees = Fraction(10_000), {"BTC": Fraction(0), "ES": Fraction(0)}, Fraction(0)
    for fill in fills:
        cash -= Fraction(fill.qty) * fill.side.sign * Fraction(fill.price) * MULTIPLIER[fill.instrument]
        cash -= Fraction(fill.fee)
        held[fill.instrument] += Fraction(fill.qty) * fill.side.sign
        fees += Fraction(fill.fee)
    assert Fraction(state.account.cash["USD"]) == cash
    assert Fraction(state.account.fees) == fees
    positions = state.positions.values()
    assert {p.instrument: Fraction(p.qty) for p in positions} == {
        p.instrument: held[p.instrument] for p in positions
    }
    # What was paid is in the positions, was realised, or was a fee: nothing is created, nothing is lost.
    cost = sum((Fraction(p.cost) for p in positions), Fraction(0))
    assert cash + cost == 10_000 + Fraction(state.account.realised) - fees
    assert Fraction(state.account.realised) == sum(Fraction(p.realised) for p in positions)
    assert all(p.cost == 0 for p in positions if p.qty == 0)


@given(st.lists(SAME_SIZES | st.builds(MarkUpdated, NAMES, st.floats(90, 110)), max_size=15))
@law(40)
def test_equity_is_cash_and_value_at_the_marks(facts: list[Any]) -> None:
    state = book(*facts)
    marks: dict[str, float] = {}
    for fact in facts:
        marks[fact.instrument] = fact.last if isinstance(fact, MarkUpdated) else float(fact.price)
    value = sum(
        float(p.qty) * marks[p.instrument] * MULTIPLIER[p.instrument] for p in state.positions.values()
    )
    assert state.account.equity == pytest.approx(float(state.account.cash["USD"]) + value, abs=1e-6)
    assert state.account.unrealised == pytest.approx(sum(p.unrealised for p in state.positions.values()))
    assert state.account.peak >= max(10_000.0, state.account.equity)


def test_the_fills_in_state_are_bounded() -> None:
    state = book()
    for n in range(ledger.FILLS_KEPT + 3):
        apply(state, event(filled(f"o{n}", BUY, 1, 100), seq=n + 2))
    assert len(state.fills) == ledger.FILLS_KEPT
    assert (state.fills[0].order, state.fills[-1].order) == ("o3", f"o{ledger.FILLS_KEPT + 2}")
