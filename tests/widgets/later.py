"""A pool that runs what it was given when it is told to."""

from concurrent.futures import Executor, Future
from typing import Any


class Later(Executor):
    """Tasks wait in `waiting` until `run`."""

    def __init__(self) -> None:
        self.waiting: list[Any] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.waiting.append(lambda: fn(*args, **kwargs))
        return Future()

    def run(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()
