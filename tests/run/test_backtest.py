"""A backtest from the outside: what goes in, what comes out, and what is said when it cannot."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tests.builders import BTC, MINUTE, START, bar, columns, flat, law
from tests.run.scripted import Scripted, runs, with_script
from tradekit.errors import ConfigError, DataError, OrderError, StrategyError
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.sim.fees import FixedFee
from tradekit.sim.rules import Rules
from tradekit.state.reducer import apply
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import parameters
from tradekit.strategy.library import SmaCross

BARS = columns([flat(n, 100.0 + n) for n in range(6)])
ROUND_TRIP = {1: [("to", 2, "in")], 3: [("signal", 1), ("close",)]}


def run(script: dict[int, Any], bars: Any = BARS, **options: Any) -> Result:
    return backtest(with_script(Scripted, script)(), bars, **options)


# --- rules and costs -----------------------------------------------------------------------------------------


def test_rules_fees_and_slippage_may_be_models() -> None:
    rules = Rules(market="this_close", fee=0.5)
    result = run({1: [("to", 2, "in")]}, rules=rules, fee=FixedFee(Decimal(3)), slippage=lambda _: 1)
    (fill,) = result.fills.itertuples()
    assert (fill.price, fill.fee, fill.rule) == (101.0, 3.0, "market.close")
    assert result.rules.fee == FixedFee(Decimal(3))


@pytest.mark.parametrize("stepwise", [True, False])
def test_a_fraction_beside_the_plain_rules_is_a_fraction(stepwise: bool) -> None:
    one, other = (
        run(ROUND_TRIP, stepwise=stepwise, **options)
        for options in ({"fee": 0.001}, {"rules": Rules(fee=0.001)})
    )
    assert one.to_json() == other.to_json()


def test_a_share_of_a_volume_that_no_bar_has_is_refused() -> None:
    silent = columns([flat(n, 100.0, volume=0.0) for n in range(3)])
    with pytest.raises(ConfigError, match="the bars of BTC have none"):
        run({}, silent, rules=Rules(participation=0.1))


def test_orders_are_matched_on_the_feeds_bars_whatever_the_strategy_hears() -> None:
    """An entry with stop and target in one bar of 15 minutes: its minutes say which came first."""
    minutes = [flat(n, 100.0) for n in range(15)] + [flat(15, 100.0), flat(16, 106.0), flat(17, 94.0)]
    minutes += [flat(n, 100.0) for n in range(18, 31)]

    class Fifteen(Strategy):
        timeframes = ("15m",)

        def on_bar(self, bar: Bar) -> None:
            if self.position() == 0:
                self.buy(1, stop_loss=95, take_profit=105)

    assert backtest(Fifteen, columns(minutes)).fills["rule"].tolist()[:2] == ["market.open", "limit.gap"]
    whole = columns(
        [bar(0, (100.0,) * 4, timeframe="15m"), bar(1, (100.0, 106.0, 94.0, 100.0), timeframe="15m")]
    )
    assert backtest(Fifteen, whole).fills["rule"].tolist()[:2] == ["market.open", "stop.touch"]


def test_an_instruments_limits_are_kept_by_the_written_out_loop_too() -> None:
    small = columns([flat(n, 100.0) for n in range(6)], Instrument(id="BTC", max_qty=Decimal(1)))
    runs = (run(ROUND_TRIP, small, stepwise=s) for s in (False, True))
    quick, slow = ([e.data.note for e in one.events() if e.type == "signal.raised"] for one in runs)
    assert quick == slow
    assert "above the largest order of 1" in quick[0]


# --- what comes out -----------------------------------------------------------------------------------------


def test_a_round_trip_is_decided_at_a_close_and_filled_at_the_next_open() -> None:
    result = run(ROUND_TRIP, fee=0.001)
    fills = result.fills
    assert fills.index.tolist() == [pd.Timestamp(START + n * MINUTE, tz="UTC") for n in (1, 3)]
    assert fills[["side", "qty", "price", "rule"]].to_numpy().tolist() == [
        ["buy", 2.0, 101.0, "market.open"], ["sell", 2.0, 103.0, "market.open"],
    ]  # fmt: skip
    assert fills["fee"].tolist() == pytest.approx([0.202, 0.206])
    assert fills["realised"].tolist() == [0.0, 4.0]
    (trip,) = result.trips
    assert (trip.side, trip.qty, trip.pnl) == ("long", Decimal(2), Decimal("3.592"))


def test_equity_is_cash_and_holdings_after_each_bar() -> None:
    equity = run({1: [("to", 2, "")]}, fee=0.001).equity
    assert equity.index[0] == pd.Timestamp(START, tz="UTC")
    assert equity["equity"].tolist() == pytest.approx(
        [10_000, 9999.798, 10_001.798, 10_003.798, 10_005.798, 10_007.798]
    )
    assert equity["exposure"].tolist() == pytest.approx([0, 202, 204, 206, 208, 210])
    assert equity["cash"].iloc[-1] == pytest.approx(9797.798)
    assert equity["drawdown"].iloc[1] == pytest.approx(-0.0000202)


@given(runs())
@law(8)
def test_the_equity_curve_is_the_ledgers_equity_at_each_close(run: dict[str, Any]) -> None:
    options = {name: value for name, value in run.items() if name not in ("make", "bars")}
    result = backtest(run["make"](), run["bars"], **options)
    state, at_close = State(), []
    for event in result.events():
        apply(state, event)
        if isinstance(event.data, Bar):
            at_close.append(state.account.equity)
    assert result.equity["equity"].to_numpy() == pytest.approx(at_close, abs=1e-6)


def test_orders_signals_and_trades_are_frames() -> None:
    result = run(ROUND_TRIP)
    assert result.orders.index.tolist() == ["scripted-1", "scripted-2"]
    assert result.orders[["side", "type", "status", "filled", "reason", "tag"]].to_numpy().tolist() == [
        ["buy", "market", "filled", 2.0, "in", ""], ["sell", "market", "filled", 2.0, "", "out"],
    ]  # fmt: skip
    assert result.orders["created"].iloc[0] == pd.Timestamp(START + MINUTE, tz="UTC")
    assert result.signals["name"].tolist() == ["opinion"]
    assert len(result.trades) == 1
    assert result.stats["trades"] == 1
    assert result.stats["final_equity"] == pytest.approx(10_004)
    assert result.bars().equals(BARS.frame())


def test_nothing_wished_for_gives_empty_frames_and_numbers_all_the_same() -> None:
    result = run({})
    for frame in (result.fills, result.orders, result.trades, result.signals):
        assert len(frame) == 0
    assert result.stats["total_return"] == 0.0
    assert result.warnings == []
    assert json.loads(json.dumps(result.to_json()))["trades"] == []


def test_the_json_is_plain_and_says_times_in_utc() -> None:
    made = json.loads(json.dumps(run(ROUND_TRIP).to_json()))
    assert set(made) >= {"stats", "trades", "fills"}
    assert [fill["ts"] for fill in made["fills"]] == [
        "2022-12-13T00:01:00.000000Z",
        "2022-12-13T00:03:00.000000Z",
    ]
    assert made["trades"][0]["entry_time"].startswith("2022-12-13T00:01:00")
    assert made["fills"][0]["price"] == 101.0


def test_the_words_of_a_result_name_strategy_parameters_and_data() -> None:
    result = backtest(SmaCross(fast=2, slow=3), BARS)
    assert repr(result) == "SmaCross(fast=2, slow=3, qty=1.0) on BTC 1m, 6 bars"


def test_bars_of_an_unknown_instrument_are_refused() -> None:
    with pytest.raises(KeyError, match="no bars of 'ETH' in this backtest; it has BTC"):
        run({}).bars("ETH")


# --- options ------------------------------------------------------------------------------------------------


def test_exposure_beyond_equity_is_warned_of_unless_leverage_is_bounded() -> None:
    script = {1: [("to", 150, "")]}
    assert run(script).warnings == [
        "exposure reached 1.5 times equity; pass leverage=1 to refuse such orders"
    ]
    assert run(script, leverage=1).warnings == ["1 orders denied by leverage"]


def test_limits_are_the_configurations_and_leverage_is_one_of_them() -> None:
    result = run({1: [("to", 2, "")]}, limits={"max_position": 1}, leverage=3)
    assert result.opened.limits == {"max_position": "1", "leverage": "3"}
    assert result.warnings == ["1 orders denied by max_position"]


def test_slippage_and_tick_move_the_price_against_us() -> None:
    spec = Instrument(id="BTC", tick=Decimal("0.5"))
    result = run(ROUND_TRIP, columns([flat(n, 100.0 + n) for n in range(6)], spec), slippage=0.001)
    assert result.fills["price"].tolist() == [101.5, 102.5]


def test_a_multiplier_counts_in_fills_trades_and_equity() -> None:
    spec = Instrument(id="BTC", multiplier=Decimal(10))
    result = run(ROUND_TRIP, columns([flat(n, 100.0 + n) for n in range(6)], spec))
    assert result.equity["equity"].iloc[-1] == pytest.approx(10_040)
    assert result.trips[0].pnl == Decimal(40)


@pytest.mark.parametrize("stepwise", [False, True])
def test_progress_is_told_now_and_then(stepwise: bool) -> None:
    many = columns([flat(n, 100.0) for n in range(8200)])
    told: list[int] = []
    run({}, many, stepwise=stepwise, progress=told.append)
    assert told
    assert told == sorted(told)
    assert told[-1] <= 8200


# --- several instruments and timeframes ---------------------------------------------------------------------


class Pair(Strategy):
    """Buys what has just closed higher than it opened."""

    def on_bar(self, bar: Bar) -> None:
        if bar.close > bar.open:
            self.buy_to(1)


def test_several_instruments_are_taken_in_the_order_of_time_and_then_of_the_list() -> None:
    up, down = (100.0, 102.0, 99.0, 101.0), (100.0, 101.0, 98.0, 99.0)
    btc = columns([bar(n, up) for n in range(3)])
    eth = columns([bar(n, down if n == 0 else up, instrument="ETH") for n in range(3)], Instrument(id="ETH"))
    result = backtest(Pair(), [btc, eth])
    assert [event.key for event in result.events() if isinstance(event.data, Bar)] == ["BTC.1m", "ETH.1m"] * 3
    assert result.fills[["instrument"]].to_numpy().tolist() == [["BTC"], ["ETH"]]
    assert len(result.equity) == 3
    assert result.equity["equity"].iloc[-1] == pytest.approx(10_000 + 1 + 1)


class Coarse(Strategy):
    """Trades on 5-minute bars."""

    timeframes: ClassVar[tuple[str, ...]] = ("5m",)

    def on_bar(self, bar: Bar) -> None:
        self.buy_to(1)


def test_a_coarser_strategy_fills_at_the_next_fine_bar() -> None:
    result = backtest(Coarse(), columns([flat(n, 100.0 + n) for n in range(8)]))
    assert result.fills["price"].tolist() == [105.0]
    assert "5m" in result.final.bars["BTC"]


# --- what cannot be -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bars", "options", "error", "words"),
    [
        ([], {}, DataError, "no bars were given"),
        ([BARS, BARS], {}, DataError, "each instrument may come once; given: BTC, BTC"),
        ([BARS, BARS], {"instrument": "X"}, DataError, "`instrument` names one series of bars"),
        (BARS, {"fee": 2}, ConfigError, "fee is 2: give a fraction"),
        (BARS, {"cash": "much"}, OrderError, "cash is 'much'"),
        (BARS, {"limits": {"max_pos": 1}}, ConfigError, "risk rule 'max_pos' is unknown"),
        (BARS, {"leverage": 0}, ConfigError, "risk.leverage is 0"),
    ],
)
def test_bad_input_says_what_is_wrong(
    bars: Any, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        run({}, bars, **options)
    assert words in str(caught.value)


class Failing(Strategy):
    """Raises at the second bar."""

    def on_start(self) -> None:
        self.n = 0

    def on_bar(self, bar: Bar) -> None:
        self.n += 1
        if self.n == 2:
            raise LookupError("nothing here")


@pytest.mark.parametrize("stepwise", [False, True])
def test_a_strategys_exception_comes_out_and_its_parameters_are_free_again(stepwise: bool) -> None:
    made = Failing()
    said = r"Failing\.on_bar \(line \d+ of test_backtest\.py\) raised LookupError"
    with pytest.raises(StrategyError, match=said) as caught:
        backtest(made, BARS, stepwise=stepwise)
    assert isinstance(caught.value.__cause__, LookupError)
    assert type(made) is Failing
    with pytest.raises(StrategyError, match="is not running"):
        made.buy(1)


@pytest.mark.parametrize("stepwise", [False, True])
def test_a_wish_without_sense_is_the_same_error_in_both_loops(stepwise: bool) -> None:
    with pytest.raises(OrderError, match="the target position is 'much'"):
        backtest(Silly(), BARS, stepwise=stepwise)


class Silly(Strategy):
    """Wishes for what is no number."""

    def on_bar(self, bar: Bar) -> None:
        self.buy_to("much")


def test_an_instance_can_be_run_again_and_keeps_its_parameters() -> None:
    made = SmaCross(fast=2, slow=3)
    first, second = backtest(made, BARS), backtest(made, BARS)
    assert first.to_json() == second.to_json()
    assert parameters(made) == {"fast": 2, "slow": 3, "qty": 1.0}


# --- chance -------------------------------------------------------------------------------------------------

PROGRAM = """
import hashlib
from tests.run.test_backtest import mixed
from tradekit.core.codec import encode_event
story = b"".join(encode_event(event) for event in mixed().events())
print(hashlib.sha256(story).hexdigest())
"""


def mixed() -> Result:
    """A run with a bit of everything, from fixed numbers."""
    walk = 100 + np.random.default_rng(5).normal(0, 1, 300).cumsum().round(1)
    rows = [bar(n, (p, p + 1, p - 1, p + 0.5)) for n, p in enumerate(walk.tolist())]
    wishes = [
        [("bracket", "buy", 1, 1.0)],
        [("resting", "sell", 1, "limit", 0.3)],
        [("signal", 1), ("to", 1, "")],
        [("look",)],
    ]
    return run(
        {n: wishes[n % 4] for n in range(1, 300)},
        columns(rows, BTC),
        limits={"max_position": 3, "leverage": 1},
    )


@pytest.mark.process
def test_nothing_depends_on_the_seed_of_pythons_hashes() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(told) == 1
