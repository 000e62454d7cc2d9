"""Records as tables, tables as plain values."""

from decimal import Decimal

import pandas as pd

from tradekit.report.frames import plain_records, record_frame


def test_money_becomes_floats_and_times_become_utc() -> None:
    table = record_frame(
        [{"id": "a", "ts": 1_500_000_000, "qty": Decimal("0.10")}], ["id", "ts", "qty"], index="id"
    )
    assert table.loc["a", "qty"] == 0.1
    assert table.loc["a", "ts"] == pd.Timestamp("1970-01-01 00:00:01.5", tz="UTC")


def test_no_records_are_a_table_without_rows() -> None:
    table = record_frame([], ["ts", "price"], index="ts")
    assert (len(table), list(table)) == (0, ["price"])


def test_rows_become_plain_values_and_what_is_missing_none() -> None:
    frame = pd.DataFrame({"at": pd.to_datetime([0, 1_500_000_000], utc=True), "x": [1.0, float("nan")]})
    assert plain_records(frame) == [
        {"at": "1970-01-01T00:00:00.000000Z", "x": 1.0},
        {"at": "1970-01-01T00:00:01.500000Z", "x": None},
    ]
