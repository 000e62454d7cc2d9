"""A restart: whatever the moment of the end, the session goes on as if it had never stopped."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, MINUTE, START, bar, event, flat, law, opened
from tests.run.scripted import Scripted, runs, with_script
from tradekit.core.codec import decode_event, encode_event
from tradekit.core.event import Event, Fact
from tradekit.model.market import Bar
from tradekit.model.session import CommandReceived, CommandRefused
from tradekit.run.cycle import Cycle
from tradekit.run.feed import position_of
from tradekit.run.restore import Difference, restore
from tradekit.run.timeline import merged
from tradekit.sim.exchange import Exchange
from tradekit.sim.rules import Rules
from tradekit.sim.venue import SimulatedVenue
from tradekit.state.reducer import apply
from tradekit.state.shape import State, fingerprint
from tradekit.trading.engine import Engine

Group = list[Event]


def cycle(make: Callable[[], Scripted], run: dict[str, Any]) -> Cycle:
    exchange = Exchange(
        [run["bars"].spec], Rules.of(run.get("rules"), fee=run["fee"], slippage=run["slippage"])
    )
    return Cycle(Engine(make()), SimulatedVenue(exchange))


def groups_of(made: Cycle, fact: Fact, ts: int) -> list[Group]:
    """One fact from outside as a journal gets it: what follows at once, then each round of the venue's answers."""
    groups = [made.take(fact, ts)]
    while reports := made.act(groups[-1]):
        groups.append(made.report(reports))
    return groups


def feed(made: Cycle, run: dict[str, Any], after: dict[str, int]) -> list[Group]:
    return [group for ts, one in merged([run["bars"]], after) for group in groups_of(made, one, ts)]


def session(run: dict[str, Any]) -> tuple[Cycle, list[Group]]:
    made = cycle(run["make"], run)
    first = opened(instruments=[run["bars"].spec], limits={k: str(v) for k, v in run["limits"].items()})
    return made, groups_of(made, first, START - 1) + feed(made, run, {})


def journaled(groups: list[Group]) -> list[Event]:
    return [decode_event(encode_event(one)) for group in groups for one in group]


def lines(groups: list[Group]) -> list[bytes]:
    return [encode_event(one) for group in groups for one in group]


RULES = st.sampled_from(
    [
        Rules(),
        Rules(participation=Decimal("0.3"), submit_latency=MINUTE, cancel_latency=MINUTE * 3 // 2),
        Rules(market="this_close", path="open_low_high_close", participation=Decimal("0.5")),
    ]
)


@given(runs(), RULES, st.data())
@law(20)
def test_a_session_cut_at_any_group_goes_on_as_if_it_had_never_stopped(
    run: dict[str, Any], rules: Rules, data: st.DataObject
) -> None:
    run["rules"] = rules
    whole, groups = session(run)
    cut = data.draw(st.integers(1, len(groups)))
    again = cycle(run["make"], run)
    log = journaled(groups[:cut])
    assert restore(again, lambda: log) is None
    assert again.engine.doubt == ""
    more: list[Group] = []
    while reports := again.act(more[-1]) if more else again.venue.resume(log[-1].ts):
        more.append(again.report(reports))
    more += feed(again, run, position_of(again.engine.state))
    assert lines(more) == lines(groups[cut:])
    assert fingerprint(again.engine.state) == fingerprint(whole.engine.state)


@given(runs())
@law(5)
def test_the_restored_engine_is_the_fold_of_the_journal(run: dict[str, Any]) -> None:
    _, groups = session(run)
    log = journaled(groups)
    again = cycle(run["make"], run)
    assert restore(again, lambda: log) is None
    state = State()
    for one in log:
        apply(state, one)
    assert fingerprint(again.engine.state) == fingerprint(state)
    working = {name for name, order in state.orders.items() if order.working}
    assert set(again.engine.dealing.working) == working


# --- differences --------------------------------------------------------------------------------------------

RUN: dict[str, Any] = {"fee": 0, "slippage": 0, "limits": {}}
BARS = [flat(n, 100.0 + n) for n in range(4)]


def played(script: dict[int, Any], *facts: Fact) -> list[Event]:
    made = Cycle(Engine(with_script(Scripted, script)()), SimulatedVenue(Exchange([BTC])))
    groups = groups_of(made, opened(), START)
    for n, fact in enumerate(facts):
        groups += groups_of(made, fact, START + n)
    return journaled(groups)


def restored(script: dict[int, Any], log: list[Event]) -> tuple[Cycle, Difference | None]:
    made = Cycle(Engine(with_script(Scripted, script)()), SimulatedVenue(Exchange([BTC])))
    return made, restore(made, lambda: log)


@pytest.mark.parametrize(
    ("then", "now", "journaled_as", "replayed_as"),
    [
        ({2: [("to", 1, "")]}, {2: [("to", 2, "")]}, " with qty 1", " with qty 2"),
        ({2: [("to", 1, "")]}, {}, "order.submitted", "nothing"),
        ({}, {2: [("to", 1, "")]}, "bar.closed", "order.submitted"),
        ({}, {4: [("to", 1, "")]}, "nothing", "order.submitted"),
    ],
)
def test_a_changed_strategy_is_named_and_refuses_to_be_armed(
    then: dict[int, Any], now: dict[int, Any], journaled_as: str, replayed_as: str
) -> None:
    log = played(then, *BARS)
    made, difference = restored(now, log)
    assert difference is not None
    assert journaled_as in difference.journaled
    assert replayed_as in difference.replayed
    assert f"at #{difference.seq:,} the journal holds" in str(difference)
    state = State()
    for one in log:
        apply(state, one)
    assert fingerprint(made.engine.state) == fingerprint(state), "the journal is the truth"
    told = made.take(CommandReceived("c1", "arm", {}, "me"), START)
    assert isinstance(told[-1].data, CommandRefused)
    assert "the journal cannot be replayed" in told[-1].data.reason


@pytest.mark.parametrize("field", ["ts", "cause", "seq"])
def test_an_event_that_was_told_at_another_time_or_for_another_reason_is_a_difference(field: str) -> None:
    log = played({2: [("to", 1, "")]}, *BARS)
    at = next(n for n, one in enumerate(log) if one.type == "order.submitted")
    log[at] = msgspec.structs.replace(log[at], **{field: getattr(log[at], field) - 1})
    _, difference = restored({2: [("to", 1, "")]}, log)
    assert difference is not None
    assert difference.seq == log[at].seq


def test_an_engine_in_doubt_leaves_its_strategy_alone_and_still_folds() -> None:
    made, difference = restored({3: [("to", 2, "")]}, played({3: [("to", 1, "")]}, *BARS))
    assert difference is not None
    told = made.take(bar(9, (100.0, 110.0, 90.0, 105.0)), START + 99)
    assert [one.type for one in told] == ["bar.closed"]
    assert made.engine.state.marks["BTC"].last == 105.0


def test_a_working_order_survives_in_the_venues_book() -> None:
    log = played({2: [("resting", "buy", 1, "limit", -10.0)]}, *BARS)
    made, difference = restored({2: [("resting", "buy", 1, "limit", -10.0)]}, log)
    assert difference is None
    told = made.take(bar(5, (100.0, 101.0, 80.0, 90.0)), START + 99)
    assert [one.type for one in told] == ["order.filled", "bar.closed"]


def test_the_feeds_position_is_the_last_bar_of_the_finest_series() -> None:
    state = State()
    for n, one in enumerate([flat(0, 1.0), flat(1, 1.0), flat(0, 1.0, instrument="ETH", timeframe="15m")]):
        apply(state, event(one, seq=n + 1))
    coarse = Bar("BTC", "15m", START - 1, 1.0, 1.0, 1.0, 1.0)
    apply(state, event(coarse, seq=4, cause=1))
    assert position_of(state) == {"BTC": START + 60_000_000_000, "ETH": START}
    state.bars["SOL"] = {}
    state.bars["XRP"] = {"1m": []}
    assert set(position_of(state)) == {"BTC", "ETH"}
