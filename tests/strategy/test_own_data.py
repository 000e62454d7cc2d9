"""What a strategy reads besides its bars is found in its code, and what is no history is left alone."""

import numpy as np
import pandas as pd
import pytest

from tradekit.data.load import load_bars
from tradekit.model.market import Bar
from tradekit.strategy.base import Strategy
from tradekit.strategy.library import SmaCross
from tradekit.strategy.own_data import own_data

HISTORY = pd.DataFrame({"close": np.arange(60.0)})
WEIGHTS = np.array([0.5, 0.3, 0.2])


class Frame(Strategy):
    """Reads a table of its module, inside a comprehension."""

    def on_start(self) -> None:
        self.ahead = [close for close in HISTORY["close"]]


class Heir(Frame):
    """Has it from its base."""


class Loads(Strategy):
    """Reads a file of its own."""

    def on_start(self) -> None:
        self.bars_of_mine = load_bars("sample:BTCUSDT-1m")


class Weighs(Strategy):
    """A few numbers in an array."""

    def on_bar(self, bar: Bar) -> None:
        self.weighed = WEIGHTS * bar.close


def closed_over() -> type[Strategy]:
    signals = pd.Series(range(60))

    class Closed(Strategy):
        """Reads what its function had."""

        def on_bar(self, bar: Bar) -> None:
            self.last = signals

    return Closed


@pytest.mark.parametrize(
    ("strategy", "found"),
    [
        (Frame, ["HISTORY"]),
        (Heir, ["HISTORY"]),
        (Loads, ["load_bars()"]),
        (Weighs, []),
        (closed_over(), ["signals"]),
        (SmaCross, []),
    ],
)
def test_tables_and_loaders_are_found_by_name(strategy: type[Strategy], found: list[str]) -> None:
    assert own_data(strategy) == found
