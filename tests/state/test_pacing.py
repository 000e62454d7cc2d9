"""What the risk rules count: kept in the state, bounded, and told to whoever watches it."""

from decimal import Decimal

from tests.builders import START, event, filled, opened, order
from tradekit.core.event import Fact
from tradekit.model.order import OrderAccepted, OrderRejected, OrderReplaceRequested, Side
from tradekit.model.session import RiskChanged
from tradekit.state.reducer import Touched, apply
from tradekit.state.shape import State


def folded(*facts: Fact, **limits: str) -> tuple[State, list[Touched]]:
    """The state after these, a second apart."""
    state = State()
    apply(state, event(opened(limits=limits)))
    return state, [apply(state, event(fact, ts=START + n)) for n, fact in enumerate(facts, start=1)]


def test_the_latest_orders_are_remembered_by_when_they_went_out() -> None:
    sent = [order(f"s-{n}") for n in range(5)]
    state, touched = folded(*sent, max_orders_per_minute="3")
    assert state.risk.sent == [START + 3, START + 4, START + 5]
    assert touched[0] == (("orders", "s-0"), ("risk",))


def test_a_change_of_an_order_counts_as_an_order() -> None:
    state, touched = folded(
        order("s-1", limit=9),
        OrderReplaceRequested("s-1", "BTC", limit=Decimal(8)),
        max_orders_per_minute="3",
    )
    assert state.risk.sent == [START + 1, START + 2]
    assert touched[1] == (("orders", "s-1"), ("risk",))


def test_nothing_is_remembered_that_no_rule_asks_for() -> None:
    state, touched = folded(order("s-1"))
    assert state.risk.sent == []
    assert touched == [(("orders", "s-1"),)]


def test_an_order_that_went_out_late_counts_by_the_sessions_time() -> None:
    state = State()
    apply(state, event(opened(limits={"max_orders_per_minute": "2"}), ts=START + 9))
    apply(state, event(order("s-1"), ts=START))  # its cause is older than what was told since
    assert state.risk.sent == [START + 9]


def test_rejects_count_until_the_venue_takes_an_order_or_the_session_is_armed() -> None:
    rejects = [OrderRejected("s-1", "BTC", "no"), OrderRejected("unknown", "BTC", "no")]
    assert folded(order("s-1"), *rejects)[0].risk.rejects == 2
    for ends in (
        OrderAccepted("s-2", "BTC", "v"),
        filled("s-2", Side.BUY, 1, 100),
        RiskChanged(True, False, False, "", ""),
    ):
        state, touched = folded(order("s-1"), *rejects, ends)
        assert state.risk.rejects == 0
        assert ("risk",) in touched[-1]
    assert folded(*rejects, RiskChanged(True, True, False, "", ""))[0].risk.rejects == 2


def test_an_order_taken_without_rejects_before_it_changes_nothing_that_is_counted() -> None:
    _, touched = folded(order("s-1"), OrderAccepted("s-1", "BTC", "v"))
    assert touched[-1] == (("orders", "s-1"),)
