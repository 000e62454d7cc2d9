"""The live page in a real Chromium: it moves without a reload, says what it did, and says when it is stale."""

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from tornado.websocket import WebSocketHandler

from tests.apps.served import Dashboard
from tests.chromium import BOUND_MS, Browser
from tests.sessions import wait_until
from tests.widgets.deals import trade
from tradekit.indicators.averages import SMA
from tradekit.indicators.momentum import RSI
from tradekit.indicators.study import described
from tradekit.model.market import Bar
from tradekit.testing.play import Play
from tradekit.testing.stage import StageSession

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

BADGES = ".tk .badge:visible"
LAST = ".chart .legend b >> nth=3"  # the close under no crosshair: the last bar's
CANVAS = """() => {
    const find = (root) => { for (const node of root.querySelectorAll('*')) {
        if (node.classList?.contains('canvas')) return node;
        const found = node.shadowRoot && find(node.shadowRoot); if (found) return found; } return null; };
    const canvases = [...find(document).querySelectorAll('canvas')];
    return canvases.map((c) => c.toDataURL()).join('').length + ':' + canvases.map((c) => c.toDataURL()).join('|');
}"""


def test_a_trader_s_day_on_the_page(
    dashboard: Dashboard, browser: Browser, played: tuple[StageSession, Play]
) -> None:
    session, play = played
    page = browser.page
    page.goto(dashboard.url)
    page.get_by_text("btc-breakout", exact=True).wait_for()
    page.evaluate("window.sameDocument = true")

    # a fill appears as the first row of its table
    page.get_by_role("tab", name="Fills").click()
    rows = page.get_by_role("table", name="Fills").locator("tbody tr")
    rows.first.wait_for()
    before = rows.count()
    session.replica.fold(*trade(1, tag="<img src=x onerror=alert(1)>"))
    first = rows.first
    first.get_by_text("hand-1", exact=True).wait_for()
    expect(rows).to_have_count(before + 1)
    expect(first.get_by_text("104.25")).to_have_count(1)
    expect(first.get_by_text("<img src=x onerror=alert(1)>")).to_have_count(1)  # a tag is text, never markup

    # a candle moves with display ticks, on the canvas and in the legend
    close = f"{session.replica.state.bars['BTCUSDT']['1m'][-1].close:.2f}"
    expect(page.locator(LAST)).to_have_text(close)
    drawn = page.evaluate(CANVAS)
    for _ in itertools.islice(play.ticks(), 9):
        pass
    page.wait_for_function("(was) => { const f = " + CANVAS + "; return f() !== was; }", arg=drawn)
    expect(page.locator(LAST)).not_to_have_text(close)

    # halt: one click, its acknowledgement, and the state that follows
    page.get_by_role("button", name="Halt").click()
    page.get_by_text("halted, #").wait_for()
    page.get_by_text("HALTED", exact=True).wait_for()
    assert session.said == ["halt"]
    page.get_by_role("button", name="Arm").click()
    page.get_by_text("ARMED", exact=True).wait_for()

    # a refusal is told in the session's own words
    session.refuse = "this token may not disarm"
    page.get_by_role("button", name="Disarm").click()
    page.get_by_text("disarm refused: this token may not disarm").wait_for()
    session.refuse = ""

    # the session dies: every pane says so; it returns: none does
    session.replica.become("stale", "no beat for 3 s")
    expect(page.locator(BADGES)).to_have_count(5)
    page.locator(".ribbon").get_by_text("no beat for 3 s").wait_for()
    expect(page.get_by_role("button", name="Halt")).to_be_disabled()
    session.replica.become("live")
    expect(page.locator(BADGES)).to_have_count(0)

    assert page.evaluate("window.sameDocument") is True, "nothing of this needed a reload"
    assert browser.outside == []
    assert browser.errors == []


@pytest.mark.parametrize("page", ["live", "monitoring"])
def test_what_is_written_leaves_at_once(
    dashboard: Dashboard, browser: Browser, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    told: list[bool] = []
    monkeypatch.setattr(WebSocketHandler, "set_nodelay", lambda _, on: told.append(on))
    browser.page.goto(f"{dashboard.url}?page={page}")
    browser.page.locator(".tk").first.wait_for()
    wait_until(lambda: told == [True])


def test_a_long_table_is_drawn_as_far_as_it_is_read_and_what_is_read_stays_in_its_place(
    dashboard: Dashboard, browser: Browser
) -> None:
    for number in range(100):  # as many as a table shows: from now on each new row pushes one out
        dashboard.session.replica.fold(*trade(number))
    page = browser.page
    page.goto(dashboard.url)
    page.get_by_role("tab", name="Fills").click()
    rows = page.get_by_role("table", name="Fills").locator("tbody tr")
    rows.first.get_by_text("hand-99", exact=True).wait_for()
    assert rows.count() < 40, "more than the view holds, and no more than are read"
    table = page.locator(".blotter .scroll:visible")
    wait_until(lambda: table.evaluate("(node) => { node.scrollTop = 1000; return node.scrollTop; }") == 1000)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")  # the table has been told of it
    read = page.get_by_role("cell", name="hand-64", exact=True)
    place = read.bounding_box()["y"]
    for number in range(100, 112):  # also several within one frame
        dashboard.session.replica.fold(*trade(number))
        if number < 102:
            page.get_by_role("cell", name=f"hand-{number}", exact=True).wait_for(state="attached")
    page.get_by_role("cell", name="hand-111", exact=True).wait_for(state="attached")
    assert read.bounding_box()["y"] == pytest.approx(place, abs=1)  # rows are no whole pixels high
    page.locator(".blotter .scroll:visible").evaluate("(node) => { node.scrollTop = 0; }")
    rows.nth(39).wait_for(state="detached")
    rows.first.get_by_text("hand-111", exact=True).wait_for()
    assert browser.errors == []


def test_the_chart_goes_on_following_when_its_bars_are_sent_anew(
    dashboard: Dashboard, browser: Browser, played: tuple[StageSession, Play]
) -> None:
    page = browser.page
    page.goto(dashboard.url)
    follow = page.get_by_role("button", name="follow", pressed=True)
    follow.wait_for()
    for _ in range(3 * 20):  # a delta holds 20
        played[1].step()
    close = f"{played[0].replica.state.bars['BTCUSDT']['1m'][-1].close:.2f}"
    page.locator(LAST, has_text=close).wait_for()
    follow.wait_for()


def test_killing_wants_the_session_s_name(dashboard: Dashboard, browser: Browser) -> None:
    page = browser.page
    page.goto(dashboard.url)
    page.get_by_role("button", name="Kill …").click()
    kill = page.get_by_role("button", name="Kill", exact=True)
    page.get_by_role("textbox").fill("btc")
    expect(kill).to_be_disabled()
    page.get_by_role("textbox").fill("btc-breakout")
    kill.click()
    page.get_by_text("KILLED", exact=True).wait_for()
    assert dashboard.session.said == ["kill"]


def test_timeframes_change_the_series_and_nothing_scrolls_sideways(
    dashboard: Dashboard, browser: Browser
) -> None:
    page = browser.page
    page.set_viewport_size({"width": 900, "height": 900})
    page.goto(dashboard.url + "?theme=light")
    button = page.get_by_role("button", name="15m")
    button.click()
    page.locator(".frames button[aria-pressed=true]", has_text="15m").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator(".tk.chart")).to_have_attribute("data-theme", "light")
    page.mouse.wheel(0, 900)
    page.wait_for_function("() => scrollY > 0")
    expect(page.get_by_role("button", name="Halt")).to_be_in_viewport()
    assert browser.errors == []


OVERLAPS = """() => {
    const all = [];
    const walk = (root) => { for (const node of root.querySelectorAll('*')) {
        all.push(node); if (node.shadowRoot) walk(node.shadowRoot); } };
    walk(document);
    const shown = all.filter((n) => n.checkVisibility() && n.tagName !== 'STYLE' && n.tagName !== 'SCRIPT');
    const words = shown.filter((n) => n.matches('button') || (!n.children.length && n.textContent.trim()));
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    return shown.filter((n) => n.matches('.badge')).flatMap((badge) => words
        .filter((n) => n !== badge && meet(badge.getBoundingClientRect(), n.getBoundingClientRect()))
        .map((n) => n.textContent));
}"""


@pytest.mark.parametrize("width", [1440, 900])
def test_what_says_stale_covers_nothing(dashboard: Dashboard, browser: Browser, width: int) -> None:
    page = browser.page
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(dashboard.url)
    page.get_by_text("btc-breakout", exact=True).wait_for()
    dashboard.session.replica.become("stale", "no beat for 3 s")
    expect(page.locator(BADGES)).to_have_count(5)
    assert page.evaluate(OVERLAPS) == []


def test_what_happens_while_a_page_loads_is_on_it(dashboard: Dashboard, browser: Browser) -> None:
    replica, page, told = dashboard.session.replica, browser.page, threading.Event()

    def frame(content: str | bytes) -> None:
        if len(content) > 5_000 and not told.is_set():  # the page has just been given its document
            told.set()
            replica.become("stale", "no beat for 3 s")

    page.on("websocket", lambda socket: socket.on("framereceived", frame))
    page.goto(dashboard.url)
    for pane in ("ribbon", "hero", "chart", "blotter", "log", "controls"):
        page.locator(f".tk.{pane}[data-state=stale]").wait_for()
    assert told.is_set()


def test_an_alarm_is_on_top_of_the_page_whole_on_hover_and_goes_when_it_is_over(
    dashboard: Dashboard, browser: Browser
) -> None:
    page, replica = browser.page, dashboard.session.replica
    page.goto(dashboard.url)
    page.get_by_text("btc-breakout", exact=True).wait_for()
    alarm = page.locator(".alarm:visible")
    assert alarm.count() == 0
    why = "the journal has failed: " + "no space left on device; " * 20
    replica.sound(why)
    alarm.wait_for()
    expect(alarm).to_have_attribute("title", why)
    expect(alarm).to_have_css("background-color", "rgb(200, 40, 28)")
    assert alarm.bounding_box()["y"] == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    replica.sound("")
    alarm.wait_for(state="detached")


def hover_for(page: Any, sees: Callable[[], bool]) -> None:
    """Move over the last bars of the chart, from the right and again, until it is so: it may be on its way."""
    box = page.locator(".chart .canvas").bounding_box()
    places = itertools.cycle(range(int(box["width"]), int(box["width"] * 0.7), -5))

    def found() -> bool:
        page.mouse.move(box["x"] + next(places), box["y"] + 120)
        return sees()

    wait_until(found, BOUND_MS / 1000)


def test_the_words_of_fills_are_under_the_crosshair(dashboard: Dashboard, browser: Browser) -> None:
    page, replica = browser.page, dashboard.session.replica
    page.goto(dashboard.url)
    page.get_by_text("btc-breakout", exact=True).wait_for()
    for number in range(10):
        replica.fold(*trade(number), ts=replica.state.bars["BTCUSDT"]["1m"][-1].ts + 1)
    said = page.locator(".chart .said")
    assert said.is_hidden()
    words = ["● buy 0.5 @ 104.25"] * 8 + ["and 2 more"]
    hover_for(page, lambda: said.is_visible() and said.locator("li").all_inner_texts() == words)
    page.mouse.move(5, 5)
    said.wait_for(state="hidden")


def test_a_bar_that_closes_after_the_next_has_begun_is_put_right(
    dashboard: Dashboard, browser: Browser
) -> None:
    replica, page = dashboard.session.replica, browser.page
    page.goto(dashboard.url)
    legend = page.locator(".chart .legend b")
    expect(page.locator(LAST)).to_be_visible()
    minute = 60_000_000_000
    opens = replica.state.bars["BTCUSDT"]["1m"][-1].ts + minute

    def forms(ts: int, price: float) -> None:
        bar = {"timeframe": "1m", "ts": ts, "open": price, "high": price, "low": price, "close": price}
        replica.tick({"key": "BTCUSDT", "bar": bar | {"volume": 1.0}})
        page.locator(LAST, has_text=f"{price:.2f}").wait_for()

    forms(opens, 101.25)
    forms(opens + minute, 77.25)
    replica.fold(Bar("BTCUSDT", "1m", opens, 101.25, 108.15, 99.35, 105.45, 3.0), ts=opens + minute)
    hover_for(page, lambda: legend.all_inner_texts()[:4] == ["101.25", "108.15", "99.35", "105.45"])


def test_another_theme_keeps_the_session_and_is_kept(dashboard: Dashboard, browser: Browser) -> None:
    dashboard.sessions.append(StageSession("other"))
    page = browser.page
    page.goto(dashboard.url + "?session=other")
    page.get_by_role("link", name="light").click()
    page.locator(".tk.chart[data-theme=light]").wait_for()
    page.get_by_text("other", exact=True).wait_for()
    assert page.url.endswith("?session=other&theme=light")
    assert browser.errors == []


def test_a_page_whose_server_hangs_says_so_and_comes_back_with_it(
    dashboard: Dashboard, browser: Browser
) -> None:
    page = browser.page
    page.goto(dashboard.url)
    page.get_by_text("btc-breakout", exact=True).wait_for()
    goes_on = threading.Event()
    dashboard.loop.call_soon_threadsafe(goes_on.wait, 120)
    page.get_by_text("the dashboard's own server is silent").first.wait_for()
    expect(page.locator(BADGES)).to_have_count(5)
    goes_on.set()
    expect(page.locator(BADGES)).to_have_count(0)
    assert browser.errors == []


@pytest.mark.parametrize("dashboard", ["light"], indirect=True)
def test_the_configured_theme_is_the_page_s_own(dashboard: Dashboard, browser: Browser) -> None:
    page = browser.page
    page.goto(dashboard.url)
    page.locator(".tk.chart[data-theme=light]").wait_for()
    page.get_by_role("link", name="dark").click()
    page.locator(".tk.chart[data-theme=dark]").wait_for()


def test_without_a_session_the_page_says_how_to_start_one_and_finds_it(
    dashboard: Dashboard, browser: Browser
) -> None:
    session = dashboard.sessions.pop()
    page = browser.page
    page.goto(dashboard.url)
    page.get_by_text("No session is running").wait_for()
    page.get_by_text("tradekit run config/paper.yaml").wait_for()
    dashboard.sessions.append(session)
    page.get_by_text("btc-breakout", exact=True).wait_for()
    assert browser.errors == []


def test_the_strategy_s_indicators_are_named_with_their_values(
    dashboard: Dashboard, browser: Browser, played: tuple[StageSession, Play]
) -> None:
    session, play = played
    for indicator in (SMA(5), RSI(5)):
        row = described(indicator, ("close",))
        assert row is not None
        session.studied.append({"instrument": "BTCUSDT", "timeframe": "1m", **row})
    browser.page.goto(dashboard.url)
    named = browser.page.get_by_role("list", name="indicators")
    named.get_by_text("RSI 5").wait_for()
    for _ in range(2):
        play.step()
        closes = [row.close for row in session.replica.state.bars["BTCUSDT"]["1m"][-5:]]
        named.get_by_text(f"{sum(closes) / 5:.2f}").wait_for()
    browser.page.get_by_role("button", name="15m", exact=True).click()
    named.get_by_text("SMA 5").wait_for(state="detached")
    assert not browser.errors
