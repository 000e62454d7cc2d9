"""Work in a process of its own beside this one: asked for one thing after another, heard while at it, ended at once.

Knows nothing of what the work is. The process comes from a clean server of processes where the platform has one, so it
shares no lock and no imported strategy with whoever asks: a file that was edited is read anew by the next.
"""

import atexit
import multiprocessing
import os
import signal
import threading
import traceback
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Literal, TypeAlias

from tradekit.core.raised import is_library
from tradekit.errors import TradekitError

__all__ = ["Aside", "Heard", "Tell", "in_words"]

Tell: TypeAlias = Callable[[Any], None]
Heard: TypeAlias = Callable[[Literal["news", "done", "failed", "gone"], Any], object]

_BOUND_S = 5.0  # a killed process is gone by then
_START = (
    threading.Lock()
)  # starting processes from several threads at a time is not what multiprocessing is made for
_OURS: "weakref.WeakSet[Aside]" = weakref.WeakSet()


class Aside:
    """One process, and the line to it.

    work    `work(request, tell)` gives the answer to a request; what it keeps in itself it keeps there. Picklable
    heard   called on a thread of its own with "news" and what `tell` was given, "done" and the answer, "failed" and why
            in words; "gone" and why when the process ended by itself, which is the last that is heard
    needs   modules to have loaded before the first process starts; later ones start with them at hand
    """

    def __init__(self, work: Callable[[Any, Tell], Any], heard: Heard, *, needs: Sequence[str] = ()) -> None:
        self._work, self._heard, self._needs = work, heard, list(needs)
        self._lock = threading.Lock()
        self._ended = False
        self._process: Any = None
        self._line: Connection | None = None
        self._early: list[Any] = []  # asked before the process is there
        _OURS.add(self)
        threading.Thread(target=self._life, name="tradekit-aside", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process's id, 0 until it is there."""
        return 0 if self._line is None else int(self._process.pid)

    def ask(self, request: Any) -> None:
        """Hand a request over; requests are answered in turn. What is asked of one that has ended is not heard."""
        with self._lock:
            if self._line is None:
                self._early.append(request)
            else:
                with suppress(OSError):
                    self._line.send(request)

    def end(self) -> None:
        """End the process and all that it has started, whatever it is doing; nothing is heard from it any more."""
        with self._lock:
            self._ended = True
            _OURS.discard(self)
            if self._line is not None:  # else it ends as soon as it is there
                self._put_away()

    def _life(self) -> None:
        """On a thread of its own: the first process of all takes seconds to start, and nobody waits for that."""
        try:
            process, line = _started(self._work, self._needs)
        except Exception as error:  # no process can be had: whoever asks is told
            self._heard("gone", f"no process could be started for this: {in_words(error)}")
            return
        with self._lock:
            self._process, self._line = process, line
            if self._ended:
                self._put_away()
                line.close()
                return
            with suppress(OSError):  # it has ended already: `_listen` tells of it
                for request in self._early:
                    line.send(request)
        self._listen(process, line)

    def _listen(self, process: BaseProcess, line: Connection) -> None:
        while True:
            try:
                kind, value = line.recv()
            except (EOFError, OSError):
                break
            if not self._ended:
                self._heard(kind, value)
        with self._lock:
            line.close()  # here alone: closed by another thread, its number may be another file's while it is read
            if self._ended:
                return
            self._ended = True
            process.join(_BOUND_S)
            code = process.exitcode
            self._put_away()
        self._heard(
            "gone",
            f"the process that computed it ended by itself (exit code {code}); -9 means that it was killed, most "
            "often for want of memory: take fewer bars or combinations",
        )

    def _put_away(self) -> None:
        if self._process.is_alive():
            _kill(self._process.pid)
        else:
            _kill_group(self._process.pid)  # it ended by itself; what it had started has not
        self._process.join(_BOUND_S)


def _started(work: Callable[[Any, Tell], Any], needs: list[str]) -> tuple[BaseProcess, Connection]:
    methods = multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    with _START:
        if needs and "forkserver" in methods:
            context.set_forkserver_preload(needs)
        ours, theirs = context.Pipe()
        process = context.Process(target=_live, args=(work, theirs), name="tradekit-aside")
        process.start()
        theirs.close()
    return process, ours


def _kill_group(pid: int) -> None:
    """What a process has started, and itself where it is still there."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def _kill(pid: int) -> None:
    """The process and its group, which it leads once it has begun; the group first, as it may be our own."""
    _kill_group(pid)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@atexit.register
def _end_all() -> None:
    """Before multiprocessing waits for its processes at this one's end."""
    for one in list(_OURS):
        one.end()


# --- in the process -----------------------------------------------------------------------------------------


def _live(work: Callable[[Any, Tell], Any], line: Connection) -> None:
    """Requests in, answers out, until nobody is at the other end: then this process and its own go at once."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the one who asks; the end of the line ends us
    if hasattr(os, "setsid"):
        os.setsid()
    requests: SimpleQueue[Any] = SimpleQueue()
    threading.Thread(target=_hold, args=(line, requests), daemon=True).start()
    while True:
        request = requests.get()
        try:
            answer = "done", work(request, lambda news: line.send(("news", news)))
        except Exception as error:
            answer = "failed", in_words(error)
        try:
            line.send(answer)
        except OSError:
            return
        except Exception as unsendable:
            line.send(("failed", f"its answer cannot be handed over: {in_words(unsendable)}"))


def _hold(line: Connection, requests: "SimpleQueue[Any]") -> None:
    """Take requests in while the work is under way, and see at once that nobody waits for it any more."""
    while True:
        try:
            requests.put(line.recv())
        except Exception:  # nobody is there, or what he says cannot be read: he hears that we are gone
            _kill(os.getpid())


def in_words(error: BaseException) -> str:
    """An error for a human: what it says, and the line of his own code where it came up."""
    said = str(error) if isinstance(error, TradekitError) else f"{type(error).__name__}: {error}"
    root = error
    while root.__cause__ is not None:
        root = root.__cause__
    if root is error and isinstance(error, TradekitError):
        return said
    steps = [step for step in traceback.extract_tb(root.__traceback__) if not is_library(step.filename)]
    return f"{said} ({Path(steps[-1].filename).name}, line {steps[-1].lineno})" if steps else said
