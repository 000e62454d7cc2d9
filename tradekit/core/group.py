"""Group commit: steps queue while a commit is under way, and whatever has queued is the next group.

A group stays open while its rows are written, since the sync that follows costs the same for one more: what comes
meanwhile goes with it. Knows no storage, which it is given as functions, and never waits to fill a group.
"""

import contextlib
import logging
import math
import threading
from collections import deque
from collections.abc import Callable, Sequence

from tradekit.core.clock import SystemClock
from tradekit.core.journal import OnCommit
from tradekit.core.step import Ack, Group, Stored
from tradekit.errors import JournalError

__all__ = ["GroupCommit"]

log = logging.getLogger(__name__)

MAX_STEPS = 128  # steps in one commit
MAX_EVENTS = 1_000  # events that may be lost in a crash ...
MAX_AGE_S = 0.1  # ... and the age of the oldest of them; a commit is begun at half of either


class GroupCommit:
    """The queue before the disk, and the thread that empties it.

    write     takes rows of the group under way, more of which may follow; or raises
    commit    takes the last of them, none perhaps, and makes the group durable or raises; True asks for `tidy`
    tidy      housekeeping that may take a while (checkpoint); called when there is time: while nothing waits
    failed    told once, when a commit has raised
    """

    def __init__(
        self,
        *,
        write: Callable[[Sequence[Stored]], None],
        commit: Callable[[Sequence[Stored]], bool],
        durable_seq: int,
        tidy: Callable[[], None],
        failed: Callable[[JournalError], None],
    ) -> None:
        self.durable_seq = durable_seq
        self.error: JournalError | None = None
        self.callback_errors = 0
        self._write, self._commit, self._tidy, self._failed = write, commit, tidy, failed
        self._callbacks: tuple[OnCommit, ...] = ()
        self._monotonic = SystemClock().monotonic
        self._queue: deque[Group] = deque()
        self._last_seq = durable_seq  # of the queue's newest step
        self._urgent_seq = durable_seq  # somebody waits for this one and counts on the thread
        self._oldest = math.inf  # arrival of the oldest step that is not durable
        self._untidy = False
        self._closing = False
        self._state = threading.Lock()  # guards all of the above, never held during I/O
        self._turn = threading.Lock()  # held by whoever commits
        self._bell = threading.Lock()  # released to wake the thread
        self._bell.acquire()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    def add_callback(self, callback: OnCommit) -> None:
        """Call `callback` after each commit from now on."""
        self._callbacks = (*self._callbacks, callback)

    def put(self, step: tuple[Stored, ...], critical: bool, wake: bool) -> Ack:
        """Queue a step; an ack not done yet is the thread's to resolve if `wake`, else `settle` it."""
        with self._state:
            if self.error is not None:
                raise self.error
            if self._closing:
                raise JournalError("the journal is closed; open it again to write")
            queue = self._queue
            first = not queue or queue[-1].steps >= MAX_STEPS
            if first or not critical:
                now = self._monotonic()
                if first:
                    queue.append(Group(now))
                if self._oldest > now:
                    self._oldest = now
            group = queue[-1]
            group.rows += step
            group.steps += 1
            self._last_seq = last = step[-1].event.seq
            pending = last - self.durable_seq
            urgent = critical or pending > MAX_EVENTS or now - self._oldest > MAX_AGE_S
            if urgent and wake:
                first, self._urgent_seq = first or self._urgent_seq <= self.durable_seq, last
        if (first and (wake or not urgent)) or pending == MAX_EVENTS // 2:
            self._ring()
        return Ack(step, group if urgent else None)

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
        """Commit what is queued and end the thread; raises JournalError when that fails."""
        with self._state:
            self._closing = True
        self._ring()
        self._thread.join()
        if self.error is None:
            self.flush()

    def _ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # it rings already
            self._bell.release()

    def _run(self) -> None:
        while True:
            while not self._due():
                patience = self._patience()
                self._bell.acquire(timeout=-1 if patience is None else patience)
            if self._closing:
                return
            with self._turn:
                if self._untidy and self._urgent_seq <= self.durable_seq and self.error is None:
                    self._tidy_up()
                self._commit_group()

    def _due(self) -> bool:
        with self._state:
            if self._closing or self._untidy:
                return True
            return bool(self._queue) and (
                self._urgent_seq > self.durable_seq
                or self._last_seq - self.durable_seq >= MAX_EVENTS // 2
                or self._monotonic() - self._queue[0].at >= MAX_AGE_S / 2
            )

    def _patience(self) -> float | None:
        with self._state:
            if not self._queue:
                return None
            return max(0.0, self._queue[0].at + MAX_AGE_S / 2 - self._monotonic())

    def _commit_group(self) -> None:
        """Make the head of the queue durable, then tell; the caller holds the turn."""
        with self._state:
            if not self._queue or self.error is not None:
                return
            group = self._queue[0]
        try:
            untidy = self._commit(self._written(group))
        except BaseException as error:
            self._fail(error, group)
            if not isinstance(error, Exception):
                raise
            return
        rows = group.rows
        with self._state:
            self.durable_seq = rows[-1].event.seq
            self._oldest = self._queue[0].at if self._queue else math.inf
            untidy, self._untidy = untidy and not self._untidy, untidy or self._untidy
        if self._callbacks:
            self._tell(tuple(rows))
        group.resolve()
        if untidy:
            self._ring()

    def _written(self, group: Group) -> Sequence[Stored]:
        """Write the head of the queue until nothing more has come; taken from the queue, the rows not written yet.

        A lone step is left to the commit whole: its caller waits for the disk and for nobody else.
        """
        written = 0
        while True:
            with self._state:
                rows = group.rows[written:]
                if not rows or group.steps == 1 or group.steps >= MAX_STEPS:
                    self._queue.popleft()
                    return rows
            self._write(rows)
            written += len(rows)

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
            self._fail(error)

    def _fail(self, cause: BaseException, *under_way: Group) -> None:
        error = JournalError(
            f"the journal could not be written ({type(cause).__name__}: {cause}) and is closed for writing "
            f"after seq {self.durable_seq}; see to the disk, then open it again: it will be verified"
        )
        error.__cause__ = cause
        with self._state:
            self.error = error
            groups = dict.fromkeys((*under_way, *self._queue))  # each once: one may be under way and queued
            self._queue.clear()
            self._untidy = False
        self._failed(error)
        for group in groups:
            group.resolve(error)
