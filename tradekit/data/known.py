"""Bars that `load_bars` has made, met again: whether they still are as it left them and need not be read anew.

A frame may have been cut or written to since. Says yes or no; what is wrong is said by `check`.
"""

import numpy as np
import pandas as pd

from tradekit.data.check import NO_TIME
from tradekit.data.columns import BarColumns
from tradekit.data.quality import is_name
from tradekit.model.instrument import duration

__all__ = ["in_form", "keeps_rules"]

_COLUMNS = ["open", "high", "low", "close", "volume"]


def in_form(frame: pd.DataFrame) -> bool:
    """Whether a frame has the one form of bars without quotes, and says what they are of."""
    index = frame.index
    named = "spec" in frame.attrs and "timeframe" in frame.attrs
    timed = isinstance(index, pd.DatetimeIndex) and str(index.tz) == "UTC" and len(index) > 1
    return (
        named and timed and list(frame.columns) == _COLUMNS and all(one == np.float64 for one in frame.dtypes)
    )


def keeps_rules(bars: BarColumns) -> bool:
    """Whether every rule of `check` is kept as it stands, and no step is shorter than a bar."""
    high, low, volume = bars.high, bars.low, bars.volume
    return bool(
        is_name(bars.spec.id)
        and (bars.ts != NO_TIME).all()
        and (np.diff(bars.ts) >= duration(bars.timeframe)).all()
        and (low > 0).all()
        and (high < np.inf).all()
        and (high >= np.maximum(bars.open, bars.close)).all()
        and (low <= np.minimum(bars.open, bars.close)).all()
        and (volume >= 0).all()
        and (volume < np.inf).all()
    )
