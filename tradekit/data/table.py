"""Reading a file or a DataFrame into rows of cells with the time first, and cells into numbers.

Knows neither what the columns mean nor which rows are good.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np
import pandas as pd

from tradekit.data.check import RawRows
from tradekit.data.times import TIME_NAMES, read_times
from tradekit.errors import DataError, NotFoundError, did_you_mean
from tradekit.model.instrument import Instrument

__all__ = ["Table", "headers_of", "raw_rows", "read_csv", "read_table", "spec_of"]

_SUFFIXES = (".csv", ".csv.gz", ".parquet")

# 17208.86 must be the float that prints so: pandas reads exactly from 3.1 on, before that when asked to.
_OLD = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
_EXACT: dict[str, Any] = {"float_precision": "round_trip"} if _OLD else {}


class Table(NamedTuple):
    """Cells as they were read.

    source  where they come from, in words; `unit` is what a row is called there, `first` the first one's number
    known   what the source says of itself (a frame's attrs)
    """

    raw: pd.DataFrame
    source: str
    unit: str
    first: int
    known: dict[Any, Any]


def read_table(source: "str | Path | pd.DataFrame") -> Table:
    """The cells of a .csv, .csv.gz or .parquet file or of a DataFrame; DataError when it cannot be read."""
    if isinstance(source, pd.DataFrame):
        return Table(
            _with_time_first(source), source.attrs.get("source", "the DataFrame"), "row", 0, {**source.attrs}
        )
    try:
        path = Path(source)
    except TypeError as error:
        kind = type(source).__name__
        raise DataError(
            f"bars are {source!r:.60}, of type {kind}: give a file, sample:NAME or a DataFrame"
        ) from error
    unit, first = ("row", 0) if path.suffix == ".parquet" else ("line", 2)
    return Table(_read_file(path), str(path), unit, first, {})


def read_csv(path: Path) -> pd.DataFrame:
    """The file's cells; blank lines are kept as empty rows, so that line numbers stay true."""
    options: dict[str, Any] = {
        "skip_blank_lines": False,
        "low_memory": False,
        "encoding": "utf-8-sig",
        **_EXACT,
    }
    frame: pd.DataFrame = pd.read_csv(path, **options)
    return frame


def headers_of(table: Table) -> dict[str, Any]:
    """The columns by their names in small letters; DataError when the first is no time."""
    headers = {str(name).strip().lower().replace(" ", "_"): name for name in table.raw.columns}
    time = next(iter(headers), "none")
    if time not in TIME_NAMES and not time.startswith("unnamed:"):
        listed = ", ".join(map(str, table.raw.columns)) or "none"
        raise DataError(
            f"{table.source}: the first column is {time!r} and should be the time, named ts, date, time or "
            f"timestamp; found the columns {listed}"
        )
    return headers


def raw_rows(table: Table, columns: Mapping[str, Any]) -> RawRows:
    """The numbers of the columns (our name -> the source's) with their times, not yet checked."""
    raw = table.raw
    while len(raw) and raw.iloc[-1].isna().all():  # blank lines at the end
        raw = raw.iloc[:-1]
    if not len(raw):
        raise DataError(f"{table.source}: there are column names and no rows; nothing to load")
    times = read_times(raw.iloc[:, 0], source=table.source)
    numbers: dict[str, Any] = {}
    unread = {}
    for name, column in columns.items():
        cells = raw[column]
        if pd.api.types.is_numeric_dtype(cells.dtype):
            numbers[name] = cells.to_numpy(np.float64)
        else:
            values = numbers[name] = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64)
            unread[column] = np.isnan(values) & raw[column].notna().to_numpy()
    return RawRows(table.source, table.unit, table.first, times.asi8, numbers, unread, raw)


def spec_of(instrument: str | Instrument | None, known: Mapping[Any, Any], default: str) -> Instrument:
    """The Instrument that was given, or that the source knows, or a plain one named `default`."""
    if isinstance(instrument, Instrument):
        return instrument
    spec = msgspec.convert(known["spec"], Instrument) if "spec" in known else None
    if instrument is None:
        return spec or Instrument(id=default)
    return spec if spec is not None and spec.id == instrument else Instrument(id=instrument)


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
            return read_csv(path)
    except ImportError as error:
        raise DataError(f"{path}: reading parquet needs pyarrow; pip install pyarrow, or give CSV") from error
    except pd.errors.EmptyDataError as error:
        raise DataError(f"{path}: the file is empty; it should begin with a line of column names") from error
    except (ValueError, OSError) as error:  # parser, encoding and gzip errors
        raise DataError(f"{path}: cannot be read as a table: {error}") from error
    raise DataError(f"{path}: the kind of file is not known; give one that ends with {', '.join(_SUFFIXES)}")


def _with_time_first(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with its time as the first column, from the index where that holds times."""
    if isinstance(frame.index, pd.DatetimeIndex) or str(frame.index.name).lower() in TIME_NAMES:
        times = pd.Series(frame.index, index=frame.index, name="ts", copy=False)
        return pd.concat([times, frame], axis=1).reset_index(drop=True)
    return frame.reset_index(drop=True)
