"""The bridge's decoder under a coverage-guided fuzzer: how many inputs, none of which may do harm."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[1]
RUNS = 10_000_000
BOUND_S = 1_800
Row = dict[str, Any]


def main() -> list[Row]:
    """The row for the table; raises where an exception escaped the decoder."""
    row = {
        "name": "fuzz of the bridge's decoder",
        "size": f"{RUNS:,} inputs",
        "limit": "atheris",
        "ratio": None,
    }
    aim = "only ProtocolError, 10 ms at most"
    if importlib.util.find_spec("atheris") is None:
        return [row | {"ours": "atheris is not installed", "aim": aim}]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fuzz_frames", str(RUNS)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=BOUND_S, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(
            f"the decoder let an exception through (exit code {done.returncode}): run it by hand"
        )
    told = json.loads(done.stdout.splitlines()[-1])
    said = f"{told['runs']:,} in {told['per_s']:,.0f}/s, the slowest {told['slowest_ms']:.1f} ms"
    return [row | {"ours": said, "aim": aim}]
