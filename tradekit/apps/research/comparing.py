"""Runs side by side: what was different in what went in, and what came out, each beside the first.

Pure. Numbers are written as in a run's summary; whether more is better is for the reader to know.
"""

from collections.abc import Sequence
from typing import Any

from tradekit.apps.research.runs import Run, differing, flat
from tradekit.errors import ConfigError

__all__ = ["MOST", "compared"]

MOST = 6  # runs at a time: as many as there are lines to tell apart


def compared(runs: Sequence[Run]) -> dict[str, Any]:
    """Columns (a run each), what differs between their plans, and their statistics in groups.

    {"runs": [{"run", "name", "hash"}], "inputs": [{"name", "values"}], "groups": [{"name", "lines": [{"label",
    "meaning", "values": [{"text", "tone", "change"}]}]}]}; `change` is the difference to the first run's number, None
    where one of them has none. Raises ConfigError for fewer than two, too many, or one without numbers.
    """
    if not 2 <= len(runs) <= MOST:
        raise ConfigError(f"choose two to {MOST} runs to compare")
    without = next((run for run in runs if not run.found.get("groups")), None)
    if without is not None:
        raise ConfigError(f"run #{without.number} has no numbers to compare ({without.state})")
    names = differing([run.plan for run in runs])
    return {
        "runs": [
            {
                "run": run.number,
                "name": run.name,
                "hash": run.found["fingerprint"][:8],
                "span": run.found["span"],
            }
            for run in runs
        ],
        "same": len({run.found["fingerprint"] for run in runs}) == 1,
        "inputs": [{"name": name, "values": [_said(run, name) for run in runs]} for name in names],
        "groups": [_group(runs, at) for at in range(len(runs[0].found["groups"]))],
    }


def _said(run: Run, name: str) -> str:
    value = flat(run.plan).get(name, "")
    return "-" if value == "" else str(value)


def _group(runs: Sequence[Run], at: int) -> dict[str, Any]:
    groups = [run.found["groups"][at] for run in runs]
    lines = []
    for n, line in enumerate(groups[0]["lines"]):
        numbers = [run.found["stats"].get(line["key"]) for run in runs]
        values = [
            {
                "text": group["lines"][n]["text"],
                "tone": group["lines"][n]["tone"],
                "change": _change(numbers, m),
            }
            for m, group in enumerate(groups)
        ]
        lines.append(
            {"label": line["label"], "meaning": line["meaning"], "form": line["form"], "values": values}
        )
    return {"name": groups[0]["name"], "lines": lines}


def _change(numbers: Sequence[Any], at: int) -> float | None:
    first, this = numbers[0], numbers[at]
    if at == 0 or not isinstance(first, int | float) or not isinstance(this, int | float):
        return None
    return float(this - first)
