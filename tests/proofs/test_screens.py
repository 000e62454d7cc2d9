"""Soaks of the dashboard's page: a thousand events a second for a minute, and many sessions on one server.

What was answered and what stays in memory is asserted; how quickly is noted, since that is the machine's as well.
"""

import contextlib
import gc
import statistics
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import expect

from benchmarks.screens import page_in_browser, panel, paper_session
from tests.apps.conftest import ROWS, START, dashboard, password, played, starter
from tests.apps.served import Dashboard
from tests.sessions import wait_until
from tradekit.testing.play import Play
from tradekit.testing.stage import StageSession

__all__ = ["dashboard", "password", "played", "starter"]

pytestmark = [pytest.mark.long, pytest.mark.proof, pytest.mark.browser, pytest.mark.timeout(900)]

EVENTS_A_SECOND = 1_000
LEAD_S = 120  # until a page stands, on a slow machine
GROWTH_MIB = 24  # what a page or a server may gain between a third of the time and the end
TABS = ("Trades", "Fills")

# The time from each click to the paint that shows its outcome, as the browser itself tells it [ms].
INPUTS = """() => {
  globalThis.inputs = []
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (entry.name === "click") globalThis.inputs.push(entry.duration)
  }).observe({ type: "event", durationThreshold: 16 })
}"""


def heap_mib(page: Any, line: Any) -> float:
    """What the page's script holds after a collection [MiB]."""
    line.send("HeapProfiler.collectGarbage")
    used: float = line.send("Runtime.getHeapUsage")["usedSize"]
    return used / 2**20


def resident_mib(process: psutil.Process) -> float:
    """A process's own memory [MiB]."""
    return float(process.memory_info().rss) / 2**20


def test_a_storm_of_events_leaves_the_page_and_its_server_as_they_were(
    tmp_path: Path, proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    seconds = proof_size(ci=6, full=60)
    bars = (LEAD_S + seconds) * EVENTS_A_SECOND // 4
    with contextlib.ExitStack() as stack:
        stack.enter_context(paper_session(tmp_path, EVENTS_A_SECOND, bars))
        screen = stack.enter_context(panel(tmp_path))
        page = stack.enter_context(page_in_browser())
        screen.show(page)
        line = page.context.new_cdp_session(page)
        page.evaluate(INPUTS)
        began, clicks, marks = time.monotonic(), 0, []
        first = told_seq(page)
        while (passed := time.monotonic() - began) < seconds:
            if not marks and passed > seconds / 3:
                marks = [heap_mib(page, line), resident_mib(screen.server)]
            name = TABS[clicks % len(TABS)]
            tab = page.get_by_role("tab", name=name, exact=True)
            tab.click()
            clicks += 1
            expect(tab).to_have_attribute("aria-selected", "true")
            time.sleep(0.25)
        last, seconds_passed = told_seq(page), time.monotonic() - began
        gained = [heap_mib(page, line) - marks[0], resident_mib(screen.server) - marks[1]]
        inputs: list[float] = page.evaluate("() => globalThis.inputs")
    assert last > first
    assert max(gained) < GROWTH_MIB, f"page and server gained {gained} MiB in two thirds of the time"
    waits = sorted(
        [*inputs, *[16.0] * (clicks - len(inputs))]
    )  # below the threshold the browser tells nothing
    proof_record(
        "a storm of events: the page answers, and neither page nor server grows",
        size=f"{(last - first) / seconds_passed:,.0f} events/s for {seconds_passed:.0f} s, {clicks} clicks",
        result=f"each click answered; page {gained[0]:+.1f} MiB, server {gained[1]:+.1f} MiB from a third of it on",
        note=f"click to paint: median {statistics.median(waits):.0f} ms, worst {waits[-1]:.0f} ms",
    )


def told_seq(page: Any) -> int:
    """The event that the page says it shows."""
    return int(page.locator(".ribbon .seq").inner_text().strip("#").replace(",", ""))


def follow(dashboard: Dashboard, sessions: list[StageSession]) -> float:
    """Open a page on each, play a while, and see each page at its session's last event; how long that took [s]."""
    plays = [Play(session, ROWS, start=START) for session in sessions]
    with page_in_browser() as first:
        pages = {session.name: first.context.browser.new_page() for session in sessions}
        for name, page in pages.items():
            page.goto(f"{dashboard.url}?session={name}")
            page.locator(".ribbon").get_by_text(name, exact=True).wait_for()
        began = time.monotonic()
        for _ in range(20):
            for play in plays:
                play.step()
            time.sleep(0.05)
        for session in sessions:
            pages[session.name].locator(".ribbon .seq", has_text=f"#{session.replica.seq:,}").wait_for()
        assert [len(session.replica.watches) for session in sessions] == [1] * len(sessions), (
            "one watch on each"
        )
        return time.monotonic() - began


def test_many_sessions_on_one_server_each_have_their_page_and_leave_nothing_behind(
    dashboard: Dashboard, proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    many = proof_size(ci=4, full=20)
    dashboard.sessions[:] = [StageSession(f"desk-{number}") for number in range(many)]
    seconds = follow(dashboard, dashboard.sessions)
    wait_until(lambda: not any(session.replica.watches for session in dashboard.sessions), 60)
    gone = [weakref.ref(session) for session in dashboard.sessions]
    dashboard.sessions.clear()
    wait_until(lambda: gc.collect() >= 0 and not any(ref() for ref in gone), 60, period_s=0.2)
    proof_record(
        "many sessions on one server: each page shows its own, and closed pages let go of them",
        size=f"{many} sessions, {many} pages",
        result="each page stood at its session's last event; every session was collected after its page had closed",
        note=f"20 bars for each, all shown after {seconds:.1f} s",
    )
