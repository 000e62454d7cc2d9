"""A day's report as a page and as text."""

from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.chromium import opened
from tests.client.test_dayreport import TRADED, told
from tradekit.client.dayreport import day_report
from tradekit.model.reconciliation import AlertRaised, DifferenceFound
from tradekit.report.day import DayReport, Moment, Uptime
from tradekit.report.day_page import day_html, day_text

HOSTILE = "<script>alert('x')</script>\"'&"


@pytest.fixture
def report() -> DayReport:
    return day_report(told(*TRADED, (180_000_000_000, AlertRaised("unknown", HOSTILE, "BTC", "a"))))


def changed(report: DayReport, **fields: Any) -> DayReport:
    return msgspec.structs.replace(report, **fields)


class Tags(HTMLParser):
    """The tags of a page, and whether they close as they open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        if tag not in ("meta", "line", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


def test_the_page_is_whole_asks_nothing_of_the_network_and_runs_no_script(report: DayReport) -> None:
    page = day_html(report)
    tags = Tags(page)
    assert tags.open == []
    assert not tags.seen & {"script", "link", "img", "iframe"}
    assert "http" not in page.replace("charset", "")
    assert HOSTILE in tags.text


def test_both_say_the_same_numbers(report: DayReport) -> None:
    shown = Tags(day_html(report)).text.replace("\N{MINUS SIGN}", "-")
    text = day_text(report)
    for said in ("+1.00 (+0.01 %)", "10,001.00", "1, 1 won", "Paid in slippage", "so far", "No trade"):
        assert (said in shown) is (said in text)
    assert "+1.00 (+0.01 %)" in text


def test_what_did_not_happen_is_said(report: DayReport) -> None:
    quiet = changed(report, alerts=[], trades=[])
    assert "No failures, no alerts, no orders refused, no open differences." in day_text(quiet)
    assert "No trade was closed." in day_text(quiet)
    assert "nothing to look at" in day_html(quiet)
    assert "1 to look at" in day_html(report)


def test_an_open_difference_stands_once() -> None:
    found = DifferenceFound("d1", "cash", "", "1", "2", "the venue has more", (), True)
    text = day_text(day_report(told((1, found))))
    assert text.count("the venue has more") == 1
    assert "Differences open at the end (1)" in text


def test_a_share_of_uptime_is_never_rounded_up_to_the_whole(report: DayReport) -> None:
    text = day_text(changed(report, links=[Uptime("feed", 86_399.0, 86_400.0, 1)]))
    assert "99.99 %" in text
    assert "1 s" in text


def test_what_is_not_known_is_said_so(report: DayReport) -> None:
    text = day_text(changed(report, trades=[], gross_end=None, notes=["no rate of EUR was known"]))
    assert "Paid in slippage  not known" in text
    assert "Gross at the end         not known" in text
    assert "Note: no rate of EUR was known" in text


def test_a_long_table_ends_and_says_where_the_rest_is(report: DayReport) -> None:
    page = day_html(changed(report, trades=report.trades * 501))
    assert "Trades (501)" in page
    assert page.count('<td class="tk-word">long</td>') == 500
    assert "`tradekit journal trades` has all of them" in page


def test_trades_in_several_currencies_name_theirs(report: DayReport) -> None:
    (trade,) = report.trades
    other = msgspec.structs.replace(trade, currency="EUR", net=Decimal(-1))
    page = day_html(changed(report, trades=[trade, other]))
    assert ">EUR<" in page
    assert ">Currency<" not in day_html(report)


def test_a_day_without_a_curve_has_no_drawing(report: DayReport) -> None:
    assert "<svg" not in day_html(changed(report, curve=[]))
    assert "<svg" in day_html(report)


def test_moments_show_when_and_what(report: DayReport) -> None:
    text = day_text(changed(report, failures=[Moment(report.begins, 7, "strategy", "on_bar:3: oops")]))
    assert "00:00:00  7  strategy         on_bar:3: oops" in text


@pytest.mark.browser
def test_a_browser_shows_it_light_and_dark_and_nothing_scrolls_sideways(
    report: DayReport, chromium: Any, tmp_path: Path
) -> None:
    (tmp_path / "day.html").write_text(day_html(report), encoding="utf-8")
    behind = set()
    for scheme, width in (("light", 900), ("dark", 390)):
        size = {"width": width, "height": 900}
        with opened(chromium, viewport=size, color_scheme=scheme, offline=True) as seen:
            seen.page.goto((tmp_path / "day.html").as_uri())
            assert seen.page.evaluate("document.documentElement.scrollWidth") == width
            behind.add(seen.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(behind) == 2


def test_a_moment_of_another_day_has_its_date_and_a_date_its_hyphen(report: DayReport) -> None:
    (trade,) = report.trades
    earlier = msgspec.structs.replace(trade, entry_time=trade.entry_time - 86_400_000_000_000)
    page = day_html(changed(report, trades=[earlier]))
    assert ">12-12 00:01:00<" in page
    assert ">00:02:00<" in page
