"""What a sweep found: a table of combinations and their statistics, the best of them, and a map of two parameters.

Knows how to show it, not how it was run.
"""

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tradekit.errors import ConfigError, DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

    from tradekit.report.embed import Chart

__all__ = ["SweepResult"]

_SHOWN = ("total_return", "sharpe", "max_drawdown", "trades", "win_rate", "fees")
_ROWS = 10  # of the table in a notebook or a terminal


class SweepResult:
    """The outcome of `tk.sweep`.

    frame       a row a combination in the order of the grid: the swept parameters, then the statistics by name (each is
                defined in docs/statistics.md; nan where it is not defined)
    parameters  names of the swept parameters
    metric      the statistic that `best` goes by; with a minus before it the lowest wins
    engine      "vector" for the compiled twin, "step" for the engine
    """

    def __init__(
        self,
        strategy: str,
        parameters: Sequence[str],
        combinations: Sequence[Mapping[str, Any]],
        numbers: Sequence[Mapping[str, Any]],
        *,
        metric: str,
        engine: str,
    ) -> None:
        import pandas as pd

        self.strategy, self.parameters, self.metric, self.engine = strategy, list(parameters), metric, engine
        self._combinations = list(combinations)
        rows = [{**params, **found} for params, found in zip(combinations, numbers, strict=True)]
        frame = pd.DataFrame(rows)
        for name in frame.columns.difference(self.parameters):
            if frame[name].isna().any():  # a statistic that is not defined on some rows is None there
                frame[name] = pd.to_numeric(frame[name], errors="coerce")
        self.frame = frame

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def best(self) -> dict[str, Any]:
        """The parameters of the combination that the metric likes best: `tk.backtest(Cross(**swept.best), bars)`.

        The first of equals. Raises DataError where the metric is defined for none.
        """
        return dict(self._combinations[self.top(1).index[0]])

    def top(self, count: int = _ROWS) -> "pd.DataFrame":
        """The best rows, the best first; those without the metric are left out."""
        name = self.metric.removeprefix("-")
        ranked = self.frame.dropna(subset=[name])
        if ranked.empty:
            raise DataError(f"no combination has a {name}: none of them traded, or equity never moved")
        return ranked.sort_values(name, ascending=self.metric.startswith("-"), kind="stable").head(count)

    def heatmap(
        self,
        x: str | None = None,
        y: str | None = None,
        *,
        metric: str | None = None,
        dark: bool = False,
        tells: bool = False,
    ) -> "Chart":
        """A map of a statistic over two parameters (default: the first two); the best over those not shown.

        tells  whether a click on a cell is told to the page around it (report/heatmap.py)

        Raises ConfigError for a name that is neither a swept parameter nor a statistic.
        """
        from tradekit.report.heatmap import heatmap

        across = self._known(x or self.parameters[0], self.parameters, "swept parameter")
        rest = [name for name in self.parameters if name != across]
        up = self._known(y, self.parameters, "swept parameter") if y else next(iter(rest), None)
        wanted = metric or self.metric
        statistics = [name for name in self.frame.columns if name not in self.parameters]
        name = self._known(wanted.removeprefix("-"), statistics, "statistic")
        best = self.frame.groupby([across] if up is None else [across, up], sort=True)[name]
        values = best.min() if wanted.startswith("-") else best.max()
        cells = values.rename("value").reset_index()
        return heatmap(cells, across, up, title=f"{self.strategy}: {name}", dark=dark, tells=tells)

    def _known(self, name: str, known: Sequence[str], kind: str) -> str:
        if name not in known:
            raise ConfigError(
                f"{name!r} is no {kind}{did_you_mean(name, known)}; there are {', '.join(known)}"
            )
        return name

    def __repr__(self) -> str:
        return f"sweep of {self.strategy} over {', '.join(self.parameters)}: {len(self):,} combinations"

    def __str__(self) -> str:
        return f"{self!r}, best by {self.metric}:\n{self.shown().to_string()}"

    def _repr_html_(self) -> str:
        head = html.escape(f"{self!r}, best by {self.metric}")
        return f"<p>{head}</p>{self.shown().to_html(escape=True, border=0)}"

    def to_json(self) -> dict[str, Any]:
        """Plain values: {"strategy", "parameters", "metric", "engine", "best", "rows": [{...}]}, rows as in `frame`."""
        ranked = self.frame[self.metric.removeprefix("-")].notna().any()
        return {
            "strategy": self.strategy,
            "parameters": self.parameters,
            "metric": self.metric,
            "engine": self.engine,
            "best": self.best if ranked else None,
            "rows": self.frame.to_dict("records"),
        }

    def shown(self, count: int = _ROWS) -> "pd.DataFrame":
        """The best rows with the statistics that are looked at first; the first rows where none has the metric."""
        name = self.metric.removeprefix("-")
        columns = [*self.parameters, *dict.fromkeys((name, *_SHOWN))]
        ranked = self.frame[name].notna().any()
        return (self.top(count) if ranked else self.frame.head(count))[
            [c for c in columns if c in self.frame.columns]
        ]
