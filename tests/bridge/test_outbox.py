"""The queue of one client, played against the client's own side of the protocol."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradekit.bridge.clientside import ClientSide, Events, Gap, Snapshot
from tradekit.bridge.frames import Beat, Since, TicksFrame, Welcome, encode_frame, parse_server
from tradekit.bridge.limits import Limits
from tradekit.bridge.outbox import NeedPage, NeedSnapshot, Outbox
from tradekit.bridge.ring import Ring
from tradekit.bridge.slices import cut_snapshot
from tradekit.bridge.topics import Topics

SMALL = Limits(
    queue_frames=3, queue_bytes=400, frame_bytes=150, ring_events=20, ring_bytes=4000, resume_events=60
)


class World:
    """A journal of numbers with its ring, one outbox, and the client at its other end."""

    def __init__(self, *, past: int = 0, limits: Limits = SMALL) -> None:
        self.log: list[bytes] = []
        self.limits = limits
        self.ring = Ring(0, events=limits.ring_events, size=limits.ring_bytes, frame_bytes=limits.frame_bytes)
        self.commit(past)

    def commit(self, count: int) -> None:
        first = len(self.log) + 1
        fresh = [b'{"seq":%d}' % seq for seq in range(first, first + count)]
        self.log += fresh
        if fresh:
            self.ring.add(first, fresh, [subject(seq) for seq in range(first, first + count)])

    def join(self, since: int | None = None, topics: list[str] | None = None) -> None:
        self.outbox = Outbox(self.ring, self.limits, since=since, topics=Topics(topics) if topics else None)
        known = None if since is None else Since("j", 1, since)
        self.client = ClientSide(since=known, topics=topics)
        self.client.receive(encode_frame(Welcome(1, "j", 1, self.ring.head, 1, ["read"], since is not None)))
        self.seen: list[int] = list(range(1, (since or 0) + 1))
        self.told = since or (self.ring.head if topics else 0)
        self.gaps: list[tuple[int, int]] = []

    def fetch(self) -> bool:
        """Do what the shell does about a need; whether there was one."""
        need = self.outbox.need
        if isinstance(need, NeedSnapshot):
            state = json.dumps([json.loads(event)["seq"] for event in self.log]).encode()
            self.outbox.put_snapshot(len(self.log), cut_snapshot(len(self.log), [("seen", state)], limit=600))
        elif isinstance(need, NeedPage):
            until = min(need.since + 25, self.ring.head)
            rows = [(seq, self.log[seq - 1], subject(seq)) for seq in range(need.since + 1, until + 1)]
            self.outbox.put_page(rows)
        return need is not None

    def send(self) -> bool:
        """One frame across; whether there was one. The client's side checks that nothing is missing."""
        frame = self.outbox.next_frame()
        if frame is None:
            return False
        action = self.client.receive(frame)
        if isinstance(action, Snapshot):
            self.seen, self.told = msgspec.json.decode(action.state["seen"]), action.seq
        elif isinstance(action, Events):
            self.seen += [msgspec.json.decode(payload)["seq"] for payload in action.payloads]
            self.told = action.last
        elif isinstance(action, Gap):
            self.gaps.append((action.first, action.last))
        return True

    def settle(self) -> None:
        for _ in range(10_000):
            if not self.send() and not self.fetch():
                return
        raise AssertionError("the client never catches up")


def subject(seq: int) -> str:
    return f"order.{'odd' if seq % 2 else 'even'}"


steps = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(1, 12)),
        st.tuples(st.just("send"), st.integers(1, 6)),
        st.tuples(st.just("fetch"), st.just(1)),
        st.tuples(st.just("beat"), st.just(1)),
    ),
    max_size=60,
)


def play(world: World, script: list[tuple[str, int]]) -> None:
    for what, times in script:
        if what == "commit":
            world.commit(times)
        elif what == "beat":
            world.outbox.put_beat(encode_frame(Beat(world.ring.head, 1)))
        else:
            for _ in range(times):
                world.send() if what == "send" else world.fetch()
    world.settle()


@pytest.mark.law
@given(st.integers(0, 50), st.none() | st.integers(0, 50), steps)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_slow_a_replica_ends_with_every_event_once(
    past: int, since: int | None, script: Any
) -> None:
    world = World(past=past)
    world.join(None if since is None else min(since, past))
    play(world, script)
    assert world.seen == list(range(1, len(world.log) + 1))


@pytest.mark.law
@given(st.integers(0, 50), st.none() | st.integers(0, 50), steps)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_with_topics_what_is_neither_told_nor_declared_lost_does_not_exist(
    past: int, since: int | None, script: Any
) -> None:
    world = World(past=past)
    start = past if since is None else min(since, past)
    world.join(None if since is None else start, topics=["order.odd"])
    world.seen.clear()
    play(world, script)
    lost = {seq for first, last in world.gaps for seq in range(first, last + 1)}
    wanted = [seq for seq in range(start + 1, len(world.log) + 1) if seq % 2 and seq not in lost]
    assert world.seen == wanted


def test_a_client_that_keeps_up_never_sees_a_gap() -> None:
    world = World(past=5)
    world.join()
    world.settle()
    for _ in range(200):
        world.commit(2)
        world.settle()
    assert world.gaps == []
    assert world.outbox.gaps == 0


def test_a_client_too_far_behind_gets_a_gap_and_a_snapshot() -> None:
    world = World(past=5)
    world.join()
    world.settle()
    world.commit(1)
    world.settle()
    for _ in range(4):  # one frame over the limit of three
        world.commit(1)
    assert not world.outbox.idle
    world.send()
    assert world.gaps == [(7, 10)]
    assert isinstance(world.outbox.need, NeedSnapshot)
    world.settle()
    assert world.seen == list(range(1, 11))
    assert world.outbox.idle


def test_one_frame_less_is_no_reason_for_a_gap() -> None:
    world = World(past=5)
    world.join()
    world.settle()
    world.commit(1)
    world.settle()
    for _ in range(3):
        world.commit(1)
    world.settle()
    assert world.gaps == []


def test_someone_coming_back_is_served_from_the_journal_where_the_ring_ends() -> None:
    world = World(past=50)
    assert world.ring.floor > 10
    world.join(since=10)
    world.settle()
    assert world.gaps == []
    assert world.seen == list(range(1, 51))


def test_a_journal_that_has_lost_the_events_leads_to_a_snapshot() -> None:
    world = World(past=50)
    world.join(since=10)
    assert world.outbox.next_frame() is None
    world.outbox.put_page([])
    world.settle()
    assert world.gaps == [(11, 50)]
    assert world.seen == list(range(1, 51))


def test_a_hole_in_the_journal_ends_the_page_before_it() -> None:
    world = World(past=50)
    world.join(since=10)
    assert world.outbox.next_frame() is None
    world.outbox.put_page([(11, world.log[10], "a"), (12, world.log[11], "a"), (14, world.log[13], "a")])
    world.send()
    assert world.told == 12
    assert world.outbox.need == NeedPage(12)


def test_a_beat_tells_a_client_with_topics_how_far_nothing_matched() -> None:
    world = World()
    world.join(topics=["fill.>"])
    world.commit(3)
    world.settle()
    assert world.told == 0
    world.outbox.put_beat(encode_frame(Beat(3, 1)))
    world.settle()
    assert world.told == 3
    assert world.client.since == Since("j", 1, 3)


def test_answers_go_before_events_and_beats_never_pile_up() -> None:
    world = World()
    world.join(since=0)
    world.commit(1)
    for ts in range(5):
        world.outbox.put_beat(encode_frame(Beat(1, ts)))
    world.outbox.put(b'{"op":"ack","id":"1","seq":1}')
    sent = []
    while (frame := world.outbox.next_frame()) is not None:
        sent.append(parse_server(frame).__struct_config__.tag)
    assert sent == ["ack", "beat", "events"]


def test_ticks_that_did_not_go_out_give_way_to_newer_ones_of_their_key() -> None:
    world = World()
    world.join(since=0)
    world.outbox.put_ticks(1, {"a": b'{"key":"a","v":1}', "b": b'{"key":"b","v":1}'})
    world.outbox.put_ticks(2, {"a": b'{"key":"a","v":2}'})
    frame = world.outbox.next_frame()
    assert frame is not None
    assert parse_server(frame) == TicksFrame(2, [{"key": "a", "v": 2}, {"key": "b", "v": 1}])
    assert world.outbox.next_frame() is None
    assert world.outbox.idle


def test_a_client_that_leaves_its_answers_lying_is_full() -> None:
    world = World()
    world.join(since=0)
    world.outbox.put(b"x" * 400)
    assert not world.outbox.full
    world.outbox.put(b"x")
    assert world.outbox.full
    world.outbox.next_frame()
    assert not world.outbox.full
