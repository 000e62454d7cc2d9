"""What a backtest found: statistics, trades, orders, fills, equity, all folded from its events.

Frames are made when they are asked for. Knows no engine; `report` has the formulas.
"""

import functools
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
import numpy as np

from tradekit.core.event import Event
from tradekit.data.columns import BarColumns
from tradekit.data.ticks import Ticks
from tradekit.model.account import MarginCalled
from tradekit.model.instrument import Instrument, duration
from tradekit.model.order import OrderDenied
from tradekit.model.session import SessionOpened, SignalRaised
from tradekit.report.cautions import cautions
from tradekit.report.drawdowns import drawdown_frame
from tradekit.report.equity import exposure_frame
from tradekit.report.excursions import excursions
from tradekit.report.frames import plain_records, record_frame
from tradekit.report.periods import by_month, by_year, rolling
from tradekit.report.stats import run_statistics
from tradekit.report.story import Story, lives_of_orders, order_story, trade_story
from tradekit.report.trades import Method, Trade, open_since, round_trips, trade_frame
from tradekit.run.account import Account, account_of, fills_and_orders, moments_of
from tradekit.run.timeline import Hours, merged
from tradekit.sim.backtesting_py import BacktestingPy
from tradekit.sim.profiles import AnyRules
from tradekit.state.reducer import apply
from tradekit.state.shape import Fill, Order, State

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from tradekit.report.embed import Chart
    from tradekit.report.tradelog import TradeLog

__all__ = ["Result"]


class Result:
    """The outcome of `tk.backtest`.

    Frames hold floats and UTC times; `events()` is the exact record. All times are UTC; money is in the account's
    currency.
    """

    engine: ClassVar[str] = "step"  # what filled the orders: the engine, or "vector" for the compiled twin

    def __init__(
        self,
        *,
        opened: SessionOpened,
        columns: list[BarColumns],
        told: Sequence[tuple[int, Event]],
        rules: AnyRules,
        ticks: Sequence[Ticks] = (),
        hours: Sequence[Hours] = (),
    ) -> None:
        self.opened = opened
        self.rules = rules
        self._columns = columns
        self._told = told
        self._ticks = ticks
        self._opening = float(opened.cash)
        self._specs: dict[str, Instrument] = {c.instrument: c.spec for c in columns}
        coarsest_first = sorted(columns, key=lambda c: duration(c.timeframe), reverse=True)
        self._finest = {c.instrument: c for c in coarsest_first}  # for equity and excursions
        self._hours = hours

    # --- the record -----------------------------------------------------------------------------------------

    @property
    def columns(self) -> Sequence[BarColumns]:
        """The bars that it ran on, a series each."""
        return self._columns

    @property
    def told(self) -> Sequence[tuple[int, Event]]:
        """Every event but the inputs, each with the number of inputs (bars, ticks) taken before it."""
        return self._told

    def events(self) -> Iterator[Event]:
        """Every event in the order of `seq`, inputs included: what a paper session would have journaled."""
        told = iter(self._told)
        waiting = next(told, None)
        seq = 0
        for n, (ts, fact) in enumerate(merged(self._columns, ticks=self._ticks, hours=self._hours)):
            while waiting is not None and waiting[0] <= n:
                yield waiting[1]
                seq, waiting = waiting[1].seq, next(told, None)
            seq += 1
            yield Event(seq, 0, ts, 0, fact.TYPE, fact.V, 0, fact.key, fact)
        while waiting is not None:
            yield waiting[1]
            waiting = next(told, None)

    @functools.cached_property
    def _fold(self) -> tuple[list[Fill], list[Order]]:
        return fills_and_orders(event for _, event in self._told)

    @functools.cached_property
    def final(self) -> State:
        """The state in the end, bars and all: what a session would show after these events."""
        state = State()
        for event in self.events():
            apply(state, event)
        return state

    # --- frames ---------------------------------------------------------------------------------------------

    @functools.cached_property
    def fills(self) -> "pd.DataFrame":
        """A row an execution: time (UTC), order, instrument, side, qty, price, fee, realised, rule, tag."""
        columns = ["order", "instrument", "side", "qty", "price", "fee", "realised", "rule", "tag"]
        return record_frame(self._fold[0], ["ts", *columns], index="ts")

    @functools.cached_property
    def orders(self) -> "pd.DataFrame":
        """A row an order, in the order of their intents, indexed by the order's id."""
        columns = ["id", "instrument", "side", "type", "qty", "limit", "stop", "status", "filled", "fees"]
        return record_frame(
            self._fold[1], [*columns, "tag", "reason", "note", "created", "updated"], index="id"
        )

    @functools.cached_property
    def signals(self) -> "pd.DataFrame":
        """A row a signal: time (UTC), instrument, name, direction, price, note."""
        raised = [
            {"ts": event.ts, **msgspec.structs.asdict(event.data)}
            for _, event in self._told
            if isinstance(event.data, SignalRaised)
        ]
        return record_frame(raised, ["ts", "instrument", "name", "direction", "price", "note"], index="ts")

    @functools.cached_property
    def _account(self) -> Account:
        inputs = [*self._columns, *self._ticks, *self._hours]
        late = isinstance(self.rules, BacktestingPy)
        return account_of(
            self.opened, self._finest, self._told, lambda: moments_of(inputs), self.events, late=late
        )

    @functools.cached_property
    def trips(self) -> list[Trade]:
        """Round trips, first in first out: one exact record a closed piece."""
        return self._matched("fifo")

    def _matched(self, method: Method) -> list[Trade]:
        account = self._account
        return round_trips(account.executions, method=method, instruments=self._specs, splits=account.splits)

    @functools.cached_property
    def trades(self) -> "pd.DataFrame":
        """The round trips as a table, first in first out: a row a closed piece, by trade_id.

        Besides what `Trade` has: bars held, and mae and mfe, the worst and best excursion of the price while it was
        open, as fractions of the entry's price.
        """
        return self._measured(self.trips)

    def round_trips(self, method: Method = "fifo") -> "pd.DataFrame":
        """The trades as in `trades`; by "average": one trade from flat to flat, at average prices."""
        if method == "fifo":
            return self.trades
        return self._measured(self._matched(method))

    def _measured(self, trades: list[Trade]) -> "pd.DataFrame":
        return trade_frame(trades).assign(**excursions(trades, self._finest, self._account.splits))

    def trade_log(self, method: Method = "fifo") -> "TradeLog":
        """The trades with their signals, orders and fills, slippage and excursions: the table that a session's log is.

        See docs/trade-log.md.
        """
        from tradekit.client.tradelog import trade_log

        return trade_log(self.events(), method=method, histories=self._finest)

    # --- the account over time ------------------------------------------------------------------------------

    @functools.cached_property
    def equity(self) -> "pd.DataFrame":
        """Equity, cash, exposure (net), gross exposure and drawdown after each bar, by the bar's open time (UTC)."""
        curve = self._account.curve
        until = self.opened.warm_until
        return curve.iloc[int((curve.index.to_numpy("datetime64[ns]").view(np.int64) < until).sum()) :]

    @property
    def exposure(self) -> "pd.DataFrame":
        """Value held after each bar: net (short is negative), gross, and both as multiples of equity."""
        return exposure_frame(self.equity)

    @property
    def drawdowns(self) -> "pd.DataFrame":
        """Every drawdown, the deepest first: start, valley, end (UTC), depth, bars, days, recovery_days."""
        return drawdown_frame(self.equity["equity"], self._opening)

    @property
    def by_month(self) -> "pd.DataFrame":
        """The return of each month: a row a year, columns 1 to 12 and "year"; nan without a bar."""
        return by_month(self.equity["equity"], self._opening)

    @property
    def by_year(self) -> "pd.DataFrame":
        """Each year: total_return, max_drawdown, trades closed in it and their pnl."""
        return by_year(self.equity, self._opening, self.trades)

    def rolling(self, bars: int) -> "pd.DataFrame":
        """total_return, volatility and sharpe of the last `bars` bars, at each bar."""
        return rolling(self.equity["equity"], bars, self.stats["periods_per_year"])

    @functools.cached_property
    def stats(self) -> dict[str, Any]:
        """Statistics by machine name; each is defined in docs/statistics.md. Undefined is None."""
        return self.statistics()

    def statistics(self, *, periods_per_year: float | None = None, benchmark: Any = None) -> dict[str, Any]:
        """`stats` with another number of periods a year, or beside a benchmark.

        periods_per_year  252 for days of an exchange; None takes what the bars show per 365.25 days
        benchmark         an instrument of this run, or a Series with its returns over the same bars (UTC)
        """
        account = self._account
        still_open = open_since(account.executions, instruments=self._specs, splits=account.splits)
        if isinstance(benchmark, str):
            close = self.bars(benchmark)["close"].reindex(self.equity.index).ffill()
            benchmark = close.pct_change().fillna(0.0)
        return run_statistics(
            self.equity, self.trips, fees=account.fees, opening=self.opened.cash,
            periods_per_year=periods_per_year, benchmark=benchmark, open_since=still_open,
        )  # fmt: skip

    @functools.cached_property
    def warnings(self) -> list[str]:
        """What a reader of the numbers should know."""
        denials = Counter(event.data.rule for _, event in self._told if isinstance(event.data, OrderDenied))
        calls = sum(event.type == MarginCalled.TYPE for _, event in self._told)
        return cautions(
            self.equity, self.opened.limits, denials, margin_calls=calls, unpriced=self._account.unpriced
        )

    def bars(self, instrument: str | None = None) -> "pd.DataFrame":
        """The bars of one instrument (default: the first)."""
        chosen = [c for c in self._columns if instrument in (None, c.instrument)]
        if not chosen:
            known = ", ".join(c.instrument for c in self._columns)
            raise KeyError(f"no bars of {instrument!r} in this backtest; it has {known}")
        return chosen[0].frame()

    def explain(self, what: int | str) -> Story:
        """Why a trade (its trade_id in `trades`) or an order (its id) exists: printed as lines, shown in a notebook.

        Raises KeyError for what this run does not have.
        """
        if isinstance(what, str):
            if what not in self._lives:
                raise KeyError(f"no order {what!r} in this backtest; result.orders has their ids")
            return order_story(what, self._lives[what], self._event)
        if what not in self.trades.index:
            raise KeyError(f"no trade {what!r} in this backtest; it has 1 to {len(self.trades)}")
        return trade_story(self.trades.loc[what].to_dict(), what, self._lives, self._event)

    @functools.cached_property
    def _lives(self) -> dict[str, list[Event]]:
        return lives_of_orders(event for _, event in self._told)

    def _event(self, seq: int) -> Event | None:
        """The event of that number; all are there, and `seq` is dense."""
        return next(islice(self.events(), seq - 1, None), None)

    # --- shown ----------------------------------------------------------------------------------------------

    def plot(self, instrument: str | None = None, *, width: int = 1000, dark: bool = False) -> "Chart":
        """Price with its fills, equity and drawdown on one time axis; a notebook shows it, `.save(path)` keeps it.

        width  at most so wide [px]
        """
        from tradekit.report.plot import plot

        return plot(self.bars(instrument), self.fills, self.equity, title=repr(self), width=width, dark=dark)

    def tearsheet(self, path: "str | Path", *, instrument: str | None = None, dark: bool = False) -> "Path":
        """Write the whole run as one page that needs no network, and return its path.

        Statistics, price with fills, equity, months, drawdowns, trades.
        """
        from tradekit.report.tearsheet import SHEET_WIDTH, save_tearsheet

        return save_tearsheet(
            path, self.plot(instrument, width=SHEET_WIDTH, dark=dark), title=repr(self), stats=self.stats,
            warnings=self.warnings, currency=self.opened.currency, months=self.by_month, drawdowns=self.drawdowns,
            trades=self.trades, dark=dark,
        )  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """Plain values: {"stats": {...}, "trades": [...], "fills": [...]}, times in ISO 8601 UTC."""
        tables = {"trades": self.trades, "fills": self.fills.reset_index()}
        plain = {name: plain_records(table) for name, table in tables.items()}
        return {"stats": self.stats, **plain, "warnings": self.warnings}

    def __repr__(self) -> str:
        name = self.opened.strategy_class.partition(":")[2]
        params = ", ".join(f"{k}={v!r}" for k, v in self.opened.params.items())
        series = ", ".join(f"{c.instrument} {c.timeframe}" for c in self._columns)
        bars = sum(len(c) for c in self._columns)
        return f"{name}({params}) on {series}, {bars:,} bars"

    def __str__(self) -> str:
        from tradekit.report.page import summary_text

        return summary_text(repr(self), self.stats, self.warnings, currency=self.opened.currency)

    def _repr_html_(self) -> str:
        from tradekit.report.page import summary_html
        from tradekit.report.tables import months_html

        below = months_html(self.by_month, least=2)
        return summary_html(repr(self), self.stats, self.warnings, currency=self.opened.currency, below=below)
