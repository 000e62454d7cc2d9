"""How long trades were open and how far the price went, counting only what they surely saw."""

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.report.excursions import excursions
from tradekit.report.executions import Execution, Split
from tradekit.report.trades import Trade, round_trips

MINUTE = 60_000_000_000


def bars(*rows: tuple[float, float, float, float]) -> SimpleNamespace:
    opens, highs, lows, closes = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    stamps = np.arange(len(rows), dtype=np.int64) * MINUTE
    return SimpleNamespace(ts=stamps, open=opens, high=highs, low=lows, close=closes)


BARS = bars(
    (100, 120, 90, 105),
    (105, 110, 80, 100),
    (100, 130, 95, 110),
    (112, 150, 70, 100),
    (100, 101, 99, 100),
)  # fmt: skip


def trade(
    entry: int,
    leave: int,
    *,
    side: str = "buy",
    rule: str = "market.open",
    price: str = "100",
    exit: str = "104",
) -> Trade:
    other = "sell" if side == "buy" else "buy"
    one = Decimal(1)
    fills = [
        Execution("a", "X", side, one, Decimal(price), Decimal(0), entry * MINUTE, rule=rule),
        Execution("b", "X", other, one, Decimal(exit), Decimal(0), leave * MINUTE),
    ]
    return round_trips(fills)[0]


def seen(one: Trade) -> tuple[float, float, float]:
    made = excursions([one], {"X": BARS})
    return float(made["bars"][0]), round(float(made["mae"][0]), 9), round(float(made["mfe"][0]), 9)


def test_an_entry_at_an_open_sees_its_whole_bar() -> None:
    assert seen(trade(0, 2)) == (2.0, -0.2, 0.2)


def test_an_entry_inside_a_bar_sees_its_close_only() -> None:
    assert seen(trade(0, 1, rule="limit.touch")) == (1.0, 0.0, 0.05)
    assert seen(trade(0, 2, rule="limit.touch")) == (2.0, -0.2, 0.1)


def test_the_bar_of_the_exit_counts_up_to_the_exit_only() -> None:
    """Bar 3 goes from 150 to 70; the trade is left in it at 115 and has seen its open, 112."""
    assert seen(trade(2, 3, exit="115")) == (1.0, -0.05, 0.3)


def test_in_and_out_within_a_bar_sees_the_exit() -> None:
    assert seen(trade(3, 3, exit="97")) == (0.0, -0.03, 0.0)


def test_a_short_is_seen_from_the_other_side() -> None:
    assert seen(trade(0, 2, side="sell")) == (2.0, -0.2, 0.2)
    assert seen(trade(4, 4, side="sell", exit="97")) == (0.0, 0.0, 0.03)


def test_a_trade_that_only_lost_was_never_ahead() -> None:
    assert seen(trade(0, 0, exit="99", rule="market.open"))[2] == 0.0


def test_a_moment_inside_a_bar_belongs_to_it() -> None:
    one = trade(0, 1)
    inside = round_trips(
        [
            Execution("a", "X", "buy", Decimal(1), Decimal(100), Decimal(0), 5, rule="market.open"),
            Execution("b", "X", "sell", Decimal(1), Decimal(104), Decimal(0), MINUTE + 7),
        ]
    )[0]
    assert seen(inside) == (1.0, 0.0, 0.05)
    assert seen(one) == (1.0, -0.1, 0.2)


def test_an_instrument_without_bars_has_no_numbers() -> None:
    made = excursions([trade(0, 2)], {"Y": BARS})
    assert all(np.isnan(column).all() for column in made.values())
    assert all(len(column) == 0 for column in excursions([], {"X": BARS}).values())


def test_a_trade_that_was_open_at_a_split_has_no_excursion() -> None:
    split = Split(1, MINUTE, "X", Decimal(2), Decimal(1))
    made = excursions([trade(0, 2), trade(1, 2)], {"X": BARS}, [split])
    assert np.isnan(made["mae"]).tolist() == np.isnan(made["mfe"]).tolist() == [True, False]
    assert made["bars"].tolist() == [2.0, 1.0]


@given(
    st.lists(
        st.tuples(st.integers(50, 150), st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=40
    ),
    st.lists(st.tuples(st.integers(0, 39), st.integers(0, 39), st.booleans()), min_size=1, max_size=12),
)
@law(60)
def test_many_trades_at_once_see_what_each_sees_walking_through_the_bars(
    middles: list[tuple[int, int, int]], stretches: list[tuple[int, int, bool]]
) -> None:
    history = bars(*((m, m + up, m - down, m) for m, up, down in middles))
    last = len(middles) - 1
    trades = [
        trade(min(a, b, last), min(max(a, b), last), rule="stop.gap" if at_open else "stop.touch")
        for a, b, at_open in stretches
    ]
    made = excursions(trades, {"X": history})
    for n, one in enumerate(trades):
        first, after = one.entry_time // MINUTE, one.exit_time // MINUTE
        prices = [104.0]
        if after > first:
            prices += [history.close[first], history.open[after]]
        for i in range(first if one.entry_rule == "stop.gap" else first + 1, after):
            prices += [history.low[i], history.high[i]]
        assert made["mae"][n] == pytest.approx(min(0.0, min(prices) / 100 - 1))
        assert made["mfe"][n] == pytest.approx(max(0.0, max(prices) / 100 - 1))
        assert made["bars"][n] == after - first
