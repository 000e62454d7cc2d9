"""From a strategy's wish to the intent that is told: sizes, prices, targets, protection; and wishes that are none."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import BTC, START, bar, flat
from tests.trading.desk import Desk, orders, types
from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderCancelRequested, OrderType, Side
from tradekit.model.session import SignalRaised
from tradekit.trading.dealing import number

D = Decimal
TICKED = Instrument(id="BTC", tick=D("0.5"), lot=D("0.1"), multiplier=D(2))
Act = Callable[[Any, Bar], Any]


def desk(*acts: Act | None, spec: Instrument = BTC, **more: Any) -> Desk:
    """A desk that has seen a flat bar at 100 for each act."""
    made = Desk(specs=[spec, Instrument(id="ETH")], raising=True, **more)
    for n, act in enumerate(acts):
        made.bar(flat(n, 100.0), act)
    return made


def wish(act: Act, made: Desk | None = None, spec: Instrument = BTC) -> Any:
    """The one order that `act` leads to on a bar at 100."""
    made = made or desk(spec=spec)
    (told,) = orders(made.bar(flat(9, 100.0), act))
    return told


# --- orders -------------------------------------------------------------------------------------------------


def test_a_buy_and_a_sell_are_market_orders_with_the_strategys_words() -> None:
    told = wish(lambda s, b: s.buy(2, tag="t", reason="r"))
    assert (told.id, told.instrument, told.strategy, told.account) == ("s-1", "BTC", "s", "main")
    assert (told.side, told.type, told.qty, told.tag, told.reason) == (
        Side.BUY,
        OrderType.MARKET,
        D(2),
        "t",
        "r",
    )
    assert wish(lambda s, b: s.sell(2)).side is Side.SELL


def test_a_limit_and_a_stop_give_their_types_and_lie_on_the_tick() -> None:
    told = wish(lambda s, b: s.buy(1, limit=99.3), spec=TICKED)
    assert (told.type, told.limit, told.stop) == (OrderType.LIMIT, D("99.0"), None)
    told = wish(lambda s, b: s.sell(1, stop="99.2", reduce_only=True), spec=TICKED)
    assert (told.type, told.limit, told.stop, told.reduce_only) == (OrderType.STOP, None, D("99.0"), True)


def test_a_quantity_is_floored_to_the_lot() -> None:
    assert wish(lambda s, b: s.buy(0.37), spec=TICKED).qty == D("0.3")
    assert wish(lambda s, b: s.buy(0.1 + 0.2)).qty == D("0.30000000000000004")


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda s, b: s.buy(0), "quantity is 0: give a number above zero"),
        (lambda s, b: s.buy(-1), "quantity is -1: give a number above zero"),
        (lambda s, b: s.buy("much"), "quantity is 'much': give a number"),
        (lambda s, b: s.buy(1, if_touched=99, stop=101), "an order has one trigger"),
        (lambda s, b: s.buy(1, limit=0), "the order's price is 0: give a price above zero"),
        (lambda s, b: s.buy(1, limit=float("nan")), "limit is nan: give a finite number"),
        (lambda s, b: s.sell(1, stop="x"), "stop is 'x': give a number"),
        (lambda s, b: s.buy(1, instrument="DOGE"), "no instrument 'DOGE' in this session; it has BTC, ETH"),
        (
            lambda s, b: s.buy(1, stop_loss=100),
            "stop_loss 100 of a buy BTC must lie below the entry price 100",
        ),
        (
            lambda s, b: s.buy(1, take_profit=99),
            "take_profit 99 of a buy BTC must lie above the entry price 100",
        ),
        (
            lambda s, b: s.sell(1, stop_loss=99),
            "stop_loss 99 of a sell BTC must lie above the entry price 100",
        ),
        (lambda s, b: s.buy(1, limit=90, stop_loss=95), "must lie below the entry price 90"),
        (lambda s, b: s.sell(1, stop=90, take_profit=95), "must lie below the entry price 90"),
        (lambda s, b: s.target_percent(10, instrument="ETH"), "target_percent needs a price of ETH"),
    ],
)
def test_a_wish_without_sense_is_an_error_and_tells_nothing(act: Act, words: str) -> None:
    made = desk()
    seq = made.state.seq
    with pytest.raises(OrderError, match=words):
        made.bar(flat(0, 100.0), act)
    assert made.state.seq == seq + 1  # the bar
    assert made.state.strategy.intents == 0


def test_a_lot_says_its_smallest_step() -> None:
    with pytest.raises(OrderError, match=r"smallest step 0\.1"):
        desk(lambda s, b: s.buy(0.05), spec=TICKED)


def test_a_bracket_is_an_entry_with_a_stop_and_a_target_that_exclude_each_other() -> None:
    told = desk().bar(flat(0, 100.0), lambda s, b: s.buy(2, stop_loss=95, take_profit=110, tag="t"))
    entry, loss, target = orders(told)
    assert (loss.side, loss.type, loss.stop, loss.qty) == (Side.SELL, OrderType.STOP, D(95), D(2))
    assert (target.side, target.type, target.limit, target.qty) == (Side.SELL, OrderType.LIMIT, D(110), D(2))
    for exit_order in (loss, target):
        assert (exit_order.parent, exit_order.group) == (entry.id, f"{entry.id}/exit")
        assert (exit_order.reduce_only, exit_order.tag) == (True, "t")
    assert entry.group == ""


@pytest.mark.parametrize("protection", [{"stop_loss": 95}, {"take_profit": 110}])
def test_one_protection_alone_has_no_group(protection: dict[str, float]) -> None:
    _, exit_order = orders(desk().bar(flat(0, 100.0), lambda s, b: s.buy(1, **protection)))
    assert (exit_order.group, exit_order.reduce_only) == ("", True)


def test_protection_before_the_first_price_is_taken_as_it_is() -> None:
    made = desk()
    told = made.bar(flat(0, 100.0, instrument="BTC"), lambda s, b: s.buy(1, instrument="ETH", stop_loss=5))
    assert [o.instrument for o in orders(told)] == ["ETH", "ETH"]


# --- targets ------------------------------------------------------------------------------------------------


def test_buy_to_trades_the_gap_to_the_target() -> None:
    made = desk(lambda s, b: s.buy_to(2))
    assert [(o.side, o.qty) for o in orders(made.bar(flat(1, 100.0), lambda s, b: s.buy_to(5)))] == [
        (Side.BUY, D(3))
    ]
    assert [(o.side, o.qty) for o in orders(made.bar(flat(2, 100.0), lambda s, b: s.buy_to(-1)))] == [
        (Side.SELL, D(6))
    ]
    made.bar(flat(3, 100.0))
    assert made.position == -1


def test_buy_to_counts_market_orders_under_way_and_not_those_that_are_to_be_canceled() -> None:
    def twice(s: Any, b: Bar) -> None:
        s.buy_to(2)
        s.buy_to(2)
        s.cancel_all()
        s.buy_to(1)

    assert [(o.side, o.qty) for o in orders(desk().bar(flat(0, 100.0), twice))] == [
        (Side.BUY, D(2)),
        (Side.BUY, D(1)),
    ]


@pytest.mark.parametrize("same", [2, 2.0, D(2), "2"])
def test_a_target_that_is_held_already_tells_nothing(same: Any) -> None:
    made = desk(lambda s, b: s.buy_to(2), None)
    assert types(made.bar(flat(2, 100.0), lambda s, b: s.buy_to(same))) == ["bar.closed"]
    assert types(made.bar(flat(3, 100.0), lambda s, b: s.buy_to(same, instrument="BTC"))) == ["bar.closed"]


def test_a_target_is_floored_towards_zero_to_the_lot() -> None:
    assert wish(lambda s, b: s.buy_to(-0.37), spec=TICKED).qty == D("0.3")


def test_close_leaves_the_position_and_tells_nothing_without_one() -> None:
    made = desk()
    assert types(made.bar(flat(0, 100.0), lambda s, b: s.close())) == ["bar.closed"]
    assert types(made.bar(flat(1, 100.0), lambda s, b: s.close(instrument="ETH"))) == ["bar.closed"]
    made.bar(flat(2, 100.0), lambda s, b: s.buy(3))
    (told,) = orders(made.bar(flat(3, 100.0), lambda s, b: s.close(tag="out")))
    assert (told.side, told.qty, told.tag) == (Side.SELL, D(3), "out")


def test_less_than_a_lot_is_left_where_it_is() -> None:
    made = desk(lambda s, b: s.buy_to(1), None, spec=Instrument(id="BTC", lot=D("0.1")))
    position = made.state.positions["s/BTC"]
    position.qty = D("0.97")  # as after a fee in what was bought
    made.engine.dealing.goals["BTC"] = 0.97
    (told,) = orders(made.bar(flat(2, 100.0), lambda s, b: s.close()))
    assert (told.side, told.qty) == (Side.SELL, D("0.9"))
    made.bar(flat(3, 100.0))
    assert types(made.bar(flat(4, 100.0), lambda s, b: s.close())) == ["bar.closed"]


def test_target_percent_is_a_share_of_equity_at_the_last_close() -> None:
    assert wish(lambda s, b: s.target_percent(50)).qty == D(50)
    assert wish(lambda s, b: s.target_percent(-33)).qty == D(33)
    assert wish(lambda s, b: s.target_percent(33.333), spec=TICKED).qty == D("16.6")  # lot 0.1, multiplier 2


def test_target_percent_without_a_lot_is_floored_to_1e_8() -> None:
    made = desk()
    (told,) = orders(made.bar(flat(0, 3.0), lambda s, b: s.target_percent(10)))
    assert told.qty == D("333.33333333")


# --- cancels and signals ------------------------------------------------------------------------------------


def test_a_cancel_is_asked_for_once_and_only_for_what_works() -> None:
    def act(s: Any, b: Bar) -> None:
        name = s.buy(1, limit=90)
        s.cancel(name, reason="why")
        s.cancel(name)
        s.cancel("unknown")

    told = desk().bar(flat(0, 100.0), act)
    assert [e.data for e in told if isinstance(e.data, OrderCancelRequested)] == [
        OrderCancelRequested("s-1", "BTC", "why")
    ]
    assert types(told)[-2:] == ["order.accepted", "order.canceled"]


def test_cancel_all_can_be_kept_to_one_instrument() -> None:
    made = desk(lambda s, b: (s.buy(1, limit=90), s.buy(1, limit=90, instrument="ETH")))
    told = made.bar(flat(1, 100.0), lambda s, b: s.cancel_all(instrument="ETH"))
    assert [e.key for e in told if e.type == "order.canceled"] == ["ETH"]
    told = made.bar(flat(2, 100.0), lambda s, b: s.cancel_all())
    assert [e.key for e in told if e.type == "order.canceled"] == ["BTC"]


def test_a_signal_knows_the_price_and_causes_what_is_wished_for_after_it() -> None:
    def act(s: Any, b: Bar) -> None:
        s.buy(1)
        s.signal("cross", 1, note="up")
        s.buy(1)

    told = desk().bar(flat(0, 100.0), act)
    signal = next(e for e in told if isinstance(e.data, SignalRaised))
    assert signal.data == SignalRaised("s", "BTC", "cross", 1.0, 100.0, "up")
    intents = [e for e in told if e.type == "order.submitted"]
    assert [e.cause for e in intents] == [told[0].seq, signal.seq]
    told = desk().bar(flat(1, 100.0), lambda s, b: s.signal("x", 0, instrument="ETH"))
    assert isinstance(told[1].data, SignalRaised)
    assert (told[1].data.instrument, told[1].data.price) == ("ETH", 0.0)


def test_ids_are_numbered_by_intent() -> None:
    made = desk(lambda s, b: (s.buy(1), s.buy(1)), lambda s, b: s.sell(1))
    assert list(made.state.orders) == ["s-1", "s-2", "s-3"]


def test_a_number_is_written_as_a_user_would() -> None:
    assert [number(D("1.0")), number(D("0.5")), number(D("-3"))] == [1, 0.5, -3]
    assert isinstance(number(D("1.0")), int)


# --- what goes together -------------------------------------------------------------------------------------


def test_a_close_beside_a_stop_that_fires_at_the_same_open_does_not_turn_the_position() -> None:
    made = desk(lambda s, b: s.buy(1, stop_loss=95, take_profit=120), None)
    made.bar(flat(2, 100.0), lambda s, b: s.close())
    made.bar(flat(3, 90.0))
    assert made.position == 0
    assert not any(o.working for o in made.state.orders.values())


def test_a_bracket_lives_from_entry_to_exit() -> None:
    made = desk(lambda s, b: s.buy(1, stop_loss=95, take_profit=110))
    assert [o.status for o in made.state.orders.values()] == ["accepted", "held", "held"]
    made.bar(flat(1, 100.0))
    assert [o.status for o in made.state.orders.values()] == ["filled", "accepted", "accepted"]
    made.bar(bar(2, (100.0, 111.0, 99.0, 105.0)))
    assert [o.status for o in made.state.orders.values()] == ["filled", "canceled", "filled"]
    assert made.position == 0
    assert made.state.fills[-1].ts == START + 2 * 60_000_000_000
