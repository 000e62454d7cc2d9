"""Which facts are worth a message, and what it says."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.builders import event, flat, opened, order
from tradekit.core.event import Fact
from tradekit.model.account import MarginCalled
from tradekit.model.doubt import About, OrderDoubted
from tradekit.model.market import FeedEnded, TradingHalted, TradingResumed
from tradekit.model.order import OrderDenied, OrderRejected, OrderType, Side
from tradekit.model.reconciliation import AlertRaised, LinkChanged
from tradekit.model.session import HandlerFailed, RiskChanged, SessionClosed, StrategyFailed
from tradekit.report.alerting import TYPES, AlertGrade, alert_of

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "alerts.md").read_text(encoding="utf-8")
D = Decimal


def risk(
    user: str, reason: str = "", *, armed: bool = False, halted: bool = False, killed: bool = False
) -> Fact:
    return RiskChanged(armed, halted, killed, reason, user)


TOLD = [
    (AlertRaised("difference", "the venue has more"), "critical", "difference", "the venue has more"),
    (AlertRaised("feed", "nothing is told"), "warning", "feed", "nothing is told"),
    (AlertRaised("drill", "a fault"), "info", "drill", "a fault"),
    (risk("eve", "lunch", halted=True), "warning", "halted", "halted by eve: lunch"),
    (risk("risk", "max_daily_loss", halted=True), "critical", "halted", "halted by risk: max_daily_loss"),
    (risk("eve", halted=True, killed=True), "critical", "killed", "killed by eve"),
    (risk("eve", "killed by eve", halted=True, killed=True), "critical", "killed", "killed by eve"),
    (risk("eve", armed=True), "info", "armed", "armed by eve"),
    (risk("eve"), "info", "disarmed", "disarmed by eve"),
    (risk("start", "books differ"), "warning", "disarmed", "disarmed by start: books differ"),
    (opened(), "info", "started", "started with S, account main"),
    (SessionClosed("test", "SIGTERM"), "warning", "stopped", "stopped: SIGTERM"),
    (StrategyFailed("s", "on_bar:3", "oops"), "critical", "strategy", "s failed in on_bar:3: oops"),
    (HandlerFailed("h", "bar.closed", "no"), "warning", "handler", "h failed on bar.closed: no"),
    (AlertRaised("unknown", "a: the answer is unknown"), "warning", "unknown", "a: the answer is unknown"),
    (AlertRaised("dead_man", "nobody watches"), "critical", "dead_man", "nobody watches"),
    (risk("dead man", "nobody watches", halted=True), "critical", "halted", "halted by dead man: nobody watches"),
    (OrderRejected("a", "BTC", "no funds"), "warning", "rejected", "the venue refused a (BTC): no funds"),
    (
        OrderDenied("a", "BTC", "s", "main", Side.BUY, OrderType.MARKET, D(9), "max_order_qty", "2", "9"), "info",
        "denied", "buy 9 BTC refused by our rule max_order_qty: 9 against a limit of 2",
    ),
    (
        OrderDenied("a", "BTC", "s", "main", Side.BUY, OrderType.MARKET, D(9), "halted", "", "lunch"), "info",
        "denied", "buy 9 BTC refused by our rule halted: lunch",
    ),
    (LinkChanged(True), "warning", "link", "the link to the venue is up"),
    (FeedEnded("live", "closed"), "warning", "feed", "feed live has ended: closed"),
    (TradingHalted("BTC", "volatility"), "warning", "trading", "the venue has halted BTC: volatility"),
    (TradingHalted("BTC"), "warning", "trading", "the venue has halted BTC"),
    (TradingResumed("BTC"), "info", "trading", "the venue trades BTC again"),
    (
        MarginCalled("main", D(5), D(9), "liquidation"), "critical", "margin_call",
        "equity 5 is below the maintenance margin 9: liquidation",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "grade", "kind", "text"), TOLD)
def test_a_fact_is_told_in_a_sentence(fact: Fact, grade: str, kind: str, text: str) -> None:
    found = alert_of(event(fact, seq=9, ts=5))
    assert found is not None
    assert (found.seq, found.ts) == (9, 5)
    assert (found.grade, found.kind, found.text) == (grade, kind, text)


@pytest.mark.parametrize(
    "fact",
    [
        flat(0, 1.0),
        order("a"),
        LinkChanged(False, "reset"),
        OrderDoubted("a", "BTC", About.SUBMIT, "timeout"),
    ],
)
def test_what_is_no_news_or_is_told_better_by_another_fact_is_not_told(fact: Fact) -> None:
    assert alert_of(event(fact)) is None


def test_the_types_are_those_that_are_told() -> None:
    assert {fact.TYPE for fact, *_ in TOLD} == set(TYPES)


def test_the_page_has_every_kind_with_its_grade_and_no_other() -> None:
    rows: dict[str, str] = {}
    for kinds, grades in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \| ([\w, ]+) \|", PAGE, re.MULTILINE):
        rows |= dict.fromkeys(re.findall(r"\w+", kinds), grades)
    told: dict[str, Any] = {}
    for _, grade, kind, _ in TOLD:
        told.setdefault(kind, set()).add(grade)
    for kind, grades in told.items():
        assert all(grade in rows[kind] for grade in grades), kind
    assert set(told) <= set(rows)


def test_grades_have_an_order() -> None:
    assert [grade.rank for grade in AlertGrade] == [0, 1, 2]
