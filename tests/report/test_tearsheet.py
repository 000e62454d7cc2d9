"""The tear sheet: everything of a run on one page, which stands alone."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import opened
from tradekit.data.load import load_bars
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.strategy.library import SmaCross

pytestmark = pytest.mark.shell


@pytest.fixture(scope="module")
def result() -> Result:
    return backtest(SmaCross(fast=10, slow=20), load_bars("sample:BTCUSDT-1m"), cash=100_000, fee=0.0005)


@pytest.fixture(scope="module")
def page(result: Result, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The run's sheet as it stands in its file."""
    return result.tearsheet(tmp_path_factory.mktemp("sheet") / "sheet.html").read_text(encoding="utf-8")


def test_it_has_every_part_of_the_run(result: Result, page: str) -> None:
    for part in (
        "<!DOCTYPE html>",
        '<body class="tk-sheet">',
        "Total return",
        "Return by month",
        ">Drawdowns<",
    ):
        assert page.count(part) == 1, part
    assert len(re.findall(r"<tr><td>\d+</td><td>BTCUSDT</td>", page)) == len(result.trades)


def test_it_names_no_file_elsewhere(page: str) -> None:
    assert "<script src=" not in page
    beside_scripts = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r"\b(src|href)=|@import|url\(", beside_scripts)


def test_its_colours_are_those_of_its_chart(result: Result, page: str, tmp_path: Path) -> None:
    dark = result.tearsheet(tmp_path / "dark.html", dark=True).read_text(encoding="utf-8")
    fixed = r"body\.tk-sheet,body\.tk-sheet \.tk-summary{--tk-page:(#\w+)"
    assert re.findall(fixed, page) == re.findall(r"html { background: (#\w+)", page)
    assert re.findall(fixed, dark) == re.findall(r"html { background: (#\w+)", dark)
    assert re.findall(fixed, page) != re.findall(fixed, dark)


def test_a_run_without_trades_has_a_sheet_too(tmp_path: Path) -> None:
    idle = backtest(SmaCross(fast=199, slow=200), load_bars("sample:BTCUSDT-1m").iloc[:100])
    assert "no trade was closed" in idle.tearsheet(tmp_path / "sheet.html").read_text(encoding="utf-8")


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_draws_it_without_a_network(
    result: Result, chromium: Any, tmp_path: Path, dark: bool
) -> None:
    sheet = result.tearsheet(tmp_path / "sheet.html", dark=dark)
    with opened(chromium, viewport={"width": 1160, "height": 900}, offline=True) as seen:
        page = seen.page
        page.goto(sheet.as_uri())
        page.wait_for_function("() => globalThis.Bokeh?.documents[0]?.get_model_by_name('price line')?.text")
        assert page.locator(".tk-months td", has_text=re.compile(r"\d")).count() == 2
        assert page.locator(".tk-trades tbody tr").count() == len(result.trades)
        wide = page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1]
    assert seen.outside == []
    assert seen.errors == []


@pytest.mark.process
def test_it_names_no_file_elsewhere_where_panel_is_loaded_too(tmp_path: Path) -> None:
    code = (
        "import panel; panel.extension(); import tradekit as tk; from tradekit.strategy.library import SmaCross;"
        "bars = tk.load_bars('sample:BTCUSDT-1m').iloc[:300];"
        f"tk.backtest(SmaCross(), bars).tearsheet({str(tmp_path / 'sheet.html')!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    page = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert "<script src=" not in page
    assert "Bokeh" in page
