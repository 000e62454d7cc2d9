"""A working order's change: asked for once, past risk, in force when the venue says so; and facts told twice."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import filled, flat
from tests.trading.desk import Desk, Quiet, types
from tradekit.model.market import Bar
from tradekit.model.order import (
    OrderAccepted,
    OrderCancelRejected,
    OrderFilled,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderTriggered,
    Side,
)
from tradekit.state.shape import Order

D = Decimal


class Hearing(Quiet):
    """Writes down what it hears of its orders."""

    def on_start(self) -> None:
        self.heard: list[Any] = []

    def on_order(self, order: Order) -> None:
        self.heard.append((order.id, str(order.status), order.qty, order.note))

    def on_fill(self, fill: OrderFilled) -> None:
        self.heard.append(fill.exec_id)


def resting(**more: Any) -> Desk:
    """A desk with a buy of 2 at 95 in the book."""
    made = Desk(Hearing(), raising=True, **more)
    made.bar(flat(0, 100.0), lambda s, b: s.buy(2, limit=95))
    return made


def asked(made: Desk, order_id: str = "s-1", **terms: Any) -> tuple[bool, list[Any]]:
    """What `replace` gives on the next bar, and the facts that it leads to."""
    answers: list[bool] = []
    number = len(made.state.bars.get("BTC", {}).get("1m", ()))
    told = made.bar(flat(number, 100.0), lambda s, b: answers.append(s.replace(order_id, **terms)))
    return answers[0], [event.data for event in told[1:]]


def test_a_change_is_requested_confirmed_and_heard() -> None:
    made = resting()
    sent, (request, replaced) = asked(made, qty=3, limit=96, reason="closer")
    assert sent
    assert request == OrderReplaceRequested("s-1", "BTC", qty=D(3), limit=D(96), reason="closer")
    assert (replaced.TYPE, replaced.qty, replaced.limit) == ("order.replaced", D(3), D(96))
    order = made.state.orders["s-1"]
    assert (order.qty, order.limit, order.replace_requested) == (D(3), D(96), False)
    strategy: Any = made.strategy
    assert strategy.heard == [("s-1", "accepted", D(2), ""), ("s-1", "accepted", D(3), "")]
    made.bar(flat(10, 95.5))
    assert made.position == 3


@pytest.mark.parametrize("terms", [{}, {"qty": 2}, {"limit": 95}])
def test_terms_in_force_already_ask_for_nothing(terms: dict[str, Any]) -> None:
    assert asked(resting(), **terms) == (False, [])


def test_an_order_that_has_ended_or_is_to_end_is_left_alone() -> None:
    def cancel_first(s: Any, b: Bar) -> None:
        s.cancel("s-1")
        assert s.replace("s-1", qty=3) is False

    made = resting()
    assert types(made.bar(flat(1, 100.0), cancel_first)) == [
        "bar.closed",
        "order.cancel_requested",
        "order.canceled",
    ]
    assert asked(made, qty=3) == (False, [])
    assert asked(made, "s-7", qty=3) == (False, [])


def test_one_change_is_under_way_at_a_time() -> None:
    def twice(s: Any, b: Bar) -> None:
        assert s.replace("s-1", qty=3)
        assert not s.replace("s-1", qty=4)

    made = resting()
    assert types(made.bar(flat(1, 100.0), twice)).count("order.replace_requested") == 1
    assert asked(made, qty=4)[0]


def test_a_change_that_risk_refuses_is_told_and_changes_nothing() -> None:
    made = resting(limits={"max_position": "2"})
    assert asked(made, qty=3) == (False, [OrderReplaceRejected("s-1", "BTC", "max_position: 3 against 2")])
    order = made.state.orders["s-1"]
    assert (order.qty, order.status, order.note) == (
        D(2),
        "accepted",
        "not replaced: max_position: 3 against 2",
    )


def test_a_change_to_less_is_no_risk_and_passes_a_halt() -> None:
    made = resting()
    made.command("halt")
    assert asked(made, qty=1)[0]
    assert asked(made, limit=99) == (False, [OrderReplaceRejected("s-1", "BTC", "halted: halted")])


def test_the_exits_of_an_entry_follow_its_quantity() -> None:
    made = Desk(raising=True)
    made.bar(flat(0, 100.0), lambda s, b: s.buy(2, limit=95, stop_loss=90, take_profit=110))
    assert asked(made, qty=5)[0]
    assert [one.qty for one in made.state.orders.values()] == [D(5), D(5), D(5)]
    assert asked(made, limit=96)[0]
    assert [one.limit for one in made.state.orders.values()] == [D(96), None, D(110)]


def test_an_exit_of_another_size_keeps_it() -> None:
    made = Desk(raising=True)
    made.bar(flat(0, 100.0), lambda s, b: s.buy(2, limit=95, take_profit=110))
    assert asked(made, "s-2", qty=1)[0]
    assert asked(made, qty=5)[0]
    assert [one.qty for one in made.state.orders.values()] == [D(5), D(1)]


def test_risk_counts_the_larger_quantity_while_a_change_is_under_way() -> None:
    made = resting(limits={"max_position": "6"})

    def act(s: Any, b: Bar) -> None:
        s.replace("s-1", qty=5)
        s.buy(2)

    assert "order.denied" in types(made.bar(flat(1, 100.0), act))


# --- what a venue tells in its own order --------------------------------------------------------------------


def test_goals_follow_part_fills_and_late_ones() -> None:
    made = Desk(Hearing(), raising=True)
    made.bar(flat(0, 100.0), lambda s, b: s.buy(4))
    dealing = made.engine.dealing
    assert dealing.expected("BTC") == 4
    made.tell(filled("s-1", Side.BUY, 1, 100))
    assert (made.position, dealing.expected("BTC"), dealing.goals["BTC"]) == (1, 4, 4)
    made.bar(flat(1, 100.0), lambda s, b: s.cancel("s-1"))
    assert dealing.goals["BTC"] == made.position
    before = made.position
    made.tell(filled("s-1", Side.BUY, 1, 100))
    assert made.position == before + 1
    assert dealing.goals["BTC"] == dealing.expected("BTC") == made.position


def test_a_cancel_that_the_venue_refuses_is_expected_to_fill_again() -> None:
    made = Desk(raising=True)
    made.engine.step(flat(0, 100.0), 0)
    dealing = made.engine.dealing
    dealing.order(Side.BUY, 4, instrument="BTC", price=100.0)
    dealing.cancel("s-1")
    assert dealing.expected("BTC") == 0
    made.tell(OrderCancelRejected("s-1", "BTC", "too late"))
    assert dealing.expected("BTC") == dealing.goals["BTC"] == 4
    dealing.cancel("s-1")
    assert made.state.orders["s-1"].cancel_requested


def test_a_triggered_stop_is_expected_to_fill() -> None:
    made = Desk(raising=True)
    dealing = made.engine.dealing
    dealing.order(Side.BUY, 4, instrument="BTC", price=100.0, stop=105)
    made.tell(OrderAccepted("s-1", "BTC", "v"))
    assert dealing.goals["BTC"] == 0
    made.tell(OrderTriggered("s-1", "BTC", D(105)))
    assert dealing.goals["BTC"] == 4


def test_an_execution_that_is_told_again_is_not_heard_again() -> None:
    made = Desk(Hearing(), raising=True)
    made.engine.dealing.order(Side.BUY, 4, instrument="BTC", price=100.0)
    strategy: Any = made.strategy
    fill = filled("s-1", Side.BUY, 1, 100, number=1)
    made.tell(fill)
    heard = list(strategy.heard)
    made.tell(fill)
    assert strategy.heard == heard
    assert made.position == 1
