import threading
from typing import Any

import msgspec
import pytest

from tests.builders import flat
from tests.client.told import DAY, folded, told
from tests.interleaved import interleavings
from tradekit.client.replica import Replica
from tradekit.client.status import Status
from tradekit.core.codec import encode, encode_event
from tradekit.core.event import Event, Unknown
from tradekit.errors import JournalError, VersionError
from tradekit.state.shape import State, fingerprint

WAIT_S = 30.0


def parts(state: State) -> dict[str, bytes]:
    return {name: encode(getattr(state, name)) for name in state.__struct_fields__}


def raw(events: list[Event]) -> list[bytes]:
    return [encode_event(event) for event in events]


@pytest.fixture
def replica() -> Replica:
    """One that has the state after the first ten facts."""
    made = Replica()
    made.on_snapshot("j", 3, 1, 10, parts(folded(DAY[:10])))
    return made


def test_a_snapshot_is_the_whole_state(replica: Replica) -> None:
    assert (replica.seq, replica.journal, replica.epoch) == (10, "j", 3)
    assert fingerprint(replica.state) == fingerprint(folded(DAY[:10]))


def test_events_after_it_are_folded_by_the_same_reducer(replica: Replica) -> None:
    replica.on_events(11, 15, raw(told()[10:]))
    assert replica.seq == 15
    assert fingerprint(replica.state) == fingerprint(folded())
    assert replica.epoch == 1  # of the newest event


def test_events_that_are_known_already_change_nothing(replica: Replica) -> None:
    replica.on_events(1, 15, raw(told()))
    assert fingerprint(replica.state) == fingerprint(folded())


def test_a_hole_is_an_error(replica: Replica) -> None:
    with pytest.raises(JournalError, match="event 12 came after 10: 1 are missing"):
        replica.on_events(12, 15, raw(told()[11:]))


def test_an_event_of_an_unknown_type_is_not_folded_but_refused(replica: Replica) -> None:
    strange = Event(11, 1, 0, 0, "moon.landed", 4, 0, "", Unknown(msgspec.Raw(b"{}")))
    with pytest.raises(
        VersionError, match=r"event 11 is a moon.landed v4, which this tradekit does not know"
    ):
        replica.on_events(11, 11, [encode_event(strange, b"{}")])
    assert replica.seq == 10


def test_a_state_of_another_shape_is_refused(replica: Replica) -> None:
    with pytest.raises(VersionError, match="cannot be read here"):
        replica.on_snapshot("j", 4, 1, 11, parts(folded()) | {"orders": b"[1,2]"})
    assert replica.seq == 10


def test_watchers_hear_of_what_changed_until_they_cancel(replica: Replica) -> None:
    heard: list[tuple[frozenset[str], int]] = []
    watcher = replica.watch(lambda names, events: heard.append((names, len(events))))
    replica.on_events(11, 11, raw(told()[10:11]))
    replica.on_snapshot("j", 3, 1, 10, parts(folded(DAY[:10])))
    assert heard[0][1] == 1
    assert {"orders", "positions", "account", "seq", "time"} <= heard[0][0]
    assert "bars" not in heard[0][0]
    assert heard[1] == (frozenset("*"), 0)
    watcher.cancel()
    replica.on_events(11, 11, raw(told()[10:11]))
    assert len(heard) == 2


def test_ticks_are_an_overlay_that_is_no_part_of_the_state(replica: Replica) -> None:
    shown: list[list[dict[str, Any]]] = []
    replica.watch(lambda names, events: None, ticks=shown.append)
    before = fingerprint(replica.state)
    replica.on_ticks(1, [{"key": "BTC", "last": 1.0}, {"key": "ETH", "last": 2.0}])
    replica.on_ticks(2, [{"key": "BTC", "last": 3.0}])
    assert replica.ticks == {"BTC": {"key": "BTC", "last": 3.0}, "ETH": {"key": "ETH", "last": 2.0}}
    assert [len(items) for items in shown] == [2, 1]
    assert fingerprint(replica.state) == before


def test_a_new_status_is_told_once_and_a_new_reason_is_kept(replica: Replica) -> None:
    turned: list[str] = []
    replica.watch(lambda names, events: None, status=turned.append)
    for status in (Status("live", 1.0), Status("stale", 2.0, "no beat"), Status("stale", 2.0, "unreachable")):
        replica.on_status(status)
    assert turned == ["live", "stale"]
    assert (replica.status, replica.status_since, replica.problem) == ("stale", 2.0, "unreachable")


def test_lag_is_what_the_line_says(replica: Replica) -> None:
    assert replica.lag_ms is None
    replica.lag = lambda: 0.25
    assert replica.lag_ms == 250


def test_waiting_ends_when_the_state_is_so(replica: Replica) -> None:
    assert replica.wait_for(lambda state: state.seq == 10, 0)
    assert not replica.wait_for(lambda state: state.seq == 12, 0)
    met: list[bool] = []
    thread = threading.Thread(
        target=lambda: met.append(replica.wait_for(lambda state: "s-3" in state.orders, WAIT_S))
    )
    thread.start()
    replica.on_events(11, 12, raw(told()[10:12]))
    thread.join(WAIT_S)
    assert met == [True]


def test_readers_see_whole_frames_only() -> None:
    """Two bars a frame: a reader that holds the lock never sees an odd number of them."""
    replica = Replica()
    replica.on_snapshot("j", 1, 1, 2, parts(folded(DAY[:2])))
    events = told([*DAY[:2], *(flat(n, 100.0) for n in range(200))])
    counts: set[int] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            with replica.lock:
                counts.add(len(replica.state.bars.get("BTC", {}).get("1m", [])))

    reader = threading.Thread(target=look)
    reader.start()
    for first in range(2, len(events), 2):
        replica.on_events(first + 1, first + 2, raw(events[first : first + 2]))
    done.set()
    reader.join(WAIT_S)
    assert all(count % 2 == 0 for count in counts)
    assert len(replica.state.bars["BTC"]["1m"]) == 200


def test_who_waits_for_the_state_keeps_nobody_from_watching_it(replica: Replica) -> None:
    watched = threading.Event()

    def watch() -> None:
        replica.watch(lambda names, events: None)
        watched.set()

    def meanwhile(state: State) -> bool:
        threading.Thread(target=watch, daemon=True).start()
        return watched.wait(WAIT_S)

    assert replica.wait_for(meanwhile, 0)


def test_what_comes_as_a_wait_begins_is_not_missed(replica: Replica) -> None:
    def twelfth() -> Replica:
        one = Replica()
        one.on_snapshot("j", 3, 1, 10, parts(folded(DAY[:10])))
        return one

    met: list[bool] = []
    for _ in interleavings(
        twelfth,
        lambda one: met.append(one.wait_for(lambda state: state.seq == 12, WAIT_S)),
        lambda one: one.on_events(11, 12, raw(told()[10:12])),
        within="client/replica.py",
    ):
        assert met == [True]
        met.clear()
