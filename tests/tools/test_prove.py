"""The report of proofs: what passed, what failed, what could not be tried, each in its own place."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.prove import main, render

pytestmark = pytest.mark.process  # of pytest itself

ROOT = Path(__file__).resolve().parents[2]
PROOFS = """
import pytest

pytestmark = pytest.mark.proof

def test_holds(proof_record, proof_size):
    proof_record("nothing is lost", size=f"{proof_size(ci=20, full=200)} kills", result="0 lost")

def test_breaks(proof_record):
    proof_record("order is kept", result="1 swapped")
    assert False

def test_cannot_be_tried(proof_needs):
    proof_needs("no-such-program")

def test_says_nothing():
    pass
"""


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """What four proofs leave in the book, by the test's name, run at full size in a pytest of their own."""
    folder = tmp_path_factory.mktemp("proofs")
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    (folder / "test_proofs.py").write_text(PROOFS, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = proof\n", encoding="utf-8")
    book = folder / "book.jsonl"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=folder,
        env=os.environ
        | {"PYTHONPATH": str(ROOT), "TRADEKIT_PROVE": "full", "TRADEKIT_PROOFS_FILE": str(book)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout
    lines = [json.loads(line) for line in book.read_text(encoding="utf-8").splitlines()]
    return {line["test"].partition("::")[2]: line for line in lines}


def test_every_proof_leaves_a_line(records: dict[str, dict[str, object]]) -> None:
    outcomes = {name: record["outcome"] for name, record in records.items()}
    assert outcomes == {
        "test_holds": "passed",
        "test_breaks": "failed",
        "test_cannot_be_tried": "skipped",
        "test_says_nothing": "passed",
    }


def test_the_size_follows_how_the_proofs_were_called(records: dict[str, dict[str, object]]) -> None:
    assert records["test_holds"]["size"] == "200 kills"
    assert records["test_holds"]["full"] is True


def test_the_report_keeps_the_three_outcomes_apart(records: dict[str, dict[str, object]]) -> None:
    report = render(list(records.values()), machine=["a machine"], seconds=90)
    failed, proved = report.index("## Failed"), report.index("## Proved")
    not_proved = report.index("## Not proved")
    assert failed < report.index("| order is kept |") < proved
    assert proved < report.index("| nothing is lost | 200 kills | 0 lost |") < not_proved
    assert "needs no-such-program" in report[not_proved:]
    assert "a machine" in report


def test_a_report_of_nothing_says_so() -> None:
    report = render([], machine=[], seconds=0)
    assert "Nothing yet." in report
    assert "## Failed" not in report


def test_what_is_proved_again_takes_the_place_of_what_was_kept(tmp_path: Path) -> None:
    quick = "tests/proofs/test_golden.py::test_there_is_a_golden_journal"
    shared = {
        "size": "",
        "result": "0 lost",
        "note": "",
        "why": "",
        "seconds": 1.0,
        "full": True,
        "at": "abc",
    }
    kept, report = tmp_path / "kept.jsonl", tmp_path / "report.md"
    before = [
        {
            "name": "another one",
            "outcome": "passed",
            "test": "tests/proofs/test_else.py::test_else",
            **shared,
        },
        {"name": "under another name", "outcome": "failed", "test": quick, **shared},
    ]
    kept.write_text("".join(json.dumps(one) + "\n" for one in before), encoding="utf-8")
    assert main(["--keep", str(kept), "--out", str(report), "--", "-q", quick]) == 0
    told = report.read_text(encoding="utf-8")
    assert "| another one |" in told
    assert "## Failed" not in told
    assert [json.loads(line)["outcome"] for line in kept.read_text(encoding="utf-8").splitlines()] == [
        "passed"
    ] * 2
