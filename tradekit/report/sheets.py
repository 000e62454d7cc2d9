"""Tables as files for other programs: CSV that a spreadsheet cannot mistake for formulas, Parquet with its types.

Knows cells, nothing of what they say. A file appears when it is whole, and only its owner may read it.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradekit.core.export import aside
from tradekit.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["cell", "iso", "save_csv", "save_parquet", "save_text"]

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\0")  # OWASP ASVS 1.2.10
_NS = 1_000_000_000


def save_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write the rows under their column names (UTF-8, RFC 4180); raises ConfigError where it cannot be written."""
    with aside(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows([cell(row[name]) for name in columns] for row in rows)
    return path


def save_parquet(path: Path, frame: "pd.DataFrame") -> Path:
    """Write a table with its index; raises ConfigError where it cannot be written or pyarrow is missing."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ConfigError(
            "Parquet needs pyarrow, which is not installed; run: pip install 'tradekit[data]', or write CSV"
        ) from error
    with aside(path) as part:
        pq.write_table(pa.Table.from_pandas(frame), part, compression="zstd")
    return path


def save_text(path: Path, text: str) -> Path:
    """Write a text, whole or not at all; raises ConfigError where it cannot be written."""
    with aside(path) as part:
        part.write_text(text, encoding="utf-8")
    return path


def cell(value: Any) -> str:
    """A value as CSV has it: numbers as plain decimals, nothing for None, and ' before text that reads as a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}" if value == value and abs(value) != float("inf") else ""
    if isinstance(value, Decimal | int):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULAS) else text


def iso(ts: int) -> str:
    """A time [UTC ns] in ISO 8601, to the microsecond, and to the nanosecond where it has such."""
    moment = datetime.fromtimestamp(ts // _NS, UTC)
    digits = f"{ts % _NS:09d}"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{digits if digits[6:] != '000' else digits[:6]}Z"
