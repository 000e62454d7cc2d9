"""The pages beside the live one in a real Chromium: how the process is, and starting a session."""

import threading
import urllib.request
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.apps.folder import Folder
from tests.apps.served import Dashboard
from tests.chromium import Browser
from tradekit.errors import ConfigError
from tradekit.model.session import HandlerFailed

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

METRICS = {
    "process_start_time_seconds": 1.0,
    "process_resident_memory_bytes": 130.0 * 2**20,
    "tradekit_journal_seq": 100.0,
    "tradekit_bridge_clients": 1.0,
    "tradekit_inbox_depth": 0.0,
    "tradekit_subscriber_errors_total": 0.0,
}


@pytest.mark.parametrize("width", [1440, 900])
def test_the_monitoring_page_reads_on_and_says_when_it_cannot(
    dashboard: Dashboard, browser: Browser, width: int
) -> None:
    session, page = dashboard.session, browser.page
    page.set_viewport_size({"width": width, "height": 900})
    session.measured = ({"live": True, "ready": True, "mode": "paper", "seq": 100}, dict(METRICS))
    page.goto(dashboard.url)
    page.get_by_role("link", name="monitoring").click()
    cards = page.locator(".vitals .card")
    cards.filter(has_text="Memory").get_by_text("130").wait_for()
    page.get_by_label("findings").get_by_text("paper session at #100, armed").wait_for()
    expect(cards).to_have_count(18)

    session.measured[1]["tradekit_inbox_depth"] = 40.0
    cards.filter(has_text="Inbox").locator(".value.warn", has_text="40").wait_for()
    session.replica.fold(HandlerFailed("alerts", "order.filled", "<i>no network</i>"))
    session.measured[1]["tradekit_subscriber_errors_total"] = 1.0
    page.get_by_role("table", name="handlers that failed").get_by_text("<i>no network</i>").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    session.silent = True
    page.get_by_text("The last reading failed").wait_for()
    session.silent = False
    page.get_by_text("The last reading failed").wait_for(state="hidden")
    session.replica.become("stale", "no beat for 3 s")
    page.locator(".tk.vitals .badge:visible").wait_for()
    page.get_by_role("link", name="live", exact=True).click()
    page.locator(".tk.chart").wait_for()
    assert browser.errors == []
    assert browser.outside == []


def test_without_metrics_the_page_says_so(dashboard: Dashboard, browser: Browser) -> None:
    browser.page.goto(f"{dashboard.url}?page=monitoring&theme=light")
    browser.page.get_by_text("The session's metrics are off").wait_for()
    expect(browser.page.locator(".tk.vitals[data-theme=light]")).to_have_count(1)
    assert browser.errors == []


@pytest.fixture
def starter() -> Folder:
    """Configurations to choose from."""
    return Folder()


def test_with_no_session_a_configuration_is_started_from_the_page(
    dashboard: Dashboard, browser: Browser, starter: Folder
) -> None:
    session, page = dashboard.sessions.pop(), browser.page
    goes_on = threading.Event()

    def serve() -> None:
        goes_on.wait(120)
        dashboard.sessions.append(session)

    starter.on_start = serve
    page.goto(dashboard.url)
    rows = page.get_by_label("configurations").get_by_role("listitem")
    rows.nth(0).get_by_text("paper.yaml").wait_for()
    expect(rows.nth(2).get_by_role("button")).to_be_disabled()
    rows.nth(2).get_by_text("key nonsense is unknown").wait_for()

    live = rows.nth(1)
    expect(live.get_by_role("button")).to_be_disabled()
    live.get_by_role("textbox").fill("real")
    expect(live.get_by_role("button")).to_be_enabled()
    live.get_by_role("textbox").fill("paper")
    expect(live.get_by_role("button")).to_be_disabled()

    starter.fails = ConfigError("port 8765 is taken")
    rows.nth(0).get_by_role("button", name="Start").click()
    page.get_by_text("port 8765 is taken").wait_for()
    starter.fails = None
    rows.nth(0).get_by_role("button", name="Start").click()
    page.get_by_text("starting paper").wait_for()
    goes_on.set()
    page.get_by_text("btc-breakout", exact=True).wait_for()
    assert starter.started == ["paper.yaml"]
    assert browser.errors == []


def test_a_session_that_somebody_else_starts_is_found(
    dashboard: Dashboard, browser: Browser, starter: Folder
) -> None:
    session = dashboard.sessions.pop()
    browser.page.goto(dashboard.url)
    browser.page.get_by_text("No session is running").wait_for()
    dashboard.sessions.append(session)
    starter.runs = True
    browser.page.get_by_text("btc-breakout", exact=True).wait_for()


class TestPassword:
    """With a password nobody sees or says anything without it."""

    @pytest.fixture
    def password(self) -> str:
        return "correct horse"

    def test_a_browser_is_asked_and_a_wrong_word_opens_nothing(
        self, dashboard: Dashboard, browser: Browser
    ) -> None:
        page = browser.page
        page.goto(f"{dashboard.url}?theme=light")
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("alert").get_by_text("Invalid").wait_for()
        assert page.get_by_text("btc-breakout").count() == 0
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Log in").click()
        page.get_by_text("btc-breakout", exact=True).wait_for()
        page.get_by_role("button", name="Halt").click()
        page.get_by_text("halted, #").wait_for()
        assert browser.outside == []

    @pytest.mark.parametrize(
        "path", ["", "?page=monitoring", "autoload.js?bokeh-autoload-element=x", "metadata"]
    )
    def test_no_page_is_given_without_it_and_so_no_token_for_a_socket(
        self, dashboard: Dashboard, path: str
    ) -> None:
        with urllib.request.urlopen(dashboard.url + path) as answer:  # noqa: S310 - our own http address
            assert urlsplit(answer.url).path == "/login"
            assert b"btc-breakout" not in answer.read()
