"""Tracebacks of what nobody caught, told without any secret: in the process, its threads and its event loop.

Knows neither who raised nor why.
"""

import asyncio
import logging
import sys
import threading
import traceback
from types import TracebackType
from typing import Any

from tradekit.core.redact import Redactor, secrets

__all__ = ["Tracebacks", "clean_traceback"]

_log = logging.getLogger(__name__)


def clean_traceback(error: BaseException, *, redactor: Redactor = secrets) -> str:
    """The traceback as Python prints it, causes and notes included, with *** for each secret."""
    return redactor.clean("".join(traceback.format_exception(error)))


class Tracebacks:
    """As a context: whatever is not caught goes to stderr (on an event loop: to the log) with its secrets blotted out.

    Made on a running event loop it sees to that loop as well. What was there before is put back at the end.
    """

    def __init__(self, *, redactor: Redactor = secrets) -> None:
        self._redactor = redactor
        self._before = sys.excepthook, threading.excepthook, sys.unraisablehook
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> "Tracebacks":
        self._before = sys.excepthook, threading.excepthook, sys.unraisablehook
        sys.excepthook, threading.excepthook, sys.unraisablehook = (
            self._process,
            self._thread,
            self._unraisable,
        )
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            return self
        self._loop.set_exception_handler(self._on_loop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        sys.excepthook, threading.excepthook, sys.unraisablehook = self._before
        if self._loop is not None:
            self._loop.set_exception_handler(None)

    def _process(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._before[0](kind, error, trace)
        else:
            self._say(error)

    def _thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            self._say(args.exc_value, f"in thread {args.thread.name if args.thread else '?'}: ")

    def _unraisable(self, args: "sys.UnraisableHookArgs") -> None:
        if args.exc_value is not None:
            self._say(args.exc_value, f"{args.err_msg or 'ignored'} in {args.object!r}: ")

    def _on_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        trace = clean_traceback(error, redactor=self._redactor) if error is not None else ""
        said = self._redactor.clean(str(context.get("message")))
        _log.handle(
            _log.makeRecord(_log.name, logging.ERROR, __file__, 0, "%s", (said,), None, sinfo=trace or None)
        )

    def _say(self, error: BaseException, where: str = "") -> None:
        if sys.stderr is not None:
            said = clean_traceback(error, redactor=self._redactor)
            print(self._redactor.clean(where) + said, end="", file=sys.stderr, flush=True)
