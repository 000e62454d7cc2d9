"""Facts as sentences."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import event, filled, flat, order
from tests.golden.write import FOLDER
from tradekit.core.codec import decode_event
from tradekit.core.event import Fact
from tradekit.model import market, session
from tradekit.model import order as orders
from tradekit.model.order import OrderType, Side, TimeInForce
from tradekit.report.words import in_words, plain

ONE = Decimal(1)


def submitted(kind: OrderType, **terms: Any) -> orders.OrderSubmitted:
    return orders.OrderSubmitted("s-1", "BTC", "s", "main", Side.BUY, kind, ONE, **terms)


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (order("s-1", qty="2.50"), "buy 2.5 BTC, market"),
        (order("s-1", limit=100, reason="dip", tag="d"), "buy 1 BTC, limit 100; reason: dip; tag: d"),
        (
            order("s-1", Side.SELL, stop=90, parent="s-0", reduce_only=True),
            "sell 1 BTC, stop 90, reduce only, once s-0 fills",
        ),
        (
            submitted(OrderType.STOP_LIMIT, stop=Decimal(9), limit=Decimal(8), tif=TimeInForce.DAY),
            "buy 1 BTC, stop limit, limit 8, stop 9, DAY",
        ),
        (submitted(OrderType.TRAILING_STOP, trail_pct=Decimal("1.5")), "buy 1 BTC, trailing stop, trailing by 1.5 %"),
        (submitted(OrderType.LIMIT, limit=ONE, post_only=True), "buy 1 BTC, limit 1, post only"),
        (submitted(OrderType.MARKET, share=Decimal("0.5")), "buy 50 % of the buying power of BTC, market"),
        (orders.OrderAccepted("s-1", "BTC", "v7"), "working at the venue as v7"),
        (orders.OrderAccepted("s-1", "BTC", ""), "working at the venue"),
        (orders.OrderAccepted("s-1", "BTC", "v7", held=True), "the venue has it and holds it until its parent fills"),
        (
            orders.OrderDenied("s-1", "BTC", "s", "main", Side.BUY, OrderType.MARKET, ONE, "max_qty", "0.5", "1"),
            "buy 1 BTC was refused by our rule max_qty: 1 against a limit of 0.5",
        ),
        (orders.OrderReplaceRequested("s-1", "BTC", limit=ONE), "to be changed to limit 1"),
        (orders.OrderReplaced("s-1", "BTC", Decimal(2), trail_pct=ONE), "changed to qty 2, trail pct 1"),
        (orders.OrderTriggered("s-1", "BTC", ONE), "its trigger was reached at 1"),
        (orders.OrderTrailed("s-1", "BTC", ONE), "its stop follows the market to 1"),
        (orders.OrderCanceled("s-1", "BTC"), "trades no more"),
        (orders.OrderCancelRequested("s-1", "BTC", "stale"), "to be canceled: stale"),
        (orders.OrderRejected("s-1", "BTC", "no money"), "instrument BTC, reason no money"),
        (session.SignalRaised("s", "BTC", "dip", 1.0, 99.5, "two reds"), "dip +1 on BTC at 99.5: two reds"),
        (session.SignalRaised("s", "BTC", "dip", -0.5), "dip -0.5 on BTC"),
        (session.CommandReceived("1", "halt", {"reason": "x"}, "me"), "me said halt (reason x)"),
        (session.CommandReceived("1", "set_param", {"name": "fast", "value": 12}, "me"), "me said set_param (fast 12)"),
        (
            session.CommandReceived("1", "set_param", {"values": {"fast": 12, "slow": 40}}, "me"),
            "me said set_param (fast 12, slow 40)",
        ),
        (session.CommandReceived("1", "flatten", {}, ""), "somebody said flatten"),
        (flat(0, 100.0), "BTC 1m closed: open 100, high 100, low 100, close 100"),
        (market.MarkUpdated("BTC", 1.5), "BTC at 1.5"),
        (market.Quote("BTC", 1.0, 2.0), "BTC bid 1, ask 2"),
        (market.TradeTick("BTC", 1.0, 2.0), "BTC traded 2 at 1"),
        (market.TimerFired("rebalance"), "timer rebalance came due"),
    ],
)  # fmt: skip
def test_a_fact_is_a_sentence(fact: Fact, words: str) -> None:
    assert in_words(event(fact)) == words


def test_a_fill_says_its_rule_in_words() -> None:
    fact = filled("s-1", Side.SELL, 2, "101.50", fee="0.25", rule="market.open")
    assert in_words(event(fact)) == (
        "sold 2 BTC at 101.5, fee 0.25 USD; rule market.open: A market order fills at the next bar's open."
    )
    assert (
        in_words(event(filled("s-1", Side.BUY, 1, 9, rule="maker")))
        == "bought 1 BTC at 9, no fee; rule maker"
    )
    assert in_words(event(filled("s-1", Side.BUY, 1, 9))) == "bought 1 BTC at 9, no fee"


def test_every_fact_there_is_can_be_told() -> None:
    for file in sorted(FOLDER.glob("*.jsonl")):
        for line in file.read_bytes().splitlines():
            assert in_words(decode_event(line)).strip(), file.name


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1234567.8900"), "1,234,567.89"), (Decimal("-0.5"), "-0.5"), (Decimal("1E+3"), "1,000"),
        (0.1 + 0.2, "0.3"), (1e-7, "0.0000001"), (Decimal("-0.00"), "0"), (Decimal("101.91019999999999"), "101.9102"),
        (-1500, "-1,500"), (0, "0"),
    ],
)  # fmt: skip
def test_a_number_is_written_as_it_is_read(value: object, text: str) -> None:
    assert plain(value) == text
