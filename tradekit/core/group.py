"""Group commit: steps queue while a commit is under way, and whatever has queued is the next group.

Knows no storage; it is given one function that makes a group durable, and never waits to fill a group.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from tradekit.core.clock import SystemClock
from tradekit.core.journal import OnCommit, Stored
from tradekit.errors import JournalError

__all__ = ["GroupCommit", "Step"]

log = logging.getLogger(__name__)

MAX_STEPS = 128  # steps in one commit
MAX_EVENTS = 1_000  # events that may be lost in a crash
MAX_AGE_S = 0.1  # age of the oldest of them


class Step:
    """One append: its events, when they came [monotonic s], and the future to resolve if there is one."""

    __slots__ = ("at", "future", "stored")

    def __init__(self, stored: tuple[Stored, ...]) -> None:
        self.stored = stored
        self.at = 0.0
        self.future: Future[tuple[Stored, ...]] | None = None


class GroupCommit:
    """The queue before the disk, and the thread that empties it.

    commit    makes a group durable or raises; True asks for `tidy` when there is time
    tidy      housekeeping that may take a while (checkpoint); called while nothing waits
    failed    told once, when a commit has raised
    """

    def __init__(
        self,
        commit: Callable[[tuple[Stored, ...]], bool],
        *,
        durable_seq: int,
        tidy: Callable[[], None],
        failed: Callable[[JournalError], None],
    ) -> None:
        self.durable_seq = durable_seq
        self.error: JournalError | None = None
        self.callback_errors = 0
        self._commit, self._tidy, self._failed = commit, tidy, failed
        self._callbacks: tuple[OnCommit, ...] = ()
        self._monotonic = SystemClock().monotonic
        self._queue: deque[Step] = deque()
        self._last_seq = durable_seq  # of the queue's newest step
        self._urgent_seq = durable_seq  # somebody waits for this one
        self._oldest = 0.0  # arrival of the oldest step that is not durable; 0 when all are
        self._untidy = False
        self._closing = False
        self._wake = threading.Condition(threading.Lock())
        self._turn = threading.Lock()  # held by whoever commits
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def add_callback(self, callback: OnCommit) -> None:
        """Call `callback` after each commit from now on."""
        self._callbacks = (*self._callbacks, callback)

    def put(self, step: Step, *, critical: bool, wake: bool) -> bool:
        """Queue a step; True when its append must wait for the commit: then `wake` gives it a future."""
        with self._wake:
            if self.error is not None:
                raise self.error
            if self._closing:
                raise JournalError("the journal is closed; open it again to write")
            step.at = now = self._monotonic()
            first = not self._queue
            self._queue.append(step)
            self._last_seq = last = step.stored[-1].event.seq
            self._oldest = self._oldest or now
            pending = last - self.durable_seq
            urgent = critical or pending > MAX_EVENTS or now - self._oldest > MAX_AGE_S
            if urgent and wake:
                self._urgent_seq = last
                step.future = Future()
                step.future.set_running_or_notify_cancel()  # who stops waiting does not stop the commit
            if (urgent and wake) or (first and not urgent) or pending == MAX_EVENTS // 2:
                self._wake.notify()
            return urgent

    def settle(self, seq: int) -> None:
        """Return once `seq` is durable, committing here when the writer is idle; raises JournalError."""
        while self.durable_seq < seq:
            with self._turn:
                if self.durable_seq < seq and self.error is None:
                    self._commit_group()
            if self.error is not None and self.durable_seq < seq:
                raise self.error

    def flush(self) -> None:
        """Return once everything queued so far is durable."""
        self.settle(self._last_seq)

    def close(self) -> None:
        """Commit what is queued and end the thread; raises JournalError when that failed."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        if self.error is None:
            self.flush()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._due():
                    self._wake.wait(self._patience())
                if self._closing and not self._queue:
                    return
                tidy = self._untidy and self._urgent_seq <= self.durable_seq
            with self._turn:
                if tidy and self.error is None:
                    self._tidy_up()
                self._commit_group()

    def _due(self) -> bool:
        if self._closing or self._untidy:
            return True
        if not self._queue:
            return False
        return (
            self._urgent_seq > self.durable_seq
            or self._last_seq - self.durable_seq >= MAX_EVENTS // 2
            or self._monotonic() - self._queue[0].at >= MAX_AGE_S / 2
        )

    def _patience(self) -> float | None:
        if not self._queue:
            return None
        return max(0.0, self._queue[0].at + MAX_AGE_S / 2 - self._monotonic())

    def _commit_group(self) -> None:
        """Make the head of the queue durable, then tell; the caller holds the turn."""
        with self._wake:
            steps = [self._queue.popleft() for _ in range(min(len(self._queue), MAX_STEPS))]
        if not steps or self.error is not None:
            return
        rows = steps[0].stored if len(steps) == 1 else tuple([row for step in steps for row in step.stored])
        try:
            untidy = self._commit(rows)
        except BaseException as error:
            self._fail(error, steps)
            if not isinstance(error, Exception):
                raise
            return
        with self._wake:
            self.durable_seq = rows[-1].event.seq
            self._oldest = self._queue[0].at if self._queue else 0.0
            if untidy and not self._untidy:
                self._untidy = True
                self._wake.notify()
        self._tell(rows)
        for step in steps:
            if step.future is not None:
                step.future.set_result(step.stored)

    def _tell(self, rows: tuple[Stored, ...]) -> None:
        for callback in self._callbacks:
            try:
                callback(rows)
            except Exception:
                self.callback_errors += 1
                log.exception("a commit callback failed at seq %d; the commit stands", rows[-1].event.seq)

    def _tidy_up(self) -> None:
        self._untidy = False
        try:
            self._tidy()
        except Exception as error:
            self._fail(error, [])

    def _fail(self, cause: BaseException, steps: list[Step]) -> None:
        error = JournalError(
            f"the journal could not be written ({type(cause).__name__}: {cause}) and is closed for writing "
            f"after seq {self.durable_seq}; see to the disk, then open it again: it will be verified"
        )
        error.__cause__ = cause
        with self._wake:
            self.error = error
            steps = [*steps, *self._queue]
            self._queue.clear()
            self._untidy = False
        self._failed(error)
        for step in steps:
            if step.future is not None:
                step.future.set_exception(error)
