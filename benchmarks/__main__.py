"""Run every `bench_*.py` beside this file, each in a fresh process, and print one table.

It knows nothing of what they measure. A script has `main() -> list[dict]`, one row a measurement:

    name   what was done                         "backtest SMA 10/50"
    size   how much of it                        "1,000,000 bars"
    ours   tradekit's figure with its unit       "1.4 M bars/s"
    limit  the peer's or the limit's, same run   "bare loop 1.75 M bars/s"
    ratio  ours to the limit, or None            1.25 (bigger is slower)
    aim    the ratio or figure to reach          "<= 1.8x"

`python -m benchmarks [NAME ...]` runs only the scripts whose name contains one of NAME; `--json` prints
the rows as JSON.
"""

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["main", "table"]

HERE = Path(__file__).resolve().parent
COLUMNS = ("name", "size", "ours", "limit", "ratio", "aim")
Row = dict[str, Any]


def main(argv: list[str] | None = None) -> int:
    """Run the chosen scripts; exit code 1 when one of them failed, 2 when none was found."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Run the benchmarks, print one table."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="run the scripts whose name contains NAME")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON instead of a table")
    parser.add_argument("--one", nargs=2, metavar=("SCRIPT", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.one:
        return _run_here(*options.one)
    scripts = sorted(path.stem for path in HERE.glob("bench_*.py"))
    chosen = [name for name in scripts if not options.names or any(part in name for part in options.names)]
    if not chosen:
        sys.stderr.write(
            f"benchmarks: nothing matches {' '.join(options.names)}; there are: {', '.join(scripts)}\n"
        )
        return 2
    rows: list[Row] = []
    failed = [name for name in chosen if not _run_apart(name, rows)]
    print(json.dumps(rows, indent=1) if options.json else table(rows))
    for name in failed:
        sys.stderr.write(f"benchmarks: {name} failed; its own message is above\n")
    return 1 if failed else 0


def table(rows: list[Row]) -> str:
    """The rows as an aligned text table under a line that tells the machine."""
    system = f"{platform.system()} {platform.release()}"
    head = f"Python {platform.python_version()}, {os.cpu_count()} cores, {system}"
    cells = [list(COLUMNS)] + [[_cell(column, row[column]) for column in COLUMNS] for row in rows]
    widths = [max(len(line[index]) for line in cells) for index in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join([head, "", *(line.rstrip() for line in lines)])


def _cell(column: str, value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}x" if column == "ratio" else str(value)


def _run_apart(name: str, rows: list[Row]) -> bool:
    """Run one script in a process of its own, so that no benchmark warms or fattens the next."""
    sys.stderr.write(f"benchmarks: {name}\n")
    with tempfile.TemporaryDirectory(prefix="tradekit-bench-") as folder:
        out = Path(folder, "rows.json")
        command = [sys.executable, "-m", "benchmarks", "--one", name, str(out)]
        done = subprocess.run(command, cwd=HERE.parent, stdout=sys.stderr)  # the table alone goes to stdout
        if done.returncode == 0:
            rows.extend(json.loads(out.read_text(encoding="utf-8")))
    return done.returncode == 0


def _run_here(name: str, out: str) -> int:
    rows: list[Row] = importlib.import_module(f"benchmarks.{name}").main()
    for row in rows:
        if set(row) != set(COLUMNS):
            sys.stderr.write(f"{name}: a row has {sorted(row)}; it needs exactly {list(COLUMNS)}\n")
            return 1
    Path(out).write_text(json.dumps(rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
