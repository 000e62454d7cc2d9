"""Orders are paired by what they were decided on, then by the orders that they follow from."""

from decimal import Decimal as D
from typing import Any

from tests.builders import START
from tradekit.model.order import OrderType, Side
from tradekit.run.parity.lives import INPUT, Deal, Root
from tradekit.run.parity.pairs import paired


def deal(name: str, place: int, *, root: Root = INPUT, side: Side = Side.BUY, **more: Any) -> Deal:
    return Deal(name, "s", "BTC", side, OrderType.MARKET, D(1), int(name[1:]), START, place, root, **more)


def names(ours: list[Deal], theirs: list[Deal]) -> list[tuple[str, str]]:
    found = paired({one.id: one for one in ours}, {one.id: one for one in theirs}, int)
    return [(one.id if one else "", twin.id if twin else "") for one, twin in found]


def test_those_of_one_input_are_paired_by_side_and_number() -> None:
    ours = [deal("a1", 5), deal("a2", 5, side=Side.SELL), deal("a3", 5)]
    theirs = [deal("b1", 5, side=Side.SELL), deal("b2", 5), deal("b3", 5)]
    assert names(ours, theirs) == [("a1", "b2"), ("a2", "b1"), ("a3", "b3")]


def test_what_only_one_has_stands_alone_behind_what_both_have() -> None:
    assert names([deal("a1", 5), deal("a2", 6)], [deal("b1", 6)]) == [("a1", ""), ("a2", "b1")]
    assert names([deal("a1", 6)], [deal("b1", 6, side=Side.SELL), deal("b2", 6)]) == [
        ("a1", "b2"),
        ("", "b1"),
    ]


def test_what_follows_from_a_fill_is_paired_by_the_order_that_filled_wherever_that_was() -> None:
    ours = [deal("a1", 5), deal("a2", 9, root=("order", "a1")), deal("a3", 12, root=("order", "a2"))]
    theirs = [deal("b7", 5), deal("b8", 6, root=("order", "b7")), deal("b9", 6, root=("order", "b8"))]
    assert names(ours, theirs) == [("a1", "b7"), ("a2", "b8"), ("a3", "b9")]


def test_what_a_human_or_the_venue_brought_about_has_no_twin() -> None:
    ours = [deal("a1", 5, root=("command", "flatten", "jo")), deal("a2", 5, root=("difference.resolved",))]
    assert names(ours, [deal("b1", 5)]) == [("a1", ""), ("", "b1"), ("a2", "")]


def test_a_parameter_that_was_set_is_an_input_of_both() -> None:
    ours = [deal("a1", 5, root=("command", "set_param", "jo"))]
    assert names(ours, [deal("b1", 5, root=("command", "set_param", "jo"))]) == [("a1", "b1")]
