"""Who may send orders at all; what a refusal says; how a strategy meets it; what halts the session."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import filled, flat, order
from tests.trading.desk import Desk, types
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderAccepted, OrderDenied, OrderRejected, OrderSubmitted, Side, Status
from tradekit.model.reconciliation import HoldChanged
from tradekit.model.session import RiskChanged
from tradekit.state.shape import Order, State
from tradekit.strategy.base import Strategy
from tradekit.trading.risk import Denial, check, reduces

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


def test_a_purchase_reduces_what_was_sold_short() -> None:
    made = state(filled("x", SELL, 2, 100))
    assert [reduces(made, order("o", BUY, qty)) for qty in (2, "2.01")] == [True, False]


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


def test_a_denied_target_goes_out_once_the_rule_lets_it() -> None:
    made = Desk(limits={"max_order_notional": "900"})
    assert types(made.bar(flat(0, 100.0), lambda s, b: s.buy_to(10))) == ["bar.closed", "order.denied"]
    assert types(made.bar(flat(1, 90.1), lambda s, b: s.buy_to(10))) == ["bar.closed"]
    assert types(made.bar(flat(2, 90.0), lambda s, b: s.buy_to(10))).count("order.submitted") == 1


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


# --- breakers -----------------------------------------------------------------------------------------------


def test_the_days_loss_halts_before_the_strategy_hears_of_it() -> None:
    made = Desk(limits={"max_daily_loss": "50"})
    made.bar(flat(0, 100.0), lambda s, b: s.buy(10))
    made.bar(flat(1, 100.0))
    assert types(made.bar(flat(2, 95.0))) == ["bar.closed"]
    told = made.bar(flat(3, 94.9), lambda s, b: (s.buy(1), s.sell(5)))
    assert types(told)[:4] == ["bar.closed", "risk.changed", "order.denied", "order.submitted"]
    halt = told[1]
    assert halt.data == RiskChanged(True, True, False, "max_daily_loss: 51.00 against 50", "risk")
    assert halt.cause == halt.seq - 1  # the bar


def test_a_halt_is_told_once_and_again_only_after_arming() -> None:
    made = Desk(limits={"max_daily_loss": "50"})
    made.bar(flat(0, 100.0), lambda s, b: s.buy(10))
    made.bar(flat(1, 100.0))
    assert types(made.bar(flat(2, 90.0))).count("risk.changed") == 1
    assert types(made.bar(flat(3, 80.0))).count("risk.changed") == 0
    made.command("arm")
    assert types(made.bar(flat(4, 80.0))).count("risk.changed") == 1  # the day's loss is what it is
    made.command("arm")
    assert types(made.bar(flat(1441, 80.0))).count("risk.changed") == 0  # another day


def test_an_order_between_arming_and_the_next_fact_is_denied_by_the_breaker_itself() -> None:
    made = Desk(limits={"max_daily_loss": "50"})
    made.bar(flat(0, 100.0), lambda s, b: s.buy(10))
    made.bar(flat(1, 100.0))
    made.bar(flat(2, 90.0))
    made.command("arm")
    denial = check(made.state, order("o"), 90.0)
    assert denial == Denial("max_daily_loss", "50", "100.00")


class Stubborn(Strategy):
    """Sends its order again whenever it is refused."""

    def on_bar(self, bar: Bar) -> None:
        self.buy(1)

    def on_order(self, seen: Order) -> None:
        if seen.status is Status.REJECTED:
            self.buy(1)


def test_a_loop_of_rejects_ends_with_a_halt() -> None:
    made = Desk(Stubborn(), limits={"max_rejects_in_a_row": "5"})
    engine, sent = made.engine, 0
    told = engine.step(flat(0, 100.0), made.state.time + 1)
    for _ in range(1000):
        wishes = [event.data for event in told if isinstance(event.data, OrderSubmitted)]
        sent += len(wishes)
        told = [
            e for wish in wishes for e in engine.step(OrderRejected(wish.id, "BTC", "no"), made.state.time)
        ]
    assert sent == 5
    assert made.state.risk.reason == "max_rejects_in_a_row: 5 against 5"


def test_the_row_of_rejects_ends_when_the_venue_takes_an_order() -> None:
    made = Desk(limits={"max_rejects_in_a_row": "2"})
    for name in ("a", "b", "c"):
        made.engine.step(order(name), made.state.time)
    for answer in (
        OrderRejected("a", "BTC", "no"),
        OrderAccepted("b", "BTC", "v"),
        OrderRejected("c", "BTC", "no"),
    ):
        made.engine.step(answer, made.state.time)
    assert not made.state.risk.halted
    made.engine.step(order("d"), made.state.time)
    made.engine.step(OrderRejected("d", "BTC", "no"), made.state.time)
    assert made.state.risk.halted


def test_arming_after_a_row_of_rejects_begins_a_new_one() -> None:
    made = Desk(limits={"max_rejects_in_a_row": "1"})
    made.engine.step(order("a"), made.state.time)
    made.engine.step(OrderRejected("a", "BTC", "no"), made.state.time)
    assert made.state.risk.halted
    made.command("arm")
    made.bar(flat(0, 100.0))
    assert not made.state.risk.halted


@pytest.mark.parametrize("instrument", ["BTC", "*"])
def test_what_is_held_back_takes_only_what_reduces_until_it_is_let_go(instrument: str) -> None:
    made = state(LONG, HoldChanged(instrument, "books", "they disagree"))
    assert check(made, order("o", BUY), 100.0) == Denial("hold", "", "they disagree")
    assert check(made, order("o", SELL, 2), 100.0) is None
    assert check(made, order("o", SELL, 3), 100.0) is not None
    let_go = state(
        LONG, HoldChanged(instrument, "books", "they disagree"), HoldChanged(instrument, "books", "")
    )
    assert check(let_go, order("o", BUY), 100.0) is None
    assert let_go.risk.holds == {}


def test_what_is_held_back_twice_is_let_go_twice() -> None:
    holds = [HoldChanged("BTC", by, "why") for by in ("one", "two")]
    made = state(*holds, HoldChanged("BTC", "one", ""))
    assert check(made, order("o", BUY), 100.0) is not None


def test_another_instrument_is_not_held_back() -> None:
    made = state(HoldChanged("ETH", "books", "they disagree"))
    assert check(made, order("o", BUY), 100.0) is None
