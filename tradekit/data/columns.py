"""Bars held as columns: the whole history in a few arrays, made into bars only when they are delivered.

Knows no files and no checks; `load_bars` has done both before.
"""

from collections.abc import Callable, Iterator
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradekit.errors import DataError
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BarColumns", "frozen", "instrument_of"]

Floats: TypeAlias = NDArray[np.float64]
Stamps: TypeAlias = NDArray[np.int64]

_PRICES = ("open", "high", "low", "close", "volume")
_new_bar: Callable[..., Bar] = Bar


class BarColumns:
    """The bars of one series, immutable.

    spec        what is traded; `instrument` is its id
    timeframe   length of a bar ("1m")
    ts          open times [UTC ns], ascending, int64, shape (bars,)
    open, high, low, close, volume   float64, shape (bars,)
    closes      when each bar closes [UTC ns]: its length after its open, unless its session ends before
    closed      which edge of a bar belongs to it: "left" (open <= t < close), or "right" for bars made so from ticks
    held        whatever has to live as long as the columns do, since they are views of its memory
    """

    __slots__ = (
        "_closes",
        "_held",
        "close",
        "closed",
        "high",
        "instrument",
        "low",
        "open",
        "spec",
        "timeframe",
        "ts",
        "volume",
    )

    def __init__(
        self,
        spec: Instrument,
        timeframe: str,
        *,
        ts: Stamps,
        open: Floats,
        high: Floats,
        low: Floats,
        close: Floats,
        volume: Floats,
        closes: Stamps | None = None,
        closed: str = "left",
        held: object = None,
    ) -> None:
        self.spec, self.instrument, self.timeframe = spec, spec.id, timeframe
        self.ts = frozen(ts, np.int64)
        self.open, self.high, self.low = (frozen(one, np.float64) for one in (open, high, low))
        self.close, self.volume = frozen(close, np.float64), frozen(volume, np.float64)
        self._closes = None if closes is None else frozen(closes, np.int64)
        self.closed = closed
        self._held = held

    @classmethod
    def from_frame(cls, bars: "pd.DataFrame", *, held: object = None) -> "BarColumns":
        """The columns of a frame made by `load_bars`; raises DataError for any other."""
        if "timeframe" not in bars.attrs:
            raise DataError("the bars have not been checked yet; pass the DataFrame through load_bars first")
        stamps = _stamps(bars.index)
        bare = bars.copy(deep=False)
        bare.attrs = {}  # which pandas would copy for each column
        columns = {name: bare[name].to_numpy(np.float64) for name in _PRICES}
        closed = bars.attrs.get("closed", "left")
        return cls(
            instrument_of(bars), bars.attrs["timeframe"], ts=stamps, closed=closed, held=held, **columns
        )

    @property
    def closes(self) -> Stamps:
        """When each bar closes [UTC ns], int64, shape (bars,)."""
        return self.ts + duration(self.timeframe) if self._closes is None else self._closes

    def closing(self, closes: Stamps) -> "BarColumns":
        """The same bars, closing at other times [UTC ns]."""
        columns = {name: getattr(self, name) for name in ("ts", *_PRICES)}
        return BarColumns(
            self.spec, self.timeframe, **columns, closes=closes, closed=self.closed, held=self._held
        )

    def __len__(self) -> int:
        return len(self.ts)

    def __repr__(self) -> str:
        return f"BarColumns({self.instrument} {self.timeframe}, {len(self)} bars)"

    def bar(self, at: int) -> Bar:
        """The bar at one position."""
        numbers = (getattr(self, name).item(at) for name in ("ts", *_PRICES))
        return Bar(self.instrument, self.timeframe, *numbers)

    def bars(self, start: int = 0, stop: int | None = None, *, chunk: int = 8192) -> Iterator[Bar]:
        """The bars from position `start` up to `stop`, in order.

        At most `chunk` bars' numbers exist as Python objects at a time, beside those that the caller keeps.
        """
        return chain.from_iterable(self._chunks(start, len(self) if stop is None else stop, chunk))

    def _chunks(self, start: int, stop: int, chunk: int) -> Iterator[Iterator[Bar]]:
        names = repeat(self.instrument), repeat(self.timeframe)
        for at in range(start, stop, chunk):
            part = slice(at, min(at + chunk, stop))
            numbers: list[list[Any]] = [getattr(self, name)[part].tolist() for name in ("ts", *_PRICES)]
            yield map(_new_bar, *names, *numbers)

    def part(self, start: int, stop: int) -> "BarColumns":
        """The bars from position `start` up to `stop`; no copy."""
        cut = {name: getattr(self, name)[start:stop] for name in ("ts", *_PRICES)}
        closes = None if self._closes is None else self._closes[start:stop]
        return BarColumns(
            self.spec, self.timeframe, closes=closes, closed=self.closed, held=self._held, **cut
        )

    def frame(self) -> "pd.DataFrame":
        """The bars as `load_bars` gives them: UTC DatetimeIndex "ts", float64 columns, attrs."""
        import pandas as pd

        index = pd.DatetimeIndex(self.ts.view("datetime64[ns]"), tz="UTC", name="ts")
        bars = pd.DataFrame({name: getattr(self, name) for name in _PRICES}, index=index)
        bars.attrs = {
            "instrument": self.instrument,
            "spec": msgspec.to_builtins(self.spec),
            "timeframe": self.timeframe,
            "source": repr(self),
            "warnings": {},
        }
        if self.closed != "left":
            bars.attrs["closed"] = self.closed
        return bars


def instrument_of(bars: "pd.DataFrame") -> Instrument:
    """The Instrument of a frame made by `load_bars`, whose attrs hold it as plain values."""
    if "spec" not in bars.attrs:
        raise DataError("the bars name no instrument; pass the DataFrame through load_bars first")
    return msgspec.convert(bars.attrs["spec"], Instrument)


def _stamps(index: Any) -> Stamps:
    """A time index as UTC ns, without a copy where it holds them so."""
    made: Stamps = index.asi8 if index.unit == "ns" else index.as_unit("ns").asi8
    return made


def frozen(values: NDArray[Any], dtype: type[np.generic]) -> NDArray[Any]:
    """A read-only view, so that the caller's own array stays writable."""
    array = np.ascontiguousarray(values, dtype=dtype).view()
    array.flags.writeable = False
    return array
