"""What is said of a loaded series beside its numbers: name, bar length, counts of what is odd but allowed.

Knows nothing of how it was read; what is not allowed is in `check`.
"""

import re
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradekit.errors import DataError
from tradekit.model.instrument import Instrument, duration, timeframe_text

__all__ = ["attributes", "check_name", "is_name", "series_name"]

_TOKEN = re.compile(r"[^A-Za-z0-9_-]+")


def attributes(
    frame: pd.DataFrame, *, dropped: dict[str, int], source: str, spec: Instrument, timeframe: str | None
) -> dict[str, Any]:
    """The `attrs` of a frame of checked bars; raises DataError for a timeframe or a name that cannot be."""
    check_name(spec, source)
    stamps: NDArray[np.int64] = frame.index.to_numpy(dtype="datetime64[ns]").view(np.int64)
    steps = np.diff(stamps)
    timeframe = _timeframe(steps, timeframe, source)
    length = duration(timeframe)
    counts = {**dropped, "gaps": int((steps > length).sum()), "short_steps": int((steps < length).sum())}
    if "bid_close" in frame:
        counts["bid_above_ask"] = int((frame["bid_close"] > frame["ask_close"]).sum())
    counts["volume_unknown"] = int(frame["volume"].isna().sum())
    for name in ("volume", "bid_size", "ask_size"):
        if name in frame:
            frame[name] = frame[name].fillna(0.0)
    return {
        "instrument": spec.id,
        "spec": msgspec.to_builtins(spec),
        "timeframe": timeframe,
        "source": source,
        "warnings": {name: n for name, n in counts.items() if n},
    }


def check_name(spec: Instrument, source: str) -> Instrument:
    """The same instrument; DataError for a name that cannot stand in a subject."""
    if not is_name(spec.id):
        raise DataError(f"{source}: the instrument's name {spec.id!r} must be letters, digits, - and _ only")
    return spec


def is_name(text: str) -> bool:
    """Whether a text can name an instrument: it can stand in a subject."""
    return bool(text) and not _TOKEN.search(text)


def series_name(source: str) -> str:
    """A name for a series that was given none: its file's name without the ending."""
    stem = source.replace("\\", "/").rsplit("/", 1)[-1].split(".", 1)[0]
    return _TOKEN.sub("-", stem).strip("-") or "BARS"


def _timeframe(steps: NDArray[np.int64], given: str | None, source: str) -> str:
    if not len(steps):
        if given is None:
            raise DataError(f"{source}: one row does not tell how long a bar is; say it: timeframe='1m'")
        return given
    lengths, counts = np.unique(steps, return_counts=True)
    commonest = int(lengths[np.argmax(counts)])
    if given is None:
        return timeframe_text(commonest)
    if commonest < duration(given):
        raise DataError(
            f"{source}: bars come every {commonest / 1e9:g} s, so they are no {given} bars; "
            f"leave timeframe out, and make longer bars with resample"
        )
    return given
