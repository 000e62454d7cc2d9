"""The benchmark runner: one table, and a script that fails is named."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.__main__ import table

ROOT = Path(__file__).resolve().parents[2]
GOOD = """
def main():
    print("chatter")
    return [{"name": "count", "size": "10", "ours": "2 s", "limit": "bare 1 s", "ratio": 2.0, "aim": "<= 3x"}]
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a copy of the runner beside the scripts given by name."""

    def start(*arguments: str, **scripts: str) -> subprocess.CompletedProcess[str]:
        folder = tmp_path / "benchmarks"
        folder.mkdir()
        shutil.copy(ROOT / "benchmarks" / "__main__.py", folder)
        for name, text in scripts.items():
            (folder / f"bench_{name}.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "benchmarks", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    return start


@pytest.mark.process
def test_rows_come_out_as_json_without_the_scripts_own_chatter(run: Run) -> None:
    done = run("--json", "good", good=GOOD, other="raise SystemExit('not chosen')")
    assert done.returncode == 0
    assert [row["name"] for row in json.loads(done.stdout)] == ["count"]


@pytest.mark.process
def test_a_script_that_fails_is_named_and_the_rest_still_counts(run: Run) -> None:
    done = run(good=GOOD, wrong="def main():\n    return [{'name': 'x'}]\n")
    assert done.returncode == 1
    assert "bench_wrong failed" in done.stderr
    assert "count" in done.stdout


@pytest.mark.process
def test_an_unknown_name_is_answered_with_those_there_are(run: Run) -> None:
    done = run("nothing", good=GOOD)
    assert done.returncode == 2
    assert "there are: bench_good" in done.stderr


def test_the_table_is_aligned_and_names_the_ratio() -> None:
    row = {"name": "count", "size": "10", "ours": "2 s", "limit": "1 s", "ratio": 2.0, "aim": "<= 3x"}
    head, blank, titles, rule, first, second = table([row, row | {"ratio": None}]).splitlines()
    assert "cores" in head
    assert blank == ""
    assert titles.index("ratio") == first.index("2.00x") == second.index("-   ")
    assert set(rule) == {"-", " "}
