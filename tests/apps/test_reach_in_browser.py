"""What a trader must reach at once, in a real Chromium: by the keyboard, and without scrolling for it."""

import re

import pytest
from playwright.sync_api import expect

from tests.apps.served import Dashboard
from tests.chromium import Browser
from tradekit.model.reconciliation import DifferenceFound, Proposal
from tradekit.testing.stage import StageSession, opened

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

WORDS = (
    "the venue holds 0.25 less than our books do; a fill may not have been told, or somebody traded by hand"
)


def test_tabs_and_the_chart_obey_the_keyboard(dashboard: Dashboard, browser: Browser) -> None:
    page = browser.page
    page.goto(dashboard.url)
    page.get_by_role("tab", name="Positions").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name=re.compile("Orders"))).to_be_focused()
    page.get_by_role("table", name="Orders").wait_for()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")  # beyond the first comes the last
    expect(page.get_by_role("tab", name="Differences", selected=True)).to_be_focused()

    follow = page.get_by_role("button", name="follow")
    expect(follow).to_have_attribute("aria-pressed", "true")
    page.get_by_role("group", name="BTCUSDT 1m candles").focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(follow).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("End")
    expect(follow).to_have_attribute("aria-pressed", "true")
    assert browser.errors == []


@pytest.mark.parametrize("width", [1440, 900])
def test_what_a_difference_asks_for_is_in_view(dashboard: Dashboard, browser: Browser, width: int) -> None:
    page, session = browser.page, dashboard.session
    page.set_viewport_size({"width": width, "height": 1200})
    repair = (Proposal("order.filled", 1, {}),)
    found = DifferenceFound("d1", "position.quantity", "BTCUSDT", "0.75", "0.50", WORDS, repair, True)
    session.replica.fold(found)
    page.goto(dashboard.url)
    page.get_by_role("tab", name="Differences (1)").click()
    for name in ("Accept", "Refuse"):
        box = page.get_by_role("button", name=name).bounding_box()
        pane = page.locator(".tk.blotter").bounding_box()
        assert pane["x"] <= box["x"]
        assert box["x"] + box["width"] <= pane["x"] + pane["width"]
    words = page.get_by_role("cell", name=WORDS)
    assert words.evaluate("(node) => node.scrollWidth <= node.clientWidth"), (
        "whole, on as many lines as it takes"
    )


def test_a_list_of_sessions_says_which_is_live(dashboard: Dashboard, browser: Browser) -> None:
    real = StageSession("real", live=False)
    real.replica.fold(opened(name="real", mode="live", armed=False))
    dashboard.sessions += [real, StageSession("young", live=False)]
    page = browser.page
    page.goto(dashboard.url)
    assert [" ".join(row.split()) for row in page.get_by_role("listitem").all_inner_texts()] == [
        "PAPER btc-breakout ARMED", "LIVE real DISARMED", "young",
    ]  # fmt: skip
    page.get_by_role("link", name="real").click()
    page.get_by_role("link", name="sessions").click()
    page.get_by_text("Which session?").wait_for()


def test_up_and_down_have_other_colours_for_who_tells_red_from_green_badly(
    dashboard: Dashboard, browser: Browser
) -> None:
    page = browser.page
    page.goto(dashboard.url)
    armed = page.get_by_text("ARMED", exact=True)
    expect(armed).to_have_css("color", "rgb(38, 166, 154)")
    page.get_by_role("button", name="blue and orange").click()
    expect(armed).to_have_css("color", "rgb(76, 154, 255)")
    page.reload()
    expect(armed).to_have_css("color", "rgb(76, 154, 255)")
