"""The floors hold: imports run down only, and each contract can be seen to break."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PURE = ["core.event", "core.codec", "core.upcast", "core.bus", "core.store", "bridge.protocol"]
PURE += ["model", "state", "sim", "trading", "indicators"]

# Modules the contracts must name as soon as they exist; import-linter refuses the name of a missing one.
NAMED = {
    "a strategy sees neither data nor journal": ("forbidden_modules", ["core.journal"]),
    "the engine knows a strategy's base only": (
        "forbidden_modules",
        ["strategy.library", "strategy.load", "strategy.vector"],
    ),
    "the pure floors do no IO": ("source_modules", PURE),
}

# One breach of each contract, appended to a copy of the tree.
BREACHES = {
    "errors.py": "import tradekit.core.event\n",
    "model/breach.py": "import asyncio\n",
    "strategy/breach.py": "import tradekit.data\n",
    "widgets/breach.py": "import tradekit.trading\n",
    "trading/breach.py": "import tradekit.strategy.library\n",
    "brokers/first/__init__.py": "",
    "brokers/second/__init__.py": "import tradekit.brokers.first\n",
}


def lint(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package under `tree` with the contracts that lie beside it."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    return subprocess.run([*command, "--no-logo", "--no-cache"], cwd=tree, capture_output=True, text=True)


@pytest.fixture
def tree(root: Path, tmp_path: Path) -> Path:
    """A copy of the package and its contracts, to be broken."""
    shutil.copytree(
        root / "tradekit", tmp_path / "tradekit", ignore=shutil.ignore_patterns("__pycache__", "*.gz")
    )
    shutil.copy(root / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.process
def test_every_contract_is_kept(root: Path) -> None:
    done = lint(root)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.process
def test_every_contract_breaks_when_it_is_breached(tree: Path) -> None:
    for name, line in BREACHES.items():
        path = tree / "tradekit" / name
        path.parent.mkdir(exist_ok=True)
        with path.open("a", encoding="utf-8") as module:
            module.write(line)
    done = lint(tree)
    verdicts = re.findall(r" (KEPT|BROKEN)(?: \(\d+ ignored imports?\))?$", done.stdout, re.MULTILINE)
    assert done.returncode == 1
    assert set(verdicts) == {"BROKEN"}
    assert len(verdicts) == len(contracts(tree))


@pytest.mark.process
def test_a_room_without_a_floor_is_refused(tree: Path) -> None:
    (tree / "tradekit" / "lumber").mkdir()
    (tree / "tradekit" / "lumber" / "__init__.py").touch()
    done = lint(tree)
    assert done.returncode == 1
    assert "tradekit.lumber" in done.stdout


def test_the_contracts_name_every_module_the_design_puts_under_them(root: Path) -> None:
    missing = [
        f"{name!r}: {module}"
        for name, (key, modules) in NAMED.items()
        for module in modules
        if exists(root, module) and f"tradekit.{module}" not in contracts(root).get(name, {}).get(key, [])
    ]
    assert missing == []


def contracts(tree: Path) -> dict[str, dict[str, list[str]]]:
    """The contracts by name, as pyproject.toml gives them."""
    tool = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    return {contract["name"]: contract for contract in tool["importlinter"]["contracts"]}


def exists(root: Path, module: str) -> bool:
    """Whether that module of tradekit, or that package, is there."""
    path = root / "tradekit" / Path(*module.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
