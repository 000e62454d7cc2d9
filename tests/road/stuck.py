"""A strategy that hangs in `on_bar` for as long as a file `hang` lies beside it. Knows no reason why."""

import time
from pathlib import Path

import tradekit as tk
from tradekit.model.market import Bar

HANG = Path(__file__).with_name("hang")


class Stuck(tk.Strategy):
    """Does nothing, now and then for a long time."""

    def on_bar(self, bar: Bar) -> None:
        while HANG.exists():
            time.sleep(0.02)
