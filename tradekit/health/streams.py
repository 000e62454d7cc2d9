"""Standard output and error of a process without secrets: for what a strategy prints and a library warns of.

Knows no log: its lines are cleaned where they are made.
"""

import sys
from types import TracebackType
from typing import Any, TextIO

from tradekit.core.redact import Redactor, secrets

__all__ = ["CleanStreams"]


class _Clean:
    """A text stream whose writes are cleaned first; a secret that is written in pieces is not seen."""

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        self._stream, self._redactor = stream, redactor

    def write(self, text: str) -> int:
        self._stream.write(self._redactor.clean(text))
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class CleanStreams:
    """As a context: what is printed to sys.stdout and sys.stderr has *** for each secret."""

    def __init__(self, *, redactor: Redactor = secrets) -> None:
        self._redactor = redactor
        self._before = sys.stdout, sys.stderr

    def __enter__(self) -> "CleanStreams":
        self._before = sys.stdout, sys.stderr
        clean: Any = _Clean  # as good as a TextIO for whoever prints
        sys.stdout, sys.stderr = (one and clean(one, self._redactor) for one in self._before)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.stdout, sys.stderr = self._before
