"""The kill switch's latch: a file that says killed until the journal says it.

A session whose loop is held up cannot journal that it was killed; should the process end like that, the next start
reads it here. Knows no journal and no loop.
"""

import json
import logging
import os
from pathlib import Path

import msgspec

from tradekit.core.redact import secrets

__all__ = ["Killed", "Latch"]

_log = logging.getLogger("tradekit.session")


class Killed(msgspec.Struct, frozen=True):
    """Who pulled the kill switch, and why."""

    user: str
    reason: str


class Latch:
    """One file, 0600, there while somebody has pulled the switch and the journal does not say so yet."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def set(self, killed: Killed) -> None:
        """Write it down for the next start, on stable storage; an error of the disk is logged, nothing waits for it."""
        noted = secrets.clean(json.dumps(secrets.clean_value(msgspec.to_builtins(killed))))
        try:
            fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                os.write(fd, noted.encode())
                os.fsync(fd)
            finally:
                os.close(fd)
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            _log.critical("the kill switch's file %s cannot be written: %s", self._path, error.strerror)

    def read(self) -> Killed | None:
        """What an earlier life was told and did not journal. A file that cannot be read is a kill: to be safe."""
        try:
            said = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            return Killed("latch", f"{self._path} cannot be read: {error.strerror}")
        try:
            return msgspec.json.decode(said, type=Killed)
        except msgspec.MsgspecError:
            return Killed("latch", f"{self._path.name} was found, and half written")

    def clear(self) -> None:
        """The journal says it now."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            _log.error("%s cannot be removed (%s): the next start is killed", self._path, error.strerror)
