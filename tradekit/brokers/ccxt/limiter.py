"""One count of requests for all processes of this user on this machine: venues count by address, not by process.

A pause or a ban that one of them has met holds for all. Knows no venue and no request.
"""

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tradekit.trading.quota import Kept, Quota

__all__ = ["SharedQuota"]

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_log = logging.getLogger(__name__)


class _File(msgspec.Struct, frozen=True):
    """What stands in the file; times are of the monotonic clock of this boot, which all processes share."""

    boot: str
    kept: Kept


class SharedQuota:
    """A quota with the same words that is kept in a file (0600); without the file it counts alone, and says so once."""

    def __init__(self, quota: Quota, file: Path) -> None:
        self._quota, self._file = quota, file
        self._alone = False

    @property
    def banned(self) -> bool:
        """Whether the venue has shut us out, as it was last asked or told."""
        return self._quota.banned

    def wait(self, cost: float, now: float, *, urgent: bool = False) -> float:
        """As `Quota.wait`."""
        with self._turn(now):
            return self._quota.wait(cost, now, urgent=urgent)

    def told(self, used: float, now: float) -> None:
        """As `Quota.told`."""
        with self._turn(now):
            self._quota.told(used, now)

    def pause(self, seconds: float, now: float, *, banned: bool = False) -> None:
        """As `Quota.pause`."""
        with self._turn(now):
            self._quota.pause(seconds, now, banned=banned)

    @contextlib.contextmanager
    def _turn(self, now: float) -> Iterator[None]:
        """One process at a time: what the others have counted, then what we do, then that for the others."""
        try:
            fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self._by_itself(error)
            yield
            return
        with os.fdopen(fd, "r+b", buffering=0) as file:  # nothing is left for its end to fail on
            known = None
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                known = _read(file.read())
            except OSError as error:
                self._by_itself(error)
            if known is not None:
                self._quota.go_on(known)
            yield
            try:
                file.seek(0)
                file.truncate()
                file.write(msgspec.json.encode(_File(_boot(), self._quota.kept(now))))
            except OSError as error:
                self._by_itself(error)

    def _by_itself(self, error: OSError) -> None:
        """A disk that fails stops no request, least of all a cancel."""
        if not self._alone:
            self._alone = True
            _log.warning("requests are counted in this process alone: %s: %s", self._file, error.strerror)


def _read(data: bytes) -> Kept | None:
    """What others have counted since this machine was started; None where there is nothing that can be read."""
    try:
        found = msgspec.json.decode(data, type=_File)
    except msgspec.MsgspecError:
        return None
    return found.kept if found.boot == _boot() else None


def _boot() -> str:
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""
