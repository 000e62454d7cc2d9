"""The work of a research page, done in a process of its own: looks at bars and strategies, runs, sweeps, explains.

Knows no page and no browser; what it is asked for was looked up before. It keeps the last result, to be asked about.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradekit.apps.research.plan import Axis, Plan
from tradekit.core.clock import Clock, SystemClock
from tradekit.errors import TradekitError

if TYPE_CHECKING:
    import pandas as pd

    from tradekit.data.columns import BarColumns
    from tradekit.run.aside import Tell
    from tradekit.run.result import Result
    from tradekit.run.sweep_result import SweepResult

__all__ = ["NEEDS", "Bench"]

NEEDS = ("tradekit.run.sweep", "tradekit.report.plot", "tradekit.report.heatmap", "tradekit.strategy.library")
_TELL_S = 0.1  # news of how far a run is, at most so often
_TRADES = 500  # the latest ones are listed
_POINTS = 1500  # of a curve that is compared
_BEST = 10  # rows of a sweep
_WIDE = 2400  # the chart is as wide as its frame [px]


class Bench:
    """Answers requests: the name of one of its duties, and what that takes. All answers are plain values.

    root  the project's folder, where a strategy's own modules are looked for
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._result: Result | None = None
        self._sweep: SweepResult | None = None

    def __call__(self, request: tuple[str, Mapping[str, Any]], tell: "Tell") -> Any:
        """The answer to a request."""
        if str(self._root) not in sys.path:
            sys.path.insert(0, str(self._root))
        duty, given = request
        duties: dict[str, Callable[..., Any]] = {
            "strategy": self.strategy,
            "data": self.data,
            "run": self.run,
            "chart": self.chart,
            "why": self.why,
            "sweep": self.sweep,
            "map": self.map,
            "overlay": self.overlay,
        }
        return duties[duty](**given, tell=tell)

    def strategy(self, *, path: str, tell: "Tell") -> dict[str, Any]:
        """What a strategy says of itself: its first words and the rows of its declaration."""
        from tradekit.strategy.declaration import declaration
        from tradekit.strategy.load import load_class, source_hash

        cls = load_class(path)
        words = (cls.__doc__ or "").strip().split("\n\n")[0]
        return {"doc": " ".join(words.split()), "rows": declaration(cls), "source": source_hash(cls)[:8]}

    def data(self, *, source: str, tell: "Tell") -> dict[str, Any]:
        """What a series is: instrument, bar length, from when to when (UTC ms), rows, and what is odd about it."""
        from tradekit.data.load import load_bars

        bars = load_bars(source)
        return {
            "instrument": bars.attrs["instrument"],
            "timeframe": bars.attrs["timeframe"],
            "rows": len(bars),
            "since": _ms(bars.index[0]),
            "until": _ms(bars.index[-1]),
            "currency": bars.attrs["spec"]["quote"],
            "low": float(bars["low"].min()),
            "high": float(bars["high"].max()),
            "odd": [_odd(name, count) for name, count in bars.attrs["warnings"].items()],
        }

    def run(self, *, plan: Plan, path: str, sources: Sequence[str], tell: "Tell") -> dict[str, Any]:
        """Run a plan; gives its numbers, trades and curve, and keeps the result for `chart` and `why`."""
        from tradekit.report.page import summary_groups, summary_remarks, summary_span
        from tradekit.run.backtest import backtest
        from tradekit.run.fingerprint import fingerprint
        from tradekit.strategy.load import load_strategy

        meter = _Meter(tell)
        made = load_strategy(path, plan.params)
        bars = _loaded(sources, meter)
        every = sum(map(len, bars))
        meter.phase("running", every)
        result = self._result = backtest(made, bars, **_terms(plan), progress=meter.reached)
        meter.phase("measuring", 0)
        stats = result.stats
        return {
            "title": repr(result),
            "span": summary_span(stats),
            "currency": result.opened.currency,
            "engine": result.engine,
            "stats": stats,
            "groups": summary_groups(stats, currency=result.opened.currency),
            "remarks": [list(one) for one in summary_remarks(stats, result.warnings)],
            "instruments": [one.instrument for one in result.columns],
            "timeframe": result.columns[0].timeframe,
            "trades": _trades(result.trades, {c.instrument: _digits(c) for c in result.columns}),
            "trade_count": len(result.trades),
            "curve": _curve(result),
            "fingerprint": fingerprint(result),
        }

    def chart(self, *, dark: bool, instrument: str = "", tell: "Tell") -> dict[str, Any]:
        """Price with trades, equity and drawdown of the kept run, for a stage to draw."""
        chart = self._kept().plot(instrument or None, width=_WIDE, dark=dark)
        chart.layout.children = chart.layout.children[1:]  # the page says itself which run it is
        return chart.item()

    def why(self, *, trade: int, tell: "Tell") -> dict[str, Any]:
        """Why a trade of the kept run exists."""
        from tradekit.widgets.lives import plain_story

        return {"trade": trade, **plain_story(self._kept().explain(trade))}

    def sweep(
        self, *, plan: Plan, axes: Sequence[Axis], metric: str, order: str, path: str, sources: Sequence[str],
        tell: "Tell",
    ) -> dict[str, Any]:  # fmt: skip
        """Run a plan over its axes' values, and keep what was found for `map`."""
        from tradekit.run.sweep import sweep
        from tradekit.strategy.load import load_strategy

        meter = _Meter(tell)
        made = load_strategy(path, plan.params)
        bars = _loaded(sources, meter)
        meter.phase("trying", 0)

        def kept(one: Any) -> bool:
            first, second = (getattr(one, axis.name) for axis in axes)
            return bool(first < second if order == "<" else first > second)

        found = self._sweep = sweep(
            made, bars, {axis.name: axis.values for axis in axes}, metric=metric,
            constraint=kept if order else None, progress=meter.reached, **_terms(plan),
        )  # fmt: skip
        return {"title": repr(found), "combinations": len(found), "engine": found.engine}

    def map(self, *, metric: str, dark: bool, tell: "Tell") -> dict[str, Any]:
        """The kept sweep's map of a statistic, for a stage to draw, and its best rows."""
        if self._sweep is None:
            raise TradekitError("nothing has been swept here")
        from tradekit.errors import DataError

        found = self._sweep
        found.metric = metric
        chart = found.heatmap(dark=dark, tells=True)
        names = [*found.parameters, *dict.fromkeys((metric, "total_return", "max_drawdown", "trades"))]
        try:
            best, problem = found.top(_BEST), ""
        except DataError as error:
            best, problem = found.frame.head(0), str(error)
        rows = best[[name for name in names if name in best]].to_dict("records")
        return {
            **chart.item(),
            "parameters": found.parameters,
            "columns": [name for name in names if name in best],
            "rows": [{name: _number(value) for name, value in row.items()} for row in rows],
            "problem": problem,
        }

    def overlay(self, *, curves: Sequence[Any], dark: bool, tell: "Tell") -> dict[str, Any]:
        """Curves on one axis, for a stage to draw."""
        from tradekit.report.overlay import overlay

        return overlay(curves, dark=dark).item()

    def _kept(self) -> "Result":
        if self._result is None:
            raise TradekitError("nothing has been run here")
        return self._result


class _Meter:
    """Tells how far the work is: at each new phase, and now and then within it."""

    def __init__(self, tell: "Tell", clock: Clock | None = None) -> None:
        self._tell, self._clock = tell, clock or SystemClock()
        self._phase, self._total, self._told = "", 0, float("-inf")

    def phase(self, name: str, total: int) -> None:
        self._phase, self._total = name, total
        self._say(0)

    def reached(self, done: int, total: int = 0) -> None:
        self._total = total or self._total
        if self._clock.monotonic() - self._told >= _TELL_S or done >= self._total:
            self._say(done)

    def _say(self, done: int) -> None:
        self._told = self._clock.monotonic()
        self._tell({"phase": self._phase, "done": min(done, self._total), "total": self._total})


def _loaded(sources: Sequence[str], meter: _Meter) -> list["pd.DataFrame"]:
    from tradekit.data.load import load_bars

    meter.phase("reading the bars", 0)
    return [load_bars(source) for source in sources]


def _terms(plan: Plan) -> dict[str, Any]:
    from tradekit.sim.profiles import named

    given = {"cash": plan.cash, "fee": plan.fee, "slippage": plan.slippage, "rules": named(plan.rules)}
    return given | ({"leverage": plan.leverage} if plan.leverage else {})


def _trades(trades: "pd.DataFrame", digits: Mapping[str, int]) -> list[dict[str, Any]]:
    """The latest ones, the last first; prices in their instrument's precision."""
    from tradekit.report.words import plain

    rows = trades.iloc[::-1].head(_TRADES).reset_index().to_dict("records")
    return [
        {
            "trade": int(row["trade_id"]),
            "instrument": row["instrument"],
            "side": row["side"],
            "qty": plain(row["qty"]),
            "entered": _ms(row["entry_time"]),
            "entry": f"{row['entry_price']:,.{digits[row['instrument']]}f}",
            "left": _ms(row["exit_time"]),
            "exit": f"{row['exit_price']:,.{digits[row['instrument']]}f}",
            "pnl": float(row["pnl"]),
            "gain": _number(row["return_frac"]),
            "bars": _number(row["bars"]),
            "reason": " / ".join(filter(None, (row["entry_reason"], row["exit_reason"]))),
        }
        for row in rows
    ]


def _digits(columns: "BarColumns") -> int:
    """Of a price: its tick's where that is known, else by its size."""
    if columns.spec.tick is not None:
        return max(0, -int(columns.spec.tick.normalize().as_tuple().exponent))
    last = abs(float(columns.close[-1]))
    return 2 if last >= 50 else 4 if last >= 1 else 6


def _curve(result: "Result") -> list[Any]:
    """Times [UTC ms] and equity, thinned out evenly; the last point stays."""
    equity = result.equity["equity"]
    step = max(1, -(-len(equity) // _POINTS))
    thin = equity.iloc[(len(equity) - 1) % step :: step]
    return [[_ms(at) for at in thin.index], thin.tolist()]


def _odd(name: str, count: int) -> str:
    words = {
        "gaps": "gaps (steps longer than a bar, hours without trading too)",
        "short_steps": "steps shorter than a bar",
        "bid_above_ask": "bars whose bid is above the ask",
        "volume_unknown": "bars without a volume (taken as 0)",
    }
    return f"{words.get(name, name.replace('_', ' '))}: {count:,}"


def _ms(moment: Any) -> int:
    return int(moment.value // 1_000_000)


def _number(value: Any) -> Any:
    """As JSON has it: None for what is no number."""
    plain = value.item() if hasattr(value, "item") else value
    return None if isinstance(plain, float) and plain != plain else plain
