"""What a research process does, asked in this one."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.apps.research.made import made_project
from tradekit.apps.research.bench import Bench
from tradekit.apps.research.plan import Axis, Plan
from tradekit.errors import StrategyError, TradekitError

PATH = "strategies/idea.py:Base"


class Asked:
    """A bench on the made-up project, and what it has told on the way."""

    def __init__(self, folder: Path) -> None:
        self.offers = made_project(folder)
        self.bench = Bench(folder)
        self.news: list[dict[str, Any]] = []
        self.plan = Plan(("spot/ABC.csv",), PATH, {"level": 100.0}, cash="1000", fee="0.001")
        self.taken = {
            "plan": self.plan,
            "path": self.offers.found_strategy(PATH).taken,
            "sources": [self.offers.found_data("spot/ABC.csv").taken],
        }

    def __call__(self, duty: str, **given: Any) -> Any:
        told = self.bench((duty, given), self.news.append)
        msgspec.json.encode([told, self.news])  # as a page is told
        return told


@pytest.fixture
def ask(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


def test_a_strategy_says_what_it_is_and_what_it_declares(ask: Asked) -> None:
    told = ask("strategy", path=ask.taken["path"])
    assert told["doc"] == "Long above a level."
    assert [(row["name"], row["kind"], row["default"]) for row in told["rows"]] == [
        ("level", "number", 100.0)
    ]


def test_bars_say_what_they_are_and_what_is_odd_about_them(ask: Asked) -> None:
    file = Path(ask.taken["sources"][0])
    lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join(lines[:10] + lines[12:]), encoding="utf-8")
    told = ask("data", source=str(file))
    assert (told["instrument"], told["timeframe"], told["rows"]) == ("ABC", "1m", 38)
    assert (told["since"], told["until"]) == (1_704_067_200_000, 1_704_067_200_000 + 39 * 60_000)
    assert told["odd"] == ["gaps (steps longer than a bar, hours without trading too): 1"]


def test_a_run_tells_each_phase_and_gives_its_numbers_trades_and_curve(ask: Asked) -> None:
    told = ask("run", **ask.taken)
    assert [(one["phase"], one["done"], one["total"]) for one in ask.news] == [
        ("reading the bars", 0, 0), ("running", 0, 40), ("running", 40, 40), ("measuring", 0, 0),
    ]  # fmt: skip
    assert told["stats"]["trades"] == told["trade_count"] == len(told["trades"]) > 1
    assert [row["trade"] for row in told["trades"]] == sorted(
        (row["trade"] for row in told["trades"]), reverse=True
    )
    assert [group["name"] for group in told["groups"]] == ["Return (USD)", "Risk", "Trades (USD)"]
    assert told["curve"][1][-1] == told["stats"]["final_equity"]
    assert len(told["curve"][0]) == 40
    assert told["timeframe"] == "1m"
    again = Bench(ask.offers.root)(("run", ask.taken), list)
    assert again["fingerprint"] == told["fingerprint"]


def test_the_record_is_kept_to_be_drawn_and_explained(ask: Asked) -> None:
    for duty, given in (("chart", {"dark": True}), ("why", {"trade": 1})):
        with pytest.raises(TradekitError, match="nothing has been run"):
            ask(duty, **given)
    ask("run", **ask.taken)
    assert json.loads(ask("chart", dark=True)["item"])["doc"]["roots"]
    told = ask("why", trade=1)
    assert told["title"].startswith("Trade 1: long 1 ABC")
    assert told["chapters"][0]["steps"][0]["what"] == "bar closed"


def test_a_sweep_is_kept_to_be_mapped_by_any_statistic(ask: Asked) -> None:
    with pytest.raises(TradekitError, match="nothing has been swept"):
        ask("map", metric="sharpe", dark=True)
    axes = (Axis("level", (98.0, 100.0, 500.0)),)
    told = ask("sweep", axes=axes, metric="total_return", order="", **ask.taken)
    assert told["combinations"] == 3
    assert ask.news[-1] == {"phase": "trying", "done": 3, "total": 3}
    shown = ask("map", metric="total_return", dark=False)
    assert shown["parameters"] == ["level"]
    assert len(shown["rows"]) == 3
    assert shown["rows"][0]["level"] == 500.0, "it never trades, and the others lose"
    nothing = ask("map", metric="profit_factor", dark=False)
    assert {row["level"] for row in nothing["rows"]} <= {98.0, 100.0}


def test_an_order_between_two_parameters_leaves_the_others_out(ask: Asked) -> None:
    path = "tradekit.strategy.library:SmaCross"
    axes = (Axis("fast", (2, 3, 4)), Axis("slow", (3, 4)))
    taken = ask.taken | {"path": path, "plan": Plan(("x",), path, {"qty": 1.0}, cash="1000")}
    assert ask("sweep", axes=axes, metric="sharpe", order="<", **taken)["combinations"] == 3
    assert ask("sweep", axes=axes, metric="sharpe", order=">", **taken)["combinations"] == 1


def test_curves_are_laid_over_each_other(ask: Asked) -> None:
    told = ask("overlay", curves=[("a", [1, 2], [100.0, 90.0]), ("b", [1, 2], [1.0, 2.0])], dark=True)
    assert json.loads(told["item"])["doc"]["roots"]


def test_an_error_of_the_strategy_comes_out_as_its_own(ask: Asked) -> None:
    with pytest.raises(StrategyError, match="has no parameter 'levle'"):
        ask("run", **(ask.taken | {"plan": Plan(("x",), PATH, {"levle": 1})}))
