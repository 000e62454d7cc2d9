"""The front door: every name it has can be had, nothing heavy is loaded before, and a slip is answered in words."""

import subprocess
import sys

import pytest

import tradekit as tk

HEAVY = ("pandas", "numpy", "panel", "bokeh", "websockets", "anywidget", "param", "asyncio")


def test_every_name_at_the_door_can_be_had() -> None:
    assert [name for name in tk.__all__ if getattr(tk, name) is None] == []
    assert len(tk.__all__) <= 24
    assert dir(tk) == sorted(tk.__all__)


def test_the_rooms_offer_names_that_are_loaded_when_used() -> None:
    from tradekit.indicators.averages import SMA
    from tradekit.widgets.blotter import Blotter

    assert tk.widgets.Blotter is Blotter
    assert tk.indicators.SMA is tk.SMA is SMA
    assert dir(tk.widgets) == [
        "Blotter", "Chart", "Controls", "KillSwitch", "Log", "Orders", "PnL", "Positions", "Session", "Signals",
        "Ticker",
    ]  # fmt: skip
    assert dir(tk.testing) == ["Desk"]  # type: ignore[attr-defined]
    assert tk.research.statistics([0.01, -0.01])["best_bar"] == 0.01
    assert tk.research.__all__ == ["export_parquet", "page", "rewind", "statistics", "trade_log"]


@pytest.mark.shell
def test_the_door_opens_without_anything_heavy() -> None:
    asked = f"import sys, tradekit; dir(tradekit.widgets); print(*(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("where", "name", "there"),
    [(tk, "backtests", "backtest"), (tk.widgets, "Bloter", "Blotter"), (tk.indicators, "MCAD", "MACD")],
)
def test_a_name_that_is_not_there_is_answered_with_those_that_are(
    where: object, name: str, there: str
) -> None:
    with pytest.raises(AttributeError, match=rf"has no attribute '{name}'; it has .*\b{there}\b"):
        getattr(where, name)
