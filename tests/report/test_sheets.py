"""Cells and files for other programs."""

import csv
import io
import stat
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.errors import ConfigError
from tradekit.report.sheets import cell, iso, save_csv, save_parquet

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\0")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\0x"])
def test_text_that_reads_as_a_formula_is_quoted(text: str) -> None:
    assert cell(text) == f"'{text}"


@given(st.text())
@law(200)
def test_no_text_begins_as_a_formula_does_and_all_else_stays(text: str) -> None:
    written = cell(text)
    assert not written.startswith(FORMULAS)
    assert written == text or (written == f"'{text}" and text.startswith(FORMULAS))


@given(st.decimals(allow_nan=False, allow_infinity=False) | st.floats(allow_nan=False, allow_infinity=False))
@law(200)
def test_numbers_are_plain_decimals_and_read_back_the_same(number: Any) -> None:
    written = cell(number)
    assert set(written) <= set("-0123456789.")
    assert type(number)(written) == number


@pytest.mark.parametrize(
    ("value", "written"), [(None, ""), (float("nan"), ""), (float("inf"), ""), (True, "true"), (-3, "-3")]
)
def test_what_is_no_number_is_left_empty(value: Any, written: str) -> None:
    assert cell(value) == written


def test_a_csv_reads_back_as_it_was_written_and_is_its_owners_alone(tmp_path: Path) -> None:
    rows = [{"a": 'x,"y"\nz', "b": Decimal("-0.10")}, {"a": "", "b": None}]
    file = save_csv(tmp_path / "t.csv", ["a", "b"], rows)
    assert list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline=""))) == [
        {"a": 'x,"y"\nz', "b": "-0.10"}, {"a": "", "b": ""},
    ]  # fmt: skip
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["t.csv"]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere/t\.csv cannot be written"):
        save_csv(tmp_path / "nowhere" / "t.csv", ["a"], [])


def test_without_pyarrow_parquet_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'tradekit\[data\]'"):
        save_parquet(tmp_path / "t.parquet", pd.DataFrame({"a": [1]}))


def test_times_have_as_many_digits_as_they_need() -> None:
    assert iso(1_670_889_600_000_000_000) == "2022-12-13T00:00:00.000000Z"
    assert iso(1_670_889_600_000_000_001) == "2022-12-13T00:00:00.000000001Z"
