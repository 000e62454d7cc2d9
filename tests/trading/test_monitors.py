"""What watches a position: several targets, break-even, a time exit; in a backtest, and at a venue that can little."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MINUTE, Prices, bar, columns, law
from tradekit.errors import OrderError
from tradekit.model.market import Bar
from tradekit.model.order import OrderType
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.strategy.base import Strategy
from tradekit.testing.desk import Desk

FLAT: Prices = (100, 100, 100, 100)


class Once(Strategy):
    """One wish with the first bar."""

    wish: Callable[[Any], object]

    def on_bar(self, bar: Bar) -> None:
        if len(self.bars(2)) == 1:
            type(self).wish(self)


def played(wish: Callable[[Any], object], *rows: Prices, **options: Any) -> Result:
    made = type("Made", (Once,), {"wish": staticmethod(wish)})
    return backtest(made(), columns([bar(n, row) for n, row in enumerate(rows)]), **options)


def fills(result: Result) -> list[tuple[str, float, float]]:
    return [(row.side, float(row.qty), float(row.price)) for row in result.fills.itertuples()]


# --- one example of each ------------------------------------------------------------------------------------


def test_each_target_takes_its_part_and_the_stop_the_rest() -> None:
    result = played(
        lambda s: s.buy(2, take_profit=[(105, 0.5), (110, 0.5)], stop_loss=95),
        FLAT, FLAT, (100, 106, 100, 104), (104, 104, 94, 94), FLAT,
    )  # fmt: skip
    assert fills(result) == [("buy", 2, 100), ("sell", 1, 105), ("sell", 1, 95)]
    assert result.final.monitors == {}
    assert [one.id for one in result.final.orders.values() if one.working] == []


def test_a_stop_goes_to_the_entrys_price_once_the_price_has_come_so_far() -> None:
    result = played(
        lambda s: s.buy(2, stop_loss=95, break_even=3),
        FLAT, FLAT, (100, 103, 100, 102), (102, 102, 99, 99), FLAT,
    )  # fmt: skip
    assert fills(result) == [("buy", 2, 100), ("sell", 2, 100)]


def test_a_short_position_breaks_even_on_a_fall() -> None:
    result = played(
        lambda s: s.sell(2, stop_loss=105, break_even=3),
        FLAT, FLAT, (100, 100, 97, 98), (98, 101, 98, 101), FLAT,
    )  # fmt: skip
    assert fills(result) == [("sell", 2, 100), ("buy", 2, 100)]


def test_what_is_held_for_long_enough_is_left() -> None:
    result = played(
        lambda s: s.buy(2, stop_loss=90, take_profit=[(120, 0.5)], exit_after="2m"),
        FLAT, FLAT, FLAT, (101, 101, 101, 101), (102, 102, 102, 102),
    )  # fmt: skip
    assert fills(result) == [("buy", 2, 100), ("sell", 2, 101)]
    (left,) = [one for one in result.final.orders.values() if one.reason == "time exit"]
    assert (left.reduce_only, left.type) == (True, OrderType.MARKET)
    assert result.final.monitors == {}


def test_a_time_exit_needs_no_other_exit() -> None:
    assert fills(played(lambda s: s.sell(1, exit_after=timedelta(minutes=1)), *[FLAT] * 5)) == [
        ("sell", 1, 100), ("buy", 1, 100),
    ]  # fmt: skip


# --- no look ahead ------------------------------------------------------------------------------------------


def test_what_a_bar_reaches_is_at_work_from_the_next_one_on() -> None:
    rose_and_fell = (100, 104, 99, 99)
    result = played(
        lambda s: s.buy(1, stop_loss=95, break_even=3), FLAT, FLAT, rose_and_fell, (99, 99, 96, 96), FLAT
    )
    assert fills(result) == [("buy", 1, 100)], "the stop stays where it was while it lay beyond the market"
    again = played(
        lambda s: s.buy(1, stop_loss=95, break_even=3),
        FLAT, FLAT, rose_and_fell, (99, 101, 99, 101), (101, 101, 98, 98), FLAT,
    )  # fmt: skip
    assert fills(again)[-1] == ("sell", 1, 100)


def test_the_bar_of_the_entry_counts_with_its_close() -> None:
    result = played(
        lambda s: s.buy(1, stop_loss=95, break_even=3), FLAT, (100, 104, 100, 102), (102, 102, 99, 99), FLAT
    )
    assert fills(result) == [("buy", 1, 100)]


# --- what has no sense --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"break_even": 3}, "give stop_loss"),
        ({"break_even": 3, "stop_loss_trail": 2}, "one that does not trail"),
        ({"break_even": 0, "stop_loss": 95}, "above zero"),
        ({"exit_after": 0}, "above zero"),
        ({"exit_after": 1.5}, "give a span"),
    ],
)
def test_words_without_sense_are_refused_and_nothing_is_sent(words: dict[str, Any], told: str) -> None:
    with pytest.raises(OrderError, match=told):
        played(lambda s: s.buy(1, **words), FLAT, FLAT)


# --- at a broker --------------------------------------------------------------------------------------------


def desk(**practice: Any) -> Desk:
    made = Desk(practice=practice)
    made.mark("BTC", 100.0)
    return made


def entered(made: Desk, **words: Any) -> list[str]:
    """Two are bought at 100; the ids of the exits."""
    made.submit(cid="E", qty=2, **words)
    made.report({"kind": "new", "cid": "E", "venue_order_id": "v1"})
    made.report({"kind": "fill", "cid": "E", "exec_id": "e1", "qty": 2, "price": 100})
    exits = [one.id for one in made.state.orders.values() if one.parent == "E"]
    for name in exits:
        made.report({"kind": "new", "cid": name, "venue_order_id": f"v-{name}"})
    made.sent.clear()
    return exits


def sent(made: Desk) -> list[tuple[Any, ...]]:
    return [(one["kind"], one["cid"]) for one in made.sent if one["kind"] != "query"]


def test_a_time_exit_cancels_first_and_leaves_when_nothing_works_any_more() -> None:
    made = desk()
    stop, target = entered(made, stop_loss=95, take_profit=110, exit_after="1m")
    made.now += MINUTE
    made.mark("BTC", 101.0)
    assert sent(made) == [("cancel", stop), ("cancel", target)]
    made.report({"kind": "canceled", "cid": stop})
    made.report({"kind": "fill", "cid": target, "exec_id": "e2", "qty": 1, "price": 110})
    made.sent.clear()
    made.report({"kind": "canceled", "cid": target})
    (leave,) = [one for one in made.sent if one["kind"] == "submit"]
    assert (leave["side"], leave["qty"], leave["reduce_only"]) == ("sell", 1, True)
    made.report({"kind": "fill", "cid": leave["cid"], "exec_id": "e3", "qty": 1, "price": 101})
    assert made.state.monitors == {}


def test_a_time_exit_leaves_its_own_part_of_a_larger_position() -> None:
    made = desk()
    stop, target = entered(made, stop_loss=95, take_profit=[(110, 0.5)], exit_after="1m")[:2]
    made.submit(cid="X", qty=5)
    made.report({"kind": "fill", "cid": "X", "exec_id": "e2", "qty": 5, "price": 100})
    made.report({"kind": "fill", "cid": target, "exec_id": "e3", "qty": 1, "price": 110})
    made.report({"kind": "canceled", "cid": stop})
    made.now += MINUTE
    made.mark("BTC", 101.0)
    made.sent.clear()
    for name, order in list(made.state.orders.items()):
        if order.cancel_requested and order.working:
            made.report({"kind": "canceled", "cid": name})
    (leave,) = [one for one in made.sent if one["kind"] == "submit"]
    assert leave["qty"] == 1


def test_a_restart_in_the_middle_of_it_goes_on() -> None:
    made = desk()
    stop, target = entered(made, stop_loss=95, take_profit=110, exit_after="1m")
    made.now += MINUTE
    made.mark("BTC", 101.0)
    made.restart()
    assert made.state.monitors["E"].leaving
    made.sent.clear()
    made.report({"kind": "canceled", "cid": stop})
    made.report({"kind": "canceled", "cid": target})
    (leave,) = [one for one in made.sent if one["kind"] == "submit"]
    assert leave["qty"] == 2


def test_a_position_that_was_left_by_hand_is_watched_no_more() -> None:
    made = desk()
    entered(made, stop_loss=95, break_even=3, exit_after="1m")
    made.submit(cid="X", side="sell", qty=2)
    made.report({"kind": "fill", "cid": "X", "exec_id": "e2", "qty": 2, "price": 100})
    assert made.state.monitors == {}


def test_an_entry_that_ended_without_a_fill_leaves_nothing_behind() -> None:
    made = desk()
    made.submit(cid="E", qty=2, price=90, stop_loss=85, exit_after="1m")
    made.report({"kind": "canceled", "cid": "E"})
    assert made.state.monitors == {}


def test_break_even_at_a_venue_that_refuses_the_change_is_asked_for_again() -> None:
    made = desk()
    (stop,) = entered(made, stop_loss=95, break_even=3)
    made.mark("BTC", 103.0)
    assert sent(made) == [("replace", stop)]
    made.report({"kind": "replace_rejected", "cid": stop, "reason": "too late"})
    made.mark("BTC", 103.5)
    assert sent(made) == [("replace", stop)] * 2
    made.report({"kind": "replaced", "cid": stop, "venue_order_id": "v9", "qty": 2, "stop": 100})
    made.mark("BTC", 110.0)
    assert len(sent(made)) == 2


def test_a_stop_that_is_kept_here_goes_to_break_even_here() -> None:
    made = desk(types=frozenset({OrderType.MARKET, OrderType.LIMIT}))
    made.submit(cid="E", qty=2, stop_loss=95, break_even=3)
    made.report({"kind": "fill", "cid": "E", "exec_id": "e1", "qty": 2, "price": 100})
    made.mark("BTC", 103.0)
    (stop,) = [one for one in made.state.orders.values() if one.parent == "E"]
    assert (stop.status, stop.stop) == ("held", 100)


def test_parts_are_no_more_than_what_is_held_at_a_venue_that_does_not_see_to_it() -> None:
    made = desk()
    exits = entered(made, take_profit=[(105, 0.5), (110, 0.5)], stop_loss=95)
    made.submit(cid="X", side="sell", qty=1)
    made.report({"kind": "fill", "cid": "X", "exec_id": "e2", "qty": 1, "price": 100})
    asked = [one["cid"] for one in made.sent if one["kind"] == "cancel"]
    assert asked == exits[2:], "one part is still held, so the exits of one part are enough"


# --- laws ---------------------------------------------------------------------------------------------------

WORDS = st.fixed_dictionaries(
    {},
    optional={
        "stop_loss": st.sampled_from([92, 95, 98]),
        "take_profit": st.sampled_from([104, [(103, 0.5), (106, 0.5)], [(102, 0.25), (104, 0.25)]]),
        "exit_after": st.sampled_from(["1m", "3m", "9m"]),
    },
)


@given(WORDS, st.sampled_from([None, 1, 2.5]), st.integers(0, 2**16), st.booleans())
@law(60)
def test_a_watched_position_never_turns_and_never_grows(
    words: dict[str, Any], even: float | None, seed: int, stepwise: bool
) -> None:
    if even is not None and "stop_loss" in words:
        words = words | {"break_even": even}
    chance = np.random.default_rng(seed)
    path = 100 + chance.normal(0, 1.5, 40).cumsum() * (np.arange(40) > 2)
    rows = [
        (path[n], max(path[n : n + 2]) + chance.random(), min(path[n : n + 2]) - chance.random(), path[n + 1])
        for n in range(39)
    ]
    result = played(lambda s: s.buy(2, **words), *rows, stepwise=stepwise)
    held = 0.0
    for side, qty, _ in fills(result):
        held += qty if side == "buy" else -qty
        assert 0 <= held <= 2
    open_exits = [one for one in result.final.orders.values() if one.working and one.parent]
    if held == 0:
        assert open_exits == []
        assert result.final.monitors == {}
