"""The plain page at `/` in a real Chromium: any client can speak the protocol."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.chromium import Browser
from tradekit.bridge.server import Bridge
from tradekit.testing.source import FakeSource

pytestmark = pytest.mark.browser


def test_the_page_shows_events_live_and_comes_back_after_a_restart(
    serve: Callable[..., Bridge], source: FakeSource, read_token: str, browser: Browser
) -> None:
    page, complaints = browser.page, list[str]()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    bridge = serve()
    page.goto(f"http://127.0.0.1:{bridge.port}/")

    page.fill("#token", "wrong" * 8)
    page.click("button")
    page.wait_for_selector("#status.refused")
    page.fill("#token", read_token)
    page.click("button")
    page.wait_for_selector("#status.live")
    source.append(("<img src=x onerror=alert(1)>", {"html": "<b>bold</b>"}), ("BTC-USD", 1))
    expect(page.locator("#rows tr:first-child td:nth-child(4)")).to_have_text("BTC-USD")
    expect(page.locator("#rows tr:nth-child(2) td:nth-child(4)")).to_have_text("<img src=x onerror=alert(1)>")
    assert page.locator("#rows img, #rows b").count() == 0

    bridge.close()
    page.wait_for_selector("#status.stale")
    serve(port=bridge.port)
    page.wait_for_selector("#status.live")
    source.append(("ETH-USD", 2))
    page.wait_for_selector("text=ETH-USD")
    failed = "WebSocket connection to"  # the browser's own words for the time without a session
    assert [line for line in complaints if failed not in line] == []
    assert browser.outside == []
