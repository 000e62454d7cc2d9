"""A project of two strategies and some bars, and a process that does nothing until a test says what it did."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tradekit.apps.research.offers import Offers

IDEA = '''
import param
import tradekit as tk


class Base(tk.Strategy):
    """Long above a level."""

    level = param.Number(100.0, doc="price")

    def on_bar(self, bar):
        self.buy_to(1 if bar.close > self.level else 0)


class Other(Base):
    """The same."""


class Note:
    """No strategy."""
'''
BARS = "ts,open,high,low,close,volume\n" + "\n".join(
    f"2024-01-01 00:{n:02d},{100 + n % 3},{106 + n % 3},{94 + n % 3},{101 - n % 4},5" for n in range(40)
)  # made up: forty minutes


def made_project(folder: Path, **more: Any) -> Offers:
    """The project in a folder, and what it offers."""
    (folder / "strategies").mkdir()
    (folder / "strategies" / "idea.py").write_text(IDEA, encoding="utf-8")
    (folder / "bars" / "spot").mkdir(parents=True)
    (folder / "bars" / "spot" / "ABC.csv").write_text(BARS, encoding="utf-8")
    return Offers(folder, data=folder / "bars", **more)


def form(**changes: Any) -> dict[str, Any]:
    """What a page's form says."""
    asked = {
        "data": ["spot/ABC.csv"], "strategy": "strategies/idea.py:Base", "params": {"level": 100.5}, "cash": "1000",
        "fee": "0.001", "slippage": "", "leverage": "", "rules": "default",
    }  # fmt: skip
    return asked | changes


class Silent:
    """A process that a test speaks for."""

    def __init__(self, heard: Callable[[str, Any], object]) -> None:
        self.say = heard
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.ended = False

    def ask(self, request: Any) -> None:
        self.asked.append(request)

    def end(self) -> None:
        self.ended = True


class Processes:
    """Makes silent processes and keeps them."""

    def __init__(self) -> None:
        self.made: list[Silent] = []

    def __call__(self, heard: Callable[[str, Any], object]) -> Silent:
        self.made.append(Silent(heard))
        return self.made[-1]

    @property
    def last(self) -> Silent:
        return self.made[-1]

    @property
    def alive(self) -> list[Silent]:
        return [one for one in self.made if not one.ended]


def found(fingerprint: str = "ab" * 32, **stats: Any) -> dict[str, Any]:
    """What a run's process answers."""
    numbers = {"total_return": 0.5, "sharpe": None, **stats}
    lines = [
        {
            "key": key,
            "label": key,
            "text": str(numbers[key]),
            "tone": "",
            "form": form,
            "meaning": "what it is",
        }
        for key, form in (("total_return", "gain"), ("sharpe", "ratio"))
    ]
    return {
        "title": "Base(level=1) on ABC 1m, 40 bars", "span": "a day", "currency": "USD", "engine": "step",
        "stats": numbers, "groups": [{"name": "Return", "lines": lines}], "remarks": [], "instruments": ["ABC"],
        "timeframe": "1m", "trades": [], "trade_count": 0, "curve": [[1, 2], [100.0, 150.0]],
        "fingerprint": fingerprint,
    }  # fmt: skip
