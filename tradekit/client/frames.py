"""State as DataFrames: what a notebook shows of positions, orders, fills, signals, bars and profit.

Floats and UTC times, made when asked for from a state at one seq. Knows no connection.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tradekit.errors import NotFoundError

if TYPE_CHECKING:
    import pandas as pd

    from tradekit.state.shape import State

__all__ = ["bars", "commands", "equity", "fills", "orders", "pnl", "positions", "signals"]

_TIMES = frozenset({"ts", "created", "updated", "opened"})
_NEVER = 0


def positions(state: "State") -> "pd.DataFrame":
    """A row a position that is or was held: qty, entry, mark, unrealised, realised (before fees), fees, opened."""
    columns = ["strategy", "instrument", "qty", "entry", "mark", "unrealised", "realised", "fees", "opened"]
    return _frame(state.positions.values(), columns)


def orders(state: "State", *, working: bool | None = None) -> "pd.DataFrame":
    """A row an order, newest last, indexed by id; `working` True or False keeps only those that do or do not."""
    columns = [
        "id", "instrument", "side", "type", "qty", "filled", "limit", "stop", "trail", "trail_pct", "tif", "status",
        "tag", "reason", "note", "created", "updated",
    ]  # fmt: skip
    chosen = [o for o in state.orders.values() if working is None or o.working is working]
    return _frame(chosen, columns, index="id")


def fills(state: "State") -> "pd.DataFrame":
    """A row an execution, newest last, by time (UTC)."""
    columns = ["ts", "order", "instrument", "side", "qty", "price", "fee", "realised", "rule", "tag", "seq"]
    return _frame(state.fills, columns, index="ts")


def signals(state: "State") -> "pd.DataFrame":
    """A row a signal, newest last, by time (UTC)."""
    columns = ["ts", "strategy", "instrument", "name", "direction", "price", "note", "seq"]
    return _frame(state.signals.history, columns, index="ts")


def commands(state: "State") -> "pd.DataFrame":
    """A row a command, newest last: who told the session what, and what came of it."""
    return _frame(state.commands, ["ts", "name", "user", "args", "refused", "seq"], index="ts")


def pnl(state: "State") -> "pd.DataFrame":
    """A row a UTC day: equity at its start and end, profit, realised (before fees), fees."""
    import pandas as pd

    rows = [
        {"day": day, "start": p.start, "end": p.end, "profit": p.end - p.start,
         "realised": float(p.realised), "fees": float(p.fees)}
        for day, p in state.pnl.days.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["day", "start", "end", "profit", "realised", "fees"]).set_index("day")


def equity(state: "State") -> "pd.Series[float]":
    """The last points of the equity curve, by time (UTC)."""
    import pandas as pd

    curve = state.pnl.curve
    index = _times([point.ts for point in curve])
    return pd.Series([point.equity for point in curve], index=index, name="equity", dtype="float64")


def bars(state: "State", instrument: str | None = None, timeframe: str | None = None) -> "pd.DataFrame":
    """The last closed bars of a series by open time (UTC): open, high, low, close, volume.

    Default: the first instrument and its finest timeframe. A series that has no bar yet is empty; raises NotFoundError
    for one that the session does not have.
    """
    import pandas as pd

    known = {
        name: list(dict.fromkeys((*state.bars.get(name, {}), *state.session.timeframes)))
        for name in dict.fromkeys((*state.bars, *state.instruments))
    }
    name = instrument or next(iter(known), "")
    frame = timeframe or next(iter(known.get(name, [])), "")
    if frame not in known.get(name, []):
        raise NotFoundError(f"no bars of {name or 'any instrument'} {frame}; there are {known or 'none yet'}")
    rows = state.bars.get(name, {}).get(frame, [])
    index = _times([row.ts for row in rows], name="ts")
    fields = ("open", "high", "low", "close", "volume")
    return pd.DataFrame({field: [getattr(row, field) for row in rows] for field in fields}, index=index)


def _frame(records: Iterable[Any], columns: Sequence[str], *, index: str | None = None) -> "pd.DataFrame":
    import pandas as pd

    rows = list(records)
    frame = pd.DataFrame({name: [_plain(getattr(row, name)) for row in rows] for name in columns})
    for name in columns:
        if name in _TIMES:
            stamps = pd.to_datetime(frame[name].astype("int64"), utc=True, unit="ns")
            frame[name] = stamps.where(frame[name] != _NEVER)
    return frame if index is None else frame.set_index(index)


def _times(stamps: list[int], *, name: str | None = None) -> "pd.DatetimeIndex":
    """Times [UTC ns] as an index; of nanoseconds also when there is none."""
    import numpy as np
    import pandas as pd

    return pd.DatetimeIndex(pd.to_datetime(np.array(stamps, dtype="int64"), utc=True, unit="ns"), name=name)


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
