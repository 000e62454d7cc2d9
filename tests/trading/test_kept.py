"""At a venue that takes market and limit orders alone: stops are kept here, and one exit ends the other."""

from typing import Any

import pytest

from tests.builders import MINUTE
from tradekit.model.market import Bar, Quote, TradeTick
from tradekit.model.order import OrderType
from tradekit.testing.desk import Desk

PLAIN = frozenset({OrderType.MARKET, OrderType.LIMIT})


def desk(**practice: Any) -> Desk:
    made = Desk(practice={"types": PLAIN, **practice})
    made.mark("BTC", 100.0)
    return made


def bought(**exits: Any) -> Desk:
    """A desk that has bought 2 at 100, with exits."""
    made = desk()
    made.submit(cid="E", qty=2, **exits)
    made.report({"kind": "new", "cid": "E", "venue_order_id": "v1"})
    made.report({"kind": "fill", "cid": "E", "exec_id": "e1", "qty": 2, "price": 100})
    made.sent.clear()
    return made


def sent(desk: Desk) -> list[tuple[Any, ...]]:
    return [
        (one["kind"], one["cid"], one.get("type"), one.get("qty"))
        for one in desk.sent
        if one["kind"] != "query"
    ]


def bar(desk: Desk, opens: int, low: float, high: float, close: float) -> None:
    """A bar that opened so many seconds after now, and closes a minute later."""
    ts = desk.now + opens * 1_000_000_000
    desk.now = ts + MINUTE
    desk._step(Bar("BTC", "1m", ts, 100.0, high, low, close, 1.0))


@pytest.mark.parametrize(
    ("side", "words", "prices", "becomes"),
    [
        ("sell", {"stop": 95}, (96, 95), "market"),
        ("buy", {"stop": 105}, (104, 105), "market"),
        ("sell", {"if_touched": 105}, (104, 105), "market"),
        ("buy", {"if_touched": 95}, (96, 95), "market"),
        ("buy", {"stop": 105, "limit": 106}, (104, 105), "limit"),
        ("sell", {"if_touched": 105, "limit": 104}, (104, 106), "limit"),
    ],
)
def test_an_order_goes_out_when_its_price_has_come(
    side: str, words: dict[str, float], prices: tuple[float, float], becomes: str
) -> None:
    made = desk()
    made.command("submit", side=side, qty=1, **words)
    (order,) = made.state.orders.values()
    assert (order.status, made.sent) == ("held", [])
    made.mark("BTC", prices[0])
    assert made.sent == []
    made.mark("BTC", prices[1])
    assert sent(made) == [("submit", order.id, becomes, 1)]
    assert order.status == "triggered"
    made.report({"kind": "fill", "cid": order.id, "exec_id": "e1", "qty": 1, "price": prices[1]})
    assert made.status(order.id) == "filled"


def test_quotes_are_met_by_their_side_and_trades_by_their_price() -> None:
    made = desk()
    made.command("submit", side="sell", qty=1, stop=95)
    made._step(Quote("BTC", 95.5, 94.0, 1.0, 1.0))  # a crossed book: the bid is what a sell meets
    assert made.sent == []
    made._step(TradeTick("BTC", 95.0, 1.0))
    assert len(sent(made)) == 1


def test_a_bar_is_met_with_its_range_by_what_was_there_when_it_opened_else_with_its_close() -> None:
    for opens, goes in ((0, True), (-30, False)):
        made = desk()
        made.command("submit", side="sell", qty=1, stop=95)
        bar(made, opens, 94, 101, 100)
        assert bool(made.sent) is goes


def test_a_trailing_stop_follows_the_best_price_and_never_back() -> None:
    made = desk()
    made.command("submit", side="sell", qty=1, trail=5)
    (order,) = made.state.orders.values()
    levels = []
    for price in (100, 104, 101, 110, 106):
        made.mark("BTC", price)
        levels.append(order.stop)
    assert levels == [95, 99, 99, 105, 105]
    made.mark("BTC", 105)
    assert sent(made) == [("submit", order.id, "market", 1)]


def test_a_bar_meets_the_level_from_before_it_and_moves_it_then() -> None:
    made = desk()
    made.command("submit", side="sell", qty=1, trail_pct=5)
    (order,) = made.state.orders.values()
    made.mark("BTC", 100.0)
    bar(made, 0, 97, 120, 112)  # 97 is above 95: the fall from 120 is not known to have come behind the rise
    assert (order.status, order.stop) == ("held", 114)
    bar(made, 0, 112, 113, 113)
    assert order.status == "triggered"


def test_the_exits_of_an_entry_one_kept_and_one_at_the_venue_end_each_other() -> None:
    made = bought(stop_loss=95, take_profit=110)
    made.mark("BTC", 96)
    stop, target = (one for one in made.state.orders.values() if one.parent == "E")
    assert (stop.status, target.status) == ("held", "submitted")
    made.report({"kind": "fill", "cid": target.id, "exec_id": "e2", "qty": 2, "price": 110})
    assert made.status(stop.id) == "canceled"


def test_a_target_that_has_filled_in_part_leaves_a_stop_for_the_rest() -> None:
    made = bought(stop_loss=95, take_profit=110)
    stop, target = (one for one in made.state.orders.values() if one.parent == "E")
    made.report({"kind": "fill", "cid": target.id, "exec_id": "e2", "qty": 1, "price": 110})
    assert (made.status(stop.id), made.state.orders[stop.id].leaves) == ("held", 1)
    made.mark("BTC", 95)
    assert sent(made)[-1] == ("submit", stop.id, "market", 1)


def test_a_stop_of_a_position_that_was_left_by_hand_ends_with_it() -> None:
    made = bought(stop_loss=95)
    made.submit(cid="X", side="sell", qty=2)
    made.report({"kind": "fill", "cid": "X", "exec_id": "e2", "qty": 2, "price": 100})
    (stop,) = (one for one in made.state.orders.values() if one.parent == "E")
    assert stop.status == "canceled"


def test_it_is_changed_and_canceled_here_and_a_kill_ends_it() -> None:
    made = bought(stop_loss=95)
    (stop,) = (one for one in made.state.orders.values() if one.parent == "E")
    assert made.replace(stop.id, stop=97)
    assert (stop.stop, made.sent) == (97, [])
    made.command("kill")
    assert (stop.status, sent(made)) == ("canceled", [])


def test_a_restart_keeps_it_and_one_that_was_set_off_is_in_doubt() -> None:
    made = bought(stop_loss=95)
    (stop,) = (one.id for one in made.state.orders.values() if one.parent == "E")
    made.restart()
    made.mark("BTC", 96)
    assert made.status(stop) == "held"
    made.mark("BTC", 95)
    assert made.status(stop) == "triggered"
    made.restart()
    doubt = made.state.orders[stop].doubt
    assert doubt is not None
    assert doubt.about == "submit"
    made.report({"kind": "order", "cid": stop, "status": "filled", "cum_qty": 2})
    made.report({"kind": "fill", "cid": stop, "exec_id": "e9", "qty": 2, "price": 95})
    assert (made.status(stop), made.position("BTC")) == ("filled", 0)


def test_what_went_out_and_has_no_answer_is_in_doubt() -> None:
    made = desk(answer_s=10)
    made.command("submit", side="sell", qty=1, stop=95)
    (order,) = made.state.orders.values()
    made.advance(5)
    made.mark("BTC", 94)
    made.advance(9)
    assert order.doubt is None
    made.advance(2)
    assert order.doubt is not None


def test_one_that_has_to_end_by_itself_is_refused() -> None:
    made = desk()
    made.command("submit", side="sell", qty=1, stop=95, tif="day")
    (order,) = made.state.orders.values()
    assert order.status == "rejected"
    assert "gtc" in order.note


@pytest.mark.parametrize("groups", [False, True])
def test_the_first_fill_of_a_group_ends_the_rest_unless_the_venue_does(groups: bool) -> None:
    made = desk(groups=groups, types=frozenset(OrderType))
    for cid, price in (("A", 90), ("B", 89)):
        made.submit(cid=cid, qty=2, price=price, group="breakout")
        made.report({"kind": "new", "cid": cid, "venue_order_id": f"v{cid}"})
    made.sent.clear()
    made.report({"kind": "fill", "cid": "A", "exec_id": "e1", "qty": 1, "price": 90})
    assert sent(made) == ([] if groups else [("cancel", "B", None, None)])
