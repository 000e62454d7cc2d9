"""A class written in a notebook cell becomes a file that stands on its own."""

import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import param
import pytest

import tradekit as tk
from tradekit.errors import StrategyError
from tradekit.strategy.base import Strategy
from tradekit.strategy.load import load_strategy
from tradekit.wiring.cells import is_from_cell, write_cell_strategy
from tradekit.wiring.sessions import _strategy_keys

CELL = '''\
WINDOW = 5
bars = tk.load_bars("sample:BTCUSDT-1m")

def halved(x):
    return x / 2

class MyIdea(tk.Strategy):
    """Long while the close is above its average."""
    window = param.Integer(WINDOW, bounds=(2, 50), doc="average [bars]")

    def on_start(self):
        self.mean = self.indicator(tk.SMA, self.window)

    def on_bar(self, bar):
        if self.mean.ready and bar.close > self.mean.value:
            self.buy_to(halved(1))
        else:
            self.close()

result = tk.backtest(MyIdea(), bars)
print("not in a session, please")
'''


class Notebook:
    """A `__main__` without a file, whose cells are known to linecache as a kernel's are."""

    def __init__(self) -> None:
        self.module = ModuleType("__main__")
        self.names = vars(self.module)
        self.names.update(tk=tk, param=param)
        self._cells = 0

    def run(self, cell: str) -> None:
        """Run a cell as it stands."""
        self._cells += 1
        file = f"<cell {self._cells}>"
        linecache.cache[file] = (len(cell), None, cell.splitlines(keepends=True), file)
        runnable = "\n".join("" if line.startswith("%") else line for line in cell.splitlines())
        exec(compile(runnable, file, "exec"), self.names)  # noqa: S102 - that is what a kernel does

    def __getitem__(self, name: str) -> Any:
        return self.names[name]


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Notebook]:
    made = Notebook()
    monkeypatch.setitem(sys.modules, "__main__", made.module)
    yield made
    for name in [name for name in sys.modules if name.startswith("strategies.")]:
        del sys.modules[name]


def test_a_class_of_a_cell_is_told_from_one_of_a_module(notebook: Notebook) -> None:
    notebook.run(CELL)
    assert is_from_cell(notebook["MyIdea"])
    assert not is_from_cell(Strategy)
    notebook.module.__file__ = "script.py"
    assert is_from_cell(notebook["MyIdea"])


def test_the_file_has_what_the_class_needs_and_nothing_that_runs(notebook: Notebook, tmp_path: Path) -> None:
    notebook.run(CELL)
    path = write_cell_strategy(notebook["MyIdea"], tmp_path)
    assert path == "strategies/my_idea.py:MyIdea"
    text = (tmp_path / "strategies" / "my_idea.py").read_text(encoding="utf-8")
    assert text.startswith(
        '"""MyIdea, as written in a notebook: what starts it there writes this file anew."""\n\n'
        "import param\nimport tradekit as tk\n"
    )
    assert "WINDOW = 5" in text
    assert "def halved" in text
    for gone in ("load_bars", "backtest", "print"):
        assert gone not in text


def test_the_file_trades_as_the_cell_does(notebook: Notebook, tmp_path: Path) -> None:
    notebook.run(CELL)
    filed = load_strategy(write_cell_strategy(notebook["MyIdea"], tmp_path), root=tmp_path)
    bars = notebook["bars"].iloc[:200]
    assert tk.backtest(filed, bars).fills.equals(tk.backtest(notebook["MyIdea"](), bars).fills)


def test_writing_the_same_cell_again_changes_nothing(notebook: Notebook, tmp_path: Path) -> None:
    notebook.run(CELL)
    write_cell_strategy(notebook["MyIdea"], tmp_path)
    file = tmp_path / "strategies" / "my_idea.py"
    before = file.stat().st_mtime_ns
    write_cell_strategy(notebook["MyIdea"], tmp_path)
    assert file.stat().st_mtime_ns == before
    notebook.run(CELL.replace("WINDOW = 5", "WINDOW = 6"))
    write_cell_strategy(notebook["MyIdea"], tmp_path)
    assert "WINDOW = 6" in file.read_text(encoding="utf-8")


def test_what_the_notebook_imported_elsewhere_is_imported(notebook: Notebook, tmp_path: Path) -> None:
    notebook.run(
        "import math as m\nfrom math import floor\nfrom tradekit import EMA as Fast, SMA\nimport importlib"
    )
    notebook.run(
        "class Deep(tk.Strategy):\n"
        "    def on_start(self):\n"
        "        self.f, self.s = self.indicator(Fast, 3), self.indicator(SMA, 5)\n"
        "    def on_bar(self, bar):\n"
        "        self.size = [floor(m.pi) for _ in range(2)]\n"
        "        importlib.invalidate_caches()\n"
    )
    write_cell_strategy(notebook["Deep"], tmp_path)
    text = (tmp_path / "strategies" / "deep.py").read_text(encoding="utf-8")
    assert text.split("\n\n")[1].splitlines() == [
        "from tradekit.indicators.averages import EMA as Fast",
        "from tradekit.indicators.averages import SMA",
        "from math import floor",
        "import importlib",
        "import math as m",
        "import tradekit as tk",
    ]


@pytest.mark.parametrize(
    ("elsewhere", "used"),
    [
        ("threshold = 5", "threshold"),
        ("def helper(x):\n    return x", "helper"),
        ("class Other:\n    pass", "Other"),
        ("import math\npi = math.pi", "pi"),
        ("import random\ndraw = random.Random(1).random", "draw"),
        ("", "never_defined"),
    ],
)
def test_what_only_the_notebook_has_is_named(
    notebook: Notebook, tmp_path: Path, elsewhere: str, used: str
) -> None:
    notebook.run(elsewhere)
    notebook.run(f"class Short(tk.Strategy):\n    def on_bar(self, bar):\n        self.x = {used}\n")
    with pytest.raises(StrategyError, match=f"Short uses {used}, which its cell does not define"):
        write_cell_strategy(notebook["Short"], tmp_path)
    assert not (tmp_path / "strategies" / "short.py").exists()


def test_a_value_that_the_cell_computes_is_named_too(notebook: Notebook, tmp_path: Path) -> None:
    notebook.run(
        "LEVELS = sorted([3, 1])\nclass Short(tk.Strategy):\n    levels = LEVELS\n    def on_bar(self, bar): ...\n"
    )
    with pytest.raises(StrategyError, match="Short uses LEVELS"):
        write_cell_strategy(notebook["Short"], tmp_path)


def test_magics_are_left_in_the_notebook(notebook: Notebook, tmp_path: Path) -> None:
    notebook.run(
        "%matplotlib inline\nclass Plain(tk.Strategy):\n    def on_bar(self, bar):\n        self.last = bar\n"
    )
    write_cell_strategy(notebook["Plain"], tmp_path)
    assert "%" not in (tmp_path / "strategies" / "plain.py").read_text(encoding="utf-8")


def test_a_class_without_source_is_refused(notebook: Notebook, tmp_path: Path) -> None:
    exec("class Gone(tk.Strategy):\n    def on_bar(self, bar): ...\n", notebook.names)  # noqa: S102
    with pytest.raises(StrategyError, match="the source of Gone cannot be read back"):
        write_cell_strategy(notebook["Gone"], tmp_path)


def test_a_session_is_started_from_the_file_with_the_instances_parameters(
    notebook: Notebook, tmp_path: Path
) -> None:
    notebook.run(CELL)
    keys = _strategy_keys(notebook["MyIdea"](window=9), tmp_path)
    assert keys == {"strategy.class": "strategies/my_idea.py:MyIdea", "strategy.params": {"window": 9}}


SCRIPT = '''\
"""Goes live."""
from __future__ import annotations

import argparse
import param

WINDOW = 5
bars = tk.load_bars("sample:BTCUSDT-1m")

class MyIdea(tk.Strategy):
    window = param.Integer(WINDOW, bounds=(2, 50), doc="average [bars]")

    def on_bar(self, bar):
        self.buy_to(1)

def main() -> None:
    print(bars, argparse.ArgumentParser())

if __name__ == "__main__":
    main()
'''


def test_a_class_of_the_script_that_runs_is_started_with_what_it_uses_of_it(
    notebook: Notebook, tmp_path: Path
) -> None:
    notebook.names["__name__"] = "__main__"
    notebook.names["__file__"] = str(tmp_path / "go_live.py")
    notebook.run(SCRIPT)
    keys = _strategy_keys(notebook["MyIdea"](window=9), tmp_path)
    assert keys == {"strategy.class": "strategies/my_idea.py:MyIdea", "strategy.params": {"window": 9}}
    text = (tmp_path / "strategies" / "my_idea.py").read_text(encoding="utf-8")
    assert text.split("\n\n")[:4] == [
        '"""MyIdea, as written in go_live.py: what starts it there writes this file anew."""',
        "from __future__ import annotations",
        "import tradekit as tk",
        "import param",
    ]
    for left in ("argparse", "main", "bars ="):
        assert left not in text


def test_a_file_that_the_user_wrote_is_not_written_over(notebook: Notebook, tmp_path: Path) -> None:
    own = tmp_path / "strategies" / "my_idea.py"
    own.parent.mkdir()
    own.write_text('"""Mine."""\n', encoding="utf-8")
    notebook.run(CELL)
    with pytest.raises(
        StrategyError, match=r"a file of yours is there.*strategy='strategies/my_idea.py:MyIdea'"
    ):
        write_cell_strategy(notebook["MyIdea"], tmp_path)
    assert own.read_text(encoding="utf-8") == '"""Mine."""\n'


@pytest.mark.parametrize(("folder", "told"), [("notebooks", "notebooks/ideas.py:Idea"), (".", "ideas:Idea")])
def test_a_class_of_a_module_that_only_this_process_finds_is_started_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, told: str
) -> None:
    file = tmp_path / folder / "ideas.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text("import tradekit as tk\n\n\nclass Idea(tk.Strategy):\n    pass\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(file.parent))
    monkeypatch.delitem(sys.modules, "ideas", raising=False)
    import ideas

    assert _strategy_keys(ideas.Idea, tmp_path)["strategy.class"] == told
    assert _strategy_keys(ideas.Idea, tmp_path / "project")["strategy.class"] == f"{file}:Idea"
    monkeypatch.delitem(sys.modules, "ideas")
