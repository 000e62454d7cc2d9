"""The exits of an entry: a stop, fixed or trailing, and a target, on the right side of it."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, law
from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderType, Side
from tradekit.trading.bracket import apportioned, exits_of
from tradekit.trading.terms import Terms

D = Decimal
ENTRY = Terms(type=OrderType.MARKET, qty=D(2))


def exits(
    side: Side = Side.BUY,
    entry: Terms = ENTRY,
    price: float | None = 100.0,
    spec: Instrument = BTC,
    **asked: Any,
) -> list[tuple[str, Terms]]:
    return [one for part in exits_of(spec, side, entry, price, **asked) for one in part.orders]


def test_an_entry_without_exits_has_none() -> None:
    assert exits() == []


def test_a_stop_and_a_target_reduce_the_entrys_quantity_and_say_what_they_are() -> None:
    (why, loss), (whither, target) = exits(stop_loss=95, take_profit=110)
    assert (why, loss.type, loss.stop, loss.qty, loss.reduce_only) == (
        "stop loss",
        OrderType.STOP,
        95,
        2,
        True,
    )
    assert (whither, target.type, target.limit, target.qty, target.reduce_only) == (
        "take profit",
        OrderType.LIMIT,
        110,
        2,
        True,
    )


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"stop_loss_trail": 5}, (None, D(5), None)),
        ({"stop_loss_trail_pct": 5}, (None, None, D(5))),
        ({"stop_loss": 90, "stop_loss_trail": 5}, (D(90), D(5), None)),
    ],
)
def test_a_stop_loss_may_trail_from_where_it_starts(asked: dict[str, Any], found: tuple[Any, ...]) -> None:
    ((_, loss),) = exits(**asked)
    assert (loss.type, loss.stop, loss.trail, loss.trail_pct) == (OrderType.TRAILING_STOP, *found)


def test_exits_lie_on_the_tick_a_target_on_the_one_that_is_no_worse() -> None:
    ticked = Instrument(id="BTC", tick=D("0.5"))
    (_, loss), (_, target) = exits(spec=ticked, stop_loss=95.3, take_profit=110.1)
    assert (loss.stop, target.limit) == (D("95.5"), D("110.5"))
    (_, loss), (_, target) = exits(Side.SELL, spec=ticked, stop_loss=105.2, take_profit=90.4)
    assert (loss.stop, target.limit) == (D("105.0"), D("90.0"))


def test_the_exits_of_a_share_are_shares() -> None:
    ((_, loss),) = exits(entry=Terms(type=OrderType.MARKET, qty=D(0), share=D("0.5")), stop_loss=95)
    assert (loss.qty, loss.share) == (D(0), D("0.5"))


@pytest.mark.parametrize(
    ("entry", "level"),
    [
        (Terms(type=OrderType.LIMIT, qty=D(1), limit=D(90)), 90),
        (Terms(type=OrderType.STOP, qty=D(1), stop=D(110)), 110),
        (Terms(type=OrderType.STOP_LIMIT, qty=D(1), stop=D(110), limit=D(111)), 111),
        (ENTRY, 100),
    ],
)
def test_exits_are_measured_from_where_the_entry_trades(entry: Terms, level: int) -> None:
    with pytest.raises(
        OrderError, match=f"stop_loss {level} of a buy BTC must lie below the entry price {level}"
    ):
        exits(entry=entry, stop_loss=level)
    with pytest.raises(OrderError, match=f"take_profit {level} of a buy BTC must lie above"):
        exits(entry=entry, take_profit=level)
    with pytest.raises(OrderError, match=f"stop_loss {level} of a sell BTC must lie above"):
        exits(Side.SELL, entry=entry, stop_loss=level)


def test_without_any_price_the_exits_are_taken_as_they_are() -> None:
    assert len(exits(price=None, stop_loss=5, take_profit=1)) == 2


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"stop_loss_trail": 0}, "trail is 0"),
        ({"stop_loss_trail": 1, "stop_loss_trail_pct": 1}, "not both"),
        ({"take_profit": "x"}, "take_profit is 'x': give a number"),
        ({"stop_loss": "x"}, "stop_loss is 'x': give a number"),
    ],
)
def test_exits_that_make_no_sense_are_refused(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(OrderError, match=words):
        exits(price=None, **asked)


# --- several targets ----------------------------------------------------------------------------------------


def parts(spec: Instrument = BTC, entry: Terms = ENTRY, **asked: Any) -> list[tuple[Decimal, list[str]]]:
    made = exits_of(spec, Side.BUY, entry, 100.0, **asked)
    return [(part.qty, [why for why, _ in part.orders]) for part in made]


def test_each_target_has_its_part_and_a_stop_of_its_own() -> None:
    both = ["stop loss", "take profit"]
    assert parts(take_profit=[(105, 0.5), (110, 0.5)], stop_loss=95) == [(D(1), both), (D(1), both)]
    assert parts(take_profit=[(105, 0.5), (110, 0.5)]) == [(D(1), both[1:]), (D(1), both[1:])]


def test_what_no_target_is_for_has_a_stop_alone_or_nothing() -> None:
    assert parts(take_profit=[(105, 0.25)], stop_loss=95) == [
        (D("0.5"), ["stop loss", "take profit"]), (D("1.5"), ["stop loss"]),
    ]  # fmt: skip
    assert parts(take_profit=[(105, 0.25)]) == [(D("0.5"), ["take profit"]), (D("1.5"), [])]


def test_parts_are_whole_lots_and_the_last_one_takes_the_rest() -> None:
    spec = Instrument(id="BTC", lot=D(1))
    entry = Terms(type=OrderType.MARKET, qty=D(10))
    asked = [(105, D("0.33")), (110, D("0.33")), (115, D("0.34"))]
    assert [qty for qty, _ in parts(spec, entry, take_profit=asked)] == [3, 3, 4]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ([(105, 0.7), (110, 0.7)], r"come to 1\.4"),
        ([(105, 0), (110, 1)], "above 0"),
        ([], "above 0"),
        ([(105,)], r"pairs of a price and a fraction"),
        ([(95, 0.5), (110, 0.5)], "must lie above the entry"),
    ],
)
def test_targets_without_sense_are_refused(asked: list[Any], told: str) -> None:
    with pytest.raises(OrderError, match=told):
        exits(take_profit=asked)


def test_a_part_that_is_less_than_a_lot_is_refused() -> None:
    with pytest.raises(OrderError, match="less than its smallest step"):
        exits(spec=Instrument(id="BTC", lot=D(1)), take_profit=[(105, 0.1), (110, 0.9)])


def test_an_order_that_the_venue_sizes_has_one_target() -> None:
    entry = Terms(type=OrderType.MARKET, qty=D(0), share=D(1))
    with pytest.raises(OrderError, match="has one target"):
        exits(entry=entry, take_profit=[(105, 0.5), (110, 0.5)])


# --- an entry of another quantity ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sizes", "total", "entered", "made"),
    [
        ([2, 2], 6, 0, [3, 3]),
        ([2, 2], 3, 0, [1, 2]),  # whole lots, the rest to the last
        ([3, 1], 8, 0, [6, 2]),
        ([2, 2, 4], 14, 2, [2, 4, 8]),  # what has begun to fill stays as it is
        ([2, 2, 4], 14, 1, [2, 4, 8]),
        ([2, 2], 7, 4, [2, 5]),  # all have begun: the last takes the rest
        ([2, 2], 7, 3, [2, 5]),
        ([2, 2], 2, 1, [2, 0]),
        ([4, 4], 3, 1, [3, 0]),  # less than has begun: that is cut
        ([4, 4], 6, 5, [4, 2]),
        ([0], 2, 2, [2]),  # one that the venue sizes
    ],
)
def test_parts_follow_their_entry(sizes: list[int], total: int, entered: int, made: list[int]) -> None:
    assert apportioned([D(one) for one in sizes], D(total), D(entered), D(1)) == made


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=5), st.integers(1, 300), st.integers(0, 250),
    st.sampled_from(["1", "0.01", "5"]),
)  # fmt: skip
@law(100)
def test_parts_are_the_whole_entry_in_whole_lots_and_what_has_filled_keeps_its_part(
    sizes: list[int], total: int, entered: int, step: str
) -> None:
    lot = D(step)
    before = [one * lot for one in sizes]
    filled = min(entered, sum(sizes), total) * lot
    made = apportioned(before, total * lot, filled, lot)
    assert sum(made) == total * lot
    assert all(one >= 0 and one % lot == 0 for one in made)
    start = D(0)
    for old, new in zip(before, made, strict=True):
        if start + old <= filled and start + old < sum(before):
            assert new == old
        start += old
