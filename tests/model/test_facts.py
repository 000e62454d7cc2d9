"""Every fact of the trade has its tag, its subject and a JSON form that comes back."""

import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.builders import event, filled, flat, opened, order
from tradekit.core.codec import decode_event, encode_event
from tradekit.core.event import Fact, fact_types
from tradekit.model import account, doubt, market, monitor, reconciliation, session
from tradekit.model import order as orders
from tradekit.model.order import Side, Status
from tradekit.model.session import COMMANDS

FACTS: list[tuple[Fact, str]] = [
    (flat(0, 1.0), "bar.closed.BTC.1m"),
    (market.MarkUpdated("BTC", 1.0), "mark.updated.BTC"),
    (market.Quote("BTC", 1.0, 2.0), "quote.received.BTC"),
    (market.TradeTick("BTC", 1.0, 2.0, "buy"), "trade.received.BTC"),
    (market.MarketOpened("XNYS", "2022-12-13", 7), "market.opened.XNYS"),
    (market.MarketClosed("XNYS", "2022-12-13"), "market.closed.XNYS"),
    (market.TradingHalted("BTC", "news"), "trading.halted.BTC"),
    (market.TradingResumed("BTC"), "trading.resumed.BTC"),
    (market.TimerSet("rebalance", 7), "timer.set.rebalance"),
    (market.TimerCleared("rebalance"), "timer.cleared.rebalance"),
    (market.TimerFired("rebalance"), "timer.fired.rebalance"),
    (account.CashMoved("main", "USD", Decimal("-1.5"), account.CashKind.FUNDING, "BTC", "s"), "cash.moved.main"),
    (account.FundingPublished("BTC", Decimal("0.0001"), Decimal(100)), "funding.published.BTC"),
    (account.DividendWentEx("BTC", Decimal("0.24")), "dividend.went_ex.BTC"),
    (account.SplitEffected("BTC", Decimal(4), Decimal(1)), "split.effected.BTC"),
    (account.RatePublished("EUR", "USD", Decimal("1.08")), "rate.published.EUR-USD"),
    (account.MarginCalled("main", Decimal(90), Decimal(100)), "margin.called.main"),
    (market.FeedStarted("replay", "a file"), "feed.started.replay"),
    (market.FeedEnded("replay", "over"), "feed.ended.replay"),
    (order("a"), "order.submitted.BTC"),
    (orders.OrderDenied("a", "BTC", *"sm", Side.BUY, orders.OrderType.STOP, Decimal(1), *"r12"), "order.denied.BTC"),
    (orders.OrderAccepted("a", "BTC", "v"), "order.accepted.BTC"),
    (orders.OrderRejected("a", "BTC", "no"), "order.rejected.BTC"),
    (filled("a", Side.SELL, 1, 2, number=1), "order.filled.BTC"),
    (orders.OrderTriggered("a", "BTC", Decimal(1)), "order.triggered.BTC"),
    (orders.OrderTrailed("a", "BTC", Decimal(1)), "order.trailed.BTC"),
    (orders.OrderReplaceRequested("a", "BTC", Decimal(1)), "order.replace_requested.BTC"),
    (orders.OrderReplaced("a", "BTC", Decimal(1)), "order.replaced.BTC"),
    (orders.OrderReplaceRejected("a", "BTC", "too late"), "order.replace_rejected.BTC"),
    (orders.OrderCancelRejected("a", "BTC", "too late"), "order.cancel_rejected.BTC"),
    (orders.OrderCancelRequested("a", "BTC"), "order.cancel_requested.BTC"),
    (orders.OrderCanceled("a", "BTC"), "order.canceled.BTC"),
    (orders.OrderExpired("a", "BTC"), "order.expired.BTC"),
    (doubt.OrderDoubted("a", "BTC", doubt.About.SUBMIT, "timeout"), "order.doubted.BTC"),
    (doubt.OrderMissed("a", "BTC"), "order.missed.BTC"),
    (doubt.OrderGivenUp("a", "BTC", "not found"), "order.given_up.BTC"),
    (doubt.OrderRevived("a", "BTC", "found"), "order.revived.BTC"),
    (doubt.OrderAdopted("a", "BTC", "m", Side.BUY, orders.OrderType.STOP, Decimal(1), "v"), "order.adopted.BTC"),
    (doubt.OrderClaimed("a", "BTC", "me"), "order.claimed.BTC"),
    (doubt.FillBusted("a", "BTC", "s", "m", "x", Side.BUY, Decimal(1), Decimal(2), Decimal(0), "USD", "void"),
     "fill.busted.BTC"),
    (doubt.FillCharged("a", "BTC", "s", "m", "x", Side.BUY, Decimal(1), Decimal(2), Decimal("0.1"), "USD"),
     "fill.charged.BTC"),
    (doubt.FillVoided("a", "BTC", "x", "void"), "fill.voided.BTC"),
    (doubt.FillQuarantined("a", "BTC", "v", "x", Side.BUY, Decimal(1), Decimal(2), "too much"), "fill.quarantined.BTC"),
    (reconciliation.LinkChanged(False, "lost"), "link.changed"),
    (reconciliation.ReconciliationCompleted(True, {}, 0), "reconciliation.completed"),
    (reconciliation.DifferenceFound("k:BTC", "k", "BTC", "1", "2", "why", (reconciliation.Proposal("x", 1, {}),)),
     "difference.found.BTC"),
    (reconciliation.DifferenceResolved("k:BTC", "BTC", "gone"), "difference.resolved.BTC"),
    (reconciliation.HoldChanged("*", "link", "down"), "hold.changed.all"),
    (reconciliation.AlertRaised("link", "down"), "alert.raised.link"),
    (monitor.MonitorSet("a", "BTC", "s", (monitor.Part(Decimal(1), "b"),)), "monitor.set.BTC"),
    (monitor.MonitorMoved("a", "BTC", "time"), "monitor.moved.BTC"),
    (monitor.MonitorEnded("a", "BTC", "closed"), "monitor.ended.BTC"),
    (account.AccountAdopted("main", {"USD": Decimal(1)}, {}), "account.adopted.main"),
    (opened(), "session.opened.test"),
    (session.SessionClosed("test", "over"), "session.closed.test"),
    (session.ClientsChanged(1), "clients.changed"),
    (session.CommandReceived("1", "halt", {"reason": "x"}, "me"), "command.received.halt"),
    (session.CommandRefused("1", "halt", "no"), "command.refused.halt"),
    (session.RiskChanged(True, False, False, "", ""), "risk.changed"),
    (session.ParamsChanged("s", {"fast": 1}), "strategy.params_changed.s"),
    (session.StrategyFailed("s", "on_bar", "x"), "strategy.failed.s"),
    (session.SignalRaised("s", "BTC", "x", 1.0), "signal.raised.BTC"),
    (session.HandlerFailed("h", "x.y", "boom"), "error.handler.h"),
]  # fmt: skip


@pytest.mark.parametrize(("fact", "subject"), FACTS, ids=[fact.TYPE for fact, _ in FACTS])
def test_a_fact_has_its_subject_and_comes_back_from_json(fact: Fact, subject: str) -> None:
    made = event(fact)
    assert made.subject == subject
    assert decode_event(encode_event(made)) == made
    with pytest.raises(AttributeError):
        setattr(fact, fact.__struct_fields__[0], "else")


def test_no_fact_of_the_trade_is_left_out_here() -> None:
    of_the_trade = {tag for tag, cls in fact_types().items() if cls.__module__.startswith("tradekit.model.")}
    assert of_the_trade == {fact.TYPE for fact, _ in FACTS}


def test_what_must_not_be_lost_is_critical() -> None:
    passing = {fact.TYPE for fact, _ in FACTS if not fact.CRITICAL}
    market_data = {"bar.closed", "mark.updated", "quote.received", "trade.received"}
    published = {"funding.published", "rate.published"}
    hours = {"market.opened", "market.closed", "timer.set", "timer.cleared", "timer.fired"}
    watched = {"order.trailed", "signal.raised", "error.handler", "clients.changed"}
    assert passing == market_data | published | hours | watched


def test_sides_mirror_each_other() -> None:
    assert (Side.BUY.sign, Side.SELL.sign) == (1, -1)
    assert (Side.BUY.opposite, Side.SELL.opposite) == (Side.SELL, Side.BUY)


def test_an_order_works_until_it_has_ended() -> None:
    ended = {Status.FILLED, Status.CANCELED, Status.REJECTED, Status.DENIED, Status.EXPIRED}
    assert {s for s in Status if not s.working} == ended


def test_commands_are_single_words() -> None:
    assert len(set(COMMANDS)) == len(COMMANDS)
    assert all(re.fullmatch("[a-z_]+", name) for name in COMMANDS)


def test_a_wrong_field_is_named_with_its_path() -> None:
    payload: dict[str, Any] = msgspec.json.decode(encode_event(event(order("a"))))
    payload["data"]["qty"] = "much"
    with pytest.raises(msgspec.ValidationError, match=r"\$\.qty"):
        decode_event(msgspec.json.encode(payload))
