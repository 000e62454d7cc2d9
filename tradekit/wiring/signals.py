"""What SIGTERM and Ctrl-C do to a session's process: it stops in good order, and ends also where a step hangs.

Knows neither what a step does nor what stopping is.
"""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType

from tradekit.core.clock import Clock

__all__ = ["Signals"]

_log = logging.getLogger("tradekit.session")
_NUMBERS = (signal.SIGTERM, signal.SIGINT)
_GRACE_S = 5.0


class Signals:
    """Hands a signal to the session's loop; where a step keeps that from taking it, lets the signal end the process.

    grace_s  how long a hanging step may go on once somebody has asked for the end [s]; a second signal waits for
             nothing

    What is acknowledged is in the journal by then, and a stop leaves orders and positions as they are in any case. A
    step that hangs in a library without ever coming back to Python is out of reach: that takes `kill -9`.
    """

    def __init__(self, clock: Clock, *, grace_s: float = _GRACE_S) -> None:
        self._clock, self._grace_s = clock, grace_s
        self._asked: tuple[float, int] | None = None  # when [s], by which signal
        self._hangs = self._told = self._ends = False

    @contextlib.contextmanager
    def heard(self, stop: Callable[[str], None]) -> Iterator[None]:
        """Until the end of the context, call `stop` with the signal's name on the running loop. Main thread only."""
        running = asyncio.get_running_loop()

        def take(number: int, frame: FrameType | None) -> None:
            if self._ends or (self._hangs and self._asked is not None):
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            self._asked = self._asked or (self._clock.monotonic(), number)
            running.call_soon_threadsafe(stop, signal.Signals(number).name)

        before = {number: signal.signal(number, take) for number in _NUMBERS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def hangs(self, age_s: float) -> None:
        """A step has been running for so long [s]; with 0 it has ended after all. On the watchdog's thread."""
        self._hangs = age_s > 0
        if self._asked is None or not self._hangs:
            return
        asked, number = self._asked
        name = signal.Signals(number).name
        if not self._told:
            self._told = True
            _log.warning(
                "%s: a step hangs; it is given %g s more, a second one ends it now", name, self._grace_s
            )
        if not self._ends and self._clock.monotonic() - asked > self._grace_s:
            self._ends = True
            _log.critical(
                "%s ends this process though a step hangs: the journal has all that was acknowledged, orders and "
                "positions stay as they are, the next start goes on from there",
                name,
            )
            os.kill(os.getpid(), number)
