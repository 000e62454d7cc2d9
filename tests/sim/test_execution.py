"""What an execution costs and how much of an order it is: spread, slippage, ticks, fees, volume, positions."""

from typing import Any

from tests.builders import START, bar, flat, order
from tests.sim.floor import SECOND, D, at_work, exchange, told
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderFilled, Side
from tradekit.sim.exchange import Report
from tradekit.sim.fees import Execution, MakerTakerFee, TieredFee
from tradekit.sim.slippage import Taking, VolumeShareSlippage

BUY, SELL = Side.BUY, Side.SELL
MAKER_TAKER = MakerTakerFee(D("0.001"), D("0.002"))


def fills(reports: list[Report]) -> list[OrderFilled]:
    return [fact for _, fact in reports if isinstance(fact, OrderFilled)]


def prices(reports: list[Report]) -> list[Any]:
    return [fill.price for fill in fills(reports)]


# --- price --------------------------------------------------------------------------------------------------


def test_market_orders_pay_half_of_the_spread_either_way_and_limits_none() -> None:
    made = exchange(order("b", BUY), order("s", SELL), order("l", BUY, limit=100), spread="0.02")
    assert prices(made.bar(flat(0, 100.0))) == [D(101), D(99), D(100)]


def test_the_spread_may_be_so_many_ticks() -> None:
    spec = Instrument(id="BTC", tick=D("0.5"))
    assert prices(exchange(order("b", BUY), spec=spec, spread_ticks=4).bar(flat(0, 100.0))) == [D(101)]


def test_quotes_show_their_spread_themselves() -> None:
    assert prices(exchange(order("b", BUY), spread="0.02").quote(1, 99.0, 101.0)) == [D("101.0")]


def test_where_entries_pay_the_spread_what_closes_pays_nothing_and_a_turn_is_told_in_two_pieces() -> None:
    made = exchange(order("in", BUY, 2), spread="0.01", spread_on="entries")
    assert prices(made.bar(flat(0, 100.0))) == [D(101)]
    made.submit(order("turn", SELL, 5), START + 60 * SECOND)
    pieces = fills(made.bar(flat(1, 200.0)))
    assert [(one.qty, one.price, one.exec_id) for one in pieces] == [
        (D(2), D(200), "turn.1"),
        (D(3), D(198), "turn.2"),
    ]


def test_a_slipped_price_may_be_held_within_its_bars_range() -> None:
    for kept, price in ((False, D("110.0")), (True, D("103.0"))):
        made = exchange(order("b", BUY), slippage="0.1", slip_in_range=kept)
        assert prices(made.bar(bar(0, (100.0, 103.0, 99.0, 102.0)))) == [price]


def test_a_slippage_model_is_shown_who_takes_how_much_of_the_volume() -> None:
    seen: list[Taking] = []
    made = exchange(order("b", SELL, 3), slippage=lambda one: seen.append(one) or 1)
    assert prices(made.bar(flat(0, 100.0, volume=50.0))) == [D(99)]
    assert (seen[0].side, seen[0].qty, seen[0].price, seen[0].volume) == (SELL, D(3), D(100), D(50))


def test_volume_share_slippage_grows_with_the_square_of_the_share() -> None:
    made = exchange(order("b", BUY, 10), slippage=VolumeShareSlippage(D("0.1"), most=D("0.5")))
    assert prices(made.bar(flat(0, 100.0, volume=100.0))) == [D("100.1")]


# --- fees ---------------------------------------------------------------------------------------------------


def test_what_rested_pays_as_maker_and_what_came_to_trade_as_taker() -> None:
    made = exchange(fee=MAKER_TAKER)
    made.bar(flat(0, 100.0))
    for one in (
        order("market"),
        order("crossing", BUY, limit=101),
        order("resting", BUY, limit=99),
        order("stop", BUY, stop=101),
    ):
        made.submit(one, START + 60 * SECOND)
    done = fills(made.bar(bar(1, (100.0, 101.0, 99.0, 100.0))))
    rates = {fill.id: fill.fee / (fill.qty * fill.price) for fill in done}
    assert rates == {"market": D("0.002"), "crossing": D("0.002"), "stop": D("0.002"), "resting": D("0.001")}


def test_what_is_left_of_a_crossing_limit_rests_and_pays_as_maker() -> None:
    made = exchange(fee=MAKER_TAKER, participation="0.5")
    made.bar(flat(0, 100.0))
    made.submit(order("a", BUY, 2, limit=101), START + 60 * SECOND)
    first, second = (fills(made.bar(flat(n, 100.0, volume=2.0)))[0] for n in (1, 2))
    assert (first.fee, second.fee) == (D("0.2"), D("0.1"))


def test_tiers_follow_the_turnover_of_the_last_days_and_forget_what_is_older() -> None:
    tiers = TieredFee(((D(0), D(0), D("0.01")), (D(100), D(0), D("0.005"))), days=1)
    made = exchange(fee=tiers)
    rates = []
    for n in (0, 1, 1500, 1501):
        made.submit(order(f"o{n}"), START + n * 60 * SECOND)
        rates.append(fills(made.bar(flat(n, 100.0)))[0].fee)
    assert rates == [D(1), D("0.5"), D(1), D("0.5")]


def test_fees_are_rounded_half_even_to_their_step() -> None:
    for step, fee in (("1", "12"), ("0.1", "12.5"), ("0.01", "12.50")):
        made = exchange(order("a"), fee="0.125", fee_step=D(step))
        assert fills(made.bar(flat(0, 100.0)))[0].fee == D(fee)


def test_a_users_own_fee_is_shown_the_execution() -> None:
    seen: list[Execution] = []
    made = exchange(order("a", BUY, 4), fee=lambda one: seen.append(one) or 7, participation="0.5")
    reports = made.bar(flat(0, 100.0, volume=4.0)) + made.bar(flat(1, 100.0, volume=4.0))
    assert [fill.fee for fill in fills(reports)] == [D(7), D(7)]
    assert [(one.number, one.filled, one.turnover) for one in seen] == [(1, D(0), D(0)), (2, D(2), D(200))]


def test_an_inverse_contract_pays_its_fee_in_its_base_currency() -> None:
    spec = Instrument(id="BTC", multiplier=D(100), inverse=True, base="XBT")
    fill = fills(exchange(order("a", BUY, 2), fee="0.01", spec=spec).bar(flat(0, 50.0)))[0]
    assert (fill.fee, fill.fee_currency) == (D("0.04"), "XBT")


# --- volume -------------------------------------------------------------------------------------------------


def test_orders_share_a_bars_volume_in_the_order_in_which_they_are_taken_and_the_rest_waits() -> None:
    made = exchange(order("l", BUY, 4, limit=100), order("m", SELL, 4), participation="0.5")
    assert told(made.bar(flat(0, 100.0, volume=10.0))) == [
        ("filled", "m", D(4), D("100.0"), "market.open"),
        ("filled", "l", D(1), D("100.0"), "limit.gap"),
    ]
    assert told(made.bar(flat(1, 100.0, volume=10.0))) == [("filled", "l", D(3), D("100.0"), "limit.gap")]


def test_a_part_fill_is_a_whole_number_of_lots() -> None:
    spec = Instrument(id="BTC", lot=D(2))
    made = exchange(order("a", BUY, 10), spec=spec, participation="0.5")
    assert told(made.bar(flat(0, 100.0, volume=11.0)))[0][2] == D(4)


def test_a_bar_without_volume_fills_nothing_where_volume_counts() -> None:
    assert exchange(order("a"), participation="0.5").bar(flat(0, 100.0, volume=0.0)) == []


def test_a_trades_size_counts_like_a_bars_volume() -> None:
    made = exchange(order("a", BUY, 4), participation="0.5")
    assert told(made.trade(1, 100.0, 2.0)) == [("filled", "a", D(1), D("100.0"), "market.trade")]


def test_what_trades_at_the_close_takes_from_what_its_bar_has_left() -> None:
    made = exchange(order("a", BUY, 3), market="this_close", participation="0.5")
    made.bar(flat(0, 100.0, volume=10.0))
    reports = made.submit(order("b", BUY, 4), START + 60 * SECOND)
    assert told(reports)[1][:3] == ("filled", "b", D(2))


# --- positions ----------------------------------------------------------------------------------------------


def test_reduce_only_counts_the_position_that_its_order_belongs_to() -> None:
    made = exchange(order("long", BUY, 2, position="l"), order("short", SELL, 5, position="s"))
    assert [fill.position for fill in fills(made.bar(flat(0, 100.0)))] == ["l", "s"]
    made.submit(order("out", SELL, 3, position="l", reduce_only=True), START + 60 * SECOND)
    made.submit(order("back", BUY, 5, position="s", reduce_only=True), START + 60 * SECOND)
    assert [(fill.id, fill.qty) for fill in fills(made.bar(flat(1, 100.0)))] == [
        ("out", D(2)),
        ("back", D(5)),
    ]


def test_the_protection_of_another_position_stays() -> None:
    made = at_work(order("other", SELL, stop=90, reduce_only=True, position="x"), order("close", SELL))
    made.bar(flat(1, 100.0))
    assert list(made.book) == ["other"]


def test_each_strategy_reduces_its_own_position() -> None:
    made = at_work(order("out", SELL, reduce_only=True, strategy="t"))
    assert told(made.bar(flat(1, 100.0))) == [
        ("canceled", "out", "reduce only, and nothing is held to reduce")
    ]
