"""A day of a journal: what belongs to it, what it comes to, and how long things were up."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from tests.builders import DAY, MINUTE, START, event, filled, flat, law, opened, order
from tests.run.scripted import runs
from tests.run.test_result import again
from tradekit.client.dayreport import day_report
from tradekit.core.event import Event, Fact
from tradekit.errors import NotFoundError
from tradekit.model.account import CashKind, CashMoved, MarginCalled
from tradekit.model.instrument import Instrument
from tradekit.model.market import FeedEnded, FeedStarted, MarketClosed, MarketOpened
from tradekit.model.order import OrderDenied, OrderRejected, OrderType, Side
from tradekit.model.reconciliation import AlertRaised, DifferenceFound, LinkChanged
from tradekit.model.session import HandlerFailed, RiskChanged, SessionClosed, StrategyFailed
from tradekit.report.day import DayReport

D = Decimal
HOUR = 60 * MINUTE
Told = tuple[int, Fact]  # when [ns after START], and what


def told(*facts: Told, **terms: Any) -> list[Event]:
    """The facts as events behind an opened session."""
    return [
        event(fact, seq=n, ts=START + at) for n, (at, fact) in enumerate([(0, opened(**terms)), *facts], 1)
    ]


def bar_at(minute: int, price: float) -> Told:
    """A bar that closes then."""
    return (minute * MINUTE, flat(minute - 1, price))


def up(report: DayReport, name: str) -> tuple[float, int]:
    (found,) = (one for one in report.links if one.name == name)
    return round(found.up_s / 3600, 4), found.outages


TRADED = (
    bar_at(1, 100.0), (MINUTE, order("a")), (MINUTE, filled("a", Side.BUY, 1, 101, fee="0.5")),
    bar_at(2, 105.0), (2 * MINUTE, order("b", Side.SELL)), (2 * MINUTE, filled("b", Side.SELL, 1, 103, fee="0.5")),
)  # fmt: skip


def test_a_day_of_trading_in_numbers() -> None:
    report = day_report(told(*TRADED, bar_at(3, 90.0)))
    assert (report.day, report.over, report.currency) == ("2022-12-13", False, "USD")
    assert (report.start, report.end, report.result) == (10_000.0, 10_001.0, 1.0)
    assert (report.realised, report.fees, report.flows) == (D(2), D(1), D(0))
    assert [trade.net for trade in report.trades] == [D(1)]
    assert (report.won, report.slippage) == (1, D(1) + D(2))
    assert report.orders == {"sent": 2, "fills": 2, "filled": 2}
    assert (report.gross_peak, report.gross_end, report.positions) == (105.0, 0.0, [])
    assert report.deepest == pytest.approx(10_001 / 10_003.5 - 1)


@given(runs())
@law(8)
def test_the_report_agrees_with_the_state_it_is_folded_to(run: dict[str, Any]) -> None:
    result = again(run)
    report, state = day_report(result.events()), result.final
    day = state.pnl.days.get(report.day)
    if day is not None:
        assert (report.start, report.end, report.realised, report.fees) == (
            day.start, day.end, day.realised, day.fees,
        )  # fmt: skip
    assert report.curve == [] or report.curve[-1].equity <= state.account.peak
    assert [one.qty for one in report.positions] == [p.qty for p in state.positions.values() if p.qty]
    names = {f.exec_id for f in state.fills if f.seq >= report.trades[0].exit_seq} if report.trades else set()
    assert {trade.exit_fills for trade in report.trades} <= names


def test_a_deposit_is_no_profit() -> None:
    moved = CashMoved("main", "USD", D(500), CashKind.DEPOSIT)
    report = day_report(told(bar_at(1, 100.0), (2 * MINUTE, moved), bar_at(3, 100.0)))
    assert (report.end, report.result, report.flows) == (10_500.0, 0.0, D(500))


def test_each_day_has_what_happened_in_it_and_midnight_belongs_to_the_day_that_ends() -> None:
    alerts = [
        (DAY - 1, AlertRaised("a", "late")),
        (DAY, AlertRaised("b", "midnight")),
        (DAY + 1, AlertRaised("c", "new")),
    ]
    events = told(*TRADED, *alerts, (DAY + MINUTE, flat(1440, 100.0)))
    first, second = day_report(events, "2022-12-13"), day_report(events, "2022-12-14")
    assert [one.kind for one in first.alerts] == ["a", "b"]
    assert [one.kind for one in second.alerts] == ["c"]
    assert (first.over, second.over) == (True, False)
    assert (first.begins, first.ends) == (START, START + DAY)
    assert (len(first.trades), len(second.trades), second.start) == (1, 0, first.end)


def test_a_position_of_the_end_of_the_day_is_not_changed_by_the_next() -> None:
    events = told(*TRADED[:3], (DAY + 1, order("b", Side.SELL)), (DAY + 2, filled("b", Side.SELL, 1, 150)))
    report = day_report(events, "2022-12-13")
    assert [(one.qty, one.entry, one.mark) for one in report.positions] == [(D(1), 101.0, 101.0)]
    assert report.end == pytest.approx(9999.5)


@pytest.mark.parametrize(("day", "said"), [("2022-12-14", "2022-12-13 to 2022-12-13"), ("x", "it has 2022")])
def test_a_day_that_is_not_there_is_named_with_those_that_are(day: str, said: str) -> None:
    with pytest.raises(NotFoundError, match=said):
        day_report(told(*TRADED), day)


def test_an_empty_record_has_no_day() -> None:
    with pytest.raises(NotFoundError, match="it is empty"):
        day_report([])


def test_what_a_human_should_look_at_is_listed() -> None:
    denied = OrderDenied("c", "BTC", "s", "main", Side.BUY, OrderType.MARKET, D(9), "max_order_qty", "2", "9")
    found = DifferenceFound("d1", "position.quantity", "BTC", "1", "2", "more there", (), True)
    quiet = DifferenceFound("d2", "cash", "BTC", "1", "2", "young", (), False)
    facts: list[Fact] = [
        order("a"), OrderRejected("a", "BTC", "insufficient balance"), denied, AlertRaised("link", "down"),
        MarginCalled("main", D(5), D(9)), RiskChanged(False, True, False, "lunch", "eve"),
        RiskChanged(True, False, False, "", "eve"), found, quiet, StrategyFailed("s", "on_bar:3", "oops"),
        HandlerFailed("h", "order.filled", "no"),
    ]  # fmt: skip
    report = day_report(told(*((MINUTE, fact) for fact in facts)))
    assert [(one.kind, one.order, one.text) for one in report.refused] == [
        ("rejected", "a", "buy 1 BTC: insufficient balance"),
        ("denied", "c", "buy 9 BTC was refused by our rule max_order_qty: 9 against a limit of 2"),
    ]
    assert [(one.kind, one.text) for one in report.alerts] == [("link", "down"), ("margin call", "equity 5")]
    assert [(one.kind, one.text) for one in report.risk] == [("halted", "by eve: lunch"), ("armed", "by eve")]
    assert [one.order for one in report.found] == ["d1"]
    assert [one.order for one in report.open] == ["d1", "d2"]
    assert [one.kind for one in report.failures] == ["strategy", "handler"]
    assert report.worries == 2 + 2 + 2 + 2


def test_a_process_that_died_was_up_until_its_last_event() -> None:
    again_at = (20 * HOUR, opened())
    events = told(
        (6 * HOUR, AlertRaised("x", "the last word")), again_at, (DAY + 1, AlertRaised("y", "next"))
    )
    assert up(day_report(events, "2022-12-13"), "session") == (10.0, 1)


def test_a_clock_that_was_set_back_makes_nothing_up_for_longer_than_the_day() -> None:
    events = told(
        (6 * HOUR, AlertRaised("x", "word")), (2 * HOUR, opened()), (DAY + 1, AlertRaised("y", "next"))
    )
    assert up(day_report(events, "2022-12-13"), "session") == (24.0, 0)


def test_one_that_died_in_the_evening_and_came_back_in_the_next_day_was_down_until_midnight() -> None:
    events = told((18 * HOUR, AlertRaised("x", "the last word")), (DAY + 3 * HOUR, opened()))
    assert up(day_report(events, "2022-12-13"), "session") == (18.0, 1)
    assert up(day_report(events, "2022-12-14"), "session") == (0.0, 1)


def test_feeds_are_up_while_they_run_and_the_process_does() -> None:
    events = told(
        (0, FeedStarted("live", "x")), (6 * HOUR, SessionClosed("test", "stop")), (8 * HOUR, opened()),
        (12 * HOUR, FeedEnded("live", "over")), (DAY + 1, AlertRaised("y", "next")),
    )  # fmt: skip
    assert up(day_report(events, "2022-12-13"), "live") == (10.0, 2)


def test_a_link_was_there_until_it_was_lost() -> None:
    events = told(
        (6 * HOUR, LinkChanged(False, "reset")),
        (7 * HOUR, LinkChanged(True)),
        (DAY + 1, AlertRaised("y", "next")),
    )
    assert up(day_report(events, "2022-12-13"), "link to the venue") == (23.0, 1)


def test_bars_that_never_came_are_counted_by_day() -> None:
    events = told(
        bar_at(1, 100.0),
        bar_at(5, 100.0),
        (DAY + MINUTE, flat(1440, 100.0)),
        (DAY + 3 * MINUTE, flat(1442, 1.0)),
    )
    missing = {day: day_report(events, day).links[-1] for day in ("2022-12-13", "2022-12-14")}
    first, second = missing.values()
    assert (first.name, first.missing) == ("bars of BTC 1m", 3)
    assert second.missing == 1435 + 1  # a gap is seen by the bar behind it


def test_the_day_of_an_exchange_is_its_session_and_is_over_at_its_close() -> None:
    spec = Instrument(id="BTC", calendar="XNYS")
    opens, closes = 14 * HOUR + 30 * MINUTE, 21 * HOUR
    facts: list[Told] = [
        (opens, MarketOpened("XNYS", "2022-12-13", START + closes)),
        (opens + MINUTE, flat(870, 100.0)),
    ]
    report = day_report(told(*facts, instruments=[spec]))
    assert (report.day, report.over, report.begins) == ("2022-12-13", False, START + opens)
    facts.append((closes, MarketClosed("XNYS", "2022-12-13", START + DAY + opens)))
    report = day_report(told(*facts, instruments=[spec]))
    assert (report.over, report.ends) == (True, START + closes)
    assert up(report, "session") == (6.5, 0)


def test_the_curve_is_thinned_out_and_keeps_its_shape() -> None:
    bars = [bar_at(n, 100.0 + n) for n in range(1, 1300)]
    events = told(*TRADED[:3], *bars[1:])
    report = day_report(events)
    assert 200 <= len(report.curve) < 400
    assert [one.ts for one in report.curve] == sorted({one.ts for one in report.curve})
    assert report.curve[-1].equity == pytest.approx(report.end, abs=8)
