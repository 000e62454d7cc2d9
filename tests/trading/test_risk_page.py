"""docs/risk.md names every rule, and what it shows as configuration is one."""

import re
from pathlib import Path

import msgspec
import yaml

from tradekit.config.schema import DeadManSection
from tradekit.trading.dead_man import DeadMan, Then
from tradekit.trading.limits import BREAKERS, LIMITS, check_limits

PAGE = (Path(__file__).parents[2] / "docs" / "risk.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in re.findall(r"^\| `\w+` \|.*$", PAGE, re.M)
]


def test_its_table_has_every_rule_and_says_which_halt() -> None:
    assert [row[0].strip("`") for row in ROWS] == list(LIMITS)
    assert [row[0].strip("`") for row in ROWS if row[3]] == list(BREAKERS)


def test_its_switches_are_those_that_take_a_word() -> None:
    switches = [row[0].strip("`") for row in ROWS if row[1] == "`deny`"]
    assert switches == [name for name, rule in LIMITS.items() if rule.switch]


def test_its_configuration_is_one() -> None:
    shown = yaml.safe_load(re.findall(r"^```yaml\n(.*?)^```", PAGE, re.S | re.M)[0])["risk"]
    assert check_limits(shown) == {name: str(bound) for name, bound in shown.items()}


def test_the_dead_mans_rules_and_policies_are_those_that_there_are() -> None:
    (shown,) = [
        yaml.safe_load(block)["dead_man"]
        for block in re.findall(r"^```yaml\n(dead_man:.*?)^```", PAGE, re.S | re.M)
    ]
    assert msgspec.convert(shown, DeadManSection) is not None
    assert tuple(shown) == DeadMan.__struct_fields__ == DeadManSection.__struct_fields__
    assert tuple(re.findall(r"^\| `dead_man\.(\w+)` \|", PAGE, re.M)) == DeadMan.__struct_fields__
    assert re.findall(r"^\| `then: (\w+)` \|", PAGE, re.M) == list(Then)
