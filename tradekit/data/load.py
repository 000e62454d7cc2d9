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

from tradekit.data.check import OnBad, RawBars, checked
from tradekit.data.quality import attributes, series_name
from tradekit.data.samples import PREFIX, sample
from tradekit.data.times import TIME_NAMES, read_times
from tradekit.errors import DataError, NotFoundError, did_you_mean
from tradekit.model.instrument import Instrument

__all__ = ["load_bars"]

_PRICES = ("open", "high", "low", "close")
_QUOTES = tuple(f"{side}_{name}" for side in ("bid", "ask") for name in _PRICES)
_KEPT = (*_PRICES, "volume", *_QUOTES[:4], "bid_size", *_QUOTES[4:], "ask_size")
_SUFFIXES = (".csv", ".csv.gz", ".parquet")

# 17208.86 must be the float that prints so: pandas reads exactly from 3.1 on, before that when asked to.
_OLD = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
_EXACT: dict[str, Any] = {"float_precision": "round_trip"} if _OLD else {}

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
    if on_bad not in ("raise", "drop"):
        raise DataError(f"on_bad is {on_bad!r}; give 'raise' or 'drop'")
    known: dict[Any, Any] = {}
    if isinstance(source, pd.DataFrame):
        known = {**source.attrs}
        raw, name, unit, first = _with_time_first(source), known.get("source", "the DataFrame"), "row", 0
    elif isinstance(source, str) and source.startswith(PREFIX):
        shown = sample(source)
        known = {"spec": msgspec.to_builtins(shown.instrument), "timeframe": shown.timeframe}
        with as_file(shown.file) as path:
            raw = _read_csv(path)
        name, unit, first = source, "line", 2
    else:
        path = Path(source)
        raw, name = _read_file(path), str(path)
        unit, first = ("row", 0) if path.suffix == ".parquet" else ("line", 2)
    bars = checked(_raw_bars(raw, source=name, unit=unit, first=first), on_bad=on_bad)
    frame = _frame(bars)
    attrs = attributes(
        frame,
        dropped=bars.dropped,
        source=name,
        spec=_spec(instrument, known, name),
        timeframe=timeframe or known.get("timeframe"),
    )
    frame.attrs.update(attrs)
    _tell(attrs)
    return frame


def _read_file(path: Path) -> pd.DataFrame:
    lowered = path.name.lower()
    if not path.is_file():
        near = [p.name for p in path.parent.iterdir() if p.is_file()] if path.parent.is_dir() else []
        hint = did_you_mean(path.name, near)
        raise NotFoundError(f"there is no file {path}{hint}; give a path to CSV or parquet, or 'sample:NAME'")
    try:
        if lowered.endswith(".parquet"):
            return _with_time_first(pd.read_parquet(path))
        if lowered.endswith((".csv", ".csv.gz")):
            return _read_csv(path)
    except ImportError as error:
        raise DataError(f"{path}: reading parquet needs pyarrow; pip install pyarrow, or give CSV") from error
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{path}: the file is empty; it should begin with a line of column names") from error
    except (ValueError, OSError) as error:  # parser, encoding and gzip errors
        raise DataError(f"{path}: cannot be read as a table: {error}") from error
    raise DataError(f"{path}: the kind of file is not known; give one that ends with {', '.join(_SUFFIXES)}")


def _read_csv(path: Path) -> pd.DataFrame:
    """The file's cells; blank lines are kept as empty rows, so that line numbers stay true."""
    options: dict[str, Any] = {
        "skip_blank_lines": False,
        "low_memory": False,
        "encoding": "utf-8-sig",
        **_EXACT,
    }
    frame: pd.DataFrame = pd.read_csv(path, **options)
    return frame


def _with_time_first(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its time as the first column, from the index where that holds times."""
    if isinstance(frame.index, pd.DatetimeIndex) or str(frame.index.name).lower() in TIME_NAMES:
        times = frame.index.to_series(index=frame.index, name="ts")
        return pd.concat([times, frame], axis=1).reset_index(drop=True)
    return frame.reset_index(drop=True)


def _raw_bars(raw: pd.DataFrame, *, source: str, unit: str, first: int) -> RawBars:
    while len(raw) and raw.iloc[-1].isna().all():  # blank lines at the end
        raw = raw.iloc[:-1]
    found = _columns(raw, source)
    if not len(raw):
        raise DataError(f"{source}: there are column names and no rows; nothing to load")
    times = read_times(raw.iloc[:, 0], source=source)
    numbers: dict[str, Any] = {}
    unread = {}
    for name, column in found.items():
        values = pd.to_numeric(raw[column], errors="coerce").to_numpy(np.float64)
        numbers[name] = values
        if not pd.api.types.is_numeric_dtype(raw[column].dtype):
            unread[column] = np.isnan(values) & raw[column].notna().to_numpy()
    stamps = times.to_numpy(dtype="datetime64[ns]").view(np.int64)
    return RawBars(source, unit, first, stamps, numbers, unread, raw)


def _columns(raw: pd.DataFrame, source: str) -> dict[str, str]:
    """Our name -> the source's, for the columns that are used; DataError when needed ones are not there."""
    headers = {str(name).strip().lower().replace(" ", "_"): name for name in raw.columns}
    listed = ", ".join(map(str, raw.columns)) or "none"
    time = next(iter(headers), "none")
    if time not in TIME_NAMES and not time.startswith("unnamed:"):
        raise DataError(
            f"{source}: the first column is {time!r} and should be the time, named ts, date, time or "
            f"timestamp; found the columns {listed}"
        )
    if all(name in headers for name in _QUOTES):
        needed = _QUOTES
    else:
        needed = _PRICES
        missing = [name for name in _PRICES if name not in headers]
        if missing:
            others = [name for name in headers if name not in _KEPT and name != time]
            hints = "".join(did_you_mean(name, others) for name in missing)
            plural = "s" if len(missing) > 1 else ""
            raise DataError(
                f"{source}: no column{plural} {', '.join(missing)}{hints}; found {listed}. "
                "Bars need open, high, low, close (or bid_open ... ask_close); rename the columns"
            )
    traded = () if needed is _QUOTES and not all(name in headers for name in _PRICES) else _PRICES
    wanted = (*traded, "volume", *(_QUOTES if needed is _QUOTES else ()), "bid_size", "ask_size")
    return {name: headers[name] for name in _KEPT if name in wanted and name in headers}


def _frame(bars: RawBars) -> pd.DataFrame:
    numbers = bars.numbers
    columns = {
        name: numbers[name] if name in numbers else (numbers[f"bid_{name}"] + numbers[f"ask_{name}"]) / 2
        for name in _PRICES
    }
    columns["volume"] = numbers.get("volume", np.zeros(len(bars.ts)))
    columns |= {name: numbers[name] for name in _KEPT if name in numbers and name not in columns}
    index = pd.DatetimeIndex(bars.ts.view("datetime64[ns]"), tz="UTC", name="ts")
    return pd.DataFrame(columns, index=index)


def _spec(instrument: str | Instrument | None, known: dict[Any, Any], source: str) -> Instrument:
    if isinstance(instrument, Instrument):
        return instrument
    spec = msgspec.convert(known["spec"], Instrument) if "spec" in known else None
    if instrument is None:
        return spec or Instrument(id=series_name(source))
    return spec if spec is not None and spec.id == instrument else Instrument(id=instrument)


def _tell(attrs: dict[str, Any]) -> None:
    told = {name: n for name, n in attrs["warnings"].items() if name != "gaps"}
    if told:
        counts = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in told.items())
        _log.warning("%s: rows to look at: %s", attrs["source"], counts)
