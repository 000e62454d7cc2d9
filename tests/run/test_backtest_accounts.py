"""Accounts in a backtest: what each keyword does, end to end, and that the parts agree with each other."""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tests.builders import MINUTE, START, columns, flat, law, order
from tests.run.scripted import Script, Scripted, runs, with_script
from tradekit.errors import ConfigError
from tradekit.model.account import CashKind
from tradekit.model.instrument import Instrument, Kind
from tradekit.model.market import Bar
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.sim.backtesting_py import BacktestingPy
from tradekit.sim.venue import SimulatedVenue, exchange_for
from tradekit.strategy.base import Strategy

D = Decimal


def series(spec: Instrument, *prices: float, step: int = 1) -> Any:
    return columns([flat(n * step, price, instrument=spec.id) for n, price in enumerate(prices)], spec)


def at(*rows: tuple[int, dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame([row for _, row in rows], index=pd.to_datetime([ts for ts, _ in rows], utc=True))


def hold(qty: float, bars: Any, **options: Any) -> Result:
    """Buy (or sell) on the first bar, and hold."""
    wish = ("market", "buy" if qty > 0 else "sell", abs(qty))
    return backtest(with_script(Scripted, {1: [wish]})(), bars, **options)


STOCK = Instrument(id="AAPL", lot=D(1))
PERPETUAL = Instrument(id="BTC", kind=Kind.PERPETUAL, margin=D("0.1"))
INVERSE = Instrument(id="XBTUSD", base="BTC", multiplier=D(100), inverse=True)


# --- what moves cash ----------------------------------------------------------------------------------------


def test_funding_is_paid_on_what_is_held_at_its_moment() -> None:
    when = (START + 2 * MINUTE, {"instrument": "BTC", "rate": 0.001, "price": 101.0})
    before = (START, {"instrument": "BTC", "rate": 0.5, "price": 101.0})
    result = hold(2, series(PERPETUAL, 100, 100, 102, 102), funding=at(before, when))
    assert result.final.account.flows == {CashKind.FUNDING: D("-0.202")}
    assert result.equity["equity"].tolist() == pytest.approx([10_000, 10_000, 10_003.798, 10_003.798])
    assert result.stats["final_equity"] == pytest.approx(10_003.798)


def test_a_dividend_makes_up_for_the_price_that_falls_with_it() -> None:
    ex = at((START + 2 * MINUTE, {"instrument": "AAPL", "kind": "dividend", "amount": 2.0}))
    result = hold(10, series(STOCK, 100, 100, 98, 98), corporate_actions=ex)
    assert result.equity["equity"].tolist() == [10_000.0, 10_000.0, 10_000.0, 10_000.0]
    assert hold(-10, series(STOCK, 100, 100, 98, 98), corporate_actions=ex).final.account.equity == 10_000.0


def test_a_split_keeps_the_value_and_ends_orders_of_the_old_price() -> None:
    ex = at((START + 2 * MINUTE, {"instrument": "AAPL", "kind": "split", "new": 1, "old": 10}))
    script = {1: [("market", "buy", 15)], 2: [("protect", "sell", -50)], 3: [("close",)]}
    result = backtest(
        with_script(Scripted, script)(), series(STOCK, 100, 100, 1000, 1000), corporate_actions=ex
    )
    assert result.equity["equity"].tolist() == [10_000.0] * 4
    assert result.final.account.flows == {CashKind.CASH_IN_LIEU: D(500)}
    assert result.orders["note"].tolist() == ["", "split: its price and quantity are of another time", ""]
    assert [(fill.qty, fill.price) for fill in result.final.fills] == [(D(15), D(100)), (D(1), D(1000))]


def test_the_exchange_knows_what_a_split_made_of_a_position() -> None:
    """A protective stop sent after the split closes the new quantity: 20, not the 10 that were bought."""
    ex = at((START + 2 * MINUTE, {"instrument": "AAPL", "kind": "split", "new": 2, "old": 1}))
    script: Script = {1: [("market", "buy", 10)], 3: [("resting", "sell", 20, "stop", -1, True)]}
    result = backtest(
        with_script(Protected, script)(), series(STOCK, 100, 100, 50, 40, 40), corporate_actions=ex
    )
    assert [(fill.side, fill.qty) for fill in result.final.fills] == [("buy", D(10)), ("sell", D(20))]
    assert result.final.position("protected", "AAPL") == 0


def test_the_stop_of_a_bracket_that_a_split_has_ended_is_watched_at_its_new_level() -> None:
    """10 are bought at 100 with a stop at 90; of the 20 at 50 all are left once 45 has been seen."""
    ex = at((START + 2 * MINUTE, {"instrument": "AAPL", "kind": "split", "new": 2, "old": 1}))
    script: Script = {1: [("bracket", "buy", 10, 10)]}
    result = backtest(
        with_script(Bracketed, script)(), series(STOCK, 100, 100, 50, 46, 44, 43), corporate_actions=ex
    )
    assert [(fill.side, fill.qty, fill.price) for fill in result.final.fills] == [
        ("buy", D(10), D(100)), ("sell", D(20), D(43)),
    ]  # fmt: skip
    assert [(one.kind, one.instrument) for one in result.final.health.alerts][:1] == [("unprotected", "AAPL")]
    assert result.final.monitors == {}


class Bracketed(Scripted):
    """Buys with a stop loss so far below, and a target so far above."""

    def wish_bracket(self, bar: Bar | None, side: str, qty: float, away: float) -> None:
        self.buy(qty, stop_loss=self.level(bar, -away), take_profit=self.level(bar, away))


class Protected(Scripted):
    """Sells with a reduce-only stop."""

    def wish_resting(
        self, bar: Bar | None, side: str, qty: float, kind: str, away: float, *_: object
    ) -> None:
        self.sell(qty, stop=self.level(bar, away), reduce_only=True)


def test_what_is_sold_short_costs_its_loan_night_by_night() -> None:
    bars = series(STOCK, 100, 100, 100, 100, step=720)  # two bars a day
    result = hold(-36, bars, borrow_rate=0.01)
    assert result.final.account.flows == {CashKind.BORROW: D("-0.1")}  # 3,600 x 1 % x 1 / 360
    assert hold(36, bars, borrow_rate=0.01).final.account.flows == {}


def test_cash_that_is_owed_costs_interest() -> None:
    result = hold(460, series(STOCK, 100, 100, 100, step=720), interest_rate=0.05)
    assert result.final.account.flows == {CashKind.INTEREST: D(-5)}


# --- instruments and currencies -----------------------------------------------------------------------------


def test_an_inverse_contract_is_held_in_its_base_currency() -> None:
    result = hold(1000, series(INVERSE, 50_000, 50_000, 62_500), cash=1)
    assert result.opened.currency == "BTC"
    assert result.equity["equity"].tolist() == pytest.approx([1.0, 1.0, 1.4])
    assert result.equity["cash"].tolist() == [1.0, 1.0, 1.0]
    assert result.equity["exposure"].iloc[-1] == pytest.approx(1.6)


def test_a_foreign_instrument_is_converted_at_published_rates() -> None:
    bund = Instrument(id="BUND", quote="EUR")
    rates = {"EUR/USD": pd.Series([1.0, 1.5], index=pd.to_datetime([START, START + 3 * MINUTE]))}
    result = hold(10, series(bund, 100, 100, 110, 110, 110), currency="USD", rates=rates)
    assert result.equity["equity"].tolist() == [10_000.0, 10_000.0, 10_100.0, 10_150.0, 10_150.0]
    assert result.final.account.currency_gain == pytest.approx(0.0)


def test_an_instrument_with_a_base_currency_is_its_rate() -> None:
    fx, bund = Instrument(id="EURUSD", base="EUR"), Instrument(id="BUND", quote="EUR")
    result = hold(10, [series(bund, 100, 100, 110), series(fx, 1.0, 1.0, 1.2)], currency="USD")
    assert result.final.account.equity == pytest.approx(10_120.0)


def test_without_a_rate_the_result_warns() -> None:
    result = hold(10, series(Instrument(id="BUND", quote="EUR"), 100, 100, 110), currency="USD")
    assert result.final.account.equity == 10_000.0
    assert "no rate of EUR is known: equity leaves that currency out; pass rates=" in result.warnings


# --- account types ------------------------------------------------------------------------------------------


def test_a_cash_account_buys_no_more_than_its_cash_and_sells_nothing_short() -> None:
    bars = series(STOCK, 100, 100, 100)
    assert hold(100, bars, account="cash").final.position("scripted", "AAPL") == 100
    assert hold(101, bars, account="cash").final.risk.denials == {"buying_power": 1}
    assert hold(-1, bars, account="cash").final.risk.denials == {"short": 1}
    assert hold(101, bars).final.position("scripted", "AAPL") == 101


def test_an_account_of_another_type_is_refused() -> None:
    with pytest.raises(ConfigError, match="account is 'credit'; write one of unlimited, cash, margin"):
        hold(1, series(STOCK, 100, 100), account="credit")


class Hedger(Strategy):
    """Both ways at once, then out of one of them."""

    def on_start(self) -> None:
        self.n = 0

    def on_bar(self, bar: Bar) -> None:
        self.n += 1
        if self.n == 1:
            self.buy(2, position="up")
            self.sell(3, position="down")
        if self.n == 3:
            self.close(position="up")


def test_a_hedging_account_holds_both_ways() -> None:
    result = backtest(Hedger(), series(PERPETUAL, 100, 100, 110, 110, 110), hedging=True)
    positions = result.final.positions
    assert {key: one.qty for key, one in positions.items()} == {
        "hedger/BTC/up": D(0),
        "hedger/BTC/down": D(-3),
    }
    assert positions["hedger/BTC/up"].realised == 20
    assert result.final.account.equity == 9_990.0
    assert result.final.position("hedger", "BTC") == -3


# --- agreement ----------------------------------------------------------------------------------------------


@given(runs())
@law(8)
def test_a_rate_that_nobody_needs_changes_no_order_and_no_fill(run: dict[str, Any]) -> None:
    options = {name: value for name, value in run.items() if name not in ("make", "bars")}
    plain = backtest(run["make"](), run["bars"], **options)
    other = backtest(run["make"](), run["bars"], rates={"XXX/YYY": 2}, **options)
    facts = [[e.data for e in one.events() if e.type.startswith("order.")] for one in (plain, other)]
    assert facts[0] == facts[1]
    assert plain.final.account.cash == other.final.account.cash


def test_the_same_run_by_a_perpetual_and_by_a_spot_instrument_has_the_same_equity() -> None:
    rng = np.random.default_rng(5)
    prices = (100 + rng.normal(0, 1, 200).cumsum()).round(2).tolist()
    script = {int(n): [("to", int(rng.integers(-3, 4)), "")] for n in rng.integers(1, 200, 60)}
    results = [
        backtest(with_script(Scripted, script)(), series(spec, *prices), fee=0.001)
        for spec in (Instrument(id="BTC"), PERPETUAL)
    ]
    assert results[0].equity["equity"].tolist() == pytest.approx(
        results[1].equity["equity"].tolist(), rel=1e-12
    )
    assert results[0].final.account.realised == results[1].final.account.realised
    assert len(results[0].fills) > 30


@pytest.mark.parametrize("option", [{"account": "margin"}, {"hedging": True}, {"rates": {"EUR/USD": 1}}])
def test_rules_of_another_engine_keep_an_account_of_their_own(option: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="keep its margin and its account too: leave out account="):
        hold(1, series(STOCK, 100, 100), rules=BacktestingPy(), **option)
    venue = SimulatedVenue(exchange_for(BacktestingPy(), [STOCK], D(1000)))
    with pytest.raises(ConfigError, match="keep its margin"):
        venue.liquidate(order("a"), D(1), START)
