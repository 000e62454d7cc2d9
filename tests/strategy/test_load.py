"""From a name to a strategy, and what is said when the name leads nowhere."""

import inspect
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tradekit.errors import StrategyError
from tradekit.strategy.base import Strategy
from tradekit.strategy.library import InsideBarBreakout, SmaCross
from tradekit.strategy.load import class_path, load_class, load_strategy, snake_name, source_hash

LIBRARY = "tradekit.strategy.library"


class Broken(Strategy):
    """Cannot be made."""

    def __init__(self, **given: Any) -> None:
        raise RuntimeError("no")


def test_an_instance_a_class_and_a_path_all_lead_to_a_strategy() -> None:
    made = SmaCross(fast=5)
    assert load_strategy(made) is made
    assert load_strategy(made, {"slow": 9}).slow == 9  # type: ignore[attr-defined]
    assert isinstance(load_strategy(SmaCross), SmaCross)
    by_path = load_strategy(f"{LIBRARY}:SmaCross", {"fast": 7, "slow": 30})
    assert isinstance(by_path, SmaCross)
    assert (by_path.fast, by_path.slow) == (7, 30)


@pytest.mark.parametrize(
    ("what", "params", "words"),
    [
        ("SmaCross", {}, "write module:Class, for example tradekit.strategy.library:SmaCross"),
        (f"{LIBRARY}:", {}, "write module:Class"),
        ("ideas/mine.py", {}, "names no class of that file; write ideas/mine.py:Class"),
        ("no.such.place:X", {}, "there is no module 'no' to import"),
        ("tradekit.strategy.libary:X", {}, "there is no module 'tradekit.strategy.libary' to import"),
        (f"{LIBRARY}:SmaCros", {}, "has no strategy 'SmaCros'; it has ['SmaCross', 'SmaCrossVector', "),
        (f"{LIBRARY}:SMA", {}, "has no strategy 'SMA'"),
        ("tradekit.errors:Strategy", {}, "it has none"),
        (SmaCross, {"fsat": 3}, "SmaCross has no parameter 'fsat'"),
        (SmaCross, {"fast": 1}, "SmaCross.fast: "),
        (SmaCross(), {"fast": "x"}, "SmaCross.fast: "),
        (int, {}, "is no strategy: give a class derived from tradekit.Strategy"),
        (Broken, {}, "Broken() raised RuntimeError: no"),
        ("nowhere/mine.py:X", {}, "mine.py does not exist; relative paths start at"),
    ],
)
def test_a_name_that_leads_nowhere_says_which_part_is_wrong(
    what: Any, params: dict[str, Any], words: str
) -> None:
    with pytest.raises(StrategyError) as caught:
        load_strategy(what, params)
    assert words in str(caught.value)


def test_a_near_miss_of_a_parameter_is_suggested() -> None:
    with pytest.raises(StrategyError, match="did you mean"):
        load_strategy(SmaCross, {"fsat": 3})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import not_there_at_all\n", "its module needs 'not_there_at_all', which is not installed"),
        ("1 / 0\n", "importing it raised ZeroDivisionError: division by zero"),
        ("def (:\n", "importing it raised SyntaxError"),
        (
            "import stran\n",
            "its module needs 'stran', which is not installed",
        ),  # a name that begins like its own
    ],
)
def test_a_module_that_cannot_be_imported_says_why(
    text: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "stranger.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "stranger", raising=False)
    for path in ("stranger:X", f"{tmp_path}/stranger.py:X"):
        with pytest.raises(StrategyError) as caught:
            load_class(path)
        assert words in str(caught.value)
        assert "strategies.stranger" not in sys.modules


def test_a_file_is_found_from_the_root_under_the_same_name_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "from tradekit.strategy.base import Strategy\nclass Mine(Strategy):\n    pass\n"
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "strategies.mine", raising=False)
    found = load_class("mine.py:Mine", root=tmp_path)
    assert (
        class_path(found) == class_path(load_class("mine.py:Mine", root=tmp_path)) == "strategies.mine:Mine"
    )
    assert len(source_hash(found)) == 64


def test_a_class_says_where_it_is_and_what_its_source_is() -> None:
    assert class_path(SmaCross) == f"{LIBRARY}:SmaCross"
    assert source_hash(SmaCross) != source_hash(InsideBarBreakout)
    without_source = type("Dynamic", (SmaCross,), {"__module__": "nowhere"})
    assert source_hash(without_source) != source_hash(type("Other", (SmaCross,), {"__module__": "nowhere"}))


def test_a_file_is_parsed_once_for_many_runs_and_again_when_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "from tradekit.strategy.base import Strategy\nclass Mine(Strategy):\n    pass\n"
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "strategies.mine", raising=False)
    found, parsed = load_class("mine.py:Mine", root=tmp_path), list[object]()
    parse = inspect.getsource
    monkeypatch.setattr("inspect.getsource", lambda cls: parsed.append(cls) or parse(cls))
    first = source_hash(found)
    assert source_hash(found) == first
    assert parsed == [found]
    (tmp_path / "mine.py").write_text(text.replace("pass", "fast = 10"), encoding="utf-8")
    assert source_hash(found) != first


@pytest.mark.parametrize(
    ("name", "snake"), [("SmaCross", "sma_cross"), ("RSI2Reversal", "rsi2_reversal"), ("X", "x")]
)
def test_a_class_name_becomes_an_id(name: str, snake: str) -> None:
    assert snake_name(name) == snake


def test_a_file_that_was_written_twice_within_a_second_is_loaded_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    file, found = tmp_path / "hasty.py", []
    for window in (5, 6):
        text = f"from tradekit.strategy.base import Strategy\nclass Hasty(Strategy):\n    window = {window}\n"
        file.write_text(text, encoding="utf-8")
        os.utime(file, (1_700_000_000, 1_700_000_000))
        found.append(load_class(f"{file}:Hasty").window)  # type: ignore[attr-defined]
    monkeypatch.delitem(sys.modules, "strategies.hasty")
    assert found == [5, 6]
