"""Working orders are found by their instrument, and an order that has ended is found no more."""

from decimal import Decimal

from tradekit.model.order import OrderType, Side, Status
from tradekit.state.shape import Order
from tradekit.trading.working import Working


def order(name: str, instrument: str, status: Status = Status.ACCEPTED) -> Order:
    return Order(name, "s", "main", instrument, Side.BUY, OrderType.MARKET, Decimal(1), status)


def test_orders_are_found_by_id_and_by_instrument_in_the_order_in_which_they_came() -> None:
    made = Working(
        [order("b", "ETH"), order("a", "BTC"), order("c", "ETH"), order("d", "BTC", Status.FILLED)]
    )
    assert list(made) == ["b", "a", "c"]
    assert [one.id for one in made.of("ETH")] == ["b", "c"]
    assert list(made.of("SOL")) == []


def test_an_order_that_has_ended_is_let_go_of() -> None:
    first = order("a", "BTC")
    made = Working([first])
    first.status = Status.CANCELED
    made.follow(first)
    made.follow(first)
    assert made == {}
    assert list(made.of("BTC")) == []
