"""What a result offers to read: trades by both methods, the account over time, and why a trade exists."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tests.builders import MINUTE, START, bar, columns, flat, law
from tests.run.scripted import Scripted, runs, with_script
from tradekit.core.event import Event
from tradekit.model.instrument import Instrument
from tradekit.run.backtest import backtest
from tradekit.run.result import Result

BARS = columns([flat(n, 100.0 + n) for n in range(8)])
TWO_ENTRIES = {1: [("to", 1, "in")], 2: [("to", 3, "more")], 4: [("to", 2, "out")], 5: [("to", 0, "out")]}


class Doing(Scripted):
    """Wishes for anything with its terms: ("do", "buy", 1, {"limit": 99})."""

    def wish_do(self, bar: Any, name: str, qty: float, terms: dict[str, Any]) -> None:
        getattr(self, name)(qty, **terms)


def run(script: dict[int, Any], bars: Any = BARS, **options: Any) -> Result:
    return backtest(with_script(Doing, script)(), bars, **options)


def again(run: dict[str, Any]) -> Result:
    options = {name: value for name, value in run.items() if name not in ("make", "bars")}
    return backtest(run["make"](), run["bars"], **options)


def test_trades_come_by_piece_or_from_flat_to_flat() -> None:
    result = run(TWO_ENTRIES)
    assert result.trades[["qty", "entry_price", "exit_price", "bars"]].to_numpy().tolist() == [
        [1.0, 101.0, 104.0, 3.0], [2.0, 102.0, 105.0, 3.0],
    ]  # fmt: skip
    (whole,) = result.round_trips("average").to_dict("records")
    assert (whole["qty"], whole["pnl"], whole["bars"]) == (3.0, 9.0, 4.0)
    assert result.round_trips() is result.trades


@given(runs())
@law(8)
def test_what_the_methods_share_out_is_the_same_money(run: dict[str, Any]) -> None:
    result = again(run)
    fifo, average = result.trades, result.round_trips("average")
    if (
        len(average)
        and len(result.fills)
        and math.isclose(result.equity["gross"].iloc[-1], 0.0, abs_tol=1e-9)
    ):
        assert fifo["pnl"].sum() == pytest.approx(average["pnl"].sum(), abs=1e-6)
        assert fifo["pnl"].sum() == pytest.approx(
            result.stats["final_equity"] - result.stats["opening_equity"], abs=1e-6
        )
    assert (fifo["mae"] <= 0).all()
    assert (fifo["mfe"] >= 0).all()


def test_excursions_are_those_of_the_bars_while_the_trade_was_open() -> None:
    moves = [flat(0, 100.0), bar(1, (100, 110, 95, 105)), bar(2, (105, 120, 90, 100)), flat(3, 100.0)]
    (trade,) = run({1: [("to", 1, "")], 2: [("to", 0, "")]}, columns(moves)).trades.to_dict("records")
    assert (trade["bars"], trade["mae"], trade["mfe"]) == (1.0, pytest.approx(-0.05), pytest.approx(0.1))
    assert (trade["entry_rule"], trade["exit_rule"]) == ("market.open", "market.open")


def test_exposure_is_net_and_gross_and_a_share_of_equity() -> None:
    long = columns([flat(n, 100.0) for n in range(3)])
    short = columns([flat(n, 50.0, instrument="ETH") for n in range(3)], Instrument(id="ETH"))
    orders = {2: [("do", "buy", 1, {"instrument": "BTC"}), ("do", "sell", 4, {"instrument": "ETH"})]}
    held = run(orders, [long, short], cash=1000).exposure
    assert held.columns.tolist() == ["net", "gross", "net_share", "gross_share"]
    assert held.iloc[0].tolist() == [0.0, 0.0, 0.0, 0.0]
    assert held.iloc[-1].tolist() == pytest.approx([-100.0, 300.0, -0.1, 0.3])


def test_drawdowns_months_years_and_windows_come_from_the_same_curve() -> None:
    result = run(
        {1: [("to", 10, "")]}, columns([flat(n, price) for n, price in enumerate([100, 100, 90, 95, 120])])
    )
    (fall,) = result.drawdowns.to_dict("records")
    assert fall["depth"] == pytest.approx(-0.01) == pytest.approx(result.stats["max_drawdown"])
    assert fall["valley"] == pd.Timestamp(START + 2 * MINUTE, tz="UTC")
    assert result.by_month.loc[2022, 12] == result.by_month.loc[2022, "year"] == pytest.approx(0.02)
    assert result.by_year.loc[2022, "total_return"] == pytest.approx(result.stats["total_return"])
    window = result.rolling(2)
    assert window["total_return"].iloc[-1] == pytest.approx(10_200 / 9_900 - 1)


def test_statistics_are_told_for_another_year_and_beside_a_benchmark() -> None:
    prices = [100.0, 101.0, 99.0, 103.0, 102.0, 104.0]
    result = run({1: [("to", 10, "")]}, columns([flat(n, price) for n, price in enumerate(prices)]))
    assert result.stats["beta"] is None
    made = result.statistics(periods_per_year=252, benchmark="BTC")
    returns = pd.Series(
        np.diff(result.equity["equity"], prepend=10_000) / np.r_[10_000, result.equity["equity"][:-1]]
    )
    market = pd.Series(prices).pct_change().fillna(0.0)
    assert made["periods_per_year"] == 252
    assert made["beta"] == pytest.approx(returns.cov(market) / market.var())
    given = result.statistics(periods_per_year=252, benchmark=market.set_axis(result.equity.index))
    assert given == made


# --- why ----------------------------------------------------------------------------------------------------


def test_a_trade_says_why_it_exists() -> None:
    result = run({1: [("signal", 1)], 2: [("to", 1, "in")], 4: [("close",)]})
    story = result.explain(1)
    assert story.title == "Trade 1: long 1 BTC"
    assert [[step.what for step in chapter.steps] for chapter in story.chapters] == [
        ["bar closed", "order submitted", "order accepted", "order filled"]
    ] * 2
    assert "rule market.open: A market order fills at the next bar's open." in str(story)
    assert story.chapters[0].steps[0].text.startswith("BTC 1m closed: open 101")
    assert "reason: in" in str(story)


def test_an_order_says_why_it_exists() -> None:
    result = run({1: [("do", "buy", 1, {"limit": 1})]})
    (order,) = result.orders.index
    assert [step.what for step in result.explain(order).chapters[0].steps] == [
        "bar closed", "order submitted", "order accepted",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("what", "words"), [(9, "no trade 9 in this backtest; it has 1 to 2"), ("x-1", "no order 'x-1'")]
)
def test_what_is_not_in_the_run_cannot_be_explained(what: int | str, words: str) -> None:
    with pytest.raises(KeyError, match=words):
        run(TWO_ENTRIES).explain(what)


@given(runs())
@law(8)
def test_every_trade_can_say_why_back_to_what_came_in_from_outside(run: dict[str, Any]) -> None:
    result = again(run)
    events: dict[int, Event] = {event.seq: event for event in result.events()}
    for trade_id in result.trades.index[:5]:
        for chapter in result.explain(int(trade_id)).chapters:
            seqs = [step.seq for step in chapter.steps]
            assert seqs == sorted(seqs)
            assert [events[seq].cause for seq in seqs] == [step.cause for step in chapter.steps]
            assert "order filled" in [step.what for step in chapter.steps]


def test_a_summary_shows_months_once_there_are_some() -> None:
    assert "Return by month" not in run(TWO_ENTRIES)._repr_html_()
    days = columns([flat(n, 100.0 + n, timeframe="1D") for n in range(40)])
    assert "Return by month" in run(TWO_ENTRIES, days)._repr_html_()
