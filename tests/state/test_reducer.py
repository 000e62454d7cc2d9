"""Each fact and what it does to the state; what is not known does nothing."""

from decimal import Decimal

import msgspec
import pytest

from tests.builders import BTC, MINUTE, START, event, filled, flat, opened
from tradekit.core.event import Event, Fact, Unknown
from tradekit.model.market import FeedEnded, FeedStarted, MarkUpdated
from tradekit.model.order import Side
from tradekit.model.session import (
    CommandReceived,
    CommandRefused,
    HandlerFailed,
    Mode,
    ParamsChanged,
    RiskChanged,
    SessionClosed,
    SignalRaised,
    StrategyFailed,
)
from tradekit.state.reducer import BARS_KEPT, apply
from tradekit.state.shape import State, fingerprint

D = Decimal


def fold(*facts: Fact, state: State | None = None) -> State:
    state = state or State()
    for fact in facts:
        apply(state, event(fact, seq=state.seq + 1, ts=START + state.seq * MINUTE))
    return state


def test_the_first_opening_sets_the_cash_the_parameters_and_the_arming() -> None:
    state = fold(opened(params={"fast": 10}, limits={"max_position": "2"}))
    assert (state.session.name, state.session.mode, state.session.epoch, state.session.open) == (
        "test", Mode.PAPER, 1, True,
    )  # fmt: skip
    assert state.session.started == START
    assert state.account.cash == {"USD": D(10_000)}
    assert (state.account.equity, state.account.peak, state.account.opening) == (
        10_000.0,
        10_000.0,
        D(10_000),
    )
    assert state.strategy.params == {"fast": 10}
    assert state.risk.limits == {"max_position": "2"}
    assert state.risk.armed
    assert state.instruments == {"BTC": BTC}


def test_a_later_opening_keeps_money_parameters_and_arming() -> None:
    state = fold(opened(), filled("a", Side.BUY, 1, 100), RiskChanged(False, True, False, "lunch", "me"))
    again = opened(cash=D(5), params={"fast": 99}, armed=True, limits={"leverage": "1"}, program="2")
    apply(state, event(again, seq=4, ts=START + 9 * MINUTE, epoch=2))
    assert state.account.cash == {"USD": D(9900)}
    assert state.strategy.params == {}
    assert (state.risk.armed, state.risk.halted, state.risk.limits) == (False, True, {"leverage": "1"})
    assert (state.session.epoch, state.session.started, state.session.program) == (2, START, "2")


def test_a_closed_session_says_why_until_it_opens_again() -> None:
    state = fold(opened(), SessionClosed("test", "stopped by me"))
    assert (state.session.open, state.session.closed_reason) == (False, "stopped by me")
    fold(opened(), state=state)
    assert (state.session.open, state.session.closed_reason) == (True, "")


def test_a_bar_is_kept_marks_its_instrument_and_adds_a_point_of_equity() -> None:
    state = fold(opened(), FeedStarted("replay", "a file"), flat(0, 101.0))
    assert msgspec.to_builtins(state.bars["BTC"]["1m"]) == [[START, 101.0, 101.0, 101.0, 101.0, 10.0]]
    assert state.bars["BTC"]["1m"][0].as_bar("BTC", "1m") == flat(0, 101.0)
    assert (state.marks["BTC"].last, state.marks["BTC"].ts) == (101.0, START + 2 * MINUTE)
    assert state.health.feeds["replay"].last == START + 2 * MINUTE
    assert msgspec.to_builtins(state.pnl.curve) == [[START + 2 * MINUTE, 10_000.0]]


def test_a_bar_made_from_finer_ones_marks_nothing() -> None:
    state = fold(opened())
    apply(state, event(flat(0, 101.0, timeframe="15m"), seq=2, ts=START, cause=1))
    assert list(state.bars["BTC"]) == ["15m"]
    assert state.marks == {}
    assert state.pnl.curve == []


def test_the_bars_in_state_are_bounded_by_series() -> None:
    state = fold(opened(), *(flat(n, 100.0) for n in range(BARS_KEPT + 2)), flat(0, 1.0, instrument="ETH"))
    assert [len(state.bars[name]["1m"]) for name in ("BTC", "ETH")] == [BARS_KEPT, 1]
    assert state.bars["BTC"]["1m"][0].ts == START + 2 * MINUTE


def test_a_mark_keeps_bid_and_ask() -> None:
    mark = fold(opened(), MarkUpdated("BTC", 100.0, 99.5, 100.5)).marks["BTC"]
    assert (mark.last, mark.bid, mark.ask) == (100.0, 99.5, 100.5)


def test_a_feed_runs_and_ends_and_remembers_its_last_bar() -> None:
    state = fold(FeedStarted("replay", "a file"), flat(0, 1.0), FeedEnded("replay", "no more"))
    feed = state.health.feeds["replay"]
    assert (feed.status, feed.detail, feed.last) == ("ended", "no more", START + MINUTE)
    fold(FeedStarted("replay", "again"), state=state)
    assert (state.health.feeds["replay"].status, state.health.feeds["replay"].last) == (
        "running",
        START + MINUTE,
    )
    assert fold(FeedEnded("other", "never began")).health.feeds["other"].last == 0


def test_signals_are_kept_by_name_and_in_order_and_bounded() -> None:
    signals = [SignalRaised("s", "BTC", f"n{k % 2}", 1.0, 100.0, str(k)) for k in range(303)]
    state = fold(*signals)
    assert {name: s.note for name, s in state.signals.active.items()} == {
        "s/BTC/n0": "302",
        "s/BTC/n1": "301",
    }
    assert [s.note for s in state.signals.history] == [str(k) for k in range(3, 303)]


def test_risk_takes_what_it_is_told() -> None:
    risk = fold(RiskChanged(True, True, False, "lunch", "me")).risk
    assert (risk.armed, risk.halted, risk.killed, risk.reason, risk.user, risk.since) == (
        True, True, False, "lunch", "me", START,
    )  # fmt: skip


def test_parameters_failures_and_handlers_are_noted() -> None:
    state = fold(
        opened(),
        ParamsChanged("s", {"fast": 12}),
        StrategyFailed("s", "on_bar (line 3)", "ValueError: x"),
        HandlerFailed("metrics", "bar.closed.BTC.1m", "boom"),
    )
    assert state.strategy.params == {"fast": 12}
    assert state.strategy.error == "on_bar (line 3): ValueError: x"
    assert (state.health.errors, state.health.last_error) == (2, "metrics on bar.closed.BTC.1m: boom")


def test_commands_are_kept_with_what_came_of_them_and_bounded() -> None:
    told = [CommandReceived(f"c{n}", "halt", {"reason": "x"}, "me") for n in range(102)]
    state = fold(*told, CommandRefused("c50", "halt", "no"), CommandRefused("unknown", "halt", "no"))
    assert [c.id for c in state.commands] == [f"c{n}" for n in range(2, 102)]
    assert {c.id for c in state.commands if c.refused} == {"c50"}


@pytest.mark.parametrize("tag", ["order.filled", "something.new"])
def test_a_fact_of_an_unknown_type_or_version_moves_seq_and_time_only(tag: str) -> None:
    state = fold(opened(), flat(0, 100.0))
    before = msgspec.to_builtins(state)
    touched = apply(state, Event(3, 1, START + MINUTE * 99, 0, tag, 9, 0, "BTC", Unknown(msgspec.Raw(b"{}"))))
    assert touched == ()
    assert msgspec.to_builtins(state) == before | {"seq": 3, "time": START + MINUTE * 99}


def test_session_time_is_the_running_maximum() -> None:
    state = State()
    for seq, ts in enumerate((5, 3, 9, 1), start=1):
        apply(state, event(MarkUpdated("BTC", 1.0), seq=seq, ts=ts))
    assert (state.time, state.seq) == (9, 4)


def test_the_fingerprint_leaves_out_the_epoch_only() -> None:
    one, other = fold(opened()), State()
    apply(other, event(opened(), ts=START, epoch=7))
    assert other.session.epoch == 7
    assert fingerprint(one) == fingerprint(other)
    for name in State.__struct_fields__:
        changed = fold(opened())
        setattr(changed, name, "else")
        if name != "session":
            assert fingerprint(changed) != fingerprint(one), name
    one.session.name = "else"
    assert fingerprint(one) != fingerprint(other)


def test_every_path_told_as_touched_leads_into_the_state() -> None:
    state = State()
    facts = [opened(), flat(0, 100.0), MarkUpdated("BTC", 1.0), filled("a", Side.BUY, 1, 1)]
    for fact in facts:
        for path in apply(state, event(fact, seq=state.seq + 1)):
            assert path[0] in State.__struct_fields__
