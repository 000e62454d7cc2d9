"""Reading trades and quotes from a file or a DataFrame, checked and in one form.

Knows no venue and no bars; what rows must be like is in `check`.
"""

import logging
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tradekit.data.check import TICK_RULES, OnBad, RawRows, checked
from tradekit.data.quality import check_name, series_name
from tradekit.data.table import Table, headers_of, raw_rows, read_table, spec_of
from tradekit.data.ticks import AGGRESSORS
from tradekit.errors import DataError, did_you_mean
from tradekit.model.instrument import Instrument

__all__ = ["load_quotes", "load_trades"]

# Our name, and what others call it, in the order in which a name is taken.
_TRADE = {
    "price": ("price",),
    "size": ("size", "quantity", "qty", "amount", "volume"),
}
_QUOTE = {
    "bid": ("bid", "bid_price"),
    "ask": ("ask", "ask_price"),
    "bid_size": ("bid_size", "bid_quantity", "bid_qty", "bid_volume"),
    "ask_size": ("ask_size", "ask_quantity", "ask_qty", "ask_volume"),
}
_SIDE = ("aggressor", "side")
_MAKER = ("buyer_maker", "is_buyer_maker")  # whether the buyer waited: then the seller took
_CODES = {"buy": 1, "b": 1, "sell": -1, "s": -1, "": 0}
_MAKER_CODES = {"true": -1, "1": -1, "1.0": -1, "false": 1, "0": 1, "0.0": 1, "": 0}

_log = logging.getLogger("tradekit.data")


def load_trades(
    source: "str | Path | pd.DataFrame",
    *,
    instrument: str | Instrument | None = None,
    on_bad: OnBad = "raise",
) -> pd.DataFrame:
    """Trades, checked, in the one form that everything else takes.

    source      a path to a .csv, .csv.gz or .parquet file, or a DataFrame. The time is its first column or index;
                then in any order and case price; size (or quantity, qty, amount, volume); and if known side
                (aggressor; buy or sell) or buyer_maker (true: the seller took)
    instrument  its name, or an Instrument; else taken from the source
    on_bad      "raise", or "drop" to leave bad rows out and count them

    Returns a frame with a UTC DatetimeIndex "ts" (ns, ascending; trades of one moment keep their order), float64
    columns price and size (0 where unknown) and aggressor ("buy", "sell" or "", categorical). `attrs` says
    `instrument`, `spec`, `ticks` ("trades"), `source` and `warnings` (counts: repeated_times, size_unknown,
    dropped_... by rule).

    Raises DataError for rows or columns that break a rule, NotFoundError for a file that is not there.
    """
    table, headers = _read(source, on_bad)
    rows = raw_rows(table, _columns(table, headers, _TRADE, ("price", "size"), "Trades need price and size"))
    side = next((headers[name] for name in (*_SIDE, *_MAKER) if name in headers), None)
    if side is not None:
        by_word = _CODES if str(side).strip().lower() in _SIDE else _MAKER_CODES
        words = rows.raw[side].map(lambda cell: "" if pd.isna(cell) else str(cell).strip().lower())
        rows.side, rows.numbers["aggressor"] = side, words.map(by_word).to_numpy(np.float64)
    checked(rows, on_bad=on_bad, rules=TICK_RULES)
    codes = rows.numbers.get("aggressor", np.zeros(len(rows.ts))).astype(np.int8)
    columns = _sized(rows, ("price",), ("size",))
    columns["aggressor"] = pd.Categorical(
        [AGGRESSORS[code] for code in codes.tolist()], categories=list(AGGRESSORS)
    )
    return _frame(rows, table, columns, instrument, "trades")


def load_quotes(
    source: "str | Path | pd.DataFrame",
    *,
    instrument: str | Instrument | None = None,
    on_bad: OnBad = "raise",
) -> pd.DataFrame:
    """Quotes (the top of the book as it changed), checked, in the one form that everything else takes.

    source      as for `load_trades`; its columns are bid, ask and if known bid_size, ask_size
    instrument, on_bad  as for `load_trades`

    Returns a frame with a UTC DatetimeIndex "ts" (ns, ascending; quotes of one moment keep their order) and float64
    columns bid, ask, bid_size, ask_size (0 where unknown). A bid above its ask is counted, not refused: fast markets
    cross for moments. `attrs` as for `load_trades`, with `ticks` "quotes" and the count bid_above_ask.

    Raises DataError for rows or columns that break a rule, NotFoundError for a file that is not there.
    """
    table, headers = _read(source, on_bad)
    rows = raw_rows(table, _columns(table, headers, _QUOTE, ("bid", "ask"), "Quotes need bid and ask"))
    checked(rows, on_bad=on_bad, rules=TICK_RULES)
    columns = _sized(rows, ("bid", "ask"), ("bid_size", "ask_size"))
    return _frame(rows, table, columns, instrument, "quotes")


def _read(source: "str | Path | pd.DataFrame", on_bad: OnBad) -> tuple[Table, dict[str, Any]]:
    if on_bad not in ("raise", "drop"):
        raise DataError(f"on_bad is {on_bad!r}; give 'raise' or 'drop'")
    table = read_table(source)
    return table, headers_of(table)


def _columns(
    table: Table,
    headers: dict[str, Any],
    names: dict[str, tuple[str, ...]],
    needed: tuple[str, ...],
    says: str,
) -> dict[str, Any]:
    """Our name -> the source's; DataError when a needed one is not there."""
    found = {
        ours: headers[name]
        for ours, theirs in names.items()
        if (name := next((name for name in theirs if name in headers), None)) is not None
    }
    missing = [name for name in needed if name not in found]
    if missing:
        hints = "".join(did_you_mean(name, list(headers)) for name in missing)
        raise DataError(
            f"{table.source}: no column {', '.join(missing)}{hints}; found "
            f"{', '.join(map(str, table.raw.columns))}. {says}; rename the columns"
        )
    return found


def _sized(rows: RawRows, prices: tuple[str, ...], sizes: tuple[str, ...]) -> dict[str, Any]:
    """The prices, and the sizes with 0 where unknown (nan is counted later, from the rows)."""
    columns: dict[str, Any] = {name: rows.numbers[name] for name in prices}
    for name in sizes:
        columns[name] = np.nan_to_num(rows.numbers.get(name, np.zeros(len(rows.ts))), nan=0.0)
    return columns


def _frame(
    rows: RawRows, table: Table, columns: dict[str, Any], instrument: str | Instrument | None, kind: str
) -> pd.DataFrame:
    spec = check_name(spec_of(instrument, table.known, series_name(table.source)), table.source)
    counts = {**rows.dropped, "repeated_times": int(np.count_nonzero(np.diff(rows.ts) == 0))}
    if kind == "quotes":
        counts["bid_above_ask"] = int(np.count_nonzero(columns["bid"] > columns["ask"]))
    unknown: list[NDArray[np.bool_]] = [
        np.isnan(rows.numbers[name]) for name in columns if name in rows.numbers and name.endswith("size")
    ]
    counts["size_unknown"] = int(np.count_nonzero(np.logical_or.reduce(unknown))) if unknown else 0
    index = pd.DatetimeIndex(rows.ts.view("datetime64[ns]"), tz="UTC", name="ts")
    frame = pd.DataFrame(columns, index=index)
    warnings = {name: n for name, n in counts.items() if n}
    frame.attrs.update(
        instrument=spec.id, spec=msgspec.to_builtins(spec), ticks=kind, source=table.source, warnings=warnings
    )
    told = ", ".join(f"{k.replace('_', ' ')} {n}" for k, n in warnings.items() if k != "repeated_times")
    if told:
        _log.warning("%s: rows to look at: %s", table.source, told)
    return frame
