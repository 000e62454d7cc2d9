"""Each thing that a session's venue, its humans and its feed do otherwise is named, with its part of the profit."""

from decimal import Decimal as D

import msgspec
import pytest

from tests.builders import MINUTE, filled
from tests.run.parity.played import (
    Play,
    Resting,
    Waves,
    adds_up,
    charged,
    course,
    in_kind,
    kinds,
    later,
    never,
    only,
    part,
    played,
    rejected,
    worse,
    worth,
)
from tradekit.model.account import AccountAdopted, CashKind, CashMoved
from tradekit.model.doubt import EXTERNAL, FillBusted, OrderAdopted, OrderGivenUp
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderFilled, OrderType, Side
from tradekit.model.session import Mode
from tradekit.trading.venue import Report

UP_AND_DOWN = [100, 101, 102, 101, 100, 102, 104, 103, 102, 101, 105]


def test_an_equal_session_has_no_differences() -> None:
    report = played(Waves, UP_AND_DOWN).report()
    assert report.equal
    assert report.differences == ()
    assert report.fills == (4, 4)
    assert report.profit[0] == report.profit[1] != 0


def test_another_price_in_the_same_bar_is_slippage() -> None:
    report = played(Waves, UP_AND_DOWN, otherwise={0: worse("0.5")}).report()
    row = only(report, "slippage")
    assert (row.price, row.effect, row.order, row.twin) == (D("0.5"), D("-0.5005"), "s-1", "s-1")
    assert (row.session, row.backtest) == ("buy 1 market: filled at 101.5", "buy 1 market: filled at 101")
    assert row.why == "0.5 worse a unit"
    assert kinds(report) == ["slippage"]
    assert adds_up(report)


def test_another_fee_is_told_apart_from_the_price() -> None:
    report = played(Waves, UP_AND_DOWN, otherwise={1: charged("0.25")}).report()
    row = only(report, "fee")
    assert (row.effect, row.why) == (D("-0.25"), "0.351 here, 0.101 in the backtest")
    assert kinds(report) == ["fee"]
    assert adds_up(report)


def test_a_fill_in_a_later_bar_is_late() -> None:
    report = played(Waves, UP_AND_DOWN, otherwise={0: later(1)}).report()
    row = only(report, "late fill")
    assert row.why == "2 bars later"
    assert kinds(report) == ["late fill"]
    assert adds_up(report)


def test_what_the_venue_ends_is_canceled_and_what_the_strategy_then_does_a_consequence() -> None:
    report = played(Waves, UP_AND_DOWN, otherwise={0: part("0.25")}).report()
    row = only(report, "canceled")
    assert row.why == "the venue canceled it: no more to be had"
    follows = [one for one in report.differences if one.kind == "consequence"]
    assert {one.after for one in follows} == {row.seq}
    assert f"since #{row.seq}" in follows[0].why
    assert set(kinds(report)) == {"canceled", "consequence"}
    assert report.unexplained == 0
    assert adds_up(report)


def test_an_order_that_the_venue_rejects_is_named_with_its_words() -> None:
    report = played(Waves, UP_AND_DOWN, otherwise={0: rejected}).report()
    row = only(report, "rejected")
    assert row.why == "the venue said: margin is insufficient"
    assert row.effect == -(102 - 101) * 0 - D(105 - 101) + D("0.101")
    assert {one.after for one in report.differences if one.kind == "consequence"} == {row.seq}
    assert adds_up(report)


def test_a_resting_order_that_only_the_simulated_exchange_fills_is_a_missed_fill() -> None:
    report = played(Resting, [100, 97, 99, 96, 99], otherwise={0: never}).report()
    assert only(report, "missed fill").why == "the simulated exchange fills it at 98"
    assert report.unexplained == 0
    assert adds_up(report)


def test_a_session_that_is_not_armed_refuses_what_its_backtest_trades() -> None:
    play = Play(Waves, armed=False).start().bars(course(UP_AND_DOWN[:6]))
    play.command("arm")
    report = play.bars(course(UP_AND_DOWN, first=0)[6:]).report()
    refused = [one for one in report.differences if one.kind == "refused"]
    assert refused[0].why.startswith("the session was not armed")
    assert "the session began disarmed; the backtest is armed from its first bar on" in report.notes
    assert report.unexplained == 0
    assert adds_up(report)


def test_a_limit_that_refuses_because_of_an_earlier_difference_follows_from_it() -> None:
    play = played(Waves, UP_AND_DOWN, otherwise={1: rejected}, limits={"max_position": "1"})
    report = play.report()
    assert report.unexplained == 0
    assert {one.after for one in report.differences[1:]} == {report.differences[0].seq}
    assert adds_up(report)


def test_what_a_human_tells_the_session_is_a_command_and_the_rest_follows() -> None:
    play = Play(Waves).start().bars(course(UP_AND_DOWN[:3]))
    play.command("flatten")
    report = play.bars(course(UP_AND_DOWN)[3:]).report()
    row = only(report, "command")
    assert row.why == "jo said flatten"
    assert report.unexplained == 0
    assert adds_up(report)


def test_a_halt_refuses_what_adds_risk() -> None:
    play = Play(Waves).start().bars(course(UP_AND_DOWN[:5]))
    play.command("halt", reason="lunch")
    report = play.bars(course(UP_AND_DOWN)[5:]).report()
    assert report.differences[0].kind == "refused"
    assert report.differences[0].why == "the session was halted: lunch"
    assert report.unexplained == 0
    assert adds_up(report)


def test_a_wish_that_a_halt_keeps_refusing_is_refused_each_time_though_it_is_told_once() -> None:
    play = Play(Waves).start().bars(course(UP_AND_DOWN[:5]))
    play.command("halt", reason="lunch")
    report = play.bars(course([*UP_AND_DOWN, 104, 106])[5:]).report()
    refused = [one for one in report.differences if one.kind == "refused"]
    assert [one.order for one in refused] == ["s-3", "", ""]
    assert refused[1].why == "the session was halted: lunch; a wish that was refused is not told again"
    assert adds_up(report)


def test_parameters_that_were_set_are_set_in_the_backtest_too() -> None:
    play = Play(Waves).start().bars(course(UP_AND_DOWN[:4]))
    play.command("set_param", name="qty", value=2.0)
    report = play.bars(course(UP_AND_DOWN)[4:]).report()
    assert report.equal
    assert any(note.startswith("parameters were set at #") for note in report.notes)
    assert max(fill.qty for fill in play.engine.state.fills) == 2


def test_a_halt_that_both_had_is_over_in_both_once_somebody_arms() -> None:
    play = Play(Failing).start().bars(course(UP_AND_DOWN[:8]))
    play.command("arm")
    report = play.bars(course(UP_AND_DOWN)[8:]).report()
    assert report.equal
    assert play.engine.state.orders["s-5"].working  # it went out after the halt


class Failing(Waves):
    """Falls over once."""

    def on_bar(self, bar: Bar) -> None:
        if bar.close == 104:
            raise ValueError("too high")
        super().on_bar(bar)


def test_a_size_by_equity_that_differs_follows_from_what_made_equity_differ() -> None:
    params = {"percent": 50.0}
    report = played(Waves, UP_AND_DOWN, otherwise={0: worse("3")}, params=params).report()
    row = report.differences[0]
    assert row.kind == "slippage"
    assert {one.after for one in report.differences[1:]} == {row.seq}
    assert adds_up(report)


def test_a_strategy_that_has_changed_since_is_named_by_its_source() -> None:
    report = played(Waves, UP_AND_DOWN, source="0" * 64).report()
    assert report.equal  # as long as it decides the same
    play = played(Waves, UP_AND_DOWN)
    play.cls = Contrary
    report = play.report()
    assert not report.replay.equal
    assert report.replay.reasons[0].startswith("the source of S was another one at the start of #1")
    assert report.differences[0].kind == "strategy"
    assert adds_up(report)


class Contrary(Waves):
    """Goes the other way."""

    def on_bar(self, bar: object) -> None:
        if self.position():
            self.close()
        else:
            self.buy_to(1)


def test_a_strategy_that_decides_by_chance_is_named_as_such() -> None:
    draws = iter(range(100))

    class Drawing(Waves):
        def on_bar(self, bar: object) -> None:
            self.buy_to(next(draws))

    report = played(Drawing, UP_AND_DOWN).report()
    assert not report.equal
    assert "something that is not journaled" in report.replay.reasons[0]


def test_a_bar_that_came_late_is_where_it_belongs_in_the_backtest() -> None:
    bars = course(UP_AND_DOWN)
    play = Play(Waves).start().bars([*bars[:3], *bars[4:6], bars[3], *bars[6:]])
    report = play.report()
    row = only(report, "missed bar")
    assert row.session == "it came after a later one and was passed over"
    assert {one.kind for one in report.differences} == {"missed bar", "consequence"}
    assert {one.after for one in report.differences if one.kind == "consequence"} == {row.seq}
    assert adds_up(report)


def test_an_order_that_a_late_bar_would_have_ended_follows_from_that_bar() -> None:
    first, late, last = course([92, 91, 90])
    play = Play(Resting, otherwise={0: part("0.3")}).start().bars([first, last, late])
    report = play.report()
    assert only(report, "missed bar").seqs == [play.events[-1].seq]
    assert set(kinds(report)) == {"missed bar", "consequence"}


def test_a_bar_that_is_told_again_with_other_prices_was_revised() -> None:
    bars = course(UP_AND_DOWN)
    again = course([100, 101, 109])[2]
    report = Play(Waves).start().bars([*bars[:4], again, *bars[4:]]).report()
    assert kinds(report) == ["revised bar"]
    assert "told again later" in report.differences[0].why


def test_an_order_at_the_end_of_the_record_has_no_bar_to_fill_at() -> None:
    play = played(Waves, UP_AND_DOWN[:2])
    play.take(filled("s-1", Side.BUY, 1, 101))
    report = play.report()
    assert kinds(report) == ["end of record"]
    assert adds_up(report)


@pytest.mark.parametrize("kind", ["fee", "slippage"])
def test_other_terms_are_taken_where_they_are_given(kind: str) -> None:
    report = played(Waves, UP_AND_DOWN).report(**{kind: "0.002"})
    assert set(kinds(report)) == {kind}
    assert adds_up(report)


def test_an_order_that_fills_in_part_and_works_on_is_partial() -> None:
    report = played(Waves, [100, 101, 102, 103, 104], otherwise={0: half_and_no_more}).report()
    row = only(report, "partial")
    assert row.why == "0.5 filled here, 1 in the backtest"
    assert report.unexplained == 0
    assert adds_up(report)


def test_a_fill_that_no_price_of_the_backtest_gives_is_extra() -> None:
    play = Play(Resting).start().bars(course([100, 103]))
    play.take(filled("s-1", Side.BUY, 1, 98))
    report = play.bars(course([100, 103, 104, 104])[2:]).report()
    assert only(report, "extra fill").why == "no price of the backtest reaches it"
    assert report.unexplained == 0
    assert adds_up(report)


def test_funding_that_the_backtest_does_not_know_is_cash() -> None:
    play = Play(Waves).start().bars(course(UP_AND_DOWN[:4]))
    play.take(CashMoved("main", "USD", D("-1.5"), CashKind.FUNDING, "BTC", "s"))
    play.take(CashMoved("main", "USD", D(1000), CashKind.DEPOSIT))
    report = play.bars(course(UP_AND_DOWN)[4:]).report()
    row = only(report, "cash")
    assert (row.effect, row.why, row.session, row.backtest) == (D("-1.5"), "funding", "-1.5 USD", "0 USD")
    assert any("no profit (1,000 USD)" in note for note in report.notes)
    assert report.profit[0] == worth(play.engine.state) - 11_000
    assert adds_up(report)


def test_an_order_that_was_given_up_is_unknown() -> None:
    play = Play(Waves, otherwise={0: never}).start().bars(course(UP_AND_DOWN[:3]))
    play.take(OrderGivenUp("s-1", "BTC", "3 look-ups within 60 s have not found it"))
    report = play.bars(course(UP_AND_DOWN)[3:]).report()
    assert only(report, "unknown").why == "3 look-ups within 60 s have not found it"
    assert report.unexplained == 0
    assert adds_up(report)


def test_somebody_elses_trades_are_external() -> None:
    play = Play(Waves).start().bars(course(UP_AND_DOWN[:3]))
    play.take(
        OrderAdopted("theirs", "BTC", "main", Side.BUY, OrderType.LIMIT, D(2), "v9", reason="not sent here")
    )
    play.take(filled("theirs", Side.BUY, 2, 100, strategy=EXTERNAL))
    report = play.bars(course(UP_AND_DOWN)[3:]).report()
    row = only(report, "external")
    assert (row.effect, row.why) == (D(10), "not sent here")
    assert kinds(report) == ["external"]
    assert adds_up(report)


def test_somebody_elses_holding_is_no_position_of_the_strategy() -> None:
    play = Play(Waves, otherwise={1: rejected}).start().bars(course(UP_AND_DOWN[:2]))
    play.take(filled("theirs", Side.BUY, 2, 100, strategy=EXTERNAL))
    report = play.bars(course(UP_AND_DOWN)[2:]).report()
    follows = next(one for one in report.differences if one.kind == "consequence")
    assert follows.why.startswith("the position is 1 here and 0 in the backtest")


def test_a_trade_that_is_told_twice_counts_once() -> None:
    play = Play(Waves).start().bars(course(UP_AND_DOWN[:3]))
    play.take(next(event.data for event in play.events if isinstance(event.data, OrderFilled)))
    assert play.bars(course(UP_AND_DOWN)[3:]).report().equal


def test_a_signal_that_only_one_of_them_raised_is_a_row_too() -> None:
    bars = course(UP_AND_DOWN)
    report = Play(Waves).start().bars([*bars[:3], *bars[4:6], bars[3], *bars[6:]]).report()
    found = [(one.session, one.backtest, one.kind) for one in report.differences if one.what == "signal"]
    assert ("no such signal", "down -1", "consequence") in found


def test_a_position_that_was_there_before_earns_from_the_adoption_on() -> None:
    play = Play(Waves, mode=Mode.LIVE, cash=D(0)).start()
    play.take(filled("there", Side.BUY, 2, 100, strategy=EXTERNAL))
    play.take(AccountAdopted("main", {"USD": D(5200)}, {"BTC": D(100)}))
    report = play.bars(course(UP_AND_DOWN)).report()
    row = only(report, "external")
    assert row.effect == 2 * (105 - 100)
    account = play.engine.state.account
    assert float(report.profit[0]) == pytest.approx(account.equity - float(account.opening))
    assert adds_up(report)


def test_bars_of_the_time_when_it_was_down_are_a_restart_gap() -> None:
    bars = course(UP_AND_DOWN)
    play = Play(Waves).start().bars(bars[:3])
    play.restart(warm_until=bars[6].ts + MINUTE)
    report = play.bars(bars[3:]).report()
    gaps = [one for one in report.differences if one.kind == "restart gap"]
    assert gaps
    assert "the session was down" in gaps[0].why
    assert report.unexplained == 0
    assert adds_up(report)


def test_an_order_that_is_busted_was_never_filled() -> None:
    play = Play(Waves).start().bars(course(UP_AND_DOWN[:3]))
    trade = next(event.data for event in play.events if isinstance(event.data, OrderFilled))
    play.take(
        FillBusted(
            trade.id, "BTC", trade.strategy, "main", trade.exec_id, trade.side, trade.qty, trade.price, trade.fee,
            "USD", "erroneous",
        )
    )  # fmt: skip
    report = play.bars(course(UP_AND_DOWN)[3:]).report()
    assert report.differences[0].kind == "missed fill"
    assert report.unexplained == 0
    assert adds_up(report)


def half_and_no_more(report: Report) -> list[tuple[int, Report]]:
    """Half of it fills, the rest waits."""
    ts, fact = report
    if not isinstance(fact, OrderFilled):
        return [(0, report)]
    return [(0, (ts, msgspec.structs.replace(fact, qty=fact.qty / 2, fee=fact.fee / 2)))]


def test_a_fee_in_what_was_traded_makes_the_position_smaller_and_the_exit_a_consequence() -> None:
    spot = Instrument(id="BTC", quote="USD", base="BTC", lot=D("0.001"))
    play = played(Waves, UP_AND_DOWN, otherwise={0: in_kind("0.002")}, instruments=[spot])
    report = play.report()
    fee, leaving = report.differences[:2]
    assert (fee.kind, leaving.kind, leaving.after) == ("fee", "consequence", fee.seq)
    assert leaving.why.startswith("the position is 0.998 here and 1 in the backtest")
    assert play.engine.state.position("s", "BTC") == 0
    assert adds_up(report)
