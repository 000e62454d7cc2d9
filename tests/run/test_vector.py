"""What is decided by array and filled by the twin is what `step` gives for the same decisions, one window at a time."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given

from tests.builders import columns, flat, law
from tests.run.decisions import NAN, Table, tables, with_table
from tests.run.scripted import LIMITS
from tradekit.core.codec import encode_event
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderFilled
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.run.vector import VectorResult

pytestmark = pytest.mark.shell

STAIRS = columns([flat(n, 97.0 + n % 5) for n in range(12)])
HOLD = [0, 1, 1, NAN, 2, 0, 0, -1, 0, 1, 1, 0]


def play(run: dict[str, Any], *, stepwise: bool) -> Result:
    options = {name: value for name, value in run.items() if name not in ("make", "bars")}
    return backtest(run["make"](), run["bars"], stepwise=stepwise, **options)


def story(result: Result) -> list[str]:
    return [encode_event(event).decode() for event in result.events()]


@given(tables(limits=LIMITS))
@law(25)
def test_decisions_by_array_tell_what_step_tells_window_by_window(run: dict[str, Any]) -> None:
    assert story(play(run, stepwise=False)) == story(play(run, stepwise=True))


@given(tables())
@law(40)
def test_the_twin_fills_what_step_fills(run: dict[str, Any]) -> None:
    quick, slow = play(run, stepwise=False), play(run, stepwise=True)
    assert isinstance(quick, VectorResult)
    fills, equity = quick.twin
    told = [event for event in slow.events() if isinstance(event.data, OrderFilled)]
    facts: list[OrderFilled] = [event.data for event in told]
    assert run["bars"].ts[fills.at].tolist() == [event.ts for event in told]
    held = np.cumsum([fact.qty * fact.side.sign for fact in facts]) if facts else []
    assert fills.held.tolist() == [float(position) for position in held]
    exact = [float(fact.price) for fact in facts]
    if run["slippage"]:
        np.testing.assert_allclose(fills.price, exact, rtol=1e-12)
    else:
        assert fills.price.tolist() == exact
    np.testing.assert_allclose(fills.fee, [float(fact.fee) for fact in facts], rtol=1e-9, atol=1.01e-8)
    np.testing.assert_allclose(equity, slow.equity["equity"], rtol=1e-9)
    for name in ("cash", "exposure", "drawdown"):
        np.testing.assert_allclose(quick.equity[name], slow.equity[name], rtol=1e-9, atol=1e-9)
    assert quick.fills.equals(slow.fills)
    assert quick.trades.equals(slow.trades)


@pytest.mark.parametrize("tick", ["0.01", "0.25", "0.03"])
def test_a_price_on_the_tick_is_rounded_as_the_exchange_rounds_it(tick: str) -> None:
    rng = np.random.default_rng(5)
    prices = (rng.integers(3000, 4000, 400) / 100).tolist()
    bars = columns(
        [flat(n, price) for n, price in enumerate(prices)], Instrument(id="BTC", tick=Decimal(tick))
    )
    strategy = with_table(bars, [float(n % 2) for n in range(400)])
    for slippage in (0, 0.0005):
        quick, slow = (backtest(strategy, bars, slippage=slippage, stepwise=s) for s in (False, True))
        assert isinstance(quick, VectorResult)
        np.testing.assert_allclose(quick.twin[0].price, slow.fills["price"], rtol=1e-15)


def test_the_record_is_written_when_it_is_asked_for_and_the_curve_before() -> None:
    result = backtest(with_table(STAIRS, HOLD), STAIRS)
    assert result.engine == "vector"
    assert len(result.equity) == 12
    assert "_written" not in vars(result._told)
    assert list(result.fills["qty"]) == [1, 1, 2, 1, 1, 1]
    assert "_written" in vars(result._told)


def test_the_last_bars_decision_is_an_order_that_is_not_filled_any_more() -> None:
    result = backtest(with_table(STAIRS, [NAN] * 11 + [1]), STAIRS)
    assert list(result.orders["status"]) == ["accepted"]
    assert result.fills.empty


def test_nothing_is_decided_before_the_window_is_full() -> None:
    result = backtest(with_table(STAIRS, [1.0] * 12, window=5), STAIRS)
    assert list(result.fills.index.asi8) == [STAIRS.ts[5]]


def test_a_strategy_with_callbacks_of_its_own_runs_bar_by_bar() -> None:
    class Stopped(with_table(STAIRS, HOLD)):  # type: ignore[misc]
        def on_fill(self, fill: OrderFilled) -> None:
            if fill.side == "buy":
                self.sell(1, stop=float(fill.price) - 1.5, reduce_only=True)

    quick, slow = (backtest(Stopped, STAIRS, stepwise=s) for s in (False, True))
    assert quick.engine == "step"
    assert story(quick) == story(slow)
    assert "stop" in set(quick.fills["rule"].str.partition(".")[0])


def test_several_instruments_are_decided_on_by_themselves() -> None:
    other = columns([flat(n, 50.0 + n % 3, instrument="ETH") for n in range(12)], Instrument(id="ETH"))

    class Below(Table):
        window = 1

        def target(self, bars: Any) -> Any:
            return bars.close < (99 if bars.instrument == "BTC" else 51)

    quick, slow = (backtest(Below, [STAIRS, other], stepwise=s) for s in (False, True))
    assert story(quick) == story(slow)
    assert set(quick.fills["instrument"]) == {"BTC", "ETH"}


def test_longer_bars_than_the_feeds_are_decided_on_as_they_close() -> None:
    class Hourly(Table):
        window = 2
        timeframes = ("5m",)

        def target(self, bars: Any) -> Any:
            return np.where(bars.close > np.roll(bars.close, 1), 1, 0)

    bars = columns([flat(n, 100.0 + (n // 7) % 3) for n in range(60)])
    result = backtest(Hourly, bars)
    assert result.engine == "step"
    assert set(result.fills.index.minute % 5) == {0}
