from pathlib import Path

import pytest

from tests.apps.research.made import made_project
from tradekit.apps.research.offers import Offers, strategies_in
from tradekit.errors import ConfigError


@pytest.fixture
def offers(tmp_path: Path) -> Offers:
    return made_project(
        tmp_path, named=lambda: ["strategies/idea.py:Base", "mine.ideas:Trend", "gone/x.py:X"]
    )


def test_the_samples_and_the_files_of_the_folder_are_offered_by_name(offers: Offers) -> None:
    names = [one.name for one in offers.data()]
    assert names[0] == "sample:BTCUSDT-1m"
    assert names[-1] == "spot/ABC.csv"
    chosen = offers.found_data("spot/ABC.csv")
    assert (chosen.taken, chosen.said) == (str(offers.root / "bars/spot/ABC.csv"), "bars/spot/ABC.csv")


@pytest.mark.parametrize(
    "name", ["../secret.csv", "/etc/passwd", "spot/../../secret.csv", "spot/ABC.csv/", "secret.csv", ""]
)
def test_what_a_browser_names_is_no_path(offers: Offers, name: str) -> None:
    (offers.root / "secret.csv").write_text("ts,open\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="offered here"):
        offers.found_data(name)


def test_a_link_that_leads_out_of_the_folder_and_hidden_files_are_left_out(offers: Offers) -> None:
    (offers.root / "secret.csv").write_text("ts,open\n", encoding="utf-8")
    assert offers.folder is not None
    (offers.folder / "link.csv").symlink_to(offers.root / "secret.csv")
    (offers.folder / ".hidden.csv").write_text("ts,open\n", encoding="utf-8")
    (offers.folder / "inside.csv").symlink_to(offers.folder / "spot" / "ABC.csv")
    names = [one.name for one in offers.data() if one.group != "samples"]
    assert names == ["inside.csv", "spot/ABC.csv"]


def test_without_a_folder_there_are_the_samples_alone(tmp_path: Path) -> None:
    for offers in (Offers(tmp_path), Offers(tmp_path, data=tmp_path / "not there")):
        assert {one.group for one in offers.data()} == {"samples"}


def test_the_projects_strategies_come_first_then_what_is_named_then_those_of_the_library(
    offers: Offers,
) -> None:
    names = [one.name for one in offers.strategies()]
    assert names[:4] == [
        "strategies/idea.py:Base",
        "strategies/idea.py:Other",
        "mine.ideas:Trend",
        "gone/x.py:X",
    ]
    assert names[4:] == [
        f"tradekit.strategy.library:{name}" for name in ("SmaCross", "SmaCrossVector", "InsideBarBreakout")
    ]
    chosen = offers.found_strategy("strategies/idea.py:Other")
    assert chosen.taken == f"{offers.root}/strategies/idea.py:Other"
    assert offers.found_strategy("gone/x.py:X").taken == f"{offers.root}/gone/x.py:X"


@pytest.mark.parametrize("name", ["os:system", "/etc/x.py:X", "strategies/idea.py:Note", ""])
def test_a_strategy_that_is_not_offered_is_not_found(offers: Offers, name: str) -> None:
    with pytest.raises(ConfigError, match="no strategy"):
        offers.found_strategy(name)


def test_listing_runs_nothing_and_a_file_that_does_not_parse_is_offered_all_the_same(offers: Offers) -> None:
    ran = offers.root / "ran"
    (offers.root / "strategies" / "bad.py").write_text("class X(tk.Strategy:\n", encoding="utf-8")
    (offers.root / "strategies" / "loud.py").write_text(
        f"open({str(ran)!r}, 'w')\nclass Loud(tk.VectorStrategy): ...\n", encoding="utf-8"
    )
    names = [one.name for one in offers.strategies()]
    assert names[:1] == ["strategies/bad.py:bad"]
    assert "strategies/loud.py:Loud" in names
    assert not ran.exists()


def test_a_class_counts_when_a_base_of_it_is_a_strategy() -> None:
    source = "class A(tk.Strategy): ...\nclass B(A): ...\nclass C: ...\nclass D(C): ...\n"
    source += "class E(Mixin, VectorStrategy): ..."
    assert strategies_in(source) == ["A", "B", "E"]
