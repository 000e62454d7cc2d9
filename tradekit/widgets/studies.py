"""The strategy's indicators on a chart: which there are is asked for once, their lines follow the closed bars.

The lines are computed from the bars that the state keeps, by the very indicators; knows no canvas.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from tradekit.errors import TradekitError
from tradekit.indicators.study import drawn_again
from tradekit.state.shape import BarRow, State

__all__ = ["Curves", "Studies"]

_log = logging.getLogger(__name__)

Values = list[float | None]


class Studies:
    """What one viewer knows of the running strategy's indicators, a row each as `session.indicators()` gives them.

    `told` is called, on a worker's thread, when they are here.
    """

    def __init__(self, session: Any, *, told: Callable[[], object], pool: Executor) -> None:
        self.rows: list[dict[str, Any]] = []
        self._session, self._told, self._pool = session, told, pool
        self._of: tuple[Any, ...] = ()  # what was asked about: other parameters make other indicators

    def look(self, state: State, *, live: bool) -> None:
        """Ask again where another strategy runs, or this one with other parameters; under the replica's lock."""
        strategy = state.strategy
        of = (state.session.epoch, strategy.cls, strategy.source, tuple(strategy.params.items()))
        if live and of != self._of:
            self._of = of
            self._pool.submit(self._ask, of)

    def _ask(self, of: tuple[Any, ...]) -> None:
        try:
            rows = [row for row in self._session.indicators() if _known(row)]
        except (TradekitError, ReferenceError):
            return  # the chart stands without them; the connection's own state says why
        except Exception:
            _log.exception("the strategy's indicators could not be had; the chart is drawn without them")
            return
        if of == self._of:
            self.rows = rows
            self._told()


def _known(row: dict[str, Any]) -> bool:
    """Whether it can be drawn here: a session may run a newer release, with other indicators."""
    try:
        drawn_again(row)
    except (TradekitError, TypeError) as error:
        _log.warning("an indicator is left out of the chart: %s", error)
        return False
    return True


class Curves:
    """The lines of some indicators over one series; `follow` it as bars close, then ask for their values."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows
        self._begin()

    def _begin(self) -> None:
        self._made = [(drawn_again(row), row) for row in self.rows]
        self._values: dict[int, Values] = {}  # by the bar's open [UTC ns]
        self._last = 0

    def follow(self, bars: list[BarRow]) -> bool:
        """Take the bars that are new; False where they do not go on from those before, so that all begins anew."""
        if bars and bars[-1].ts == self._last:
            return True
        goes_on = not self._last or any(bar.ts == self._last for bar in reversed(bars))
        if not goes_on:
            self._begin()
        for bar in bars:
            if bar.ts > self._last:
                self._values[bar.ts] = self._next(bar)
                self._last = bar.ts
        if bars and len(self._values) > 2 * len(bars):
            self._values = {ts: values for ts, values in self._values.items() if ts >= bars[0].ts}
        return goes_on

    def whole(self, bars: list[BarRow]) -> list[dict[str, Any]]:
        """A row a line: its indicator's title, its own name, where it is drawn, and a value a bar (None: not ready)."""
        columns = [self.at(bar) for bar in bars]
        names = [(row, line) for row in self.rows for line in row["lines"]]
        return [
            {
                "title": row["title"],
                "line": "" if line == "value" else line,
                "on_price": row["on_price"],
                "values": [column[number] for column in columns],
            }
            for number, (row, line) in enumerate(names)
        ]

    def at(self, bar: BarRow) -> Values:
        """The value of each line after a bar."""
        return self._values.get(bar.ts) or [None] * sum(len(row["lines"]) for row in self.rows)

    def _next(self, bar: BarRow) -> Values:
        values: Values = []
        for indicator, row in self._made:
            indicator.update(*(getattr(bar, name) for name in row["inputs"]))
            found = (getattr(indicator, line) for line in row["lines"])
            values += [float(value) if value == value else None for value in found]
        return values
