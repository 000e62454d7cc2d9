import asyncio
import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.widgets.later import Later
from tradekit.apps import monitoring as module
from tradekit.apps.monitoring import Monitoring, Reader
from tradekit.apps.panes import monitoring_panes
from tradekit.core.clock import ManualClock, SystemClock
from tradekit.model.session import HandlerFailed
from tradekit.testing.stage import StageSession
from tradekit.widgets.pace import Batch
from tradekit.widgets.panes import ALL, Moment

METRICS = {
    "process_start_time_seconds": 1.0,
    "tradekit_journal_seq": 7.0,
    "tradekit_subscriber_errors_total": 0.0,
}


def reader_on(session: StageSession) -> Reader:
    return Reader(session, clock=ManualClock(10**18), pool=Later())  # type: ignore[arg-type]


def test_a_reading_is_findings_in_words_and_numbers() -> None:
    session = StageSession()
    session.measured = ({"live": True, "ready": True, "mode": "paper", "seq": 7}, METRICS)
    reader = reader_on(session)
    assert reader.vitals["state"] == "busy"
    reader.read()
    assert reader.vitals["state"] == "ok"
    assert reader.vitals["findings"][0] == {
        "subject": "session", "said": "paper session at #7, armed", "remedy": "", "tone": "",
    }  # fmt: skip
    assert {"events", "step", "memory", "clients"} <= {card["key"] for card in reader.vitals["cards"]}


def test_without_metrics_there_are_findings_and_no_numbers() -> None:
    reader = reader_on(StageSession())
    reader.read()
    assert (reader.vitals["state"], reader.vitals["cards"]) == ("ok", [])
    assert [one["tone"] for one in reader.vitals["findings"]] == ["", "warn"]


def test_a_reading_that_fails_is_told_and_the_last_one_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    session = StageSession()
    session.measured = ({"live": True, "ready": True}, METRICS)
    reader = reader_on(session)
    reader.read()
    session.silent = True
    reader.read()
    assert (reader.vitals["state"], reader.vitals["problem"]) == ("error", "the pages give no answer")
    assert reader.vitals["cards"]
    monkeypatch.setattr(session, "vitals", lambda: 1 / 0)
    reader.read()
    assert reader.vitals["problem"] == "ZeroDivisionError: division by zero"


def test_failing_handlers_are_counted_from_the_journal_and_only_when_there_are_new_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = StageSession()
    session.replica.fold(
        HandlerFailed("alerts", "order.filled", "no network"),
        HandlerFailed("mine", "bar.closed", "ValueError"),
    )
    session.replica.fold(HandlerFailed("alerts", "order.denied", "no disk"))
    session.measured = ({"live": True}, {**METRICS, "tradekit_subscriber_errors_total": 3.0})
    asked: list[int] = []
    events = session.events

    def noted(subject: str, *, since: int = 0, until: int | None = None) -> Any:
        asked.append(since)
        return events(subject, since=since, until=until)

    monkeypatch.setattr(session, "events", noted)
    reader = reader_on(session)
    reader.read()
    reader.read()
    assert asked == [0], "nothing has failed since"
    assert [(one["handler"], one["count"], one["error"]) for one in reader.vitals["handlers"]] == [
        ("alerts", 2, "no disk"), ("mine", 1, "ValueError"),
    ]  # fmt: skip
    session.replica.fold(HandlerFailed("mine", "bar.closed", "again"))
    session.measured[1]["tradekit_subscriber_errors_total"] = 4.0
    reader.read()
    assert asked == [0, 4], "what was looked at is not read again"
    assert [(one["handler"], one["count"]) for one in reader.vitals["handlers"]] == [
        ("mine", 2),
        ("alerts", 2),
    ]


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not true():  # noqa: ASYNC110  # what is waited for happens in plain callbacks, not in an Event
            await asyncio.sleep(0.002)


def test_one_reading_serves_all_and_nobody_reads_when_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EVERY_S", 0.005)

    async def play() -> None:
        session, first, second = StageSession(), [], []
        with ThreadPoolExecutor(1) as pool:
            reader = Reader(session, clock=SystemClock(), pool=pool)
            one, two = lambda: first.append(1), lambda: second.append(1)
            reader.join(one)
            reader.join(two)
            await until(lambda: len(first) > 2 and len(second) > 2)
            assert abs(len(first) - len(second)) <= 1
            reader.leave(one)
            count = len(first)
            await until(lambda: len(second) > len(first) + 1)
            assert len(first) == count
            reader.leave(two)
            reader.leave(two)
            assert asyncio.all_tasks() == {asyncio.current_task()} or all(
                task.cancelling() for task in asyncio.all_tasks() if task is not asyncio.current_task()
            )

    asyncio.run(play())


def test_a_page_is_told_the_vitals_when_they_were_read_and_the_ribbon_always() -> None:
    session = StageSession()
    page = Monitoring(session, monitoring_panes("dark"), nudge=lambda name: None, clock=ManualClock(10**18))
    moment = Moment(session.name, session.replica.state, status="live")
    whole = page.parts(moment, Batch(frozenset({ALL})), [])
    assert set(whole) == {"ribbon", "vitals"}
    assert "connection" in whole["vitals"]
    assert "vitals" in whole["vitals"]
    assert page.parts(moment, Batch(frozenset({"bars"})), [])["vitals"] == {}
    page.write(whole)
    page.close()


def test_a_session_s_pages_share_a_reader_and_the_last_one_lets_both_go() -> None:
    session, clock = StageSession(), ManualClock(10**18)
    pages = [Monitoring(session, monitoring_panes("dark"), nudge=list, clock=clock) for _ in range(2)]
    reader = weakref.ref(module.reader_of(session, clock=clock))
    assert pages[0]._reader is pages[1]._reader is reader()
    gone = weakref.ref(session)
    for page in pages:
        page.close()
    del session, pages, page
    gc.collect()
    assert (gone(), reader()) == (None, None)
