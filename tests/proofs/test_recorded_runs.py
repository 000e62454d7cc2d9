"""Runs of other engines that somebody recorded, replayed trade for trade and fill for fill.

The folder is named by TRADEKIT_RECORDED and holds what the runs' own files name: `expected/backtesting_py/*.json` (each
with its orders, trades and equity) and `expected/nautilus/*.json`, the bars they were made on in `market`. Nothing of
it is in this repository; without it these proofs are listed as not proved.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.proofs import peer_strategies as strategies
from tests.proofs.peers import differences, trades_of
from tests.proofs.quoted import Crossing, Scheduled, four_quotes
from tradekit.data.load_ticks import load_quotes
from tradekit.data.tickbars import bars_from_quotes
from tradekit.model.order import OrderFilled
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.sim.profiles import backtesting_py, nautilus
from tradekit.strategy.recorded import RecordedOrders

pytestmark = pytest.mark.proof

FOLDER = Path(os.environ.get("TRADEKIT_RECORDED", ""))
RUNS = sorted((FOLDER / "expected" / "backtesting_py").glob("*.json")) if FOLDER.name else []
# The recorded runs whose words are those of a strategy in `peer_strategies`, and its parameters.
OWN: dict[str, tuple[str, dict[str, Any]]] = {
    "01": ("Cross", {}),
    "02": ("Cross", {}),
    "03": ("Cross", {}),
    "04": ("Cross", {"fast": 20, "slow": 60, "size": 10_000}),
    "05": ("RsiLong", {}),
    "06": ("Bracket", {"fast": 10, "slow": 30, "size": 50}),
    "07": ("Trailing", {}),
    "08": ("LimitDip", {}),
    "09": ("StopBreakout", {}),
    "10": ("RsiShort", {}),
    "11": ("Pyramid", {}),
    "12": ("Reversal", {"fast": 5, "slow": 15, "size": 30}),
    "13": ("Cross", {"fast": 30, "slow": 120, "size": 3}),
    "14": ("Bracket", {"fast": 10, "slow": 30, "size": 10, "loss": 0.001, "gain": 0.0015}),
    "15": ("Bracket", {"fast": 10, "slow": 30, "size": 50}),
    "16": ("Bracket", {"fast": 10, "slow": 30, "size": 50}),
    "17": ("Cross", {}),
}


@pytest.fixture(autouse=True)
def _folder() -> None:
    """Nothing is proved without the recordings."""
    if not RUNS:
        pytest.skip("not proved here: needs recorded results (TRADEKIT_RECORDED)")


def per_share(size: float, price: float) -> float:
    """The one commission that the recordings give in words."""
    return max(1.0, 0.005 * abs(size))


def market(run: dict[str, Any]) -> pd.DataFrame:
    """The bars that a run was made on."""
    frame = pd.read_csv(FOLDER / "market" / Path(run["input"]).name, nrows=run["rows_used"])
    if run.get("price_side"):
        side = f"{run['price_side']}_"
        frame = frame.rename(columns=lambda name: name.removeprefix(side))
    return frame[
        [c for c in frame.columns if c.lower() in ("ts", "date", "open", "high", "low", "close", "volume")]
    ]


def play(strategy: Any, run: dict[str, Any]) -> Result:
    """A run with its recorded settings."""
    settings = {name: value for name, value in run["engine"].items() if name not in ("class_", "cash")}
    if isinstance(settings.get("commission"), str):
        settings["commission"] = per_share
    return backtest(
        strategy, market(run), cash=run["engine"]["cash"], rules=backtesting_py(**settings), instrument="REC"
    )


def compare(result: Result, run: dict[str, Any]) -> list[str]:
    """What differs from the recording."""
    wanted = [
        (t["size"], t["entry_bar"], t["exit_bar"], t["entry_price"], t["exit_price"], t["pnl"])
        for t in run["trades"]
    ]
    curve = pd.read_csv(FOLDER / "expected" / "backtesting_py" / run["equity_file"])["equity"].to_numpy()
    equity = result.equity["equity"].to_numpy()
    found = differences(trades_of(result), wanted, equity, curve)
    if abs(equity[-1] - run["final_equity"]) > 1e-4:
        found.append(f"final equity {equity[-1]} against {run['final_equity']}")
    return found


def note(record: Callable[..., None], what: str, run: dict[str, Any]) -> None:
    """State the result."""
    size, equal = f"{run['rows_used']} bars", f"{len(run['trades'])} trades equal"
    record(f"recorded {what}: {run['name']}", size=size, result=equal)


@pytest.mark.parametrize("path", RUNS or [None], ids=lambda path: getattr(path, "stem", "none"))
def test_the_recorded_orders_give_the_recorded_trades(path: Path, proof_record: Callable[..., None]) -> None:
    run = json.loads(path.read_text(encoding="utf-8"))
    replay: Any = RecordedOrders
    assert compare(play(replay(file=str(path)), run), run) == []
    proof_record(
        f"recorded orders: {run['name']}",
        size=f"{run['rows_used']} bars",
        result=f"{len(run['trades'])} trades equal",
    )


@pytest.mark.parametrize(
    "path", [p for p in RUNS if p.stem[:2] in OWN] or [None], ids=lambda path: getattr(path, "stem", "none")
)
def test_the_strategy_written_anew_gives_the_recorded_trades(
    path: Path, proof_record: Callable[..., None]
) -> None:
    run = json.loads(path.read_text(encoding="utf-8"))
    kind, parameters = OWN[path.stem[:2]]
    assert compare(play(getattr(strategies, kind)(**parameters), run), run) == []
    proof_record(
        f"recorded strategy: {run['name']}",
        size=f"{run['rows_used']} bars",
        result=f"{len(run['trades'])} trades equal",
    )


# --- NautilusTrader -----------------------------------------------------------------------------------------


def fills_of(result: Result) -> list[tuple[int, str, float, float, float]]:
    """Time [UTC ns], side, quantity, price and fee of each."""
    return [
        (event.ts, event.data.side.name, *map(float, (event.data.qty, event.data.price, event.data.fee)))
        for event in result.events()
        if isinstance(event.data, OrderFilled)
    ]


def recorded_fills(name: str) -> list[tuple[int, str, float, float, float]]:
    frame = pd.read_csv(FOLDER / "expected" / "nautilus" / "fills" / f"{name}.csv.gz")
    fees = frame["commission"].str.split().str[0].astype(float)
    return list(
        zip(
            frame["ts_ns"],
            frame["side"],
            frame["qty"].astype(float),
            frame["px"].astype(float),
            fees,
            strict=True,
        )
    )


def quotes_of(file: str, instrument: str, rows: int | None = None) -> pd.DataFrame:
    frame = pd.read_csv(FOLDER / "market" / file, nrows=rows)
    names = ["open", "high", "low", "close"]
    bid, ask = (
        frame[[f"{side}_{n}" if f"{side}_{n}" in frame else n for n in names]].to_numpy()
        for side in ("bid", "ask")
    )
    return load_quotes(four_quotes(bid, ask, pd.to_datetime(frame["ts"])), instrument=instrument)


def cross(
    quotes: pd.DataFrame, timeframe: str, size: object, *, cash: object, fee: str, currency: str
) -> Result:
    bars = bars_from_quotes(quotes, timeframe, side="bid", closed="right", carry=True)
    strategy: Any = Crossing
    return backtest(
        strategy(size=size), bars, ticks=quotes, cash=cash, fee=float(fee), rules=nautilus(currency=currency)
    )


def test_a_cross_on_quotes_fills_as_recorded_and_earns_as_much(proof_record: Callable[..., None]) -> None:
    quotes = quotes_of("fx_usdjpy_1m_bidask_fxcm_2013-02.csv.gz", "USDJPY")
    result = cross(quotes, "15m", 1_000_000, cash=1_000_000, fee="0.00002", currency="JPY")
    assert fills_of(result) == recorded_fills("n1_usdjpy_ema_15m")
    earned = sum(
        float(trip.pnl) / float(trip.exit_price) for trip in result.trips
    )  # at the rate of each exit
    assert 1_000_000 + earned == pytest.approx(996_754.88, rel=1e-5)
    proof_record("recorded quotes: USDJPY 15m", size=f"{len(quotes)} quotes", result="178 fills equal")


def test_a_cross_on_a_coin_fills_as_recorded_and_ends_with_the_published_balance(
    proof_record: Callable[..., None],
) -> None:
    quotes = quotes_of("cx_btcperp_1m_2022-01.csv.gz", "BTCUSDT", 10_000)
    result = cross(quotes, "1m", 0.001, cash=10_000_000, fee="0.001", currency="USDT")
    assert fills_of(result) == recorded_fills("n4_btcusdt_ema_1m_quotes")
    assert str(result.final.account.cash["USD"].normalize()) == "9999954.943133"
    proof_record("recorded quotes: BTCUSDT 1m", size=f"{len(quotes)} quotes", result="902 fills equal")


def test_two_orders_pay_their_fee_once_each() -> None:
    quotes = quotes_of("cx_btcperp_1m_2022-01.csv.gz", "BTCUSDT", 15)
    bars = bars_from_quotes(quotes, "1m", side="bid", closed="right", carry=True)
    strategy: Any = Scheduled
    result = backtest(
        strategy(on_bars={"1": 10, "11": -10}), bars, ticks=quotes, cash=1_000_000, fee=0.0005,
        rules=nautilus(currency="USDT"),
    )  # fmt: skip
    assert fills_of(result) == recorded_fills("n5_btcperp_two_orders_issue_2632")
    assert result.final.account.equity == pytest.approx(1_000_245.875)


@pytest.mark.parametrize("name", ["n6_audusd_parity_smoke", "n7_audusd_three_cycles"])
def test_orders_sent_on_a_quote_fill_on_that_quote(name: str) -> None:
    folder = FOLDER / "expected" / "nautilus"
    run = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    sent = {
        number: size if side == "BUY" else -size for number, (side, size) in run["setup"]["actions"].items()
    }
    quotes = load_quotes(pd.read_csv(folder / f"{name}.quotes.csv"), instrument="AUDUSD")
    strategy: Any = Scheduled
    result = backtest(
        strategy(on_quotes=sent), bars_from_quotes(quotes, "1m", partial=True), ticks=quotes, cash=1_000_000,
        fee=0.00002, rules=nautilus(currency="USD"),
    )  # fmt: skip
    assert fills_of(result) == recorded_fills(name)
    balance = float(run["final_balances"]["USD"].split()[0])
    assert result.final.account.equity == pytest.approx(balance, abs=0.005)
