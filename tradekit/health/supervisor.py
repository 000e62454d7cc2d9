"""What a process tells the systemd that started it: that it is ready, how it is, and that its event loop still turns.

Without one it tells nobody. Knows no session. The protocol is sd_notify(3): lines to a datagram socket.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable
from types import TracebackType

__all__ = ["Supervised"]

_log = logging.getLogger(__name__)
_BEAT_S = 10.0  # how often the status is told where no watchdog waits


class Supervised:
    """As a context on a running event loop: ready at its beginning, stopping at its end, a sign of life between.

    standing  how the process is, in a line: for `systemctl status`

    The sign of life comes from the loop itself: a loop that hangs gives none, and systemd (WatchdogSec=) acts on that.
    """

    def __init__(self, standing: Callable[[], str]) -> None:
        self._standing = standing
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        self._period_s = _period_s()
        self._task: asyncio.Task[None] | None = None

    def __enter__(self) -> "Supervised":
        if self._address:
            self._tell("READY=1")
            self._task = asyncio.get_running_loop().create_task(self._beat(), name="supervised")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            self._tell("STOPPING=1")

    async def _beat(self) -> None:
        while True:
            self._tell(f"WATCHDOG=1\nSTATUS={self._standing()}", wait_s=0.0)  # a full line has signs enough
            await asyncio.sleep(self._period_s)

    def _tell(self, text: str, *, wait_s: float = 1.0) -> None:
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with contextlib.closing(
                socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            ) as line:
                line.settimeout(wait_s)
                line.sendto(text.encode(), address)
        except BlockingIOError:
            pass
        except OSError as error:
            _log.warning("systemd is not told %s: %s", text.partition("\n")[0], error)


def _period_s() -> float:
    """How often to give a sign of life: three times within the time after which systemd would act."""
    try:
        given = int(os.environ.get("WATCHDOG_USEC", "0"))
        meant = int(os.environ.get("WATCHDOG_PID", os.getpid()))
    except ValueError:
        return _BEAT_S
    return min(given / 3e6, _BEAT_S) if given > 0 and meant == os.getpid() else _BEAT_S
