"""What commands print: JSON for programs, tables for people, notes for the one at the keyboard.

Knows no trade. Data goes to stdout, everything else to stderr, so that a pipe gets data alone. Secrets go nowhere.
"""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tradekit.core.redact import secrets

__all__ = ["note", "print_json", "print_pairs", "print_table", "save_page", "shown", "utc"]


def note(text: str) -> None:
    """Tell the one at the keyboard."""
    print(secrets.clean(text), file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """One JSON value on one line; what is not finite is null, Decimals are text."""
    from tradekit.core.codec import encode

    print(secrets.clean(encode(value).decode()), flush=True)


def print_table(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Rows under their column names, as wide as they need; numbers stand right."""
    rows = list(rows)
    cells = [[shown(row.get(name)) for name in columns] for row in rows]
    right = [all(isinstance(row.get(name), int | float) for row in rows) for name in columns]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for line in ([*columns], *cells):
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        print("  ".join(padded).rstrip())


def print_pairs(pairs: Mapping[str, Any]) -> None:
    """A name and its value each line."""
    width = max(map(len, pairs), default=0)
    for name, value in pairs.items():
        print(f"{name.ljust(width)}  {shown(value)}")


def save_page(option: str, path: Path, save: Callable[[Path], Path]) -> None:
    """Write the page that `option` asked for; raises ConfigError where it cannot be written."""
    from tradekit.errors import ConfigError

    try:
        save(path)
    except OSError as error:
        raise ConfigError(f"{option} {path} cannot be written: {error.strerror}") from error
    note(f"tradekit: wrote {path}")


def utc(ts: int) -> str:
    """A time [UTC ns] to the second."""
    from datetime import UTC, datetime

    return f"{datetime.fromtimestamp(ts // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S}Z"


def shown(value: Any) -> str:
    """A value as a person reads it: six significant digits, - for nothing."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) < 1_000_000_000_000 else str(value)
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.6g}"
    return str(value)
