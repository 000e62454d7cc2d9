"""The second style of strategy: the position wanted after each bar, for a whole array of bars in one call.

The same `target` decides live, on the last `window` closed bars. Knows no engine, no venue and no costs.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from tradekit.core.raised import line_in
from tradekit.errors import StrategyError
from tradekit.model.market import Bar
from tradekit.strategy.base import Strategy
from tradekit.strategy.memo import Memo

__all__ = ["Bars", "VectorStrategy", "decided", "decides_alone", "units", "window_of"]

Floats: TypeAlias = NDArray[np.float64]
Stamps: TypeAlias = NDArray[np.int64]

_FIELDS = ("open", "high", "low", "close", "volume")
_LEAST_ROOM = 1024  # bars that a tail has room for before it is copied


class Bars(msgspec.Struct, frozen=True, eq=False):
    """Closed bars of one series, oldest first, as read-only arrays of shape (bars,).

    ts    open times [UTC ns], int64
    open, high, low, close [quote currency] and volume [base units], float64
    """

    instrument: str
    timeframe: str
    ts: Stamps
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.ts)

    def part(self, start: int, stop: int) -> "Bars":
        """The bars from position `start` up to `stop`; no copy."""
        cut = slice(start, stop)
        return Bars(
            self.instrument, self.timeframe, self.ts[cut], self.open[cut], self.high[cut], self.low[cut],
            self.close[cut], self.volume[cut],
        )  # fmt: skip


class VectorStrategy(Strategy):
    """Derive from this, say `window`, and give the position wanted after each bar from `target`.

    `window` is the number of closed bars that a decision looks back over: an attribute of the class, or a property
    where it follows from parameters. Nothing is decided before so many bars have closed. It follows bars of one
    timeframe; with several instruments each one's bars are decided on by themselves.
    """

    window: Any = None

    _memo: Memo | None = None  # while `target` is being asked
    _span = 0  # `window`, read once at the start
    _tails: "dict[str, _Tail]"

    def target(self, bars: Bars) -> ArrayLike:
        """The position wanted [base units; negative is short] after each bar, decided on that bar's close.

        Shape (bars,), numbers or bools. nan leaves the last wish as it is. The value of a bar may depend on it and on
        the `window` - 1 bars before it, never on a later one: `tk.check_lookahead` looks whether that is so.
        """
        raise StrategyError(f"{type(self).__name__} has no `target`: give the position wanted after each bar")

    def ind(self, kind: Any, *data_and_parameters: Any, **parameters: Any) -> Any:
        """An indicator over whole columns: `self.ind(tk.SMA, bars.close, 20)`, `self.ind(tk.ATR, bars, 14)`.

        kind   an indicator's class, a user's own with `update`, `value` and `ready`, or a function of arrays
        then   the columns that it takes (or `bars`, for the fields that its `inputs` name), then its parameters

        Returns the value after each bar, read-only, nan while not ready; for an indicator of several lines a dict of
        them by name: `self.ind(tk.indicators.MACD, bars)["signal"]`. It is computed once for the same indicator,
        parameters and columns, in a sweep once for all combinations.
        """
        columns: list[Floats] = []
        for given in data_and_parameters:
            if isinstance(given, Bars):
                columns += [getattr(given, name) for name in getattr(kind, "inputs", ("close",))]
            elif isinstance(given, np.ndarray):
                columns.append(given)
            else:
                break
        args = data_and_parameters[_leading(data_and_parameters) :]
        memo = self._memo if self._memo is not None else Memo(room=0)
        return memo.find(kind, columns, args, parameters)

    # --- live: the last `window` bars -----------------------------------------------------------------------

    def on_start(self) -> None:
        """Read `window`; bars that were seen before new parameters came are kept."""
        self._span = window_of(self)
        self._tails = getattr(self, "_tails", {})
        if len(self.timeframes) > 1:
            raise StrategyError(
                f"{type(self).__name__} follows {', '.join(self.timeframes)}: `target` sees bars of one timeframe"
            )

    def on_bar(self, bar: Bar) -> None:
        """Ask `target` about the last `window` bars and wish for what it says about the last of them."""
        tail = self._tails.get(bar.instrument)
        if tail is None or tail.span != self._span:
            tail = self._tails[bar.instrument] = _Tail(self._known(tail), self._span)
        else:
            tail.add(bar)
        if len(tail) < self._span:
            return
        wanted = _asked(self, tail.last(), Memo()).item(-1)
        if wanted == wanted:
            self.buy_to(units(wanted))

    def _known(self, tail: "_Tail | None") -> Sequence[Bar]:
        """The last bars of the series under way, this one included: as many as the state or an older tail has."""
        known = self.bars(self._span)
        if tail is None or len(tail) < len(known):
            return known
        return [*tail.bars(), known[-1]]


def units(wanted: float) -> float:
    """A target as the number that a user would write: 1.0 is 1."""
    return int(wanted) if wanted.is_integer() else wanted


def window_of(strategy: VectorStrategy) -> int:
    """A strategy's `window` [bars]; raises StrategyError where it is missing or no whole number above 0."""
    given, name = strategy.window, type(strategy).__name__
    if given is None:
        raise StrategyError(
            f"{name} says no `window`: set `window = N`, the number of closed bars that `target` looks back over, "
            f"or make it a property of the parameters"
        )
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 1:
        raise StrategyError(
            f"{name}.window is {given!r}: give a whole number of bars, 1 is the last bar alone"
        )
    return int(given)


def decided(strategy: VectorStrategy, bars: Bars, memo: Memo) -> Floats:
    """What a strategy decides on each of the bars when it sees them all at once, shape (bars,), read-only.

    nan where it has no wish, and before `window` bars have closed: `target` is not asked about fewer. Raises
    StrategyError for a target of another shape, one that is no number, and with the strategy's own exception as the
    cause.
    """
    window = window_of(strategy)
    found = _asked(strategy, bars, memo).copy() if len(bars) >= window else np.empty(len(bars))
    found[: window - 1] = np.nan
    found.flags.writeable = False
    return found


def decides_alone(strategy: Strategy) -> bool:
    """Whether a strategy is its `target` and nothing else, so that all its decisions can be made beforehand."""
    kind = type(strategy)
    callbacks = [name for name in dir(VectorStrategy) if name.startswith("on_")]
    return issubclass(kind, VectorStrategy) and all(
        getattr(kind, name) is getattr(VectorStrategy, name) for name in callbacks
    )


def _asked(strategy: VectorStrategy, bars: Bars, memo: Memo) -> Floats:
    name = type(strategy).__name__
    strategy._memo = memo
    try:
        given = strategy.target(bars)
    except StrategyError:
        raise
    except Exception as error:
        line = line_in(type(strategy), error)
        place = f"{name}.target ({line})" if line else f"{name}.target"
        raise StrategyError(f"{place} raised {type(error).__name__}: {error}") from error
    finally:
        strategy._memo = None
    try:
        found = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StrategyError(f"{name}.target gave {type(given).__name__}: give an array of numbers") from error
    if found.shape != (len(bars),):
        raise StrategyError(
            f"{name}.target gave shape {found.shape} for {len(bars)} bars: give one number a bar, nan for no wish"
        )
    if np.isinf(found).any():
        at = int(np.flatnonzero(np.isinf(found))[0])
        raise StrategyError(f"{name}.target gave {found[at]} at bar {at}: give a finite position, or nan")
    return found


def _leading(values: Sequence[Any]) -> int:
    """How many of the values, from the first on, are columns or bars."""
    for at, value in enumerate(values):
        if not isinstance(value, np.ndarray | Bars):
            return at
    return len(values)


class _Tail:
    """The last bars of one series as columns. What was handed out is never written again, so it may be kept.

    span  how many bars a decision looks at
    """

    def __init__(self, known: Sequence[Bar], span: int) -> None:
        self.span = span
        self._bar = known[-1]
        self._room = max(_LEAST_ROOM, 4 * span, len(known))
        self._ts, self._prices = self._new()
        self._stop = 0
        for bar in known:
            self.add(bar)

    def _new(self) -> tuple[Stamps, Floats]:
        return np.empty(self._room, dtype=np.int64), np.empty((len(_FIELDS), self._room))

    def __len__(self) -> int:
        return self._stop

    def add(self, bar: Bar) -> None:
        """Take the next closed bar."""
        if self._stop == self._room:
            kept = slice(self._room - self.span, self._room)
            ts, prices = self._new()
            ts[: self.span], prices[:, : self.span] = self._ts[kept], self._prices[:, kept]
            self._ts, self._prices, self._stop = ts, prices, self.span
        self._ts[self._stop] = bar.ts
        self._prices[:, self._stop] = bar.open, bar.high, bar.low, bar.close, bar.volume
        self._stop += 1
        self._bar = bar

    def last(self) -> Bars:
        """The last `span` bars."""
        cut = slice(self._stop - self.span, self._stop)
        columns = [self._ts[cut], *(row[cut] for row in self._prices)]
        for column in columns:
            column.flags.writeable = False
        return Bars(self._bar.instrument, self._bar.timeframe, *columns)

    def bars(self) -> Iterator[Bar]:
        """All that it has, one by one."""
        make: Callable[..., Bar] = Bar
        for at in range(self._stop):
            numbers = self._prices[:, at].tolist()
            yield make(self._bar.instrument, self._bar.timeframe, self._ts.item(at), *numbers)
