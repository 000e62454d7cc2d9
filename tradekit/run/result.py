"""What a backtest found: statistics, trades, orders, fills, equity, all folded from its events.

Frames are made when they are asked for. Knows no engine; `report` has the formulas.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from tradekit.core.event import Event
from tradekit.data.columns import BarColumns
from tradekit.data.ticks import Ticks
from tradekit.model.order import OrderFilled, OrderSubmitted
from tradekit.model.session import SessionOpened, SignalRaised
from tradekit.report.equity import equity_curve
from tradekit.report.stats import statistics
from tradekit.report.trades import Trade, open_since, round_trips, trade_frame
from tradekit.run.timeline import merged
from tradekit.sim.rules import Rules
from tradekit.state.reducer import apply
from tradekit.state.shape import Fill, Order, State

if TYPE_CHECKING:
    import pandas as pd

    from tradekit.report.embed import Chart

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
        rules: Rules,
        ticks: Sequence[Ticks] = (),
    ) -> None:
        self.opened = opened
        self.rules = rules
        self._columns = columns
        self._told = told
        self._ticks = ticks

    # --- the record -----------------------------------------------------------------------------------------

    @property
    def told(self) -> Sequence[tuple[int, Event]]:
        """Every event but the inputs, each with the number of inputs (bars, ticks) taken before it."""
        return self._told

    def events(self) -> Iterator[Event]:
        """Every event in the order of `seq`, inputs included: what a paper session would have journaled."""
        told = iter(self._told)
        waiting = next(told, None)
        seq = 0
        for n, (ts, fact) in enumerate(merged(self._columns, ticks=self._ticks)):
            while waiting is not None and waiting[0] <= n:
                yield waiting[1]
                seq, waiting = waiting[1].seq, next(told, None)
            seq += 1
            yield Event(seq, 0, ts, 0, fact.TYPE, fact.V, 0, fact.key, fact)
        while waiting is not None:
            yield waiting[1]
            waiting = next(told, None)

    @functools.cached_property
    def _fold(self) -> tuple[list[Fill], list[Order], State]:
        """Every fill and order, and the state in the end: folded by the one reducer, without the bars.

        Fills and orders are kept here before the state forgets the oldest.
        """
        state = State()
        fills: list[Fill] = []
        orders: dict[str, Order | None] = {}
        for _, event in self._told:
            for path in apply(state, event):
                if path[0] == "orders":
                    orders[path[1]] = state.orders.get(path[1], orders.get(path[1]))
            if isinstance(event.data, OrderFilled):
                fills.append(state.fills[-1])
        return fills, [order for order in orders.values() if order is not None], state

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
        return _frame(self._fold[0], ["ts", *columns], index="ts")

    @functools.cached_property
    def orders(self) -> "pd.DataFrame":
        """A row an order, in the order of their intents, indexed by the order's id."""
        columns = ["id", "instrument", "side", "type", "qty", "limit", "stop", "status", "filled", "fees"]
        return _frame(self._fold[1], [*columns, "tag", "reason", "note", "created", "updated"], index="id")

    @functools.cached_property
    def signals(self) -> "pd.DataFrame":
        """A row a signal: time (UTC), instrument, name, direction, price, note."""
        raised = [
            {"ts": event.ts, **msgspec.structs.asdict(event.data)}
            for _, event in self._told
            if isinstance(event.data, SignalRaised)
        ]
        return _frame(raised, ["ts", "instrument", "name", "direction", "price", "note"], index="ts")

    @functools.cached_property
    def trips(self) -> list[Trade]:
        """Round trips, first in first out: one record a closed piece."""
        multipliers = {c.instrument: c.spec.multiplier for c in self._columns}
        return round_trips(self._executions, multipliers=multipliers)

    @functools.cached_property
    def _executions(self) -> "list[_Execution]":
        """The fills as they were told, with their orders' tags: all that trades and equity need."""
        tags: dict[str, str] = {}
        found = []
        for _, event in self._told:
            data = event.data
            if isinstance(data, OrderSubmitted):
                if data.tag:
                    tags[data.id] = data.tag
            elif isinstance(data, OrderFilled):
                tag = tags.get(data.id, "")
                found.append(
                    _Execution(
                        data.id,
                        data.instrument,
                        data.side.value,
                        data.qty,
                        data.price,
                        data.fee,
                        event.ts,
                        tag,
                    )
                )
        return found

    @functools.cached_property
    def trades(self) -> "pd.DataFrame":
        """The round trips as a frame, one row a closed piece."""
        return trade_frame(self.trips)

    @functools.cached_property
    def equity(self) -> "pd.DataFrame":
        """Equity, cash, exposure and drawdown after each bar, by the bar's open time (UTC)."""
        closes = {c.instrument: (c.ts, c.close, float(c.spec.multiplier)) for c in self._columns}
        cash = float(self.opened.cash)
        return equity_curve(closes, self._executions, cash)

    @functools.cached_property
    def stats(self) -> dict[str, Any]:
        """Statistics by machine name; each is defined in docs/statistics.md. Undefined is None."""
        fees = float(sum((fill.fee for fill in self._executions), start=0))
        return statistics(
            self.equity["equity"], self.trips, fees,
            opening=float(self.opened.cash), open_since=open_since(self._executions),
        )  # fmt: skip

    @functools.cached_property
    def warnings(self) -> list[str]:
        """What a reader of the numbers should know."""
        found = []
        curve = self.equity
        gross = curve["exposure"].abs()
        over = gross > curve["equity"].clip(lower=0) * 1.000001
        if over.any() and "leverage" not in self.opened.limits:
            worst = float((gross / curve["equity"].where(curve["equity"] > 0)).max())
            found.append(f"exposure reached {worst:.1f} times equity; pass leverage=1 to refuse such orders")
        denials = self._fold[2].risk.denials
        found += [f"{count} orders denied by {rule}" for rule, count in denials.items()]
        return found

    def bars(self, instrument: str | None = None) -> "pd.DataFrame":
        """The bars of one instrument (default: the first)."""
        chosen = [c for c in self._columns if instrument in (None, c.instrument)]
        if not chosen:
            known = ", ".join(c.instrument for c in self._columns)
            raise KeyError(f"no bars of {instrument!r} in this backtest; it has {known}")
        return chosen[0].frame()

    # --- shown ----------------------------------------------------------------------------------------------

    def plot(self, instrument: str | None = None, *, width: int = 1000, dark: bool = False) -> "Chart":
        """Price with its fills, equity and drawdown on one time axis; a notebook shows it, `.save(path)` keeps it.

        width  at most so wide [px]
        """
        from tradekit.report.plot import plot

        return plot(self.bars(instrument), self.fills, self.equity, title=repr(self), width=width, dark=dark)

    def to_json(self) -> dict[str, Any]:
        """Plain values: {"stats": {...}, "trades": [...], "fills": [...]}, times in ISO 8601 UTC."""
        return {
            "stats": self.stats,
            "trades": _records(self.trades, times=("entry_time", "exit_time")),
            "fills": _records(self.fills.reset_index(), times=("ts",)),
            "warnings": self.warnings,
        }

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

        return summary_html(repr(self), self.stats, self.warnings, currency=self.opened.currency)


class _Execution(msgspec.Struct):
    """A fill as `round_trips` reads it: `id` is the order's."""

    id: str
    instrument: str
    side: str
    qty: Any
    price: Any
    fee: Any
    ts: int
    tag: str


_TIMES = ("ts", "created", "updated", "entry_time", "exit_time")


def _frame(records: list[Any], columns: list[str], *, index: str | None) -> "pd.DataFrame":
    from decimal import Decimal

    import pandas as pd

    def read(record: Any, name: str) -> Any:
        value = record[name] if isinstance(record, dict) else getattr(record, name)
        return float(value) if isinstance(value, Decimal) else value

    frame = pd.DataFrame({name: [read(record, name) for record in records] for name in columns})
    for name in columns:
        if name in _TIMES:
            frame[name] = pd.to_datetime(frame[name].astype("int64"), utc=True, unit="ns")
    return frame if index is None else frame.set_index(index)


def _records(frame: "pd.DataFrame", *, times: tuple[str, ...]) -> list[dict[str, Any]]:
    shown = frame.copy()
    for name in times:
        shown[name] = shown[name].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    plain = shown.astype(object).where(shown.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in plain]
