import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradekit.bridge.frames import events_frame
from tradekit.bridge.ring import Ring
from tradekit.bridge.topics import Topics
from tradekit.errors import ProtocolError


def ring(head: int = 0, *, events: int = 1000, size: int = 1_000_000, frame_bytes: int = 10_000) -> Ring:
    return Ring(head, events=events, size=size, frame_bytes=frame_bytes)


def add(to: Ring, *batches: int) -> None:
    for count in batches:
        first = to.head + 1
        to.add(first, payloads(first, first + count - 1), [f"s.{seq}" for seq in range(first, first + count)])


def payloads(first: int, last: int) -> list[bytes]:
    return [b"%05d" % seq for seq in range(first, last + 1)]


def test_one_frame_serves_all_who_keep_up() -> None:
    full = ring()
    add(full, 3)
    frame, last = full.frame(0)
    assert (frame, last) == (events_frame(1, 3, payloads(1, 3)), 3)
    assert full.frame(0)[0] is frame


def test_what_queued_meanwhile_is_joined() -> None:
    full = ring()
    add(full, 2, 2, 2)
    assert full.frame(0) == (events_frame(1, 6, payloads(1, 6)), 6)
    assert full.frame(1) == (events_frame(2, 6, payloads(2, 6)), 6)
    assert full.frame(5) == (events_frame(6, 6, payloads(6, 6)), 6)


def test_no_frame_is_joined_or_cut_beyond_the_limit() -> None:
    full = ring(frame_bytes=100)
    add(full, 30)
    told = 0
    while told < full.head:
        frame, last = full.frame(told)
        assert len(frame) <= 100 + 50  # the frame around the events
        assert frame == events_frame(told + 1, last, payloads(told + 1, last))
        told = last


def test_an_event_larger_than_a_frame_goes_alone() -> None:
    full = ring(frame_bytes=10)
    full.add(1, [b"x" * 50, b"y"], ["a", "b"])
    assert full.frame(0) == (events_frame(1, 1, [b"x" * 50]), 1)


def test_the_oldest_events_go_first_and_the_newest_batch_stays() -> None:
    full = ring(events=5)
    add(full, 2, 2, 2)
    assert (full.floor, full.head) == (2, 6)
    add(full, 20)
    assert (full.floor, full.head) == (6, 26)
    small = ring(size=120)
    add(small, 1, 1, 1, 1)
    assert small.head == 4
    assert small.floor > 0


def test_a_hole_empties_the_ring_and_what_is_known_is_left_out() -> None:
    full = ring(10)
    assert (full.floor, full.head) == (10, 10)
    full.add(9, payloads(9, 12), ["s"] * 4)
    assert (full.floor, full.head) == (10, 12)
    full.add(11, payloads(11, 12), ["s"] * 2)
    assert full.head == 12
    full.add(20, payloads(20, 21), ["s"] * 2)
    assert (full.floor, full.head) == (19, 21)


def test_events_without_their_subjects_are_refused() -> None:
    with pytest.raises(ProtocolError, match="2 events came with 1 subjects"):
        ring().add(1, payloads(1, 2), ["s"])


def test_how_far_behind_is_told_in_frames_and_bytes() -> None:
    full = ring()
    add(full, 2, 2)
    sizes = [len(events_frame(1, 2, payloads(1, 2))), len(events_frame(3, 4, payloads(3, 4)))]
    assert full.behind(0) == (2, sum(sizes))
    assert full.behind(1) == (2, sum(sizes))
    assert full.behind(2) == (1, sizes[1])
    assert full.behind(4) == (0, 0)
    assert full.behind(9) == (0, 0)


def test_clients_of_one_wish_share_a_frame_of_what_matches() -> None:
    full = ring()
    full.add(1, payloads(1, 4), ["a", "b", "a", "c"])
    frame, last = full.narrowed(0, Topics(["a"]), 0)
    assert (frame, last) == (events_frame(1, 4, [b"00001", b"00003"]), 4)
    assert full.narrowed(0, Topics(["a"]), 0)[0] is frame
    assert full.narrowed(2, Topics(["a"]), 2) == (events_frame(3, 4, [b"00003"]), 4)
    assert full.narrowed(0, Topics(["z"]), 0) == (None, 4)


@pytest.mark.law
@given(st.lists(st.integers(1, 9), max_size=40), st.integers(1, 30), st.integers(20, 200))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_event_the_ring_claims_to_hold_is_served_in_order(
    batches: list[int], events: int, size: int
) -> None:
    full = ring(events=events, size=size * 4, frame_bytes=size)
    add(full, *batches)
    told = full.floor
    while told < full.head:
        frames, left = full.behind(told)
        frame, last = full.frame(told)
        assert frame == events_frame(told + 1, last, payloads(told + 1, last))
        assert frames > 0
        assert left > 0
        told = last
