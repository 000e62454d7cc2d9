"""Each risk rule at its boundary; who may send at all; what a refusal says."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import DAY, filled, flat, opened, order
from tests.trading.desk import Desk, types
from tradekit.errors import ConfigError, OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar, MarkUpdated
from tradekit.model.order import OrderDenied, Side
from tradekit.model.session import RiskChanged
from tradekit.state.shape import State
from tradekit.trading.risk import Denial, check, check_limits, reduces

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
ES = Instrument(id="BTC", multiplier=D(50))


def state(*facts: Any, spec: Instrument | None = None, **first: Any) -> State:
    made = Desk(specs=None if spec is None else [spec], **first)
    for fact in facts:
        made.tell(fact)
    return made.state


LONG = filled("x", BUY, 2, 100)


@pytest.mark.parametrize(
    ("limits", "facts", "fits", "breaks", "denial"),
    [
        ({"max_order_qty": "2"}, (), order("o", qty=2), order("o", qty="2.01"), ("max_order_qty", "2", "2.01")),
        (
            {"max_order_notional": "500"}, (), order("o", qty=5), order("o", qty="5.1"),
            ("max_order_notional", "500", "510.00"),
        ),
        ({"max_position": "3"}, (LONG,), order("o", qty=1), order("o", qty=2), ("max_position", "3", "4")),
        (
            {"max_position": "3"}, (LONG,), order("o", SELL, qty=5), order("o", SELL, qty=6),
            ("max_position", "3", "-4"),
        ),
        (
            {"leverage": "0.05"}, (LONG,), order("o", qty=3), order("o", qty="3.5"),
            ("leverage", "0.05", "550.00 on equity 10000.00"),
        ),
    ],
)  # fmt: skip
def test_a_limit_holds_at_its_bound_and_breaks_beyond(
    limits: dict[str, str], facts: Any, fits: Any, breaks: Any, denial: tuple[str, str, str]
) -> None:
    made = state(*facts, limits=limits)
    assert check(made, fits, 100.0) is None
    assert check(made, breaks, 100.0) == Denial(*denial)


def test_the_multiplier_counts_in_notional_and_leverage() -> None:
    made = state(spec=ES, limits={"max_order_notional": "4999"})
    assert check(made, order("o", qty=1), 100.0) == Denial("max_order_notional", "4999", "5000.0")
    made = state(spec=ES, limits={"leverage": "1"})
    assert check(made, order("o", qty=2), 100.0) is None
    assert check(made, order("o", qty=3), 100.0) == Denial("leverage", "1", "15000.00 on equity 10000.00")


def test_leverage_counts_what_is_held_elsewhere() -> None:
    elsewhere = filled("x", SELL, 50, 100, instrument="ETH")
    sold = (filled("y", BUY, 1, 1, instrument="OLD"), filled("z", SELL, 1, 1, instrument="OLD"))
    made = state(elsewhere, *sold, limits={"leverage": "1"})
    assert check(made, order("o", qty=50), 100.0) is None
    assert check(made, order("o", qty=51), 100.0) == Denial("leverage", "1", "10100.00 on equity 10000.00")


@pytest.mark.parametrize("rule", ["max_order_notional", "leverage"])
def test_a_rule_that_needs_a_price_refuses_without_one(rule: str) -> None:
    assert check(state(limits={rule: "9"}), order("o"), None) == Denial(rule, "9", "no price is known yet")


def test_the_daily_loss_counts_from_the_days_start() -> None:
    made = Desk(limits={"max_daily_loss": "100"})
    assert check(made.state, order("o"), 100.0) is None  # no day has begun
    made.tell(filled("x", BUY, 10, 100))
    made.tell(MarkUpdated("BTC", 90.0), made.state.time + 1)
    assert check(made.state, order("o"), 90.0) is None
    made.tell(MarkUpdated("BTC", 89.99))
    assert check(made.state, order("o"), 90.0) == Denial("max_daily_loss", "100", "100.10")
    made.tell(MarkUpdated("BTC", 89.0), made.state.time + DAY)
    assert check(made.state, order("o"), 89.0) is None


def test_the_first_rule_that_refuses_is_named() -> None:
    made = state(limits={"max_position": "1", "max_order_qty": "1"})
    denial = check(made, order("o", qty=2), 100.0)
    assert denial is not None
    assert denial.rule == "max_position"


@pytest.mark.parametrize(
    ("armed", "halted", "killed", "adds", "reduces_it"),
    [
        (True, False, False, None, None),
        (False, False, False, "armed", None),
        (True, True, False, "halted", None),
        (False, True, True, "killed", "killed"),
    ],
)
def test_who_may_send(
    armed: bool, halted: bool, killed: bool, adds: str | None, reduces_it: str | None
) -> None:
    made = state(LONG, RiskChanged(armed, halted, killed, "why", "me"), limits={"max_order_qty": "1"})
    for sent, rule in ((order("o", BUY), adds), (order("o", SELL, 2), reduces_it)):
        denial = check(made, sent, 100.0)
        assert (denial and denial.rule) == rule
        if denial is not None:
            assert denial.value == "why"


@pytest.mark.parametrize(
    ("risk", "value"),
    [
        (RiskChanged(False, False, False, "", ""), "the session is not armed"),
        (RiskChanged(True, True, False, "", ""), "the session is halted"),
        (RiskChanged(True, False, True, "", ""), "the kill switch is on"),
    ],
)
def test_a_refusal_without_a_reason_says_what_is_the_case(risk: RiskChanged, value: str) -> None:
    denial = check(state(risk), order("o"), 100.0)
    assert denial is not None
    assert denial.value == value


@pytest.mark.parametrize(
    ("sent", "does"),
    [
        (order("o", SELL, 2), True),
        (order("o", SELL, 3), False),
        (order("o", BUY, 1), False),
        (order("o", BUY, 1, reduce_only=True), True),
        (order("o", SELL, 1, instrument="ETH"), False),
    ],
)
def test_an_order_reduces_when_it_can_only_make_the_position_smaller(sent: Any, does: bool) -> None:
    assert reduces(state(LONG), sent) is does


# --- as a strategy meets it ---------------------------------------------------------------------------------


def test_a_denied_wish_is_told_with_its_rule_and_nothing_is_sent() -> None:
    made = Desk(limits={"max_position": "1"})
    told = made.bar(flat(0, 100.0), lambda s, b: s.buy(2, stop_loss=90))
    assert types(told) == ["bar.closed", "order.denied"]
    denied = told[1].data
    assert isinstance(denied, OrderDenied)
    assert (denied.id, denied.rule, denied.bound, denied.value) == ("s-1", "max_position", "1", "2")


@pytest.mark.parametrize(
    "again",
    [
        lambda s, b: s.buy_to(2),
        lambda s, b: s.buy_to(2, instrument="BTC"),
        lambda s, b: s.target_percent(2),
    ],
)
def test_a_denied_target_is_not_repeated_on_each_bar(again: Callable[[Any, Bar], Any]) -> None:
    made = Desk(limits={"max_position": "1"})
    assert types(made.bar(flat(0, 100.0), again)) == ["bar.closed", "order.denied"]
    for n in range(1, 4):
        assert types(made.bar(flat(n, 100.0), again)) == ["bar.closed"]


def test_a_denied_target_is_tried_again_when_something_has_changed() -> None:
    made = Desk(armed=False)
    assert types(made.bar(flat(0, 100.0), lambda s, b: s.buy_to(2)))[-1] == "order.denied"
    assert types(made.bar(flat(1, 100.0), lambda s, b: s.buy_to(3)))[-1] == "order.denied"  # another wish
    assert types(made.bar(flat(2, 100.0), lambda s, b: s.close())) == ["bar.closed"]
    made.command("arm")
    assert "order.submitted" in types(made.bar(flat(3, 100.0), lambda s, b: s.buy_to(3)))


def test_a_target_denied_for_the_days_loss_is_tried_again_the_next_day() -> None:
    made = Desk(limits={"max_daily_loss": "50"})
    made.bar(flat(0, 100.0), lambda s, b: s.buy(10))
    made.bar(flat(1, 100.0))
    assert types(made.bar(flat(2, 90.0), lambda s, b: s.buy_to(20)))[-1] == "order.denied"
    assert types(made.bar(flat(1441, 90.0), lambda s, b: s.buy_to(20))).count("order.submitted") == 1


def test_orders_under_way_count_towards_the_largest_position() -> None:
    made = Desk(limits={"max_position": "2"})
    told = made.bar(flat(0, 100.0), lambda s, b: [s.buy(1) for _ in range(5)])
    assert types(told).count("order.denied") == 3
    made.bar(flat(1, 100.0))
    assert made.position == 2


def test_two_exits_do_not_turn_the_position_of_a_halted_session() -> None:
    made = Desk()
    made.bar(flat(0, 100.0), lambda s, b: s.buy(1))
    made.bar(flat(1, 100.0))
    made.command("halt")
    made.bar(flat(2, 100.0), lambda s, b: (s.sell(1), s.sell(1)))
    made.bar(flat(3, 100.0))
    assert made.position == 0


# --- limits as configured -----------------------------------------------------------------------------------


def test_limits_become_plain_text() -> None:
    assert check_limits({"max_position": 2.5, "leverage": "1"}) == {"max_position": "2.5", "leverage": "1"}
    assert opened(limits=check_limits({"max_order_qty": 1e-8})).limits == {"max_order_qty": "0.00000001"}


def test_an_unknown_rule_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="risk rule 'max_pos' is unknown; known rules: max_order_qty, "):
        check_limits({"max_pos": 1})


@pytest.mark.parametrize("bound", [0, -1])
def test_a_bound_that_allows_nothing_is_refused(bound: int) -> None:
    with pytest.raises(ConfigError, match=f"risk.leverage is {bound}: give a number above zero"):
        check_limits({"leverage": bound})


def test_a_bound_that_is_no_number_is_refused() -> None:
    with pytest.raises(OrderError, match=r"risk\.leverage is 'much'"):
        check_limits({"leverage": "much"})
