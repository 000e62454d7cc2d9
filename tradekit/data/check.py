"""The rules that bars and ticks must keep, and what is said, or dropped and counted, when rows break them.

Knows nothing of files beyond the words that say where a row stands.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradekit.data.times import utc_text
from tradekit.errors import DataError

__all__ = ["BAR_RULES", "NO_TIME", "TICK_RULES", "OnBad", "RawRows", "checked"]

OnBad: TypeAlias = Literal["raise", "drop"]
Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

NO_TIME = np.iinfo(np.int64).min  # how NaT is held
_SHOWN = 3  # offending rows named in a message
_ROUNDING = 1e-9  # share by which prices adjusted by a factor may break high >= close; it is then lifted
_SIDES = ("", "bid_", "ask_")
_PRICES = ("open", "high", "low", "close")
_SIZES = ("volume", "size", "bid_size", "ask_size")
_SIDE = "aggressor"
_CURE = "repair them, or leave them out with on_bad='drop'"


@dataclass
class RawRows:
    """Bars or ticks as read, not yet checked.

    source    where they come from, in words
    unit      what a row is called there: "line" of a file, "row" of a table
    first     number of the first of them
    ts        times (of bars their open) [UTC ns], NO_TIME where unreadable
    numbers   float64 by column name; nan where empty or unreadable
    unread    by column, the positions whose text is no number
    raw       the frame as read, for quoting
    side      the source's name of the column that says who was the aggressor, "" where there is none
    dropped   how many rows each rule took out
    """

    source: str
    unit: str
    first: int
    ts: NDArray[np.int64]
    numbers: dict[str, Floats]
    unread: dict[str, Mask]
    raw: pd.DataFrame
    side: str = ""
    rows: NDArray[np.int64] = field(init=False)
    dropped: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = np.arange(len(self.ts))

    def sides(self) -> Iterator[tuple[str, Floats, Floats, Floats, Floats]]:
        """Open, high, low and close of the traded, bid and ask prices, as far as they are there."""
        for side in _SIDES:
            if f"{side}open" in self.numbers:
                yield side, *(self.numbers[side + name] for name in _PRICES)  # type: ignore[misc]

    def without(self, bad: Mask) -> None:
        """Take rows out."""
        keep = ~bad
        self.ts, self.rows = self.ts[keep], self.rows[keep]
        self.numbers = {name: column[keep] for name, column in self.numbers.items()}
        self.unread = {name: mask[keep] for name, mask in self.unread.items()}

    def cell(self, column: str, at: int) -> str:
        """A cell as it was read, or "empty"."""
        value = self.raw[column].iloc[self.rows[at]]
        return "empty" if pd.isna(value) else repr(value.item() if isinstance(value, np.generic) else value)


@dataclass(frozen=True)
class _Rule:
    name: str  # its key in the warnings is "dropped_" and this
    says: str  # "3 of 100 rows ..."
    broken: Callable[[RawRows], Mask]
    shows: Callable[[RawRows, int], str]  # the fault of the row at a position
    cure: Callable[[RawRows], str] = lambda bars: _CURE


def checked(bars: RawRows, *, on_bad: OnBad, rules: "tuple[_Rule, ...] | None" = None) -> RawRows:
    """The same rows with every rule kept: DataError at the first rule that is broken, or its rows dropped.

    `rules` are BAR_RULES unless something else is said.

    Rows are named (up to three) with the total, their time and their values.
    """
    for rule in BAR_RULES if rules is None else rules:
        broken = rule.broken(bars)
        if not broken.any():
            continue
        if on_bad == "raise":
            raise DataError(_message(rule, bars, np.flatnonzero(broken)))
        bars.without(broken)
        bars.dropped[f"dropped_{rule.name}"] = int(broken.sum())
    if not len(bars.ts):
        raise DataError(f"{bars.source}: no good row is left of {len(bars.raw)}; nothing to load")
    for side, open_, high, low, close in bars.sides():
        top, bottom = np.maximum(open_, close), np.minimum(open_, close)
        if (high < top).any():
            bars.numbers[f"{side}high"] = np.maximum(high, top)
        if (low > bottom).any():
            bars.numbers[f"{side}low"] = np.minimum(low, bottom)
    return bars


def _message(rule: _Rule, bars: RawRows, positions: NDArray[np.int64]) -> str:
    named = [
        f"{bars.unit} {bars.rows[at] + bars.first} ({utc_text(int(bars.ts[at]))}): {rule.shows(bars, at)}"
        for at in positions[:_SHOWN].tolist()
    ]
    rest = len(positions) - len(named)
    more = f"; and {rest} more" if rest else ""
    many = f"{len(positions)} of {len(bars.raw)} rows"
    return f"{bars.source}: {many} {rule.says}: {'; '.join(named)}{more}. To mend: {rule.cure(bars)}."


def _any_of(bars: RawRows, masks: "list[Mask]") -> Mask:
    return np.logical_or.reduce(masks) if masks else np.zeros(len(bars.ts), dtype=np.bool_)


def _prices(bars: RawRows) -> dict[str, Floats]:
    return {name: column for name, column in bars.numbers.items() if name not in (*_SIZES, _SIDE)}


def _sizes(bars: RawRows) -> dict[str, Floats]:
    return {name: bars.numbers[name] for name in _SIZES if name in bars.numbers}


def _over_prices(test: Callable[[Floats], Mask]) -> Callable[[RawRows], Mask]:
    return lambda bars: _any_of(bars, [test(column) for column in _prices(bars).values()])


def _first_price(test: Callable[[Floats], Mask]) -> Callable[[RawRows, int], str]:
    def show(bars: RawRows, at: int) -> str:
        bad = [name for name, column in _prices(bars).items() if test(column[at : at + 1])[0]]
        return ", ".join(f"{name} is {_number(bars.numbers[name][at])}" for name in bad)

    return show


def _number(value: float) -> str:
    return "empty" if np.isnan(value) else f"{value:.10g}"


def _below(bars: RawRows) -> Mask:
    return _any_of(bars, [high < low * (1 - _ROUNDING) for _, _, high, low, _ in bars.sides()])


def _outside(bars: RawRows) -> Mask:
    masks = []
    for _, open_, high, low, close in bars.sides():
        top, bottom = high * (1 + _ROUNDING), low * (1 - _ROUNDING)
        masks += [open_ > top, close > top, open_ < bottom, close < bottom]
    return _any_of(bars, masks)


def _show_range(bars: RawRows, at: int) -> str:
    words = []
    for side, open_, high, low, close in bars.sides():
        one = slice(at, at + 1)
        alone = RawRows("", "", 0, bars.ts[one], {}, {}, bars.raw)
        alone.numbers = {"open": open_[one], "high": high[one], "low": low[one], "close": close[one]}
        if _below(alone)[0] or _outside(alone)[0]:
            values = ", ".join(f"{side}{name} {_number(column[0])}" for name, column in alone.numbers.items())
            words.append(values)
    return "; ".join(words)


def _repeated(bars: RawRows) -> Mask:
    seen = np.zeros(len(bars.ts), dtype=np.bool_)
    if (bars.ts[1:] > bars.ts[:-1]).all():
        return seen
    order = np.argsort(bars.ts, kind="stable")
    seen[order[1:]] = bars.ts[order[1:]] == bars.ts[order[:-1]]
    return seen


def _backward(bars: RawRows) -> Mask:
    return bars.ts < np.maximum.accumulate(bars.ts)


def _order_cure(bars: RawRows) -> str:
    for name in bars.raw.columns:
        if str(name).strip().lower() in ("ticker", "symbol", "instrument"):
            return f"column {name!r} says that several instruments are stacked; keep the rows of one"
    if len(bars.ts) > 1 and bool(np.all(np.diff(bars.ts) < 0)):
        return "the newest row comes first; reverse the rows"
    return f"sort the rows by time, {_CURE}"


def _unread_in(bars: RawRows, at: int) -> str:
    return ", ".join(f"{name} is {bars.cell(name, at)}" for name, mask in bars.unread.items() if mask[at])


def _is_low(column: Floats) -> Mask:
    return (column <= 0) | np.isinf(column)


def _negative_size(bars: RawRows) -> Mask:
    return _any_of(bars, [(column < 0) | np.isinf(column) for column in _sizes(bars).values()])


def _show_sizes(bars: RawRows, at: int) -> str:
    return ", ".join(f"{name} is {_number(column[at])}" for name, column in _sizes(bars).items())


def _show_time(bars: RawRows, at: int) -> str:
    return f"time is {bars.cell(bars.raw.columns[0], at)}"


def _unknown_side(bars: RawRows) -> Mask:
    side = bars.numbers.get(_SIDE)
    return np.zeros(len(bars.ts), dtype=np.bool_) if side is None else np.isnan(side)


def _show_side(bars: RawRows, at: int) -> str:
    return f"{bars.side} is {bars.cell(bars.side, at)}"


_ROW_RULES = (
    _Rule("unreadable_time", "have a time that cannot be read", lambda bars: bars.ts == NO_TIME, _show_time,
          lambda bars: "write times as 2017-01-31T09:30:00Z, or leave the rows out with on_bad='drop'"),
    _Rule("not_a_number", "hold text where a number belongs",
          lambda bars: _any_of(bars, list(bars.unread.values())), _unread_in),
    _Rule("empty_price", "have an empty price", _over_prices(np.isnan), _first_price(np.isnan)),
    _Rule("not_positive", "have a price that is not above zero and finite",
          _over_prices(_is_low), _first_price(_is_low)),
)  # fmt: skip
_BACKWARD = _Rule(
    "backward_time", "step back in time", _backward,
    lambda bars, at: f"after {utc_text(int(bars.ts[:at].max()))}", _order_cure,
)  # fmt: skip
BAR_RULES = (
    *_ROW_RULES,
    _Rule("high_below_low", "have a high below the low", _below, _show_range),
    _Rule("outside_range", "open or close outside their high and low", _outside, _show_range),
    _Rule("negative_volume", "have a volume below zero", _negative_size, _show_sizes),
    _Rule("repeated_time", "repeat a time that an earlier row has", _repeated,
          lambda bars, at: "already there", _order_cure),
    _BACKWARD,
)  # fmt: skip
TICK_RULES = (  # several ticks may share a moment; they keep their order
    *_ROW_RULES,
    _Rule("negative_size", "have a size below zero", _negative_size, _show_sizes),
    _Rule("unknown_side", "have a side that is neither buy nor sell", _unknown_side, _show_side),
    _BACKWARD,
)  # fmt: skip
