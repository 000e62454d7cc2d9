"""Tables from records, and plain values from tables.

Knows column names and kinds, nothing of what they say.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["plain_records", "record_frame"]

_TIMES = ("ts", "created", "updated")


def record_frame(records: Sequence[Any], columns: Sequence[str], *, index: str) -> "pd.DataFrame":
    """A row a record (structs or dicts): Decimals as floats, ns as UTC times; `index` names the index's column."""
    import pandas as pd

    def column(name: str) -> list[Any]:
        values = [record[name] if isinstance(record, dict) else getattr(record, name) for record in records]
        return [float(value) if isinstance(value, Decimal) else value for value in values]

    frame = pd.DataFrame({name: column(name) for name in columns})
    for name in columns:
        if name in _TIMES:
            frame[name] = pd.to_datetime(frame[name].astype("int64"), utc=True, unit="ns")
    return frame.set_index(index)


def plain_records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """The rows as dicts of plain values: times in ISO 8601 UTC, what is missing as None."""
    shown = frame.copy()
    for name in shown.select_dtypes("datetimetz"):
        shown[name] = shown[name].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    plain = shown.astype(object).where(shown.notna(), None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in plain]
