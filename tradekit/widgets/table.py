"""Rows as aligned text, for terminals.

Pure; knows no pane: what a row holds beside its tones and its key is shown.
"""

from datetime import UTC, datetime

from tradekit.widgets.rows import Row

__all__ = ["table_text"]

_HIDDEN = ("key", "ended")
_TIMES = ("ts", "updated", "opened", "entered", "exit", "since")


def table_text(rows: list[Row], *, most: int = 10) -> str:
    """The first `most` rows with headings, numbers to the right; times are UTC hh:mm:ss."""
    names = [name for name in rows[0] if name not in _HIDDEN and not name.endswith("_tone")]
    lines = [names, *([_cell(name, row.get(name, "")) for name in names] for row in rows[:most])]
    widths = [max(len(line[i]) for line in lines) for i in range(len(names))]
    numeric = [all(not line[i] or line[i][-1].isdigit() for line in lines[1:]) for i in range(len(names))]
    text = [
        "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in lines
    ]
    if len(rows) > most:
        text.append(f"({len(rows) - most} more)")
    return "\n".join(text)


def _cell(name: str, value: object) -> str:
    if name in _TIMES and isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC).strftime("%H:%M:%S") if value else ""
    return str(value)
