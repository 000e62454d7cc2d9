"""The page of a day, written when the day ends."""

import asyncio
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import MINUTE, START, event, filled, flat, opened, order
from tests.sessions import Project
from tests.wiring.conftest import live, put_together
from tradekit.client.dayreport import day_report
from tradekit.config.load import load_config
from tradekit.core.clock import SystemClock
from tradekit.core.event import Fact
from tradekit.core.open import open_journal, open_writer
from tradekit.core.store import Store
from tradekit.errors import NotFoundError
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarketClosed, MarketOpened, MarkUpdated
from tradekit.model.order import Side
from tradekit.state.reducer import apply
from tradekit.state.shape import State
from tradekit.wiring import daily
from tradekit.wiring.daily import DayEnds, report_of

Write = Callable[[str], Any]


class Watched(DayEnds):
    """Notes the days that it would write."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.written: list[str] = []

    async def write(self, day: str) -> None:
        self.written.append(day)


def written(
    project: Project, monkeypatch: pytest.MonkeyPatch, *steps: Callable[[State], object]
) -> list[str]:
    """The days that are written while the state takes these steps, one a look."""
    store: Store[State] = Store(State(), apply, clock=SystemClock())
    config = load_config(project.config)
    left = list(steps)

    async def look(seconds: float) -> None:
        if not left:
            raise asyncio.CancelledError
        left.pop(0)(store.state)

    monkeypatch.setattr(daily.asyncio, "sleep", look)
    ends = Watched(config, store)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ends.keep())
    return ends.written


def bar(day: int) -> Callable[[State], object]:
    return lambda state: apply(
        state, event(flat(1440 * day, 100.0), ts=flat(1440 * day, 100.0).ts + 60_000_000_000)
    )


def test_a_day_is_written_when_the_next_begins(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    assert written(project, monkeypatch, bar(0), bar(0), bar(1), bar(1)) == ["2022-12-13"]


def test_a_day_of_an_exchange_is_written_at_its_close_and_once(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(state: State) -> None:
        state.instruments["BTC"] = Instrument(id="BTC", calendar="XNYS")
        state.pnl.around_the_clock = False
        apply(state, event(MarketOpened("XNYS", "2022-12-13", 0)))

    def closed(state: State) -> None:
        apply(state, event(MarketClosed("XNYS", "2022-12-13")))

    def next_day(state: State) -> None:
        apply(state, event(MarketOpened("XNYS", "2022-12-14", 0)))

    assert written(project, monkeypatch, opened, closed, closed, next_day) == ["2022-12-13"]


@pytest.fixture
def niceness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What `nice` is asked for, a line each time; it does not do it: on a busy machine that would take minutes."""
    asked, folder = tmp_path / "niceness", tmp_path / "bin"
    folder.mkdir()
    nice = folder / "nice"
    nice.write_text(f'#!/bin/sh\necho "$1 $2" >> {asked}\nshift 2\nexec "$@"\n', encoding="utf-8")
    nice.chmod(0o700)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return asked


@pytest.mark.process
def test_the_page_is_written_beside_the_session_by_a_process_of_its_own(
    project: Project, niceness: Path, caplog: pytest.LogCaptureFixture
) -> None:
    live(project, 60)
    caplog.set_level(logging.INFO)
    with put_together(project, monitoring__daily_report="reports") as parts:
        ends = DayEnds(parts.config, parts.store)
        asyncio.run(ends.write("2022-12-13"))
        asyncio.run(ends.write("2022-12-20"))
    (page,) = (project.root / "reports").iterdir()
    assert page.name == "paper-2022-12-13.html"
    assert "paper, 2022-12-13" in page.read_text(encoding="utf-8")
    assert "no report of 2022-12-20: tradekit: error: there is no day 2022-12-20" in caplog.text
    assert niceness.read_text(encoding="utf-8") == "-n 19\n" * 2


def test_a_folder_that_cannot_be_made_is_told_in_the_log(
    project: Project, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with put_together(project, monitoring__daily_report=str(tmp_path / "file")) as parts:
        asyncio.run(DayEnds(parts.config, parts.store).write("2022-12-13"))
    assert "no report of 2022-12-13" in caplog.text


def marked(folder: Path, days: int) -> Path:
    """A journal with a mark each ten minutes, a trade a day, and a bar now and then."""
    file = folder / "marks.log"
    facts: list[tuple[int, Fact]] = [(0, opened())]
    for n in range(days * 144):
        ts = n * 10 * MINUTE
        facts.append((ts + 1, MarkUpdated("BTC", 100.0 + n % 17)))
        if n % 144 == 70:
            facts += [(ts + 2, order(f"b{n}")), (ts + 3, filled(f"b{n}", Side.BUY, 1, 100 + n % 17, fee=1))]
        if n % 144 == 90:
            facts += [
                (ts + 2, order(f"s{n}", Side.SELL)),
                (ts + 3, filled(f"s{n}", Side.SELL, 1, 100 + n % 17, fee=1)),
            ]
    with open_writer(file) as writer:
        writer.append(
            [event(fact, seq=n, ts=START + ts) for n, (ts, fact) in enumerate(facts, 1)], critical=False
        )
    return file


def test_what_is_left_out_of_the_days_before_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daily, "_LATE", 20)
    file = marked(tmp_path, 4)
    with open_journal(file) as reader:
        whole = list(reader.events())
        read = len(list(daily._events(reader, "2022-12-16")))
    assert read < len(whole) / 2
    for day in ("2022-12-13", "2022-12-14", "2022-12-16", None):
        assert report_of(file, day) == day_report(whole, day)
    with pytest.raises(
        NotFoundError, match="there is no day 2022-12-20 in this journal: it has 2022-12-13 to"
    ):
        report_of(file, "2022-12-20")
    with pytest.raises(NotFoundError, match="there is no day 'yesterday'; write it like"):
        report_of(file, "yesterday")
