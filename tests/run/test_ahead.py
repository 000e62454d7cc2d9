"""Indicators computed ahead by the chunk show a strategy what they show it bar by bar: every line of every kind."""

from collections.abc import Callable
from typing import Any, ClassVar
from unittest.mock import patch

import numpy as np
import pytest

from tests.builders import BTC, MINUTE, START
from tests.indicators.kinds import KINDS, Make, fields, held
from tradekit.core.codec import encode_event
from tradekit.data.columns import BarColumns
from tradekit.indicators.base import Indicator
from tradekit.indicators.macd import MACD
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderFilled
from tradekit.run import inner, several
from tradekit.run.backtest import backtest
from tradekit.strategy.base import Strategy

CLOSES = (100.0 + np.random.default_rng(11).normal(0, 1, 90).cumsum()).tolist()
BARS = fields(CLOSES, width=0.02)
COLUMNS = BarColumns(
    BTC, "1m", ts=START + np.arange(90) * MINUTE,
    **{name: BARS[name] for name in ("open", "high", "low", "close", "volume")},
)  # fmt: skip


OTHER = BarColumns(
    Instrument(id="ETH", quote="USD"), "1m", ts=COLUMNS.ts,
    **{name: BARS[name] + 7 for name in ("open", "high", "low", "close", "volume")},
)  # fmt: skip


class Telling(Strategy):
    """Tells all lines after each bar."""

    make: ClassVar[Callable[..., Indicator]]

    def on_start(self) -> None:
        self.seen = self.indicator(self.make, 4)

    def on_bar(self, bar: Bar) -> None:
        if self.seen.ready:
            self.signal("lines", 0, note=repr(held(self.seen)))


class Trading(Strategy):
    """Long while MACD is above its signal line; a stop and a look at every fill keep the plain loop out."""

    def on_start(self) -> None:
        self.macd = self.indicator(MACD, 3, 8, 3)

    def on_bar(self, bar: Bar) -> None:
        if not self.macd.ready:
            return
        if self.macd.value > self.macd.signal and not self.position():
            self.buy(1, stop_loss=bar.close - 2, tag=f"{self.macd.histogram:g}")
        elif self.macd.value < self.macd.signal:
            self.close()

    def on_fill(self, fill: OrderFilled) -> None:
        self.signal("fill", 0, note=f"{self.macd.value:g} {self.macd.signal:g} {self.macd.histogram:g}")


class Crossing(Strategy):
    """Long while MACD is above its signal line, by targets alone: what the written-out loop writes by itself."""

    def on_start(self) -> None:
        self.macd = self.indicator(MACD, 3, 8, 3)

    def on_bar(self, bar: Bar) -> None:
        if self.macd.ready:
            self.buy_to(1 if self.macd.histogram > 0 else -1, reason=f"{self.macd.signal:g}")


def stories(strategy: type[Strategy], bars: Any = COLUMNS) -> tuple[list[bytes], list[bytes]]:
    """The events of the written-out loop, its chunks short, and of `step`."""
    with patch.object(inner, "_CHUNK", 16), patch.multiple(several, _WINDOW=16, _LEAST=1, _AHEAD=16):
        both = (backtest(strategy(), bars, stepwise=stepwise) for stepwise in (False, True))
        quick, slow = ([encode_event(event) for event in result.events()] for result in both)
    return quick, slow


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_strategy_sees_the_same_lines_in_both_loops(make: Make) -> None:
    quick, slow = stories(type("Telling", (Telling,), {"make": staticmethod(make), "__module__": __name__}))
    assert quick == slow
    assert sum(b"signal.raised" in event for event in slow) == 90 - make(4).warmup + 1


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_a_strategy_sees_the_same_lines_of_several_series(make: Make) -> None:
    strategy = type("Telling", (Telling,), {"make": staticmethod(make), "__module__": __name__})
    quick, slow = stories(strategy, [OTHER, COLUMNS])
    assert quick == slow
    assert sum(b"signal.raised" in event for event in slow) > 90


@pytest.mark.parametrize("strategy", [Trading, Crossing])
def test_a_strategy_that_trades_on_a_second_line_tells_the_same_in_both_loops(
    strategy: type[Strategy],
) -> None:
    quick, slow = stories(strategy)
    assert quick == slow
    assert sum(b"order.filled" in event for event in slow) > 6
