"""Holds the unit part to what it is: no test of it connects, listens, opens a database or starts a process.

Knows no room. It is told which test runs, and refuses in that test's name what Python says it is about to do.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

__all__ = ["kept_inward"]

OUTWARD = frozenset(
    {"socket.bind", "socket.connect", "sqlite3.connect", "subprocess.Popen", "os.fork", "os.posix_spawn"}
)

_held: list[str] = []  # the test that runs, if it is of the unit part


@contextmanager
def kept_inward(test: str) -> Iterator[None]:
    """Within it each step outward is refused, whichever thread takes it."""
    _listen()
    _held.append(test)
    try:
        yield
    finally:
        _held.pop()


@cache
def _listen() -> None:
    sys.addaudithook(_refuse)  # there is no way to take one back


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in OUTWARD and _held:
        raise RuntimeError(
            f"{_held[-1]} belongs to the unit part, and does `{event}`: mark its file `pytest.mark.shell`"
        )
