"""Reading bars from a sample, a file or a DataFrame, checked and in one form.

Knows no venue and no download; what rows must be like is in `check`.
"""

import logging
from importlib.resources import as_file
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd

from tradekit.data.check import OnBad, RawRows, checked
from tradekit.data.columns import BarColumns
from tradekit.data.known import in_form, keeps_rules
from tradekit.data.quality import attributes, series_name
from tradekit.data.samples import PREFIX, sample
from tradekit.data.table import Table, headers_of, raw_rows, read_csv, read_table, spec_of
from tradekit.data.times import TIME_NAMES
from tradekit.errors import DataError, did_you_mean
from tradekit.model.instrument import Instrument

__all__ = ["load_bars", "load_columns"]

# pandas copies a frame that is written to while another one shares its memory, from 3.0 on
_COPIES_ON_WRITE = int(pd.__version__.partition(".")[0]) >= 3

_PRICES = ("open", "high", "low", "close")
_QUOTES = tuple(f"{side}_{name}" for side in ("bid", "ask") for name in _PRICES)
_KEPT = (*_PRICES, "volume", *_QUOTES[:4], "bid_size", *_QUOTES[4:], "ask_size")

_log = logging.getLogger("tradekit.data")


def load_bars(
    source: "str | Path | pd.DataFrame",
    *,
    instrument: str | Instrument | None = None,
    timeframe: str | None = None,
    on_bad: OnBad = "raise",
) -> pd.DataFrame:
    """Bars, checked, in the one form that everything else takes.

    source      "sample:BTCUSDT-1m", a path to a .csv, .csv.gz or .parquet file, or a DataFrame. The time is
                its first column (ts, date, time, timestamp) or index; then in any order and case open, high,
                low, close and if known volume; or bid_open ... ask_close, whose middle makes open ... close
    instrument  its name, or an Instrument where tick, lot or multiplier matter; else taken from the source
    timeframe   the bars' length ("15m"); else the commonest step between bars
    on_bad      "raise", or "drop" to leave bad rows out and count them

    Returns a frame with a UTC DatetimeIndex "ts" (open times, ns, ascending) and float64 columns open, high,
    low, close, volume (0 where unknown), then the source's bid_ and ask_ columns; others are left out.
    `attrs` says `instrument`, `spec` (the Instrument as plain values), `timeframe`, `source` and `warnings`,
    counts by name: gaps (steps longer than a bar), short_steps, bid_above_ask, volume_unknown, dropped_... by
    rule.

    Raises DataError for rows or columns that break a rule, NotFoundError for a file or sample that is not
    there.
    """
    return _loaded(source, instrument, timeframe, on_bad, copy=True)


def load_columns(
    source: "str | Path | pd.DataFrame",
    *,
    instrument: str | Instrument | None = None,
    timeframe: str | None = None,
) -> BarColumns:
    """What `load_bars` gives, as columns: of a DataFrame of floats views, which later writes to it do not reach."""
    if not isinstance(source, pd.DataFrame):
        return BarColumns.from_frame(_loaded(source, instrument, timeframe, "raise", copy=False), held=source)
    held = source.copy(deep=not _COPIES_ON_WRITE)
    if instrument is None and timeframe is None and in_form(held):
        made = BarColumns.from_frame(held, held=held)
        if keeps_rules(made):
            return made
    return BarColumns.from_frame(_loaded(held, instrument, timeframe, "raise", copy=False), held=held)


def _loaded(
    source: "str | Path | pd.DataFrame",
    instrument: str | Instrument | None,
    timeframe: str | None,
    on_bad: OnBad,
    *,
    copy: bool,
) -> pd.DataFrame:
    if on_bad not in ("raise", "drop"):
        raise DataError(f"on_bad is {on_bad!r}; give 'raise' or 'drop'")
    table = _sample(source) if isinstance(source, str) and source.startswith(PREFIX) else read_table(source)
    bars = checked(raw_rows(table, _columns(table)), on_bad=on_bad)
    frame = _frame(bars, copy=copy)
    attrs = attributes(
        frame,
        dropped=bars.dropped,
        source=table.source,
        spec=spec_of(instrument, table.known, series_name(table.source)),
        timeframe=timeframe or table.known.get("timeframe"),
    )
    if table.known.get("closed", "left") != "left":
        attrs["closed"] = table.known["closed"]
    frame.attrs.update(attrs)
    _tell(attrs)
    return frame


def _sample(source: str) -> Table:
    shown = sample(source)
    known = {"spec": msgspec.to_builtins(shown.instrument), "timeframe": shown.timeframe}
    with as_file(shown.file) as path:
        return Table(read_csv(path), source, "line", 2, known)


def _columns(table: Table) -> dict[str, Any]:
    """Our name -> the source's, for the columns that are used; DataError when needed ones are not there."""
    headers = headers_of(table)
    if all(name in headers for name in _QUOTES):
        needed = _QUOTES
    else:
        needed = _PRICES
        missing = [name for name in _PRICES if name not in headers]
        if missing:
            others = [name for name in headers if name not in _KEPT and name not in TIME_NAMES]
            hints = "".join(did_you_mean(name, others) for name in missing)
            plural = "s" if len(missing) > 1 else ""
            raise DataError(
                f"{table.source}: no column{plural} {', '.join(missing)}{hints}; "
                f"found {', '.join(map(str, table.raw.columns))}. "
                "Bars need open, high, low, close (or bid_open ... ask_close); rename the columns"
            )
    traded = () if needed is _QUOTES and not all(name in headers for name in _PRICES) else _PRICES
    wanted = (*traded, "volume", *(_QUOTES if needed is _QUOTES else ()), "bid_size", "ask_size")
    return {name: headers[name] for name in _KEPT if name in wanted and name in headers}


def _frame(bars: RawRows, *, copy: bool) -> pd.DataFrame:
    numbers = bars.numbers
    columns = {
        name: numbers[name] if name in numbers else (numbers[f"bid_{name}"] + numbers[f"ask_{name}"]) / 2
        for name in _PRICES
    }
    columns["volume"] = numbers.get("volume", np.zeros(len(bars.ts)))
    columns |= {name: numbers[name] for name in _KEPT if name in numbers and name not in columns}
    index = pd.DatetimeIndex(bars.ts, dtype="datetime64[ns, UTC]", name="ts", copy=False)
    return pd.DataFrame(columns, index=index, copy=copy)


def _tell(attrs: dict[str, Any]) -> None:
    told = {name: n for name, n in attrs["warnings"].items() if name != "gaps"}
    if told:
        counts = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in told.items())
        _log.warning("%s: rows to look at: %s", attrs["source"], counts)
