import threading
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tests.core.journal_contract import bar, fill, mark
from tradekit.core.clock import ManualClock
from tradekit.core.event import Event
from tradekit.core.store import StateView, Store
from tradekit.errors import ConfigError, JournalError


class Row(msgspec.Struct):
    qty: float = 0.0
    prices: list[float] = msgspec.field(default_factory=list)


class Book(msgspec.Struct):
    """A made-up state: the store knows nothing of the trade."""

    marks: dict[str, Row] = msgspec.field(default_factory=dict)
    fills: list[str] = msgspec.field(default_factory=list)
    events: int = 0


def apply(book: Book, event: Event) -> tuple[tuple[str, ...], ...]:
    book.events += 1
    if event.type == "mark.updated":
        book.marks.setdefault(event.key, Row()).prices.append(event.data.last)  # type: ignore[attr-defined]
        return (("marks", event.key),)
    if event.type == "order.filled":
        book.fills.append(event.data.exec_id)  # type: ignore[attr-defined]
        return (("fills",), ("marks", event.key))
    return ()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> Store[Book]:
    return Store(Book(), apply, clock=clock)


def test_a_store_is_a_state_view(store: Store[Book]) -> None:
    view: StateView = store
    store.apply(mark(1))
    assert (view.seq, view.state.events, view.get("events")) == (1, 1, 1)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("events", 4),
        ("marks.BTCUSDT.prices.0", 1.0),
        ("marks.BTCUSDT.prices.-1", 2.0),
        (("marks", "BTCUSDT", "qty"), 0.0),
        ("marks.BRK.B.prices.0", 3.0),
        (("marks", "BRK.B", "prices", "0"), 3.0),
        ("fills.0", "x-4"),
        ("fills.1", "none"),
        ("fills.first", "none"),
        ("fills.-2", "none"),
        ("marks.ETHUSDT", "none"),
        ("marks.BTCUSDT.price", "none"),
        ("events.more", "none"),
        ("marks.BTCUSDT.__class__", "none"),
        ("", "none"),
    ],
)
def test_a_path_leads_through_structs_mappings_and_lists(
    store: Store[Book], path: Any, value: object
) -> None:
    for event in (mark(1, last=1.0), mark(2, last=2.0), mark(3, last=3.0, key="BRK.B"), fill(4)):
        store.apply(event)
    assert store.get(path, "none") == value


def test_an_event_is_folded_once_and_a_gap_is_an_error(store: Store[Book]) -> None:
    store.apply(mark(1))
    assert store.apply(mark(1)) == ()
    with pytest.raises(JournalError, match="event 4 came after 1: 2 are missing"):
        store.apply(mark(4))
    assert (store.seq, store.state.events) == (1, 1)


@pytest.mark.parametrize(
    ("pattern", "heard"),
    [
        ("marks", ["marks.BTCUSDT", "marks.BRK.B", "marks.BTCUSDT"]),
        ("marks.*", ["marks.BTCUSDT", "marks.BRK.B", "marks.BTCUSDT"]),
        ("marks.BTC*", ["marks.BTCUSDT", "marks.BTCUSDT"]),
        ("marks.BRK.B", ["marks.BRK.B"]),
        ("marks.BTCUSDT.qty", ["marks.BTCUSDT", "marks.BTCUSDT"]),
        ("f*", ["fills"]),
        ("events", []),
    ],
)
def test_a_watcher_hears_of_what_lies_on_its_path(store: Store[Book], pattern: str, heard: list[str]) -> None:
    told: list[str] = []
    store.subscribe(pattern, lambda path, event: told.append(path))
    for event in (mark(1), mark(2, key="BRK.B"), fill(3), bar(4)):
        store.apply(event)
    assert told == heard


def test_a_watcher_is_told_after_the_fold_and_no_more_once_cancelled(store: Store[Book]) -> None:
    told: list[tuple[int, int]] = []
    with store.subscribe("marks", lambda path, event: told.append((event.seq, store.state.events))) as watch:
        store.apply(mark(1))
    store.apply(mark(2))
    watch.cancel()
    assert told == [(1, 1)]


def test_a_failing_watcher_is_isolated_and_counted(
    store: Store[Book], caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    broken = store.subscribe("marks", lambda path, event: 1 / 0)
    store.subscribe("marks", lambda path, event: told.append(path))
    store.apply(mark(1))
    assert (told, broken.errors) == (["marks.BTCUSDT"], 1)
    assert "a watcher of marks failed" in caplog.text


@pytest.mark.parametrize("pattern", ["", "marks..x", ".marks"])
def test_a_bad_pattern_is_refused(store: Store[Book], pattern: str) -> None:
    with pytest.raises(ConfigError, match="path pattern"):
        store.subscribe(pattern, lambda path, event: None)


def test_a_part_grows_stale_when_nothing_touches_it(store: Store[Book], clock: ManualClock) -> None:
    assert store.is_stale("marks", 1e9)
    store.apply(fill(1))
    clock.advance(3)
    store.apply(mark(2, ts=77))
    clock.advance(2)
    assert (store.age("marks.BTCUSDT.qty"), store.age("fills")) == (2.0, 5.0)
    assert (store.is_stale("marks", 2.5), store.is_stale("fills", 2.5)) == (False, True)
    meta = store.meta("marks")
    assert meta is not None
    assert (meta.seq, meta.ts, meta.source) == (2, 77, "mark.updated")


def test_history_tells_nobody_and_makes_nothing_fresh(store: Store[Book]) -> None:
    told: list[str] = []
    store.subscribe("marks", lambda path, event: told.append(path))
    assert store.fold([mark(1), mark(2), fill(3)]) == 3
    assert (told, store.is_stale("marks", 1e9), store.state.events) == ([], True, 3)
    with pytest.raises(JournalError, match="missing"):
        store.fold([mark(5)])


def test_a_snapshot_takes_the_states_place(store: Store[Book]) -> None:
    store.apply(mark(1))
    store.replace(Book(events=41), 41)
    assert (store.seq, store.is_stale("marks", 1e9)) == (41, True)
    store.apply(mark(42))
    assert store.state.events == 42


def test_the_state_stands_still_while_the_lock_is_held(store: Store[Book]) -> None:
    thread = threading.Thread(target=lambda: [store.apply(mark(seq)) for seq in range(1, 2001)])
    with store.lock:
        thread.start()
        seen = {(store.seq, store.state.events) for _ in range(1000)}
    thread.join()
    assert seen == {(0, 0)}
    assert store.seq == store.state.events == 2000


def test_a_finger_print_of_ones_own_is_used() -> None:
    assert Store(Book(events=7), apply, fingerprint=lambda book: f"n{book.events}").hash() == "n7"


@given(
    kinds=st.lists(st.sampled_from([mark, fill, bar]), max_size=30),
    cut=st.integers(0, 30),
)
@law(100)
def test_snapshot_and_tail_are_the_whole_by_hash(kinds: list[Any], cut: int) -> None:
    events = [kind(seq) for seq, kind in enumerate(kinds, 1)]
    whole = Store(Book(), apply)
    for event in events:
        whole.apply(event)
    head = Store(Book(), apply)
    head.fold(events[:cut])
    again = Store(msgspec.json.decode(msgspec.json.encode(head.state), type=Book), apply, seq=head.seq)
    again.fold(events[cut:])
    assert again.hash() == whole.hash()
    assert again.seq == whole.seq
