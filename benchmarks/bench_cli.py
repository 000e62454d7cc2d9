"""How long the quick commands take from the shell, beside the bare start of the same interpreter.

`tradekit kill`, `stop` and `version` are what a trader reaches for in a hurry: 400 ms at most.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROUNDS = 15
AIM_S = 0.4


def main() -> list[dict[str, Any]]:
    """Rows for the table: whole processes, medians of alternating runs."""
    script = str(Path(sys.executable).with_name("tradekit"))
    commands = {
        "tradekit version": [script, "version"],
        "tradekit sessions": [script, "sessions"],
        "tradekit kill (no such session)": [script, "kill", "nobody"],
    }
    bare: list[float] = []
    took: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        bare.append(_seconds([sys.executable, "-c", "pass"]))
        for name, words in commands.items():
            took[name].append(_seconds(words))
    limit = statistics.median(bare)
    return [
        {
            "name": name,
            "size": f"{ROUNDS} runs",
            "ours": f"{statistics.median(each) * 1000:.0f} ms",
            "limit": f"bare interpreter {limit * 1000:.0f} ms",
            "ratio": statistics.median(each) / limit,
            "aim": f"{AIM_S * 1000:.0f} ms",
        }
        for name, each in took.items()
    ]


def _seconds(words: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(words, check=False, capture_output=True)
    return time.perf_counter() - start
