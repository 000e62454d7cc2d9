"""The reports of a session's days: read from its journal, and written as pages when a day has ended.

A running session leaves the reading to a process of its own, at low priority: a long journal takes its time.
"""

import asyncio
import contextlib
import logging
import shutil
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tradekit.client.dayreport import day_report
from tradekit.config.schema import Config
from tradekit.core.event import Event, fact_types
from tradekit.core.journal import JournalReader
from tradekit.core.open import open_journal
from tradekit.core.redact import secrets
from tradekit.core.store import Store
from tradekit.data.sessions import ROUND_THE_CLOCK
from tradekit.errors import NotFoundError
from tradekit.model.market import MarkUpdated, Quote, TradeTick
from tradekit.model.session import SessionOpened
from tradekit.report.day import DayReport
from tradekit.report.day_page import day_html
from tradekit.state.shape import State

__all__ = ["DayEnds", "page_of", "report_of"]

_log = logging.getLogger("tradekit.session")
_LOOK_S = 1.0
_DAY_NS = 86_400_000_000_000
_MOVING = frozenset({MarkUpdated.TYPE, Quote.TYPE, TradeTick.TYPE})
_LATE = 2_000  # events before a day that are read whole: the last prices of what was traded are among them, or a bar's


def report_of(journal: Path, day: str | None = None) -> DayReport:
    """The report of a day from a journal (default: the latest); raises NotFoundError for one that it does not have."""
    with open_journal(journal) as reader:
        return day_report(_events(reader, day), day)


def _events(reader: JournalReader, day: str | None) -> Iterator[Event]:
    """The journal's events; of the days before, prices that moved are left out but for the last ones.

    They are nearly all of a long journal, and say nothing of another day but where it begins. Where a day is a trading
    session it is not known before it is read, so all of them are.
    """
    opened = next((event.data for event in reader.events(types=[SessionOpened.TYPE])), None)
    if not isinstance(opened, SessionOpened) or all(
        one.calendar != ROUND_THE_CLOCK for one in opened.instruments
    ):
        yield from reader.events()
        return
    begins = reader.at_time(_midnight(day) if day is not None else _last_midnight(reader))
    late = max(begins - _LATE, 0)
    yield from reader.events(0, late, types=fact_types().keys() - _MOVING)
    yield from reader.events(late)


def _midnight(day: str) -> int:
    """The beginning of a UTC day [UTC ns]; raises NotFoundError for text that is no date."""
    try:
        return int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()) * 1_000_000_000
    except ValueError:
        raise NotFoundError(f"there is no day {day!r}; write it like 2022-12-13") from None


def _last_midnight(reader: JournalReader) -> int:
    """The beginning of the UTC day of the last event [UTC ns]."""
    last = next(reader.events(max(reader.last_seq - 1, 0)), None)
    return 0 if last is None else (last.ts - 1) // _DAY_NS * _DAY_NS


def page_of(report: DayReport) -> str:
    """The report as a page without a secret in it."""
    return secrets.clean(day_html(report))


class DayEnds:
    """Writes a day's page into `monitoring.daily_report` when the day ends: its midnight, or its markets' close."""

    def __init__(self, config: Config, store: Store[State]) -> None:
        self._store, self._name, self._journal = store, config.session.name, config.journal
        self._folder = config.path(config.monitoring.daily_report or ".")
        self._day, self._resting = self._now()

    async def keep(self) -> None:
        """Look each second, until it is canceled; a page that could not be written is told in the log."""
        while True:
            await asyncio.sleep(_LOOK_S)
            before, rested = self._day, self._resting
            self._day, self._resting = self._now()
            if before and self._day != before and not rested:
                await self.write(before)
            elif self._resting and not rested:
                await self.write(self._day)

    async def write(self, day: str) -> None:
        """Have the page of a day written by a process of its own, and wait for it."""
        page = self._folder / f"{self._name}-{day}.html"
        nice = ["nice", "-n", "19"] if shutil.which("nice") else []
        words = [
            sys.executable,
            "-m",
            "tradekit",
            "report",
            str(self._journal),
            "--day",
            day,
            "--to",
            str(page),
        ]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            process = await asyncio.create_subprocess_exec(
                *nice, *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            _log.error("no report of %s: %s", day, error)
            return
        try:
            _, said = await process.communicate()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()  # the page appears whole or not at all
            raise
        if process.returncode:
            _log.error("no report of %s: %s", day, said.decode(errors="replace").strip())
        else:
            _log.info("the report of %s: %s", day, page)

    def _now(self) -> tuple[str, bool]:
        """The latest day of the ledger, and whether it is over though no other has begun: its markets have closed."""
        with self._store.lock:
            state = self._store.state
            markets, pnl = state.markets.values(), state.pnl
            resting = bool(markets) and not pnl.around_the_clock and not any(one.open for one in markets)
            return next(reversed(pnl.days), ""), resting
