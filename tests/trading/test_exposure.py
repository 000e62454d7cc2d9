"""What orders under way may make of a position: part fills, triggers, replacements, shares."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import BTC, event, filled, flat, opened
from tests.builders import order as submitted
from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderReplaceRequested, OrderType, Side, Status
from tradekit.state.reducer import apply
from tradekit.state.shape import Order, State
from tradekit.trading.exposure import changed, expected, less, under_way, units_for, weighed

D = Decimal


def state(*, held: int = 0, price: float | None = 100.0, specs: list[Instrument] | None = None) -> State:
    made = State()
    facts: list[Any] = [opened(instruments=specs or [BTC])]
    facts += [filled("x", Side.BUY, held, 100)] if held else []
    facts += [flat(0, price)] if price else []
    for seq, fact in enumerate(facts, 1):
        apply(made, event(fact, seq=seq))
    return made


def order(kind: OrderType = OrderType.MARKET, qty: object = 3, side: Side = Side.BUY, **fields: Any) -> Order:
    status = fields.pop("status", Status.ACCEPTED)
    return Order("s-1", "s", "main", "BTC", side, kind, D(str(qty)), status, **fields)


@pytest.mark.parametrize(
    ("working", "position"),
    [
        ([], 2),
        ([order()], 5),
        ([order(side=Side.SELL)], -1),
        ([order(filled=D(1), status=Status.PARTIALLY_FILLED)], 4),
        ([order(cancel_requested=True)], 2),
        ([order(OrderType.LIMIT, limit=D(99))], 2),
        ([order(OrderType.STOP, stop=D(101))], 2),
        ([order(OrderType.STOP, stop=D(101), status=Status.TRIGGERED)], 5),
        ([order(OrderType.TRAILING_STOP, filled=D(1), status=Status.PARTIALLY_FILLED)], 4),
        ([order(OrderType.MARKET_IF_TOUCHED, status=Status.TRIGGERED)], 5),
        ([order(OrderType.STOP_LIMIT, status=Status.TRIGGERED)], 2),
        ([order(OrderType.LIMIT, filled=D(1), status=Status.PARTIALLY_FILLED)], 2),
    ],
)
def test_what_is_expected_is_what_trades_at_any_price(working: list[Order], position: int) -> None:
    assert expected(state(held=2), working, "BTC") == position


def test_orders_in_another_instrument_expect_nothing_here() -> None:
    assert expected(state(), [order()], "ETH") == 0


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({}, 3),
        ({"filled": D(1)}, 2),
        ({"wanted": D(5)}, 5),
        ({"wanted": D(5), "filled": D(1)}, 4),
        ({"wanted": D(2)}, 3),
        ({"cancel_requested": True}, 3),
        ({"reduce_only": True}, 0),
        ({"side": Side.SELL}, 0),
        ({"qty": 0, "share": D("0.5")}, 50),
        ({"qty": 7, "share": D("0.5")}, 7),
    ],
)
def test_under_way_is_the_most_that_may_still_fill_on_a_side(fields: dict[str, Any], most: int) -> None:
    assert under_way(state(), [order(**fields)], submitted("s-2")) == most


def test_an_order_is_not_under_way_beside_itself() -> None:
    assert under_way(state(), [order()], submitted("s-1")) == 0


def test_a_share_weighs_what_it_buys_now() -> None:
    spec = Instrument(id="BTC", margin=D("0.5"), lot=D("0.1"))
    made = state(specs=[spec])
    assert weighed(made, submitted("s-2", qty=0, share=D("0.333")), 100.0).qty == D("66.6")
    assert weighed(made, submitted("s-2", qty=7), None).qty == 7
    made.account.equity = -5.0
    assert units_for(made, spec, D(1), 100.0) == 0


def test_a_share_of_an_inverse_contract_is_one_of_its_base_currency() -> None:
    inverse = Instrument(id="XBT", inverse=True, base="BTC", multiplier=D(1))
    made = state(specs=[inverse])
    made.account.currency = "BTC"
    assert units_for(made, inverse, D(1), 0.5) == 5_000


def test_a_share_of_a_foreign_instrument_is_converted_and_waits_for_its_rate() -> None:
    bund = Instrument(id="BUND", quote="EUR", lot=D(1))
    made = state(specs=[bund])
    with pytest.raises(OrderError, match="BUND is valued in EUR, whose rate is not known yet; wait for one"):
        units_for(made, bund, D(1), 100.0)
    made.rates["EUR/USD"] = D("1.25")
    assert units_for(made, bund, D(1), 100.0) == 80


@pytest.mark.parametrize("price", [None, 0.0])
def test_a_share_without_a_price_weighs_nothing_that_could_be_told(price: float | None) -> None:
    with pytest.raises(OrderError, match="a share needs a price of BTC"):
        units_for(state(), BTC, D(1), price)


def test_a_changed_order_is_what_would_be_left_of_it() -> None:
    known = order(OrderType.STOP_LIMIT, limit=D(99), stop=D(98), filled=D(1))
    made = changed(known, OrderReplaceRequested("s-1", "BTC", qty=D(5), stop=D(97)))
    assert (made.qty, made.limit, made.stop, made.side) == (D(4), D(99), D(97), Side.BUY)
    made = changed(order(OrderType.LIMIT, limit=D(99)), OrderReplaceRequested("s-1", "BTC", limit=D(98)))
    assert (made.qty, made.limit, made.stop) == (D(3), D(98), None)


@pytest.mark.parametrize(
    ("asked", "is_less"),
    [
        ({"qty": D(2)}, True),
        ({"qty": D(3)}, True),
        ({"qty": D(4)}, False),
        ({"qty": D(2), "limit": D(98)}, False),
        ({"stop": D(98)}, False),
        ({"trail": D(1)}, False),
    ],
)
def test_only_a_smaller_quantity_is_less(asked: dict[str, Any], is_less: bool) -> None:
    assert less(order(), OrderReplaceRequested("s-1", "BTC", **asked)) is is_less
