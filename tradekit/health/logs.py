"""Logs to stderr and a file that only the user can read, in UTC, with every secret blotted out.

Knows secrets by their registered values and by the names they are given under; knows no module that logs.
"""

import contextlib
import io
import logging
import logging.handlers
import os
import re
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import TextIO, cast

from tradekit.core.redact import BLOT, Redactor, secrets

__all__ = ["Logs"]

_FILE_BYTES = 10_000_000
_FILES = 5
_STDERR = 2
_NAMED = re.compile(  # "api_key": "...", token=..., Authorization: Bearer ...: what a library may log of its own accord
    r"""(?i)((?:api[_-]?key|secret|token|password|passwd|passphrase|authorization|signature)["']?\s*[=:]\s*["']?"""
    r"""(?:bearer\s+|basic\s+)?)([^\s"',;&}\]]{6,})"""
)


class _Formatter(logging.Formatter):
    """Time in UTC, one line a message, the traceback after it; nothing secret in either."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s")
        self._redactor = redactor

    @staticmethod
    def converter(timestamp: float | None) -> time.struct_time:
        """The record's time in UTC."""
        return time.gmtime(timestamp)

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")  # no forged lines
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return _NAMED.sub(rf"\1{BLOT}", self._redactor.clean(super().format(record)))


class _OwnFile(logging.handlers.RotatingFileHandler):
    """A log file of this user's own (0600), turned over at 10 MB, five kept; a stderr that was led there goes along."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=_FILE_BYTES, backupCount=_FILES, encoding="utf-8", delay=True)
        self._has_stderr = _is_file(_STDERR, path)

    def _open(self) -> io.TextIOWrapper:
        fd = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        if self._has_stderr:
            os.dup2(fd, _STDERR)
        return os.fdopen(fd, "a", encoding="utf-8")

    def take(self, text: str) -> None:
        """Write text as it is, what a strategy prints for instance; it counts for the size."""
        with self.lock or contextlib.nullcontext():
            self.stream = self.stream or self._open()
            self.stream.write(text)
            self.stream.flush()
            if self.stream.tell() >= self.maxBytes:
                self.doRollover()


class _Printed(io.TextIOBase):
    """A stream into a log file."""

    def __init__(self, file: _OwnFile) -> None:
        self._file = file

    def writable(self) -> bool:
        """It takes text."""
        return True

    def write(self, text: str) -> int:
        """Write it to the log file."""
        self._file.take(text)
        return len(text)


def _is_file(fd: int, path: Path) -> bool:
    """Whether an open file is the one at a path."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except OSError:
        return False


class Logs:
    """Sends the process's log to `file`, else to stderr, and to `stream`; as a context, until its end.

    level    debug, info, warning or error: the least that is told
    file     grows to 10 MB and is turned over then, five are kept. Its folder must exist.
    printed  a stream for what is printed meanwhile: into the file, if there is one
    """

    def __init__(
        self,
        *,
        level: str = "info",
        file: Path | None = None,
        stream: TextIO | None = None,
        redactor: Redactor = secrets,
    ) -> None:
        self._handlers: list[logging.Handler] = []
        self.printed: TextIO = sys.stderr
        if file is not None:
            own = _OwnFile(file)
            self._handlers.append(own)
            self.printed = cast(TextIO, _Printed(own))
        if file is None or stream is not None:
            self._handlers.append(logging.StreamHandler(stream or sys.stderr))
        for handler in self._handlers:
            handler.setFormatter(_Formatter(redactor))
        self._level = getattr(logging, level.upper())
        self._before = logging.NOTSET

    def __enter__(self) -> "Logs":
        root = logging.getLogger()
        self._before = root.level
        root.setLevel(self._level)
        for handler in self._handlers:
            root.addHandler(handler)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        root = logging.getLogger()
        root.setLevel(self._before)
        for handler in self._handlers:
            root.removeHandler(handler)
            handler.close()
