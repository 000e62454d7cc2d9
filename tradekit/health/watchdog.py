"""Notices what takes too long: a step that does not end, a loop that does not turn.

Knows neither what a step does nor what should be done about it.
"""

import asyncio
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType

from tradekit.core.clock import Clock

__all__ = ["LoopLag", "StepWatch"]

_log = logging.getLogger(__name__)


class StepWatch:
    """Watches the steps of one thread from another.

    deadline_s   how long a step may take [s]
    on_stuck     called on the watching thread with the step's age [s], again and again while it lasts, and once
                 with 0 when it has ended after all

    The first time, the log gets the stack of the stuck thread: which line it hangs on.
    """

    def __init__(self, clock: Clock, *, deadline_s: float, on_stuck: Callable[[float], None]) -> None:
        self._clock, self._deadline_s, self._on_stuck = clock, deadline_s, on_stuck
        self._step: tuple[float, int] | None = None  # when it began, on which thread
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """A step starts, on the calling thread."""
        self._step = self._clock.monotonic(), threading.get_ident()

    def end(self) -> float:
        """The step has ended; how long it took [s]."""
        step, self._step = self._step, None
        return 0.0 if step is None else self._clock.monotonic() - step[0]

    def __enter__(self) -> "StepWatch":
        self._thread = threading.Thread(target=self._run, name="tradekit-watchdog", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join(1.0)

    def _run(self) -> None:
        stuck: tuple[float, int] | None = None
        while not self._ended.wait(min(self._deadline_s / 4, 0.25)):
            try:
                stuck = self._look(stuck)
            except Exception:
                _log.exception("the watchdog's listener failed")

    def _look(self, stuck: tuple[float, int] | None) -> tuple[float, int] | None:
        """One look; the step that is stuck, if any."""
        step = self._step
        age_s = 0.0 if step is None else self._clock.monotonic() - step[0]
        # not if it has ended meanwhile
        if step is not None and age_s > self._deadline_s and step is self._step:
            if step != stuck:
                _tell(age_s, _stack(step[1]))
            self._on_stuck(age_s)
            return step
        if stuck is not None:
            self._on_stuck(0.0)
        return None


class LoopLag:
    """How late an asyncio loop runs what is due: `worst_s` over the last ten looks or so [s]. Made on the loop."""

    def __init__(self, *, period_s: float = 0.1) -> None:
        self.worst_s = 0.0
        self._period_s = period_s
        self._loop = asyncio.get_running_loop()
        self._timer = self._plan()

    def stop(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _plan(self) -> asyncio.TimerHandle:
        due = self._loop.time() + self._period_s
        return self._loop.call_at(due, self._look, due)

    def _look(self, due: float) -> None:
        self.worst_s = max(self._loop.time() - due, self.worst_s * 0.8)
        self._timer = self._plan()


def _tell(age_s: float, stack: str) -> None:
    """Log the other thread's stack where a log record keeps its own."""
    said = "a step has been running for %.1f s"
    record = _log.makeRecord(_log.name, logging.ERROR, __file__, 0, said, (age_s,), None, sinfo=stack)
    _log.handle(record)


def _stack(thread_id: int) -> str:
    frame = sys._current_frames().get(thread_id)
    return "".join(traceback.format_stack(frame, limit=8)) if frame is not None else "a thread that has ended"
