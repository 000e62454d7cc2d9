"""Orders that belong together: one cancels the other, one brings the other to life, brackets that trail."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import BTC, bar, flat
from tests.trading.desk import Desk, orders, types
from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderCanceled, OrderDenied, OrderSubmitted, OrderType, Side, Status

D = Decimal


def desk(**more: Any) -> Desk:
    return Desk(specs=[BTC, Instrument(id="ETH")], raising=True, **more)


def statuses(made: Desk) -> list[str]:
    return [str(one.status) for one in made.state.orders.values()]


# --- one cancels other --------------------------------------------------------------------------------------


def breakout(s: Any, b: Bar) -> None:
    s.buy(1, stop=105, group="breakout")
    s.sell(1, stop=95, group="breakout")


def test_orders_of_a_group_carry_it_under_the_strategys_name() -> None:
    sent = orders(desk().bar(flat(0, 100.0), breakout))
    assert [one.group for one in sent] == ["s:breakout", "s:breakout"]


def test_the_first_fill_of_a_group_ends_the_rest() -> None:
    made = desk()
    made.bar(flat(0, 100.0), breakout)
    told = made.bar(bar(1, (100.0, 106.0, 99.0, 105.0)))
    assert made.position == 1
    assert [e.data.id for e in told if isinstance(e.data, OrderCanceled)] == ["s-2"]


def test_an_order_of_a_group_that_is_denied_leaves_the_others() -> None:
    made = desk(limits={"max_order_qty": "1"})
    made.bar(flat(0, 100.0), lambda s, b: (s.buy(1, limit=90, group="g"), s.buy(2, limit=91, group="g")))
    assert statuses(made) == ["accepted", "denied"]


# --- one triggers other -------------------------------------------------------------------------------------


def chain(s: Any, b: Bar) -> None:
    entry = s.buy(2, limit=95)
    s.sell(1, limit=110, after=entry)


def test_an_order_after_another_waits_at_the_venue_for_its_fill() -> None:
    made = desk()
    _, second = orders(made.bar(flat(0, 100.0), chain))
    assert (second.parent, second.reduce_only, second.group) == ("s-1", False, "")
    assert statuses(made) == ["accepted", "held"]
    made.bar(flat(1, 95.0))
    assert statuses(made) == ["filled", "accepted"]


def test_an_order_after_one_that_has_filled_goes_out_at_once() -> None:
    made = desk()
    made.bar(flat(0, 100.0), lambda s, b: s.buy(1))
    made.bar(flat(1, 100.0))
    (sent,) = orders(made.bar(flat(2, 100.0), lambda s, b: s.sell(1, limit=110, after="s-1")))
    assert sent.parent == ""
    assert made.state.orders["s-2"].status is Status.ACCEPTED


def test_an_order_after_one_that_ended_without_a_fill_is_denied_and_says_so() -> None:
    made = desk(limits={"max_order_qty": "1"})

    def act(s: Any, b: Bar) -> None:
        entry = s.buy(2)
        s.sell(1, limit=110, after=entry)

    denied = [e.data for e in made.bar(flat(0, 100.0), act) if isinstance(e.data, OrderDenied)]
    assert [(one.rule, one.value) for one in denied] == [
        ("max_order_qty", "2"),
        ("after", "s-1 was denied without a fill"),
    ]


def test_an_order_after_one_that_nobody_knows_makes_no_sense() -> None:
    with pytest.raises(OrderError, match="after='s-9' is no order that this session knows"):
        desk().bar(flat(0, 100.0), lambda s, b: s.sell(1, after="s-9"))


# --- brackets -----------------------------------------------------------------------------------------------


def test_a_stop_loss_may_trail() -> None:
    sent = orders(desk().bar(flat(0, 100.0), lambda s, b: s.buy(1, stop_loss_trail=5, take_profit=120)))
    entry, loss, target = sent
    assert (loss.type, loss.trail, loss.stop) == (OrderType.TRAILING_STOP, D(5), None)
    assert (loss.parent, loss.group) == (target.parent, target.group) == (entry.id, f"{entry.id}/exit")


def test_the_exits_of_a_named_position_belong_to_it() -> None:
    sent = orders(desk().bar(flat(0, 100.0), lambda s, b: s.buy(1, stop_loss=95, position="left")))
    assert [one.position for one in sent] == ["left", "left"]


def test_an_entry_may_be_in_a_group_and_have_exits() -> None:
    sent = orders(desk().bar(flat(0, 100.0), lambda s, b: s.buy(1, limit=99, group="g", stop_loss=95)))
    assert [one.group for one in sent] == ["s:g", ""]


def test_a_denied_entry_has_no_exits() -> None:
    made = desk(limits={"max_order_qty": "1"})
    assert types(made.bar(flat(0, 100.0), lambda s, b: s.buy(2, stop_loss=95))) == [
        "bar.closed",
        "order.denied",
    ]


# --- sizes by share, named positions ------------------------------------------------------------------------


def test_risk_sees_the_quantity_that_a_share_would_buy() -> None:
    made = desk(limits={"max_order_qty": "49"})
    told = made.bar(flat(0, 100.0), lambda s, b: (s.buy(share=0.5), s.buy(share=0.4)))
    denied = [e.data for e in told if isinstance(e.data, OrderDenied)]
    assert [(one.rule, one.value) for one in denied] == [("max_order_qty", "50.0")]
    (sent,) = [e.data for e in told if isinstance(e.data, OrderSubmitted)]
    assert (sent.qty, sent.share, sent.side) == (D(0), D("0.4"), Side.BUY)


def test_a_share_needs_a_price() -> None:
    with pytest.raises(OrderError, match="a share needs a price of ETH"):
        desk().bar(flat(0, 100.0), lambda s, b: s.buy(share=1, instrument="ETH"))


def hedged() -> Desk:
    """Long 2 as `left`, short 1 as `right`."""
    made = desk(hedging=True)
    made.bar(flat(0, 100.0), lambda s, b: (s.buy(2, position="left"), s.sell(1, position="right")))
    made.bar(flat(1, 100.0))
    assert (made.position, len(made.state.positions)) == (1, 2)
    return made


def test_close_leaves_the_position_that_it_names_once() -> None:
    made = hedged()
    told = made.bar(
        flat(2, 100.0), lambda s, b: (s.close(position="left"), s.close(position="left", tag="again"))
    )
    (sent,) = orders(told)
    assert (sent.side, sent.qty, sent.position, sent.reduce_only) == (Side.SELL, D(2), "left", True)
    made.bar(flat(3, 100.0), lambda s, b: s.close(position="left"))
    assert {p.position: p.qty for p in made.state.positions.values()} == {"left": D(0), "right": D(-1)}


def test_flatten_leaves_every_position_by_its_name() -> None:
    made = hedged()
    made.command("flatten")
    made.bar(flat(2, 100.0))
    assert {p.position: p.qty for p in made.state.positions.values()} == {"left": D(0), "right": D(0)}


def test_close_of_a_position_that_nobody_holds_tells_nothing() -> None:
    assert types(desk().bar(flat(0, 100.0), lambda s, b: s.close(position="left"))) == ["bar.closed"]
