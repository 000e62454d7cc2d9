"""The notebooks in a real kernel: each runs from top to bottom and shows what it tells of; a restart costs nothing."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.notebooks.book import Book
from tests.notebooks.conftest import ROOT, ends
from tradekit.client import registry

pytestmark = [pytest.mark.long, pytest.mark.notebook, pytest.mark.timeout(480)]

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LIVE = "01_from_idea_to_live.ipynb"
SHOWN = {  # what a reader must see, by notebook and cell: patterns in the order in which they come
    LIVE: {
        "backtest": r"ChannelBreak\(.*1,440 bars",
        "explain": r"Trade 1: long 0\.5 BTCUSDT.*order submitted",
        "same": r"^True$",
        "change": r"#\d+ set_param",
        "halt": "halted",
        "kill": r"PAPER idea #[\d,]+: halted",
        "back": r"as of 2022-12-13 01:00:00 UTC",
        "whole": r"\d+ bars, gaps: 0",
        "commands": r"set_param.*halt",
    },
    "02_research_a_strategy.ipynb": {
        "data-odd": r"'bid_above_ask': 5.*, 5\)",
        "indicators": r"outside its bands in 15\.\d% of the hours",
        "backtest": r"FadeTheBands\(.*on NZDUSD 1h, 4,239 bars",
        "plot": r"Chart\(",
        "explain": r"profit after fees', '-.*the (upper|lower) band",
        "sheet": r"fade_the_bands\.html, [\d.]+ MB",
        "sweep": r"sweep of FadeTheBands over length, width: 25 combinations",
        "heatmap": r"Chart\('FadeTheBands: sharpe'\)",
        "lookahead": r"no lookahead found; 20 prefixes of 800 bars",
        "hindsight": r"does not decide as it could live.*It looks at later bars",
        "unseen": r"total_return +0\.1\d+ +0\.00.*sharpe +3\.\d+ +0\.1",
    },
    "03_go_live_and_watch.ipynb": {
        "start": r"<Session watch paper armed, live",
        "whole": r"PAPER watch #.*Equity USDT.*BTCUSDT",
        "ticker": r"PAPER watch #.*BTCUSDT +[\d,.]+",
        "chart": r"BTCUSDT 1m: \d+ bars, last O [\d.]+ H",
        "positions": r"BTCUSDT|no position",
        "orders": r"stop loss",
        "pnl": r"2022-12-13",
        "signals": r"breakout.*ranges above the mean",
        "log": r"breakout-\d+ filled: ",
        "fills": r"breakout-\d+ +(buy|sell)",
        "why": r"bar closed.*signal raised.*order submitted",
        "callback": r"\[[\d.]+, [\d.]+, [\d.]+\]",
        "controls": r"PAPER watch #[\d,]+: armed",
        "set": r"#\d+ set_param",
        "commands": r"set_param .*'reward'.*2",
        "kill": r"PAPER watch #[\d,]+: armed",
        "halt": r"<Session watch paper halted",
        "flatten": r"^ +qty +realised +fees\n0 +0\.0",
        "attach": r"<Session watch paper armed, live",
        "whole-again": r"after the stop': True.*part 4': 2\.0.*so far': 2",
        "dashboard": r"the cockpit of <Session watch",
        "end": r"Empty DataFrame",
    },
    "04_read_the_journal.ipynb": {
        "make": r"#1,7\d\d stop",
        "open": r"ok=True, events=1758.*problems=\[\]",
        "counts": r"bar\.closed +1560\n.*order\.filled +64",
        "fills": r"1743 2022-12-13 23:50:00\+00:00 +sell",
        "cause": r"#85  order\.submitted  BTCUSDT\n#83  bar\.closed  BTCUSDT\.1m",
        "rewind": r"<diary as of 2022-12-13 12:00:00 UTC, #870",
        "rewind-orders": r"sma_cross-29 +buy +0\.5 +filled",
        "around": r"position +0\.50* +0\.0+\n",
        "export": r"1758 .*session\.closed",
        "hours": r"2022-12-13 \d\d:00:00\+00:00 +\d",
        "slip": r"64\.0 +1\.5",
        "books": r"^True$",
    },
    "05_your_own_widget_and_page.ipynb": {
        "start": r"<Session mine paper armed, live",
        "label": r"Label\(",
        "widget": r"PAPER mine #",
        "follows": r"\('([\d.]+)', '(?!\1')[\d.]+'\)",  # not the same twice
        "serve": r"IFrame",
        "end": r"#\d+ stop",
    },
}
TOLD = {("02_research_a_strategy.ipynb", "data"): "sample:NZDUSD-1h: rows to look at: bid above ask 5\n"}


def stderr(cell: Any) -> str:
    """What a cell wrote beside its results: JupyterLab shows that on red."""
    return "".join(output["text"] for output in cell.get("outputs", ()) if output.get("name") == "stderr")


def seq(shown: str) -> int:
    """The event number in a session's repr."""
    found = re.search(r"#([\d,]+)", shown)
    assert found, shown
    return int(found[1].replace(",", ""))


@pytest.mark.parametrize("name", [path.name for path in NOTEBOOKS])
def test_a_notebook_runs_from_top_to_bottom_shows_what_it_tells_of_and_leaves_nothing_behind(
    project: Path, name: str
) -> None:
    with Book.open(project / "notebooks" / name) as book:
        book.run()
        said = {cell: book.said(cell) for cell in SHOWN[name]}
        assert [
            (cell, said[cell])
            for cell, words in SHOWN[name].items()
            if not re.search(words, said[cell], re.S)
        ] == []
        aloud = {(name, cell.id): stderr(cell) for cell in book.cells if stderr(cell)}
        assert aloud == {at: words for at, words in TOLD.items() if at[0] == name}
        left = registry.entries()
        assert all(ends(entry.pid) for entry in left), f"still running: {left}"


def test_a_kernels_restart_costs_the_session_nothing(project: Path) -> None:
    with Book.open(project / "notebooks" / LIVE) as book:
        book.run(last="detach")
        [before] = registry.entries()
        assert book.said("same") == "True", "paper fills as the backtest does"
        assert "halted" in book.said("halt")
        left = seq(book.said("halt"))
        book.restart()
        book.run(first="attach", last="commands")
        [after] = registry.entries()
        assert (after.pid, after.started) == (before.pid, before.started)
        assert "halted" in book.said("attach")
        assert seq(book.said("attach")) > left
        assert "gaps: 0" in book.said("whole")
        for command in ("set_param", "halt"):
            assert command in book.said("commands")
        book.run(first="stop")
        assert ends(before.pid)
    assert registry.entries() == []
