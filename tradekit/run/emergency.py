"""The emergency file: what happened when the journal could no longer take it, a line of JSON each.

Never read by the program: it is for the human who looks afterwards. Knows no order and no command.
"""

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from tradekit.core.clock import Clock
from tradekit.core.redact import secrets

__all__ = ["Emergency"]

_log = logging.getLogger("tradekit.session")


class Emergency:
    """Appends to the first of `paths` that can be written (the disk of the journal may be the one that failed)."""

    def __init__(self, paths: Sequence[Path], clock: Clock) -> None:
        self._paths = tuple(paths)
        self._clock = clock

    def note(self, what: str, **details: object) -> Path | None:
        """Write one line and put it on stable storage; returns the file, None when none could be written."""
        noted = secrets.clean_value({"recorded": self._clock.now(), "what": what, **details})
        line = secrets.clean(json.dumps(noted, default=str)) + "\n"
        for path in self._paths:
            try:
                fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
                try:
                    os.write(fd, line.encode())
                    os.fsync(fd)
                finally:
                    os.close(fd)
            except OSError as error:
                _log.error("the emergency file %s cannot be written: %s", path, error.strerror)
            else:
                return path
        return None
