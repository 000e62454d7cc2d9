"""docs/indicators.md, done as it says: its Python runs, its table is what the classes say."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tradekit as tk

PAGE = (Path(__file__).parents[2] / "docs" / "indicators.md").read_text(encoding="utf-8")
ROWS = {
    row[0].partition("(")[0].strip("`"): row
    for row in (
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.findall(r"^\| `\w+\(.*$", PAGE, re.M)
    )
}
KINDS = [name for name in dir(tk.indicators) if name != "Indicator"]


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """The names that the page's Python makes, from top to bottom."""
    names: dict[str, Any] = {"__name__": "page"}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.S | re.M):
        exec(block, names)  # noqa: S102 - the page's own text
    return names


def test_its_strategies_trade(told: dict[str, Any]) -> None:
    assert len(told["result"].fills) > 4
    assert len(told["faded"].fills) > 4


def test_a_plain_class_is_an_indicator(told: dict[str, Any]) -> None:
    bars = tk.load_bars("sample:BTCUSDT-1m")
    gaps = bars["open"].to_numpy()[1:] - bars["close"].to_numpy()[:-1]
    sides = np.sign(-gaps[np.abs(gaps) > 2.0])
    turns = 1 + np.count_nonzero(np.diff(sides))
    assert len(told["faded"].fills) == turns - (np.abs(gaps[-1]) > 2.0 and sides[-1] != sides[-2])


def test_its_table_has_every_indicator() -> None:
    assert sorted(ROWS) == sorted(KINDS)


@pytest.mark.parametrize("name", KINDS)
def test_its_row_says_what_the_class_says(name: str) -> None:
    call, inputs, lines, warmup, *_ = ROWS[name]
    given = re.findall(r"(\w+)(?:=([\w.]+))?", call.strip("`").partition("(")[2])
    numbers = {word: eval(default) if default else 20 for word, default in given}  # noqa: S307
    made = getattr(tk.indicators, name)(*([20] if given[:1] == [("n", "")] else []))
    assert tuple(inputs.split(", ")) == made.inputs
    assert tuple(lines.split(", ")) == made.outputs
    wanted = "1" if name == "VWAP" else re.sub(r"(\d)n", r"\1*n", warmup)
    assert eval(wanted, {"max": max}, numbers) == made.warmup  # noqa: S307
