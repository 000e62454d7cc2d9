"""What a trader asks the live page in a real Chromium: an order's life, a subject's events, other parameters."""

import contextlib
from typing import Any

import pytest
from playwright.sync_api import TimeoutError, expect

from tests.apps.served import Dashboard
from tests.chromium import Browser
from tests.sessions import wait_until
from tests.widgets.deals import trade
from tradekit.model.order import OrderCancelRequested
from tradekit.model.reconciliation import AlertRaised, DifferenceFound, Proposal
from tradekit.model.session import SignalRaised

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def page(dashboard: Dashboard, browser: Browser) -> Any:
    """The live page, loaded; nothing may go wrong on it."""
    browser.page.goto(dashboard.url)
    browser.page.get_by_text("btc-breakout", exact=True).wait_for()
    yield browser.page
    assert browser.errors == []
    assert browser.outside == []


def test_a_click_on_an_order_shows_its_life_and_why_it_exists(page: Any, dashboard: Dashboard) -> None:
    page.get_by_role("tab", name="Orders").click()
    page.get_by_role("table", name="Orders").locator("tr", has_text="breakout-1").last.click()
    page.get_by_role("heading", name="Order breakout-1").wait_for()
    steps = page.locator(".log .steps li b")
    expect(steps.last).to_have_text("order filled")
    assert steps.all_inner_texts()[-3:] == ["order submitted", "order accepted", "order filled"]
    page.locator(".log .steps").get_by_text("the inside bar's range").first.wait_for()
    assert page.locator(".log .steps time").first.get_attribute("title").endswith(" UTC")
    page.get_by_role("button", name="Close").click()
    page.get_by_label("last events").wait_for()
    expect(page.get_by_role("tab", name="Order", exact=True)).to_be_hidden()


def test_an_order_opens_by_keyboard_follows_its_life_and_closes(page: Any, dashboard: Dashboard) -> None:
    working = next(order.id for order in dashboard.session.replica.state.orders.values() if order.working)
    page.get_by_role("tab", name="Orders").focus()
    page.keyboard.press("Enter")
    page.get_by_role("table", name="Orders").locator("tr", has_text=working).wait_for()
    page.keyboard.press("Tab")
    while page.get_by_role("tabpanel").locator("tr:focus", has_text=working).count() == 0:
        page.keyboard.press(
            "Tab" if page.locator(".blotter .scroll:focus, .blotter tr:focus").count() == 0 else "ArrowDown"
        )
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=f"Order {working}").wait_for()
    dashboard.session.replica.fold(OrderCancelRequested(working, "BTCUSDT", "by hand"))
    page.locator(".log .steps b", has_text="order cancel requested").wait_for()
    page.keyboard.press("Escape")
    page.get_by_label("last events").wait_for()


def test_an_order_that_the_journal_does_not_have_says_so(page: Any, dashboard: Dashboard) -> None:
    dashboard.session.replica.told.clear()
    page.get_by_role("tab", name="Fills").click()
    page.get_by_role("table", name="Fills").locator("tbody tr").first.click()
    page.locator(".log .story").get_by_text("there is no order").wait_for()


def test_a_filter_shows_a_subject_s_past_and_what_comes(page: Any, dashboard: Dashboard) -> None:
    replica = dashboard.session.replica
    replica.fold(*(SignalRaised("s", "BTCUSDT", f"early {n}", 1.0, 100.0) for n in range(250)))
    field = page.get_by_label("filter by subject")
    field.fill("signal.>")
    field.press("Enter")
    found = page.get_by_label("events of the subject").locator("li")
    found.first.get_by_text("early 249").wait_for()
    expect(page.get_by_label("last events")).to_be_hidden()
    replica.fold(*trade(1), SignalRaised("s", "BTCUSDT", "late", 1.0, 100.0))
    found.first.get_by_text("late").wait_for()
    assert "hand-1" not in " ".join(found.all_inner_texts())
    older = page.get_by_role("button", name="Older")
    older.click()
    older.wait_for(state="hidden")  # the journal's beginning has been reached
    field.fill("order..")
    field.press("Enter")
    page.locator(".log").get_by_text("is not understood").wait_for()
    field.fill("position.>")
    field.press("Enter")
    page.get_by_text("No event of position.> in the journal.").wait_for()
    field.fill("")
    field.press("Enter")
    page.get_by_label("last events").locator("li").first.wait_for()
    wait_until(lambda: len(replica.watches) == 1)  # the hub's alone: nobody filters any more


def test_alerts_have_a_place_of_their_own_and_a_number(page: Any, dashboard: Dashboard) -> None:
    page.get_by_role("tab", name="Alerts").click()
    page.get_by_text("No alert.").wait_for()
    dashboard.session.replica.fold(
        AlertRaised("late_fill", "<b>breakout-1</b> filled after its end", "BTCUSDT")
    )
    page.get_by_role("tab", name="Alerts (1)").wait_for()
    page.get_by_label("alerts").get_by_text("<b>breakout-1</b> filled after its end").wait_for()


def test_a_difference_is_refused_by_two_clicks_and_says_what_came_of_it(
    page: Any, dashboard: Dashboard
) -> None:
    repair = (Proposal("order.canceled", 1, {"id": "a-1"}),)
    told = ("order:a-1", "order.missing", "BTCUSDT", "working", "none", "<b>gone</b> at the venue")
    dashboard.session.replica.fold(
        DifferenceFound(*told, repair), DifferenceFound("cash:USDT", "cash", "", "1", "2", "x")
    )
    page.get_by_role("tab", name="Differences (2)").click()
    row = page.get_by_role("table", name="Differences").locator("tr", has_text="<b>gone</b> at the venue")
    row.get_by_text("order canceled").wait_for()
    refuse, sure = row.get_by_role("button", name="Refuse"), row.get_by_role("button", name="sure?")

    def confirmed() -> bool:
        """Whether the second click came in time: the button calms down after four seconds."""
        refuse.click()
        assert dashboard.session.said == [], "one click is a slip"
        with contextlib.suppress(TimeoutError):
            sure.click(timeout=2_000)
            return True
        return False

    wait_until(confirmed)
    page.get_by_text("order:a-1 refused, #").wait_for()
    row.get_by_text("refused by trader").wait_for()
    expect(row.get_by_role("button").filter(visible=True)).to_have_count(0)
    page.get_by_role("tab", name="Differences (1)").wait_for()
    cash = page.get_by_role("table", name="Differences").locator("tr", has_text="cash")
    expect(cash).to_be_visible()
    expect(cash.get_by_role("button", name="Accept")).to_be_hidden()  # nothing is proposed


def test_a_parameter_is_checked_while_it_is_typed_changed_live_and_marked(
    page: Any, dashboard: Dashboard
) -> None:
    session = dashboard.session
    field, apply = page.get_by_label("risk_reward"), page.get_by_role("button", name="Apply")
    expect(field).to_have_value("1.8")
    expect(apply).to_be_disabled()
    field.fill("-1")
    page.locator(".params .why").get_by_text("risk_reward").wait_for()
    expect(apply).to_be_disabled()
    field.fill("2.5")
    page.get_by_text("was 1.8").wait_for()
    page.get_by_label("qty").fill("1")
    page.get_by_role("button", name="Apply 2 changes").click()
    page.get_by_text("risk_reward 1.8 → 2.5, qty 0.75 → 1, #").wait_for()
    assert session.replica.state.strategy.params == {"risk_reward": 2.5, "qty": 1}
    expect(apply).to_be_disabled()
    page.locator(".params .when", has_text="#").wait_for()
    session.refuse = "risk_reward must be below 3"
    field.fill("2.9")
    field.press("Enter")
    page.get_by_text("set risk_reward refused: risk_reward must be below 3").wait_for()
    expect(field).to_have_value("2.9")  # what was typed stays
    page.get_by_role("button", name="Reset").click()
    expect(field).to_have_value("2.5")


def test_a_change_from_elsewhere_shows_and_does_not_take_what_is_being_typed(
    page: Any, dashboard: Dashboard
) -> None:
    expect(page.get_by_label("risk_reward")).to_have_value("1.8")
    page.get_by_label("qty").fill("3")
    dashboard.session.set_param("risk_reward", 2.2)
    dashboard.session.set_param("qty", 2.0)
    page.get_by_text("was 2").wait_for()
    expect(page.get_by_label("risk_reward")).to_have_value("2.2")
    expect(page.get_by_label("qty")).to_have_value("3")


def test_a_viewer_who_may_only_read_sees_why_each_button_is_off(
    dashboard: Dashboard, browser: Browser
) -> None:
    dashboard.session.scopes = frozenset({"read", "operate"})
    page = browser.page
    page.goto(dashboard.url)
    page.get_by_text("btc-breakout", exact=True).wait_for()
    expect(page.get_by_role("button", name="Halt")).to_be_enabled()
    page.locator(".params .why").get_by_text("this token may not set param").wait_for()
    dashboard.session.disarm()
    arm = page.get_by_role("button", name="Arm", exact=True)
    expect(arm).to_be_disabled()
    expect(arm).to_have_attribute(
        "title", "this token may not arm: it allows operate, read, that needs trade"
    )


@pytest.mark.parametrize("width", [1440, 900])
def test_nothing_scrolls_sideways_with_an_order_open_and_a_parameter_wrong(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("tab", name="Fills").click()
    page.get_by_role("table", name="Fills").locator("tbody tr").first.click()
    page.locator(".log .steps li").first.wait_for()
    page.get_by_label("risk_reward").fill("-4")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for pane in ("params", "log", "blotter"):
        box = page.locator(f".tk.{pane}").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
