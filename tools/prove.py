"""Run the proofs at full size and write docs/proofs.md: machine, size, result, each with its test.

It knows no proof by name: each one records itself through the fixtures of tests/conftest.py.
"""

import argparse
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["main", "render"]

ROOT = Path(__file__).resolve().parent.parent
Record = dict[str, Any]

HEAD = """\
# What is proved, and on what

Written by `make prove`; do not edit. A proof is a test: its name is in the last column, and
`make test` runs the same ones at a smaller size. What this machine could not try is listed as not proved.
A proof is at full size only now and then: `at` is the commit at which it was run last.

"""


def main(argv: list[str] | None = None) -> int:
    """Run the tests marked `proof`, write the report, and return pytest's exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "--out", type=Path, help="default: docs/proofs.md, or the terminal if only some proofs run"
    )
    parser.add_argument("--timeout-s", type=int, default=3600, help="bound on one proof [s]")
    parser.add_argument(
        "--keep",
        type=Path,
        help="keep the results here too, and report those kept before: for proving part by part",
    )
    parser.add_argument("pytest_args", nargs="*", help="after --, handed to pytest: a path, -k ...")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="tradekit-prove-") as folder:
        lines = options.keep.resolve() if options.keep else Path(folder, "proofs.jsonl")
        lines.touch()
        kept = _records(lines)
        command = [sys.executable, "-m", "pytest", "-m", "proof", f"--timeout={options.timeout_s}"]
        started = time.monotonic()
        code = subprocess.run(
            [*command, *options.pytest_args],
            cwd=ROOT,
            env=os.environ | {"TRADEKIT_PROVE": "full", "TRADEKIT_PROOFS_FILE": str(lines)},
        ).returncode
        seconds = time.monotonic() - started
        fresh = _records(lines)[len(kept) :]
        again = {record["test"] for record in fresh}
        written = [record for record in kept if record["test"] not in again] + fresh
        for record in written:
            record.setdefault("at", _commit())
        lines.write_text("".join(json.dumps(record) + "\n" for record in written), encoding="utf-8")
        records = _latest(written)
    if options.pytest_args:
        records += _not_run(records)
    report = render(records, machine=_machine(), seconds=seconds)
    if options.out is None and options.pytest_args:
        sys.stdout.write(report)
    else:
        out = options.out or ROOT / "docs" / "proofs.md"
        out.write_text(report, encoding="utf-8")
        sys.stderr.write(f"prove: {len(records)} results written to {out.name}\n")
    return code


def _records(lines: Path) -> list[Record]:
    return [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]


def _latest(records: Iterable[Record]) -> list[Record]:
    """Of each test the results of its last run."""
    by_test: dict[str, list[Record]] = {}
    before = ""
    for record in records:
        earlier = by_test.setdefault(record["test"], [])
        if record["test"] != before or any(one["name"] == record["name"] for one in earlier):
            earlier.clear()  # a later run of this test: within one run its records stand together
        earlier.append(record)
        before = record["test"]
    return [record for each in by_test.values() for record in each]


def _not_run(records: list[Record]) -> list[Record]:
    """A record for each proof that there is and that none of these runs has tried."""
    command = [sys.executable, "-m", "pytest", "-m", "proof", "--collect-only", "-q", "-p", "no:randomly"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    there = dict.fromkeys(_function(line) for line in said.splitlines() if "::" in line)
    tried = {_function(record["test"]) for record in records}
    return [
        {
            "name": test.rpartition("::")[2],
            "outcome": "skipped",
            "why": "not run at full size this time",
            "test": test,
        }
        for test in there
        if test not in tried
    ]


def _function(test: str) -> str:
    return test.partition("[")[0]


def render(records: list[Record], *, machine: list[str], seconds: float) -> str:
    """The report as Markdown; failed proofs stand first, those not tried stand apart."""
    failed = [record for record in records if record["outcome"] == "failed"]
    proved = [record for record in records if record["outcome"] == "passed"]
    untried = [record for record in records if record["outcome"] == "skipped"]
    parts = [HEAD, *(f"- {line}\n" for line in machine), f"- {seconds / 60:.1f} minutes in all\n"]
    if failed:
        parts += ["\n## Failed\n\n", *_table(failed)]
    parts += ["\n## Proved\n\n", *(_table(proved) if proved else ["Nothing yet.\n"])]
    parts.append("\n## Not proved\n\n")
    if untried:
        parts += [f"- {record['name']}: {_why(record)} (`{record['test']}`)\n" for record in _sorted(untried)]
    else:
        parts.append("Nothing was left out.\n")
    return "".join(parts)


def _table(records: Iterable[Record]) -> list[str]:
    lines = ["| what | size | result | note | time [s] | at | test |\n", "|---|---|---|---|---:|---|---|\n"]
    for record in _sorted(_grouped(records)):
        cells = [record["name"], record["size"], record["result"], record["note"]]
        cells += [f"{record['seconds']:,}", record.get("at", ""), f"`{record['test']}`"]
        lines.append(
            "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"
        )
    return lines


def _grouped(records: Iterable[Record]) -> list[Record]:
    """Cases of one test that say nothing of themselves become one row."""
    silent: dict[str, list[Record]] = {}
    rows: list[Record] = []
    for record in records:
        plain = not (record["size"] or record["result"] or record["note"])
        (silent.setdefault(_function(record["test"]), []) if plain else rows).append(record)
    for test, cases in silent.items():
        size = f"{len(cases)} cases" if len(cases) > 1 else ""
        words = test.rpartition("::")[2].removeprefix("test_").replace("_", " ")
        seconds = round(sum(case["seconds"] for case in cases), 1)
        rows.append({**cases[0], "name": words, "size": size, "seconds": seconds, "test": test})
    return rows


def _sorted(records: Iterable[Record]) -> list[Record]:
    return sorted(records, key=lambda record: (record["test"], record["name"]))


def _why(record: Record) -> str:
    why: str = record["why"] or "not tried"
    return why.removeprefix("Skipped: ").removeprefix("not proved here: ")


def _machine() -> list[str]:
    """What a reader must know to judge the sizes and times; nothing that names the machine or its owner."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return [
        f"{time.strftime('%Y-%m-%d', time.gmtime())} (UTC), commit {_commit()}",
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}",
    ]


def _commit() -> str:
    """What is being proved."""
    described = ["git", "describe", "--always", "--dirty"]
    found = subprocess.run(described, cwd=ROOT, capture_output=True, text=True)
    return found.stdout.strip() or "unknown"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    sys.exit(main())
