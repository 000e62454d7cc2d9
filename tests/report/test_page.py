"""The summary: every number in its place, every text harmless."""

import re

import pytest

from tradekit.report.page import summary_groups, summary_html, summary_remarks, summary_span, summary_text

STATS = {
    "start": "2024-01-01T00:00:00Z", "end": "2024-12-30T23:00:00Z", "bars": 8760,
    "final_equity": 12_345.678, "total_return": 0.2346, "cagr": 0.2351, "peak_equity": 13_000.0, "fees": 55.5,
    "exposure": 0.5, "max_drawdown": -0.105, "max_drawdown_days": 33.2, "volatility": 0.31, "sharpe": 0.9,
    "sortino": 1.4, "calmar": 2.24, "trades": 1234, "win_rate": 0.41, "profit_factor": 1.3, "avg_trade": -0.001,
    "best_trade": 400.0, "worst_trade": -64.13,
}  # fmt: skip
MINUS = "\N{MINUS SIGN}"


def words(page: str) -> dict[str, str]:
    """Label to number, as a reader of the block sees them."""
    return dict(re.findall(r'<span>([^<]+)</span><span class="[^"]*">([^<]+)</span>', page))


def lines(text: str) -> dict[str, str]:
    """Label to number, as a reader of the terminal sees them."""
    table = text.split("\n\n")[1].splitlines()[1:]
    cells = [cell for line in table for cell in re.split(r" {3,}(?=[A-Z])", line)]
    return {
        label: number for label, number in (re.split(r" {2,}", cell.strip(), maxsplit=1) for cell in cells)
    }


def test_each_number_is_written_as_its_kind_is_read() -> None:
    seen = words(summary_html("run", STATS, [], currency="USDT"))
    assert seen["Final equity"] == "12,345.68"
    assert seen["Total return"] == "+23.46 %"
    assert seen["Max drawdown"] == f"{MINUS}10.50 %"
    assert seen["Longest drawdown"] == "33 d"
    assert seen["Time in market"] == "50.0 %"
    assert seen["Trades"] == "1,234"
    assert seen["Worst trade"] == f"{MINUS}64.13"


def test_the_terminal_shows_the_same_numbers() -> None:
    text = summary_text("run", STATS, [], currency="USDT")
    page = words(summary_html("run", STATS, [], currency="USDT"))
    assert lines(text) == {label: number.replace(MINUS, "-") for label, number in page.items()}


def test_next_to_nothing_has_no_sign() -> None:
    assert words(summary_html("run", STATS, [], currency="USD"))["Average trade"] == "0.00"


def test_what_is_not_defined_is_a_dash() -> None:
    seen = words(summary_html("run", {**STATS, "sharpe": None, "calmar": float("nan")}, [], currency="USD"))
    assert seen["Sharpe"] == seen["Calmar"] == MINUS
    assert "Sharpe" in summary_text("run", {}, [], currency="USD")


def test_gains_and_losses_are_told_by_sign_and_colour() -> None:
    page = summary_html("run", STATS, [], currency="USD")
    assert '<span class="tk-number tk-up">+23.46 %</span>' in page
    assert f'<span class="tk-number tk-down">{MINUS}64.13</span>' in page
    assert '<span class="tk-number ">1,234</span>' in page


@pytest.mark.parametrize("place", ["title", "warning", "currency"])
def test_no_text_can_become_markup(place: str) -> None:
    bad = '<img src=x onerror=alert(1)>&"'
    page = summary_html(
        bad if place == "title" else "run",
        STATS,
        [bad] if place == "warning" else [],
        currency=bad if place == "currency" else "USD",
    )
    assert "<img" not in page
    assert "&lt;img" in page


def test_warnings_stand_before_the_numbers() -> None:
    page = summary_html("run", STATS, ["exposure reached 3 times equity"], currency="USD")
    assert page.index("exposure reached 3 times equity") < page.index("Final equity")
    assert "Warning: exposure reached" in summary_text("run", STATS, ["exposure reached"], currency="USD")


def test_a_short_run_says_that_its_yearly_figures_are_scaled_up() -> None:
    day = {**STATS, "end": "2024-01-01T23:00:00Z"}
    assert "scaled up from 23.0 h" in summary_html("run", day, [], currency="USD")
    assert "scaled up" not in summary_html("run", STATS, [], currency="USD")


def test_a_run_without_trades_says_so() -> None:
    assert "no trade was closed" in summary_text("run", {**STATS, "trades": 0}, [], currency="USD")


def test_nothing_is_asked_from_the_network() -> None:
    page = summary_html("run", STATS, [], currency="USD")
    assert not re.search(r"https?:|//|@import|url\(", page)


def test_the_colours_follow_the_page() -> None:
    page = summary_html("run", STATS, [], currency="USD")
    assert "prefers-color-scheme:dark" in page
    assert 'body[data-jp-theme-light="false"] .tk-summary' in page


def test_a_terminal_of_eighty_columns_holds_it() -> None:
    text = summary_text("run", STATS, ["a long warning " * 12], currency="USDT")
    assert max(map(len, text.splitlines())) <= 80
    assert not text.endswith("\n")


def test_the_meaning_of_a_number_shows_on_hover() -> None:
    assert 'title="the deepest fall below the highest equity before it"' in summary_html(
        "r", STATS, [], currency="X"
    )


def test_the_same_numbers_come_as_plain_values_with_what_they_mean() -> None:
    groups = summary_groups(STATS, currency="USDT")
    lines = {line["label"]: line for group in groups for line in group["lines"]}
    assert {label: line["text"] for label, line in lines.items()} == words(
        summary_html("run", STATS, [], currency="USDT")
    )
    assert (lines["Total return"]["tone"], lines["Worst trade"]["tone"], lines["Trades"]["tone"]) == (
        "up", "down", "",
    )  # fmt: skip
    assert lines["Won"]["meaning"] == "trades with a profit after fees / trades"
    assert summary_remarks(STATS, ["mind the gap"]) == [("Warning", "mind the gap")]
    assert summary_span(STATS) == "2024-01-01 00:00 to 2024-12-30 23:00 UTC, 8,760 bars"
