"""The prices that orders were decided at: the rules of docs/trade-log.md, one by one."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import event, filled, order
from tradekit.core.event import Fact
from tradekit.model.order import OrderReplaced, OrderReplaceRequested, OrderTrailed, OrderType, Side
from tradekit.report.decision import Decision, Decisions

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


class Table:
    """Decisions in a market that stands at `price`."""

    def __init__(self, price: int | None = 100) -> None:
        self.price = price
        self.decisions = Decisions(
            lambda name: None if self.price is None else Decision(D(self.price), "last")
        )

    def note(self, *facts: Fact) -> None:
        for fact in facts:
            self.decisions.note(event(fact))

    def of(self, name: str = "a") -> tuple[int, str] | None:
        found = self.decisions.of(name)
        return None if found is None else (int(found.price), found.basis)


def test_a_market_order_is_decided_at_the_market_of_its_moment() -> None:
    table = Table(100)
    table.note(order("a"))
    table.price = 120
    assert table.of() == (100, "last")


@pytest.mark.parametrize(
    ("side", "terms", "decided"),
    [
        (BUY, {"limit": 95}, (95, "limit")),
        (BUY, {"limit": 100}, (100, "last")),
        (SELL, {"limit": 100}, (100, "last")),
        (BUY, {"stop": 100}, (100, "last")),
        (SELL, {"stop": 100}, (100, "last")),
        (BUY, {"limit": 105}, (100, "last")),  # it could trade at once
        (SELL, {"limit": 105}, (105, "limit")),
        (SELL, {"limit": 95}, (100, "last")),
        (BUY, {"stop": 105}, (105, "stop")),
        (BUY, {"stop": 95}, (100, "last")),
        (SELL, {"stop": 95}, (95, "stop")),
        (SELL, {"stop": 105}, (100, "last")),
        (BUY, {"stop": 105, "limit": 107, "kind": OrderType.STOP_LIMIT}, (105, "stop")),
        (BUY, {"stop": 95, "kind": OrderType.MARKET_IF_TOUCHED}, (95, "stop")),
        (SELL, {"stop": 105, "kind": OrderType.LIMIT_IF_TOUCHED, "limit": 106}, (105, "stop")),
        (SELL, {"trail": 5, "kind": OrderType.TRAILING_STOP}, (100, "last")),  # before it has a trigger
    ],
)
def test_an_order_that_waits_is_decided_at_its_own_price_unless_that_is_reached(
    side: Side, terms: dict[str, Any], decided: tuple[int, str]
) -> None:
    table = Table(100)
    table.note(order("a", side, **terms))
    assert table.of() == decided


def test_before_any_price_an_order_has_its_own_or_none() -> None:
    table = Table(None)
    table.note(order("a"), order("b", limit=95))
    assert (table.of("a"), table.of("b"), table.of("unknown")) == (None, (95, "limit"), None)


def test_a_trailing_stop_is_decided_at_where_it_has_come_to() -> None:
    table = Table(100)
    table.note(order("a", SELL, trail=5, kind=OrderType.TRAILING_STOP), OrderTrailed("a", "BTC", D(97)))
    assert table.of() == (97, "stop")
    table.price = 110
    table.note(OrderTrailed("a", "BTC", D(105)))  # beyond the market it was sent into
    assert table.of() == (105, "stop")


def test_a_replacement_is_a_new_decision_at_the_moment_it_was_asked_for() -> None:
    table = Table(100)
    table.note(order("a", limit=95))
    table.price = 90
    table.note(OrderReplaceRequested("a", "BTC", limit=D(92)))
    table.price = 80
    assert table.of() == (95, "limit")
    table.note(OrderReplaced("a", "BTC", D(1), limit=D(92)))
    assert table.of() == (90, "last")


def test_what_waits_for_another_orders_fill_is_decided_by_it() -> None:
    table = Table(100)
    table.note(order("a"), order("b", SELL, parent="a"))
    table.price = 104
    table.note(filled("a", BUY, 1, 104))
    table.price = 109
    assert table.of("b") == (104, "last")


def test_facts_of_orders_that_were_not_sent_here_say_nothing() -> None:
    table = Table()
    table.note(OrderTrailed("x", "BTC", D(1)), OrderReplaced("x", "BTC", D(1)), filled("x", BUY, 1, 1))
    assert table.of("x") is None
