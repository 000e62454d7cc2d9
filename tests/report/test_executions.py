"""Fills with the words of their orders."""

from decimal import Decimal

from tradekit.core.event import Event, Fact
from tradekit.model.account import SplitEffected
from tradekit.model.order import OrderAccepted, OrderFilled, OrderSubmitted, OrderType, Side
from tradekit.report.executions import Execution, Split, executions, splits

ONE = Decimal(1)


def event(seq: int, fact: Fact) -> Event:
    return Event(seq, 0, seq * 10, 0, fact.TYPE, fact.V, 0, fact.key, fact)


def submitted(id: str, **words: str) -> OrderSubmitted:
    return OrderSubmitted(id, "X", "one", "paper", Side.BUY, OrderType.MARKET, ONE, **words)


def filled(id: str, **words: str) -> OrderFilled:
    return OrderFilled(
        id, "X", "one", "paper", "e1", Side.SELL, ONE, Decimal(9), Decimal("0.1"), "USD", **words
    )


def test_a_fill_has_the_tag_and_the_reason_of_its_order() -> None:
    facts = [
        submitted("a-1", tag="in", reason="dip"),
        OrderAccepted("a-1", "X", "v1"),
        filled("a-1", rule="market.open"),
    ]
    assert executions(event(n, fact) for n, fact in enumerate(facts, start=1)) == [
        Execution(
            order="a-1", instrument="X", side="sell", qty=ONE, price=Decimal(9), fee=Decimal("0.1"), ts=30,
            strategy="one", position="", rule="market.open", tag="in", reason="dip",
        )
    ]  # fmt: skip


def test_an_order_from_before_the_record_has_no_words() -> None:
    (found,) = executions([event(1, filled("a-1", position="p1"))])
    assert (found.tag, found.reason, found.position) == ("", "", "p1")


def test_a_split_knows_how_many_fills_came_before_it() -> None:
    facts = [
        filled("a-1"),
        SplitEffected("X", Decimal(2), ONE),
        filled("a-2"),
        SplitEffected("X", ONE, Decimal(0)),
    ]
    found = splits(event(n, fact) for n, fact in enumerate(facts, start=1))
    assert found == [Split(after=1, ts=20, instrument="X", new=Decimal(2), old=ONE)]
