"""Bars to browser: a real session and a real dashboard, each in its own process, and what a trader sees and does."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import TimeoutError, expect

from tests.chromium import Browser
from tests.road.conftest import FAST, SLOW, Served
from tests.sessions import Project, Running, wait_until
from tradekit.core.event import Event
from tradekit.model.order import Side
from tradekit.wiring.demo import free_port
from tradekit.wiring.journals import state_at

pytestmark = [pytest.mark.long, pytest.mark.browser, pytest.mark.timeout(480)]

STALE_MS = 60_000  # "within seconds", on a machine that may have none to spare
CROSSES = 4  # of the strategy's averages while it is halted


class Screen:
    """The page as a trader reads it."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def says(self, text: str) -> None:
        """Wait until the page says so somewhere."""
        try:
            self.page.get_by_text(text, exact=True).first.wait_for()
        except TimeoutError as error:
            shown = [pane.inner_text() for pane in self.page.locator(".tk, .plain").all()]
            raise AssertionError(f"the page does not say {text!r}, it says: {shown}") from error

    def press(self, name: str) -> None:
        """Click a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def top_fill(self) -> str:
        """The newest fill's order."""
        return str(
            self.page.get_by_role("table", name="Fills")
            .locator("tbody tr td:nth-child(8)")
            .first.inner_text()
        )

    def candle(self) -> tuple[str, str]:
        """Open and close of the last bar."""
        words = self.page.locator(".chart .legend b")
        return words.nth(0).inner_text(), words.nth(3).inner_text()

    def candle_moves(self) -> bool:
        """Whether the last bar's close moved while its open stayed: the same bar, forming."""
        first = self.candle()
        seen = wait_until(lambda: found if (found := self.candle()) != first else None)
        return bool(first[0] == seen[0])

    def acknowledged(self, word: str) -> int:
        """Wait for `halted, #1,234, 10:14:05`; its seq."""
        said = self.page.locator(".controls .ack.ok", has_text=f"{word}, #")
        said.wait_for()
        return int(re.findall(r"#([\d,]+), \d\d:\d\d:\d\d$", said.inner_text())[0].replace(",", ""))

    def seq(self) -> int:
        """The last event that it has folded."""
        return int(self.page.locator(".ribbon .seq").inner_text().lstrip("#").replace(",", ""))


def after(project: Project, seq: int, *types: str) -> list[Event]:
    """The journal's events of these types after `seq`."""
    return [event for event in project.events(*types) if event.seq > seq]


def crosses(project: Project, seq: int) -> int:
    """How often the strategy's averages have crossed since event `seq`: as often it would have traded."""
    bars = [event for event in project.events("bar.closed") if event.data.timeframe == "1m"]
    closes = [event.data.close for event in bars]
    above = [
        sum(closes[n - FAST : n]) / FAST > sum(closes[n - SLOW : n]) / SLOW
        for n in range(SLOW, len(closes) + 1)
    ]
    return sum(
        now != was and bar.seq > seq for (was, now), bar in zip(pairwise(above), bars[SLOW:], strict=True)
    )


def check_fills_and_candles(screen: Screen, project: Project) -> None:
    screen.page.get_by_role("tab", name="Fills").click()
    before = screen.top_fill()
    newest = wait_until(lambda: found if (found := screen.top_fill()) != before else None)
    assert newest in {event.data.id for event in project.events("order.filled")}
    screen.press("15m")
    screen.page.locator(".frames button[aria-pressed=true]", has_text="15m").wait_for()
    wait_until(screen.candle_moves)


def check_halt_and_arm(screen: Screen, project: Project, shot: Callable[[str], object]) -> None:
    screen.press("Halt")
    halted = screen.acknowledged("halted")
    screen.says("HALTED")
    wait_until(lambda: crosses(project, halted) >= CROSSES, period_s=0.3)
    shot("halted")
    sent = [event.data for event in after(project, halted, "order.submitted")]
    state = state_at(str(project.journal), halted)
    under_way = sum(order.leaves * order.side.sign for order in state.orders.values() if order.working)
    held = state.position("sma_cross", "BTCUSDT") + under_way
    # a halt lets out what leaves a position, once (its entry may have been under way); nothing that enters one
    assert [(order.side, order.qty) for order in sent] == [(Side.SELL, held)] * bool(held)
    assert {event.data.rule for event in after(project, halted, "order.denied")} == {"halted"}

    screen.press("Arm")
    armed = screen.acknowledged("armed")
    screen.says("ARMED")
    wait_until(lambda: after(project, armed, "order.submitted"), period_s=0.3)


def check_kill_and_return(screen: Screen, project: Project, running: Running, shot: Any) -> None:
    running.kill()
    screen.page.locator(".ribbon .value.late", has_text="stale").wait_for(timeout=STALE_MS)
    expect(screen.page.get_by_role("button", name="Halt")).to_be_disabled()
    shot("stale")
    seq, fill = screen.seq(), screen.top_fill()
    again = project.run()
    assert again.uri == running.uri
    screen.page.locator(".tk.chart:not([data-state])").wait_for()
    wait_until(lambda: screen.seq() > seq and screen.top_fill() != fill)
    assert {event.epoch for event in project.events("session.opened")} == {1, 2}
    shot("back")


def check_stop(screen: Screen, project: Project, shot: Any) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tradekit", "stop", "road"],
        env=project.env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    screen.says("ENDED")
    screen.page.get_by_text("stopped by").first.wait_for()
    screen.page.get_by_text("tradekit run").first.wait_for()
    screen.page.locator(".tk.chart[data-state=ended]").wait_for()
    expect(screen.page.get_by_role("button", name="Halt")).to_be_disabled()
    shot("ended")


def check_the_dashboard_itself_dies(
    screen: Screen, served: Served, serve: Callable[[int], Callable[[], Served]]
) -> None:
    served.process.kill()
    served.process.wait(30)
    screen.page.get_by_text("the dashboard's own server is silent").first.wait_for()
    screen.page.locator(".tk.chart[data-state=stale]").wait_for()
    serve(int(served.url.rstrip("/").rpartition(":")[2]))
    screen.page.get_by_text("No session is running").wait_for()


def test_a_trader_sees_each_fill_halts_arms_and_is_told_when_the_session_dies_and_returns(
    project: Project, serve: Callable[[int], Callable[[], Served]], browser: Browser, shot: Any
) -> None:
    ready = serve(free_port(0))
    running = project.run()
    screen = Screen(browser.page)
    served = ready()
    browser.page.goto(served.url)
    screen.says("road")
    screen.says("ARMED")
    browser.page.evaluate("window.sameDocument = true")
    shot("live")
    check_fills_and_candles(screen, project)
    shot("live-15m")
    check_halt_and_arm(screen, project, shot)
    check_kill_and_return(screen, project, running, shot)
    check_stop(screen, project, shot)
    assert browser.page.evaluate("window.sameDocument") is True, "nothing of this needed a reload"
    assert browser.errors == []
    assert browser.outside == []
    check_the_dashboard_itself_dies(screen, served, serve)


def test_a_session_that_hangs_sounds_the_alarm_and_its_commands_are_offered_again(
    project: Project, serve: Callable[[int], Callable[[], Served]], browser: Browser, shot: Any
) -> None:
    strategy = project.root / "strategies" / "stuck.py"
    strategy.parent.mkdir()
    shutil.copyfile(Path(__file__).with_name("stuck.py"), strategy)
    project.write(strategy={"class": f"{strategy}:Stuck"})
    ready = serve(free_port(0))
    project.run()
    screen, page = Screen(browser.page), browser.page
    page.goto(ready().url)
    screen.says("ARMED")

    hang = strategy.with_name("hang")
    hang.touch()
    page.locator(".ribbon > .alarm:visible", has_text="a step has been running for").wait_for()
    screen.press("Halt")
    page.get_by_text("no answer to halt for 2 s").wait_for()
    shot("hangs")
    again = page.get_by_role("button", name="Halt again")
    expect(again).to_be_enabled()
    again.click()
    hang.unlink()
    assert screen.acknowledged("halted") > 0
    screen.says("HALTED")
    page.locator(".ribbon > .alarm").wait_for(state="hidden")
    expect(again).to_be_hidden()
    assert browser.errors == []
