"""How long trades were open and how far the price went against them and with them: by array over the bars.

Knows bars and trades. Counts only prices that were surely traded while the trade was open.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.report.executions import Split
from tradekit.report.trades import Trade

__all__ = ["History", "excursions"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_AT_OPEN = ("open", "gap")  # the second word of the rules that fill at a bar's open


class History(Protocol):
    """Bars of one instrument as columns: open times [UTC ns, ascending] and prices."""

    ts: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats


def excursions(
    trades: Sequence[Trade], histories: Mapping[str, History], splits: Iterable[Split] = ()
) -> dict[str, Floats]:
    """What each trade went through.

    bars  bars from the one it was entered in to the one it was left in; 0 within one bar
    mae   maximal adverse excursion: the worst price / entry price - 1, seen from the trade's side; 0 or negative
    mfe   maximal favourable excursion: the best, 0 or positive

    Prices that count are the range of every bar that lies wholly inside the trade, the close of the bar it was
    entered in, the open of the bar it was left in, and the exit itself: what a bar did before an entry inside it
    or after an exit inside it is not the trade's. Trades in an instrument without bars have nan; so have mae and mfe
    of trades that were open at a split, before which the bars are in other units.
    """
    known = list(splits)
    found = {name: np.full(len(trades), np.nan) for name in ("bars", "mae", "mfe")}
    traded: dict[str, list[int]] = {}
    for n, trade in enumerate(trades):
        traded.setdefault(trade.instrument, []).append(n)
    for instrument, history in histories.items():
        mine = np.array(traded.get(instrument, ()), dtype=np.int64)
        if not len(mine) or not len(history.ts):
            continue
        chosen = [trades[n] for n in mine.tolist()]
        first, last = (
            np.maximum(np.searchsorted(history.ts, _column(chosen, name, np.int64), side="right") - 1, 0)
            for name in ("entry_time", "exit_time")
        )
        lowest, highest = _range(chosen, history, first, last)
        entry = _column(chosen, "entry_price", np.float64)
        sign = np.array([1.0 if trade.side == "long" else -1.0 for trade in chosen])
        down, up = lowest / entry - 1.0, highest / entry - 1.0
        found["bars"][mine] = last - first
        found["mae"][mine] = np.minimum(np.where(sign > 0, down, -up), 0.0)
        found["mfe"][mine] = np.maximum(np.where(sign > 0, up, -down), 0.0)
    for n, trade in enumerate(trades if known else ()):
        if any(
            s.instrument == trade.instrument and trade.entry_time < s.ts <= trade.exit_time for s in known
        ):
            found["mae"][n] = found["mfe"][n] = np.nan
    return found


def _range(trades: Sequence[Trade], history: History, first: Ints, last: Ints) -> tuple[Floats, Floats]:
    """The lowest and the highest price that each trade has surely seen."""
    at_open = np.array([_rule_at_open(trade) for trade in trades]) & (
        history.ts[first] == _column(trades, "entry_time", np.int64)
    )
    whole = np.where(
        at_open, first, first + 1
    )  # the first bar that lies wholly inside; the last one never does
    later = last > first
    leaving = _column(trades, "exit_price", np.float64)
    between = [
        np.where(later, history.close[first], leaving),
        np.where(later, history.open[last], leaving),
        leaving,
    ]
    low = np.minimum.reduce([*between, _extreme(np.minimum, history.low, whole, last, np.inf)])
    high = np.maximum.reduce([*between, _extreme(np.maximum, history.high, whole, last, -np.inf)])
    return low, high


def _rule_at_open(trade: Trade) -> bool:
    return trade.entry_rule.rpartition(".")[2] in _AT_OPEN


def _extreme(better: np.ufunc, values: Floats, first: Ints, after: Ints, nothing: float) -> Floats:
    """The extreme of `values[first:after]` for many stretches, `nothing` where one is empty: n log n at worst.

    A stretch is covered by two windows whose length is the largest power of two that fits; the windows of one
    length are made from those of half of it.
    """
    lengths = after - first
    found = np.full(len(first), nothing)
    window, size = values, 1
    while True:
        fits = (lengths >= size) & (lengths < 2 * size)
        found[fits] = better(window[first[fits]], window[after[fits] - size])
        if size * 2 > lengths.max(initial=0):
            return found
        window, size = better(window[:-size], window[size:]), size * 2


def _column(trades: Sequence[Trade], name: str, kind: type) -> NDArray[Any]:
    return np.array([getattr(trade, name) for trade in trades], dtype=kind)
