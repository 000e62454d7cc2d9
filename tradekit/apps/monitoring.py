"""The monitoring page: how the session's process is, read from its pages every two seconds while somebody looks.

One reader a session however many look on. Knows no engine; what the numbers mean is `health.diagnosis`.
"""

import asyncio
import logging
import threading
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tradekit.apps.cockpit import Face, Parts, pool
from tradekit.core.clock import Clock
from tradekit.errors import TradekitError
from tradekit.health.diagnosis import diagnose
from tradekit.health.finding import Finding, Grade
from tradekit.widgets.diary import Line
from tradekit.widgets.gauges import Gauges
from tradekit.widgets.pace import Batch
from tradekit.widgets.panes import Moment, touches
from tradekit.widgets.words import milliseconds

__all__ = ["EVERY_S", "Monitoring", "Reader", "reader_of"]

EVERY_S = 2.0
_SECTIONS = {Grade.WRONG: "bad", Grade.NOTE: "warn", Grade.WELL: ""}
_HANDLERS = 20  # rows of the table of failing handlers
_READERS: "weakref.WeakKeyDictionary[Any, Reader]" = weakref.WeakKeyDictionary()
_log = logging.getLogger(__name__)


class Reader:
    """Reads a session's vitals for whoever has joined. On one loop; what waits for the wire runs on a worker."""

    def __init__(self, session: Any, *, clock: Clock, pool: ThreadPoolExecutor) -> None:
        self._session = session
        self._clock = clock
        self._pool = pool
        self._reading = threading.Lock()
        self._gauges = Gauges()
        self._viewers: list[Callable[[], object]] = []
        self._task: asyncio.Task[None] | None = None
        self._failed: dict[str, dict[str, Any]] = {}  # by handler, the latest last
        self._seen = 0  # the last event that was looked at for failing handlers
        self.vitals: dict[str, Any] = {
            "state": "busy",
            "cards": [],
            "findings": [],
            "handlers": [],
            "problem": "",
        }

    def join(self, told: Callable[[], object]) -> None:
        """Call `told` after each reading; the first one to join begins them. Call it on the loop."""
        self._viewers.append(told)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep())

    def leave(self, told: Callable[[], object]) -> None:
        """Tell it no more; when nobody looks nothing is read."""
        if told in self._viewers:
            self._viewers.remove(told)
        if not self._viewers:
            if self._task is not None:
                self._task.cancel()
                self._task = None
            _READERS.pop(self._session, None)  # it holds its session, which may go now

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await loop.run_in_executor(self._pool, self.read)
            for told in list(self._viewers):
                told()
            await asyncio.sleep(EVERY_S)

    def read(self) -> None:
        """One reading, on the calling thread, after one that nobody waits for any more."""
        with self._reading:
            self._read()

    def _read(self) -> None:
        try:
            health, metrics = self._session.vitals()
            self._gauges.note(self._clock.monotonic(), metrics)
            self._look_for_failures(metrics)
        except TradekitError as error:
            self.vitals = {**self.vitals, "state": "error", "problem": str(error)}
        except Exception as error:
            _log.exception("the vitals of %s could not be read", self._session.name)
            self.vitals = {**self.vitals, "state": "error", "problem": f"{type(error).__name__}: {error}"}
        else:
            self.vitals = {
                "state": "ok",
                "problem": "",
                "cards": self._gauges.cards() if metrics else [],
                "findings": [_finding(one) for one in diagnose(health, metrics)],
                "handlers": list(reversed(self._failed.values()))[:_HANDLERS],
            }

    def _look_for_failures(self, metrics: Mapping[str, float]) -> None:
        """Which handlers have failed, from the journal: asked for only when the count of failures has moved."""
        count = metrics.get("tradekit_subscriber_errors_total", 0.0)
        if count == sum(one["count"] for one in self._failed.values()):
            return
        until = self._session.replica.seq
        for event in self._session.events("error.handler.>", since=self._seen, until=until):
            told = self._failed.pop(event.data.handler, {"count": 0})
            self._failed[event.data.handler] = {
                "handler": event.data.handler,
                "count": told["count"] + 1,
                "subject": event.data.subject,
                "error": event.data.error,
                "ts": milliseconds(event.ts),
            }
        self._seen = until


def reader_of(session: Any, *, clock: Clock) -> Reader:
    """The process's one reader of a session, made for the first who looks and forgotten after the last."""
    reader = _READERS.get(session)
    if reader is None:
        reader = _READERS[session] = Reader(session, clock=clock, pool=pool())
    return reader


def _finding(one: Finding) -> dict[str, str]:
    return {"subject": one.subject, "said": one.said, "remedy": one.remedy, "tone": _SECTIONS[one.grade]}


class Monitoring:
    """One viewer's monitoring page: the ribbon and the vitals."""

    def __init__(
        self, session: Any, panes: Mapping[str, Face], *, nudge: Callable[[str], object], clock: Clock
    ) -> None:
        self.panes = dict(panes)
        self._reader = reader_of(session, clock=clock)
        self._told = lambda: nudge("vitals")
        self._joined = False

    def sit(self) -> None:
        """The page is shown: read from now on."""
        if not self._joined:
            self._joined = True
            self._reader.join(self._told)

    def parts(self, moment: Moment, batch: Batch, entries: list[Line]) -> Parts:
        """The vitals when they were read, the ribbon with every flush."""
        out: Parts = {"ribbon": {"ribbon": {**moment.ribbon(), "page": True}}, "vitals": {}}
        if "vitals" in batch.changed or "*" in batch.changed:
            out["vitals"]["vitals"] = self._reader.vitals
        if touches("connection", batch.changed):
            for pane in self.panes:
                out[pane]["connection"] = moment.link
        return out

    def write(self, parts: Parts) -> None:
        """Send each pane the parts that differ; on the thread and in the document that own the panes."""
        for pane, values in parts.items():
            self.panes[pane].put(values)

    def close(self) -> None:
        """Nobody looks any more."""
        self._reader.leave(self._told)
