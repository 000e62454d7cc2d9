"""Vector strategies with a table of decisions, and random tables: honest ones, which need no bar but the last.

Knows no rule of trading.
"""

from typing import Any, ClassVar

import numpy as np
from hypothesis import strategies as st

from tests.run.scripted import SPECS, markets
from tradekit.data.columns import BarColumns
from tradekit.strategy.vector import Bars, VectorStrategy

NAN = float("nan")
WANTED = st.sampled_from([0, 1, 1, 2, -1, 0.55, -0.3, NAN, NAN])


class Table(VectorStrategy):
    """The position wanted after the bar that opens at a time, from a table."""

    window: Any = 1
    table: ClassVar[dict[int, float]] = {}

    def target(self, bars: Bars) -> Any:
        return np.array([self.table[ts] for ts in bars.ts.tolist()])


def with_table(bars: BarColumns, wanted: list[float], window: int = 1) -> type[Table]:
    """A strategy that wishes for these positions, one after each bar."""
    table = dict(zip(bars.ts.tolist(), wanted, strict=True))
    return type("Table", (Table,), {"table": table, "window": window, "__module__": __name__})


@st.composite
def tables(draw: st.DrawFn, *, limits: st.SearchStrategy[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A strategy with its table, its bars and the run's options."""
    bars = draw(markets(draw(SPECS)))
    wanted = draw(st.lists(WANTED, min_size=len(bars), max_size=len(bars)))
    return {
        "make": with_table(bars, wanted, draw(st.integers(1, 3))),
        "bars": bars,
        "fee": draw(st.sampled_from([0, 0.001])),
        "slippage": draw(st.sampled_from([0, 0.0007])),
        "limits": {} if limits is None else draw(limits),
    }
