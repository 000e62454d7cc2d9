"""docs/statistics.md explains every number that a result gives, and no other."""

import re
from pathlib import Path

import pandas as pd

from tradekit.report.stats import run_statistics

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")


def test_every_statistic_is_on_the_page_and_no_other() -> None:
    explained = PAGE.partition("## Beside other packages")[0]
    cells = [line.split("|")[1] for line in explained.splitlines() if line.startswith("| `")]
    names = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    equity = pd.DataFrame(
        {"equity": [1.0, 2.0], "exposure": 0.0, "gross": 0.0},
        index=pd.date_range("2022-12-13", periods=2, tz="UTC"),
    )
    assert sorted(names) == sorted(run_statistics(equity, []))
