"""What a bar costs among many instruments is what it costs among few: counted in lines carried out, not in seconds."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.builders import columns, flat
from tradekit.data.columns import BarColumns
from tradekit.indicators.averages import SMA
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderFilled
from tradekit.run.backtest import backtest
from tradekit.strategy.base import Strategy

FEW, MANY = 4, 64
BARS = 7  # of each instrument: fewer orders in all than the state keeps


class Turning(Strategy):
    """In and out of each instrument at the market, by a look at its own average."""

    def on_start(self) -> None:
        self.averages = {name: self.indicator(SMA, 2, instrument=name) for name in self.state.instruments}
        self.turn = dict.fromkeys(self.averages, 0)

    def on_bar(self, bar: Bar) -> None:
        self.turn[bar.instrument] += 1
        if self.averages[bar.instrument].ready:
            self.wish(bar, self.turn[bar.instrument])

    def wish(self, bar: Bar, turn: int) -> None:
        self.buy_to(-1 if turn % 3 else 1)


class Guarding(Turning):
    """The same with orders that rest in the book of each instrument all the time, and an ear for fills."""

    def wish(self, bar: Bar, turn: int) -> None:
        if turn == 2:
            self.buy(1, stop_loss=bar.close / 2, take_profit=bar.close * 2)
            self.sell(2, limit=bar.close * 3)
        elif turn % 3 == 0:
            self.buy(0.5, tag="more")

    def on_fill(self, fill: OrderFilled) -> None:
        self.turn[fill.instrument] += 0


class Sharing(Turning):
    """A share of equity in each."""

    def wish(self, bar: Bar, turn: int) -> None:
        self.target_percent(turn % 3)


def market(instruments: int, bars: int) -> list[BarColumns]:
    return [
        columns(
            [flat(n, 90.0 + (n + k) % 5, instrument=f"I{k}") for n in range(bars)], Instrument(id=f"I{k}")
        )
        for k in range(instruments)
    ]


def lines(work: Callable[[], Any]) -> int:
    """How many lines of Python are carried out: each turn of a loop counts."""
    count = 0

    def step(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def a_bar(make: type[Strategy], instruments: int, **options: Any) -> float:
    """Lines that one more bar costs."""
    short, long = (market(instruments, bars) for bars in (BARS - 3, BARS))
    more = lines(lambda: backtest(make, long, **options)) - lines(lambda: backtest(make, short, **options))
    return more / (instruments * 3)


@pytest.mark.law
@pytest.mark.parametrize("stepwise", [False, True])
@pytest.mark.parametrize("make", [Turning, Guarding, Sharing])
def test_a_bar_among_many_instruments_costs_what_it_costs_among_few(
    make: type[Strategy], stepwise: bool
) -> None:
    few, many = (a_bar(make, count, fee=0.001, stepwise=stepwise) for count in (FEW, MANY))
    assert many < 1.2 * few
