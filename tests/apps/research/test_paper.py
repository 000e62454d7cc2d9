from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.apps.research.made import form
from tradekit.apps.research.paper import check_name, free_name, paper_config
from tradekit.apps.research.plan import plan_of
from tradekit.config.check import check_runnable
from tradekit.config.load import load_config
from tradekit.errors import ConfigError


def text(name: str = "base", speed: str = "60", timeframe: str = "1m", note: str = "", **changes: Any) -> str:
    return paper_config(
        plan_of(form(**changes)), name=name, speed=speed, strategy="strategies/idea.py:Base",
        data=["bars/spot/ABC.csv"], timeframe=timeframe, note=note,
    )  # fmt: skip


def test_the_text_is_a_configuration_that_trades_as_the_plan_did(tmp_path: Path) -> None:
    file = tmp_path / "base.yaml"
    file.write_text(
        text(leverage="2", rules="default:participation=0.1,slip_in_range=true"), encoding="utf-8"
    )
    config = load_config(file)
    check_runnable(config)
    assert (config.session.name, config.session.mode, str(config.session.cash)) == ("base", "paper", "1000")
    assert (config.strategy.class_path, config.strategy.params) == (
        "strategies/idea.py:Base",
        {"level": 100.5},
    )
    assert (config.market_data.bars, config.market_data.speed) == (["bars/spot/ABC.csv"], 60)
    assert (str(config.broker.fee), config.broker.rules) == (
        "0.001",
        {"participation": 0.1, "slip_in_range": True},
    )
    assert config.risk == {"leverage": 2}
    assert config.websocket.port == 0, "it runs beside any other"
    assert config.event_bus.event_log_file == "logs/base.log"


@pytest.mark.parametrize(
    ("own", "kept"),
    [("1m", ["1m", "15m", "1h"]), ("1h", ["1h"]), ("7m", ["7m"]), ("5m", ["5m", "15m", "1h"])],
)
def test_longer_charts_are_kept_where_they_can_be_made(own: str, kept: list[str]) -> None:
    assert yaml.safe_load(text(timeframe=own))["market_data"]["timeframes"] == kept


def test_a_rule_that_is_none_is_null_in_the_file() -> None:
    made = yaml.safe_load(text(rules="default:participation=none"))
    assert made["broker"]["rules"] == {"participation": None}


def test_what_comes_from_outside_cannot_leave_its_place() -> None:
    sly = "x\nrisk: {max_position: 1000000}\n"
    made = yaml.safe_load(text(note=sly, params={"level": sly}))
    assert made["strategy"]["params"] == {"level": sly}
    assert "risk" not in made


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rules": "nautilus"}, "rules nautilus: a paper session fills by"),
        ({"speed": "fast"}, "speed 'fast'"),
    ],
)
def test_what_a_paper_session_cannot_do_is_refused(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        text(**changes)


def test_a_name_follows_the_strategys_and_is_free() -> None:
    plan = plan_of(form(strategy="tradekit.strategy.library:InsideBarBreakout"))
    assert free_name(plan, set()) == "inside-bar-breakout"
    assert free_name(plan, {"inside-bar-breakout", "inside-bar-breakout-2"}) == "inside-bar-breakout-3"
    assert free_name(plan_of(form(strategy="a:_")), set()) == "paper"


@pytest.mark.parametrize("name", ["", "Up", "a/b", "../a", "a.yaml", "-a", "a" * 65, "a b", "a\n"])
def test_a_name_that_is_no_sessions_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="lower-case letters"):
        check_name(name, set())


def test_a_name_that_is_taken_is_refused() -> None:
    assert check_name("mine", {"other"}) == "mine"
    with pytest.raises(ConfigError, match="is taken"):
        check_name("mine", {"mine"})
