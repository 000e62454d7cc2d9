"""The fill rules of backtesting.py are the library's own: the same strategies and orders, trade for trade.

The library runs beside, on its own data and on generated bars. Sizes are floored there in double precision and here
exactly, so generated prices are not round: where the money divides without a rest the two may differ by a unit.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from tests.proofs import peer_library as library
from tests.proofs import peer_strategies as strategies
from tests.proofs.peers import compare, differences, ours, trades_of
from tradekit.data.load import load_bars
from tradekit.run.backtest import backtest
from tradekit.sim.backtesting_py import backtesting_py
from tradekit.strategy.library import SmaCross
from tradekit.strategy.recorded import RecordedOrders

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from backtesting.test import EURUSD, GOOG

pytestmark = pytest.mark.proof


def per_share(size: float, price: float) -> float:
    """Half a cent a share, a dollar at least."""
    return max(1.0, 0.005 * abs(size))


RUNS: dict[str, tuple[str, pd.DataFrame, float, dict[str, Any], dict[str, Any]]] = {
    "next open, exclusive": ("Cross", GOOG, 10_000, {"commission": 0.002, "exclusive_orders": True}, {}),
    "finalized": (
        "Cross",
        GOOG,
        10_000,
        {"commission": 0.002, "exclusive_orders": True, "finalize_trades": True},
        {},
    ),
    "on close": (
        "Cross",
        GOOG,
        10_000,
        {"commission": 0.002, "exclusive_orders": True, "trade_on_close": True, "finalize_trades": True},
        {},
    ),
    "spread and margin": (
        "Cross",
        EURUSD,
        10_000,
        {"spread": 0.0002, "margin": 0.02, "exclusive_orders": True, "finalize_trades": True},
        {"fast": 20, "slow": 60, "size": 10_000},
    ),
    "spread alone": ("Cross", GOOG, 10_000, {"spread": 0.002, "exclusive_orders": True}, {}),
    "closed by a signal": ("RsiLong", GOOG, 10_000, {"commission": 0.001, "finalize_trades": True}, {}),
    "bracket": (
        "Bracket",
        GOOG,
        100_000,
        {"commission": 0.001, "finalize_trades": True},
        {"fast": 10, "slow": 30, "size": 50},
    ),
    "fixed and relative commission": (
        "Bracket",
        GOOG,
        100_000,
        {"commission": (5, 0.0005), "finalize_trades": True},
        {"fast": 10, "slow": 30, "size": 50},
    ),
    "commission by the share": (
        "Bracket",
        GOOG,
        100_000,
        {"commission": per_share, "finalize_trades": True},
        {"fast": 10, "slow": 30, "size": 50},
    ),
    "moving stop": ("Trailing", GOOG, 100_000, {"commission": 0.001, "finalize_trades": True}, {}),
    "limit entry": ("LimitDip", GOOG, 100_000, {"commission": 0.001, "finalize_trades": True}, {}),
    "stop entry": ("StopBreakout", GOOG, 100_000, {"commission": 0.001, "finalize_trades": True}, {}),
    "short": ("RsiShort", GOOG, 10_000, {"commission": 0.002, "finalize_trades": True}, {}),
    "adding and part closes": ("Pyramid", GOOG, 100_000, {"commission": 0.001, "finalize_trades": True}, {}),
    "reversal": (
        "Reversal",
        GOOG,
        100_000,
        {"commission": 0.001, "finalize_trades": True},
        {"fast": 5, "slow": 15, "size": 30},
    ),
}


@pytest.mark.parametrize("name", RUNS)
def test_a_strategy_trades_as_in_the_library(name: str, proof_record: Callable[..., None]) -> None:
    kind, frame, cash, setting, parameters = RUNS[name]
    trades, differing = compare(
        getattr(strategies, kind), getattr(library, kind), frame, cash=cash, settings=setting, **parameters
    )
    assert trades >= 5
    assert differing == []
    proof_record(f"as backtesting.py: {name}", size=f"{len(frame)} bars", result=f"{trades} trades equal")


def test_on_a_packaged_sample_a_strategy_trades_as_in_the_library() -> None:
    bars = load_bars("sample:BTCUSDT-1m")
    frame = bars[["open", "high", "low", "close", "volume"]].rename(columns=str.capitalize)
    setting = {"commission": 0.0005, "exclusive_orders": True, "finalize_trades": True}
    trades, differing = compare(
        strategies.Cross, library.Cross, frame.tz_localize(None), cash=1e6, settings=setting, size=3, fast=5
    )
    assert trades >= 5
    assert differing == []


def test_market_orders_at_the_next_open_trade_as_with_the_plain_rules() -> None:
    strategy: Any = SmaCross
    plain = backtest(strategy(fast=10, slow=20, qty=10), GOOG, cash=100_000, fee=0.002, instrument="GOOG")
    same = backtest(
        strategy(fast=10, slow=20, qty=10),
        GOOG,
        cash=100_000,
        fee=0.002,
        instrument="GOOG",
        rules=backtesting_py(),
    )
    assert len(plain.trips) > 20
    assert trades_of(same) == trades_of(plain)
    assert same.equity["equity"].to_list() == pytest.approx(plain.equity["equity"].to_list())


# --- whatever is sent ---------------------------------------------------------------------------------------

STEPS = st.lists(st.floats(-0.05, 0.05), min_size=4, max_size=4)
SETTINGS = st.fixed_dictionaries(
    {
        "trade_on_close": st.booleans(),
        "exclusive_orders": st.booleans(),
        "hedging": st.booleans(),
        "finalize_trades": st.booleans(),
        "margin": st.sampled_from([1, 0.5, 0.1, 0.02]),
        "spread": st.sampled_from([0, 0.0002, 0.003]),
        "commission": st.sampled_from([0, 0.002, (5, 0.0005), (1, 0), -0.0001, per_share]),
    }
)


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """A few bars; no price is a round number."""
    close, rows = draw(st.sampled_from([19.731, 103.177, 997.313])), []
    for moves in draw(st.lists(STEPS, min_size=4, max_size=14)):
        path = [close * (1 + moves[0] / 2)]
        path += [path[0] * (1 + move) for move in moves[1:]]
        close = path[-1]
        rows.append((path[0], max(path), min(path), close))
    index = pd.date_range("2020-01-01", periods=len(rows), freq="D")
    return pd.DataFrame(rows, columns=["Open", "High", "Low", "Close"], index=index)


@st.composite
def calls(draw: st.DrawFn, frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Calls of the library's interface by the bar, at prices around the close."""
    return [
        {"bar": number} | draw(_call(float(frame["Close"].iloc[number])))
        for number in range(1, len(frame))
        for _ in range(draw(st.integers(0, 2)))
    ]


@st.composite
def _call(draw: st.DrawFn, close: float) -> dict[str, Any]:
    action = draw(
        st.sampled_from(
            ["buy", "sell", "buy", "sell", "close_position", "move_sl", "move_tp", "cancel_entry_orders"]
        )
    )
    near = st.floats(-0.04, 0.04).map(lambda away: close * (1 + away))
    if action in ("buy", "sell"):
        kind = draw(st.sampled_from(["market", "market", "limit", "stop", "stop_limit"]))
        call: dict[str, Any] = {"action": action}
        size = draw(st.sampled_from([None, 0.1, 0.25, 0.5, 0.95]) | st.integers(1, 200))
        if size is not None:
            call["size"] = size
        if "limit" in kind:
            call["limit"] = draw(near)
        if "stop" in kind:
            call["stop"] = draw(near)
        way, at = 1 if action == "buy" else -1, call.get("limit", call.get("stop", close))
        for name, side in (("sl", -way), ("tp", way)):
            if draw(st.booleans()):
                call[name] = at * (1 + side * draw(st.floats(0.005, 0.06)))
        return call
    if action == "close_position":
        return {"action": action, "portion": draw(st.sampled_from([1.0, 0.5, 0.3, 0.75]))}
    return {"action": action} if action == "cancel_entry_orders" else {"action": action, "price": draw(near)}


def test_any_orders_on_any_bars_trade_as_in_the_library(
    proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    runs, trades = 0, 0

    # a run is short enough to be read as it is: looking for a shorter one would take longer than all of them
    @settings(max_examples=proof_size(ci=40, full=4000), deadline=None, phases=[Phase.generate])
    @given(st.data(), SETTINGS, st.sampled_from([1_000.0, 10_000.0, 100_000.0]))
    def tried(data: st.DataObject, setting: dict[str, Any], cash: float) -> None:
        nonlocal runs, trades
        frame = data.draw(frames())
        sent = data.draw(calls(frame))
        try:
            theirs = library.run(library.Script, frame, cash=cash, settings=setting, calls=sent)
        except OverflowError:  # its statistics cannot take such an equity
            assume(False)
        replay: Any = RecordedOrders
        mine = ours(replay(orders=theirs._strategy.done), frame, cash=cash, settings=setting)
        rows, wanted = trades_of(mine), library.trades_of(theirs)
        equity, its_equity = mine.equity["equity"].to_numpy(), library.equity_of(theirs)
        if (its_equity <= 0).any():  # ruined: of several open trades it lists every other one then
            ruin = int(np.argmax(its_equity <= 0))
            rows, wanted = ([row for row in one if row[2] < ruin] for one in (rows, wanted))
        pieces = not isinstance(setting["commission"], tuple) and setting["commission"] is not per_share
        assert differences(rows, wanted, equity, its_equity, pieces=pieces) == []
        runs, trades = runs + 1, trades + len(rows)

    tried()
    assert trades > runs / 2
    proof_record(
        "as backtesting.py: any orders on any bars", size=f"{runs} runs", result=f"{trades} trades equal"
    )
