"""docs/rules.md keeps its word: its tests exist, each rule that is tested is on the page, and so is each setting."""

import inspect
import re
from pathlib import Path

import tradekit.sim.trade_exchange
import tradekit.sim.trade_prices
from tradekit.sim.backtesting_py import backtesting_py
from tradekit.sim.profiles import _PROFILES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
# These prove how the exchange answers and restores itself, not how an order fills.
NO_FILL_RULES = {
    "test_an_order_is_accepted_at_once_and_a_child_is_held",
    "test_a_limit_entry_and_a_stop_entry_fill_when_the_bar_reaches_them",
    "test_after_a_short_stop_entry_the_target_may_fire_too",
    "test_a_close_of_a_trade_that_is_closed_already_is_canceled",
    "test_what_cannot_be_replaced_is_told",
    "test_a_canceled_entry_takes_its_children_along",
    "test_reduce_only_closes_the_oldest_and_opens_nothing",
    "test_without_finalize_open_trades_stay_open",
    "test_a_bar_of_another_instrument_changes_nothing",
    "test_a_bar_made_from_finer_ones_is_not_shown_on_a_replay",
}


def names_of(*files: Path) -> set[str]:
    return {
        name
        for path in files
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
    }


def test_every_test_that_the_page_names_exists() -> None:
    named = set(re.findall(r"\btest_\w+", PAGE))
    assert named
    assert named - names_of(*(ROOT / "tests").rglob("test_*.py")) == set()


def test_every_fill_rule_that_is_tested_is_on_the_page() -> None:
    tested = names_of(*(ROOT / "tests" / "sim").glob("test_trade_exchange*.py"))
    assert tested - NO_FILL_RULES - set(re.findall(r"\btest_\w+", PAGE)) == set()


def test_every_rule_word_is_explained() -> None:
    sources = "".join(
        Path(str(module.__file__)).read_text(encoding="utf-8")
        for module in (tradekit.sim.trade_exchange, tradekit.sim.trade_prices)
    )
    ways = {"open", "close", "gap", "touch"}
    assert set(re.findall(r'_rule\(pending, "(\w+)"', sources)) <= ways
    words = {"market.open", "market.close", "ruin.close"}
    words |= {f"{kind}.{how}" for kind in ("limit", "stop", "loss", "profit") for how in ("gap", "touch")}
    assert {word for word in words if f"`{word}`" not in PAGE} == set()


def test_every_set_and_every_setting_is_on_the_page() -> None:
    settings = {*_PROFILES, *inspect.signature(backtesting_py).parameters}
    assert {word for word in settings if f"`{word}`" not in PAGE} == set()
