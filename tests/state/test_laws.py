"""The fold is one function of the log: through the codec, through a snapshot, from any cut."""

from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MINUTE, START, event, filled, flat, law, opened, order
from tradekit.core.codec import decode_event, encode, encode_event
from tradekit.core.event import Event
from tradekit.model.market import FeedEnded, FeedStarted, MarkUpdated
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRequested,
    OrderDenied,
    OrderExpired,
    OrderRejected,
    OrderType,
    Side,
)
from tradekit.model.session import (
    CommandReceived,
    CommandRefused,
    HandlerFailed,
    ParamsChanged,
    RiskChanged,
    SessionClosed,
    SignalRaised,
    StrategyFailed,
)
from tradekit.state.reducer import apply
from tradekit.state.shape import State, fingerprint

NAMES = st.sampled_from(["a", "b", "c"])
SIDES = st.sampled_from(Side)
QTY = st.decimals("0.00000001", "5", places=8)
PRICE = st.decimals("0.00001", "99999", places=5)
TEXT = st.text(max_size=6)
VALUES = st.dictionaries(
    NAMES, st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | TEXT, max_size=3
)

FACTS = st.one_of(
    st.builds(lambda n, s, q, p: order(n, s, q, limit=p, tag="t"), NAMES, SIDES, QTY, PRICE),
    st.builds(lambda n, s, q, p: filled(n, s, q, p, fee="0.00000001"), NAMES, SIDES, QTY, PRICE),
    st.builds(OrderAccepted, NAMES, st.just("BTC"), TEXT, st.booleans()),
    st.builds(OrderCanceled, NAMES, st.just("BTC"), TEXT),
    st.builds(OrderRejected, NAMES, st.just("BTC"), TEXT),
    st.builds(OrderExpired, NAMES, st.just("BTC"), TEXT),
    st.builds(OrderCancelRequested, NAMES, st.just("BTC"), TEXT),
    st.builds(OrderDenied, NAMES, *[st.just("s")] * 3, SIDES, st.sampled_from(OrderType), QTY, *[TEXT] * 3),
    st.builds(lambda n, p: flat(n, p), st.integers(0, 9), st.floats(0.001, 1e6)),
    st.builds(MarkUpdated, st.just("BTC"), st.floats(0.001, 1e6), st.none() | st.floats(0.001, 1e6)),
    st.builds(FeedStarted, NAMES, TEXT),
    st.builds(FeedEnded, NAMES, TEXT),
    st.builds(SignalRaised, NAMES, NAMES, NAMES, st.floats(-1, 1), st.floats(0, 1e6), TEXT),
    st.builds(RiskChanged, *[st.booleans()] * 3, TEXT, TEXT),
    st.builds(ParamsChanged, NAMES, VALUES),
    st.builds(StrategyFailed, NAMES, TEXT, TEXT),
    st.builds(HandlerFailed, NAMES, TEXT, TEXT),
    st.builds(CommandReceived, NAMES, st.just("halt"), VALUES, TEXT),
    st.builds(CommandRefused, NAMES, st.just("halt"), TEXT),
    st.builds(SessionClosed, NAMES, TEXT),
    st.builds(lambda values: opened(params=values), VALUES),
)  # fmt: skip
TIMES = st.integers(0, 3000).map(lambda minutes: START + minutes * MINUTE)


@st.composite
def logs(draw: st.DrawFn) -> list[Event]:
    """A journal: an opening, then anything in any order."""
    facts: list[Any] = [opened(), *draw(st.lists(FACTS, max_size=25))]
    return [event(fact, seq=n, ts=draw(TIMES)) for n, fact in enumerate(facts, start=1)]


def fold(log: list[Event], state: State | None = None) -> State:
    state = state or State()
    for one in log:
        apply(state, one)
    return state


def through_json(state: State) -> State:
    """What a snapshot gives back."""
    return msgspec.json.decode(encode(state), type=State)


@given(logs())
@law(30)
def test_the_state_comes_back_from_its_json(log: list[Event]) -> None:
    state = fold(log)
    assert through_json(state) == state
    assert fingerprint(through_json(state)) == fingerprint(state)


@given(logs())
@law(30)
def test_the_fold_of_the_encoded_log_is_the_fold_of_the_log(log: list[Event]) -> None:
    again = [decode_event(encode_event(one)) for one in log]
    assert fold(again) == fold(log)


@given(logs(), st.data())
@law(30)
def test_a_snapshot_at_any_cut_and_the_tail_give_the_whole(log: list[Event], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(log)))
    snapshot = through_json(fold(log[:cut]))
    assert fold(log[cut:], snapshot) == fold(log)


@given(logs())
@law(30)
def test_the_fold_leaves_its_events_as_they_are(log: list[Event]) -> None:
    before = [encode_event(one) for one in log]
    fold(log)
    fold(log)
    assert [encode_event(one) for one in log] == before


@given(logs())
@law(30)
def test_seq_and_time_follow_every_event(log: list[Event]) -> None:
    state = fold(log)
    assert state.seq == len(log)
    assert state.time == max(one.ts for one in log)


def test_a_quantity_below_a_millionth_survives() -> None:
    state = fold([event(opened()), event(filled("a", Side.BUY, "0.00000001", "0.00001"), seq=2)])
    assert through_json(state).positions["s/BTC"].cost == Decimal("0.0000000000001")
