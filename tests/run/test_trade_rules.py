"""A backtest with an exchange of trades: positions by name, the end, ruin, and when equity knows."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest

from tests.builders import START, bar, columns, flat
from tradekit.data.load_ticks import load_quotes
from tradekit.data.tickbars import bars_from_quotes
from tradekit.errors import ConfigError, OrderError
from tradekit.model.account import CashKind
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.sim.profiles import backtesting_py, default, nautilus
from tradekit.state.reducer import apply
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy

D = Decimal
BARS: Any = columns([bar(n, (100 + n, 103 + n, 97 + n, 101 + n)) for n in range(6)])


class Acting(Strategy):
    """Does what it was given on each bar, by its number."""

    acts: ClassVar[dict[int, Callable[["Acting"], object]]] = {}

    def on_start(self) -> None:
        self.number = -1
        self.seen: list[Any] = []

    def on_bar(self, bar: Any) -> None:
        self.number += 1
        act = self.acts.get(self.number)
        if act is not None:
            act(self)


def run(
    acts: dict[int, Callable[[Any], object]], bars: Any = BARS, *, cash: object = 10_000, **settings: Any
) -> Result:
    """A run of these acts."""
    strategy: Any = type("Acting", (Acting,), {"acts": acts})
    return backtest(strategy(), bars, cash=cash, rules=backtesting_py(**settings))


def fills(result: Result) -> list[tuple[str, float, float]]:
    frame = result.fills
    return list(zip(frame["side"].astype(str), frame["qty"], frame["price"], strict=True))


def test_each_entry_is_a_position_and_close_leaves_them_all() -> None:
    result = run({0: lambda me: (me.buy(3), me.buy(4)), 2: lambda me: me.close()})
    assert fills(result) == [("buy", 3, 101), ("buy", 4, 101), ("sell", 4, 103), ("sell", 3, 103)]
    assert [float(t.qty) for t in result.trips] == [4, 3]


def test_a_named_position_is_left_alone() -> None:
    def leave_first(me: Any) -> None:
        first = next(p for p in me.state.positions.values() if p.qty)
        me.close(position=first.position)

    result = run({0: lambda me: (me.buy(3), me.buy(4)), 2: leave_first})
    assert fills(result)[2:] == [("sell", 3, 103)]


def test_a_portion_is_rounded_to_whole_units_half_to_even_and_is_one_at_least() -> None:
    result = run({0: lambda me: (me.buy(5), me.buy(7), me.buy(1)), 2: lambda me: me.close(portion=0.5)})
    assert [(side, qty) for side, qty, _ in fills(result)[3:]] == [("sell", 1), ("sell", 4), ("sell", 2)]


def test_a_close_is_not_wished_for_twice() -> None:
    result = run({0: lambda me: me.buy(5), 2: lambda me: (me.close(), me.close())})
    assert len(result.orders) == 2


def test_opposite_trades_of_a_hedging_run_are_closed_though_they_net_to_nothing() -> None:
    result = run({0: lambda me: (me.buy(5), me.sell(5)), 2: lambda me: me.close()}, hedging=True)
    assert len(result.trips) == 2


@pytest.mark.parametrize("portion", [0, -1, 1.5])
def test_a_portion_beyond_the_position_is_refused(portion: float) -> None:
    with pytest.raises(OrderError, match=r"portion is .*: give a fraction above 0 up to 1"):
        run({0: lambda me: me.buy(5), 2: lambda me: me.close(portion=portion)})


def test_a_fill_of_the_venues_own_is_known_to_the_strategys_goal() -> None:
    """The exclusive entry closed the trade; a wish for the position that is left is then no wish."""
    result = run(
        {0: lambda me: me.buy(5), 2: lambda me: me.sell(3), 4: lambda me: me.buy_to(-3)},
        exclusive_orders=True,
    )
    assert len(result.orders) == 2


def test_a_flatten_of_the_risk_desk_names_each_position() -> None:
    result = run(
        {0: lambda me: (me.buy(5), me.buy(2)), 2: lambda me: me._desk.dealing.flatten(None, "enough")}
    )
    assert sorted(fills(result)[2:]) == [("sell", 2, 103), ("sell", 5, 103)]


def test_the_fee_of_a_run_is_the_commission() -> None:
    strategy: Any = type("Acting", (Acting,), {"acts": {0: lambda me: me.buy(10)}})
    result = backtest(strategy(), BARS, fee=0.01, rules=backtesting_py())
    assert result.fills["fee"].to_list() == [10.1]


@pytest.mark.parametrize(
    ("costs", "why"),
    [
        ({"fee": 0.01}, "have a commission already"),
        ({"slippage": 0.01}, "knows no slippage; use its `spread`"),
    ],
)
def test_costs_that_the_rules_cannot_have_are_refused(costs: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        backtest(Acting, BARS, rules=backtesting_py(commission=0.001), **costs)


def test_several_instruments_are_refused() -> None:
    other: Any = columns([flat(n, 5.0, instrument="ETH") for n in range(3)])
    with pytest.raises(ConfigError, match="one instrument at a time; given: BTC, ETH"):
        backtest(Acting, [BARS, other], rules=backtesting_py())


def test_what_traded_at_a_close_is_booked_there_and_known_to_equity_a_bar_later() -> None:
    result = run({1: lambda me: me.buy(10)}, trade_on_close=True, commission=0.01)
    assert result.fills.index[0] == result.equity.index[1]
    assert result.equity["equity"].to_list()[:3] == pytest.approx([10_000, 10_000, 10_000 - 10.2 + 10])


def test_what_is_closed_at_the_end_is_in_the_last_bars_equity() -> None:
    result = run({0: lambda me: me.buy(10)}, finalize_trades=True)
    assert fills(result)[1:] == [("sell", 10, 105)]
    assert result.equity["equity"].iloc[-1] == pytest.approx(10_000 + 10 * 4)
    assert float(result.final.account.equity) == pytest.approx(10_040)


def test_a_ruined_account_stays_at_nothing() -> None:
    falling = columns([bar(n, (100 - 20 * n,) * 4) for n in range(4)])
    result = run({0: lambda me: me.buy(90), 2: lambda me: me.buy(1)}, falling, cash=1_000, margin=0.1)
    assert result.equity["equity"].to_list() == pytest.approx([1_000, 1_000, 0, 0])
    assert result.final.account.flows[CashKind.WRITE_OFF] == D(800)
    assert result.orders["status"].astype(str).to_list() == ["filled", "rejected"]


def test_the_events_fold_to_the_same_account_as_the_equity_curve_ends_with() -> None:
    result = run({0: lambda me: (me.buy(3), me.buy(4)), 2: lambda me: me.sell(5)}, commission=0.001)
    state = State()
    for event in result.events():
        apply(state, event)
    assert state.account.equity == pytest.approx(result.equity["equity"].iloc[-1])
    assert [event.seq for event in result.events()] == list(range(1, state.seq + 1))


# --- orders that trade at once ------------------------------------------------------------------------------


class OnQuotes(Strategy):
    """Buys on the second quote and leaves at the end."""

    def on_start(self) -> None:
        self.number = 0

    def on_quote(self, quote: Any) -> None:
        self.number += 1
        if self.number == 2:
            self.buy(3)

    def on_stop(self) -> None:
        self.close()


def quoted(rules: Any) -> Result:
    """A run over four quotes, a second apart, a tenth wide."""
    stamps = pd.to_datetime(START + np.arange(4) * 1_000_000_000, utc=True)
    frame = pd.DataFrame({"ts": stamps, "bid": [10.0, 11, 12, 13], "ask": [10.1, 11.1, 12.1, 13.1]})
    quotes = load_quotes(frame, instrument="BTC")
    return backtest(OnQuotes, bars_from_quotes(quotes, "1s"), ticks=quotes, fee=0.001, rules=rules)


def test_on_quotes_a_market_order_trades_on_the_quote_at_which_it_was_sent() -> None:
    result = quoted(nautilus(currency="USD"))
    assert fills(result)[0] == ("buy", 3, 11.1)
    assert result.fills.index[0].value == START + 1_000_000_000
    assert result.fills["fee"].iloc[0] == 0.03


def test_what_is_sent_at_the_end_still_trades_where_orders_trade_at_once() -> None:
    assert fills(quoted(nautilus()))[1:] == [("sell", 3, 13)]
    assert len(fills(quoted(default()))) == 1
