"""Money: exact against fractions, day by day, whatever is traded."""

from decimal import Decimal, getcontext, localcontext
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, DAY, MINUTE, START, event, filled, law, opened
from tradekit.core.event import Fact
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarkUpdated
from tradekit.model.order import OrderFilled, Side
from tradekit.state import ledger
from tradekit.state.reducer import apply
from tradekit.state.shape import State

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
MULTIPLIED = Instrument(id="ES", multiplier=D(50))


def account(*facts: Fact, cash: object = 10_000) -> State:
    """The state after these facts, one a minute."""
    state = State()
    first = opened(cash=D(str(cash)), instruments=[BTC, MULTIPLIED])
    for n, fact in enumerate((first, *facts)):
        apply(state, event(fact, seq=n + 1, ts=START + n * MINUTE))
    return state


# --- crafted ------------------------------------------------------------------------------------------------


def test_a_buy_pays_price_and_fee_and_holds_its_cost() -> None:
    state = account(filled("a", BUY, 2, "100.5", fee="0.2"))
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
    state = account(filled("a", BUY, 3, 100), filled("b", SELL, 1, 110))
    position = state.positions["s/BTC"]
    assert (position.qty, position.cost, position.realised) == (D(2), D(200), D(10))
    assert state.fills[-1].realised == D(10)


def test_what_a_division_leaves_over_stays_in_the_position() -> None:
    state = account(filled("a", BUY, 3, "33.34"), filled("b", BUY, 4, 10), filled("c", SELL, 1, 20))
    position = state.positions["s/BTC"]
    assert position.cost == D("120.01714286")  # 140.02 less its seventh, which is 20.00285714 to 1e-8
    assert position.realised == D("-0.00285714")


def test_a_full_close_leaves_nothing_and_forgets_the_entry() -> None:
    state = account(filled("a", SELL, 3, 100), filled("b", BUY, 3, 90))
    position = state.positions["s/BTC"]
    assert (position.qty, position.cost, position.realised, position.unrealised) == (D(0), D(0), D(30), 0.0)
    assert position.entry == 0.0
    assert state.account.cash["USD"] == D(10_030)


@pytest.mark.parametrize(("first", "second", "realised"), [(BUY, SELL, 10), (SELL, BUY, -10)])
def test_a_flip_closes_all_and_opens_the_rest_at_the_same_price(
    first: Side, second: Side, realised: int
) -> None:
    state = account(filled("a", first, 1, 100), filled("b", second, 3, 110))
    position = state.positions["s/BTC"]
    assert (position.qty, position.cost) == (2 * second.sign, 220 * second.sign)
    assert position.realised == realised
    assert position.opened == START + 2 * MINUTE


def test_the_multiplier_counts_in_cash_cost_and_unrealised_profit() -> None:
    state = account(filled("a", BUY, 1, 100, instrument="ES"), MarkUpdated("ES", 102.0))
    assert state.positions["s/ES"].cost == D(5000)
    assert state.account.cash["USD"] == D(5000)
    assert state.positions["s/ES"].unrealised == 100.0
    assert state.account.equity == 10_100.0


def test_a_fill_of_an_unknown_instrument_counts_in_the_accounts_currency() -> None:
    state = account(filled("a", BUY, 1, 100, instrument="DOGE"))
    assert state.account.cash == {"USD": D(9900)}
    assert state.account.equity == 10_000.0


def test_a_fee_in_another_currency_leaves_that_cash() -> None:
    fill = OrderFilled("a", "BTC", "s", "main", "a.1", BUY, D(1), D(100), D("0.01"), "BNB")
    assert account(fill).account.cash == {"USD": D(9900), "BNB": D("-0.01")}


def test_a_mark_moves_equity_and_peak_of_its_own_instrument_only() -> None:
    state = account(
        filled("a", BUY, 1, 100),
        filled("b", BUY, 1, 100, instrument="ES"),
        MarkUpdated("BTC", 120.0),
        MarkUpdated("BTC", 90.0),
    )
    assert state.positions["s/ES"].mark == 100.0
    assert state.positions["s/BTC"].mark == 90.0
    assert (state.account.equity, state.account.peak) == (9990.0, 10_020.0)


def test_the_marks_of_a_flat_position_are_kept_without_profit() -> None:
    state = account(filled("a", BUY, 1, 100), filled("b", SELL, 1, 100), MarkUpdated("BTC", 120.0))
    assert (state.positions["s/BTC"].mark, state.positions["s/BTC"].unrealised) == (120.0, 0.0)


def test_money_is_exact_whatever_precision_the_user_has_set() -> None:
    with localcontext() as context:
        context.prec = 4
        state = account(filled("a", BUY, "1.23456789", "9876.54321"), cash="123456.78")
    assert state.account.cash["USD"] == D("123456.78") - D("1.23456789") * D("9876.54321")
    assert getcontext().prec == 28


# --- days ---------------------------------------------------------------------------------------------------


def day_at(state: State, seq: int, ts: int, fact: Fact) -> None:
    apply(state, event(fact, seq=seq, ts=ts))


def test_a_close_at_midnight_belongs_to_the_day_that_ends_and_a_fill_to_the_one_that_begins() -> None:
    state = account(filled("a", BUY, 1, 100))
    day_at(state, 3, START + DAY, MarkUpdated("BTC", 110.0))
    assert {name: (day.start, day.end) for name, day in state.pnl.days.items()} == {
        "2022-12-13": (10_000.0, 10_010.0)
    }
    day_at(state, 4, START + DAY, filled("b", SELL, 1, 105, fee=1))
    assert {name: (day.start, day.end) for name, day in state.pnl.days.items()} == {
        "2022-12-13": (10_000.0, 10_010.0),
        "2022-12-14": (10_010.0, 10_004.0),
    }
    assert (state.pnl.days["2022-12-14"].realised, state.pnl.days["2022-12-14"].fees) == (D(5), D(1))


def test_news_of_a_day_that_has_ended_counts_in_the_latest() -> None:
    state = account()
    day_at(state, 2, START + 2 * DAY, filled("a", BUY, 1, 100))
    day_at(state, 3, START, filled("b", BUY, 1, 100, fee=3))
    assert {name: day.fees for name, day in state.pnl.days.items()} == {"2022-12-15": D(3)}


def test_only_the_latest_days_are_kept() -> None:
    state = account()
    for n in range(405):
        day_at(state, n + 2, START + n * DAY + MINUTE, MarkUpdated("BTC", 1.0))
    assert len(state.pnl.days) == 400
    assert next(iter(state.pnl.days)) == "2022-12-18"


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
    state = account(*fills)
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
    state = account(*facts)
    marks: dict[str, float] = {}
    for fact in facts:
        marks[fact.instrument] = fact.last if isinstance(fact, MarkUpdated) else float(fact.price)
    value = sum(
        float(p.qty) * marks[p.instrument] * MULTIPLIER[p.instrument] for p in state.positions.values()
    )
    assert state.account.equity == pytest.approx(float(state.account.cash["USD"]) + value, abs=1e-6)
    assert state.account.unrealised == pytest.approx(sum(p.unrealised for p in state.positions.values()))
    assert state.account.peak >= max(10_000.0, state.account.equity)


@given(
    st.lists(st.tuples(st.integers(0, 36), SAME_SIZES | st.builds(MarkUpdated, NAMES, st.floats(90, 110))))
)
@law(30)
def test_the_days_follow_each_other_and_add_up_to_the_whole(steps: list[tuple[int, Any]]) -> None:
    state, ts = account(), START
    for seq, (hours, fact) in enumerate(steps):
        ts += hours * 3600 * 1_000_000_000
        apply(state, event(fact, seq=seq + 2, ts=ts))
    days = list(state.pnl.days.values())
    assert list(state.pnl.days) == sorted(state.pnl.days)
    if days:
        assert days[0].start == 10_000.0
        assert days[-1].end == state.account.equity
        assert [a.end for a in days[:-1]] == [b.start for b in days[1:]]
    assert sum((day.realised for day in days), D(0)) == state.account.realised
    assert sum((day.fees for day in days), D(0)) == state.account.fees


def test_the_fills_and_the_curve_in_state_are_bounded() -> None:
    state = account()
    for n in range(ledger.FILLS_KEPT + 3):
        day_at(state, n + 2, START, filled(f"o{n}", BUY, 1, 100))
    assert len(state.fills) == ledger.FILLS_KEPT
    assert (state.fills[0].order, state.fills[-1].order) == ("o3", f"o{ledger.FILLS_KEPT + 2}")
    for n in range(ledger.CURVE_KEPT + 3):
        ledger.add_point(state, START + n)
    assert len(state.pnl.curve) == ledger.CURVE_KEPT
    assert state.pnl.curve[0].ts == START + 3


def test_a_later_point_of_the_curve_at_the_same_moment_takes_its_place() -> None:
    state = account()
    ledger.add_point(state, START)
    state.account.equity = 5.0
    ledger.add_point(state, START)
    assert [(p.ts, p.equity) for p in state.pnl.curve] == [(START, 5.0)]
