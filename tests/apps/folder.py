"""A folder of configurations that starts nothing."""

from collections.abc import Callable
from typing import Any


class Folder:
    """A starter of made-up files."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.fails: Exception | None = None
        self.runs = False
        self.on_start: Callable[[], object] = list

    def configs(self) -> list[dict[str, Any]]:
        row = {"strategy": "SmaCross", "problem": ""}
        return [
            {"file": "paper.yaml", "name": "paper", "mode": "paper", **row},
            {"file": "real.yaml", "name": "real", "mode": "live", **row},
            {
                "file": "broken.yaml",
                "name": "broken",
                "mode": "",
                **row,
                "problem": "key nonsense is unknown",
            },
        ]

    def start(self, file: str) -> None:
        if self.fails is not None:
            raise self.fails
        self.started.append(file)
        self.on_start()

    def running(self) -> bool:
        return self.runs
