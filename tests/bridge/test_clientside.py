from typing import Any

import msgspec
import pytest

from tradekit.bridge.clientside import ClientSide, Events, Gap, Incompatible, Snapshot
from tradekit.bridge.frames import Ack, Beat, ErrorFrame, Since, TicksFrame, Welcome, events_frame
from tradekit.bridge.slices import cut_snapshot
from tradekit.errors import ProtocolError


def welcome(**changes: Any) -> bytes:
    frame = {
        "op": "welcome",
        "protocol": 1,
        "journal": "j",
        "epoch": 2,
        "seq": 10,
        "reducer": 3,
        "scopes": ["read"],
    }
    return msgspec.json.encode({**frame, "resume": False, **changes})


def gap(first: int, last: int) -> bytes:
    return msgspec.json.encode({"op": "gap", "from": first, "to": last})


def payloads(first: int, last: int) -> list[bytes]:
    return [b'{"seq":%d}' % seq for seq in range(first, last + 1)]


def events(first: int, last: int) -> bytes:
    return events_frame(first, last, payloads(first, last))


def at_ten() -> ClientSide:
    side = ClientSide(since=Since("j", 1, 10))
    side.receive(welcome(resume=True))
    return side


def test_a_new_client_gets_the_state_and_then_what_follows() -> None:
    side = ClientSide()
    assert msgspec.json.decode(side.hello()) == {"op": "hello", "protocol": 1, "since": None, "topics": None}
    assert isinstance(side.receive(welcome()), Welcome)
    assert not side.caught_up
    first, second = cut_snapshot(12, [("a", b"1"), ("b", b"2")])
    assert side.receive(first) is None
    assert side.receive(second) == Snapshot("j", 2, 3, 12, {"a": b"1", "b": b"2"})
    assert side.caught_up
    assert side.receive(events(13, 14)) == Events(13, 14, payloads(13, 14))
    assert side.since == Since("j", 2, 14)


def test_a_client_that_comes_back_goes_on_where_it_was() -> None:
    side = ClientSide(since=Since("j", 1, 7))
    side.receive(welcome(resume=True))
    assert not side.caught_up
    assert side.receive(events(8, 10)) == Events(8, 10, payloads(8, 10))
    assert side.caught_up
    assert side.since == Since("j", 2, 10)


def test_a_client_that_is_not_resumed_forgets_where_it_was() -> None:
    side = ClientSide(since=Since("old", 1, 7))
    side.receive(welcome())
    assert side.since is None
    with pytest.raises(ProtocolError, match="before the snapshot"):
        side.receive(events(8, 10))


@pytest.mark.parametrize(("first", "last"), [(12, 12), (10, 12), (9, 9), (11, 10)])
def test_events_that_do_not_follow_are_an_error(first: int, last: int) -> None:
    with pytest.raises(ProtocolError, match=f"events {first}..{last} do not follow 10"):
        at_ten().receive(events(first, last))


def test_a_range_with_too_few_events_is_an_error_without_topics() -> None:
    short = events_frame(11, 13, payloads(11, 12))
    with pytest.raises(ProtocolError, match=r"events 11\.\.13 hold 2 events"):
        at_ten().receive(short)
    side = ClientSide(topics=["order.>"])
    side.receive(welcome())
    assert side.receive(short) == Events(11, 13, payloads(11, 12))
    with pytest.raises(ProtocolError, match="hold 3 events"):
        side.receive(events_frame(14, 15, payloads(14, 16)))


def test_after_a_gap_only_a_snapshot_helps() -> None:
    side = at_ten()
    assert side.receive(gap(11, 20)) == Gap(11, 20)
    assert side.since is None
    with pytest.raises(ProtocolError, match="before the snapshot"):
        side.receive(events(21, 21))
    assert side.receive(cut_snapshot(22, [])[0]) == Snapshot("j", 2, 3, 22, {})
    assert side.receive(events(23, 23)) == Events(23, 23, payloads(23, 23))


def test_with_topics_a_gap_is_passed_over() -> None:
    side = ClientSide(topics=["order.>"])
    side.receive(welcome())
    assert side.caught_up
    assert side.receive(gap(11, 20)) == Gap(11, 20)
    assert side.receive(events(21, 21)) == Events(21, 21, payloads(21, 21))


@pytest.mark.parametrize("frame", [gap(12, 13), gap(11, 10), cut_snapshot(11, [])[0], welcome()])
def test_what_is_not_due_is_an_error(frame: bytes) -> None:
    with pytest.raises(ProtocolError):
        at_ten().receive(frame)


def test_nothing_comes_before_the_welcome() -> None:
    with pytest.raises(ProtocolError, match="did not begin with its welcome"):
        ClientSide().receive(b'{"op":"beat","seq":1,"ts":1}')


def test_a_resume_that_nobody_asked_for_is_an_error() -> None:
    with pytest.raises(ProtocolError, match="nothing was asked for"):
        ClientSide().receive(welcome(resume=True))


@pytest.mark.parametrize(
    ("since", "lost"),
    [
        (None, None),
        (Since("j", 2, 4), Gap(5, 10)),
        (Since("j", 2, 10), None),
        (Since("k", 2, 4), Gap(1, 10)),
        (Since("j", 2, 40), Gap(1, 10)),
    ],
)
def test_a_client_with_topics_learns_what_it_missed(since: Since | None, lost: Gap | None) -> None:
    side = ClientSide(since=since, topics=[">"])
    side.receive(welcome())
    assert side.lost == lost


@pytest.mark.parametrize("changes", [{"protocol": 2}, {"reducer": 4}])
def test_an_incompatible_session_shows_no_numbers_but_can_be_commanded(changes: dict[str, int]) -> None:
    side = ClientSide(reducer=3)
    assert isinstance(side.receive(welcome(**changes)), Incompatible)
    for frame in (
        *cut_snapshot(1, [("a", b"1")]),
        events(2, 3),
        gap(4, 5),
        b'{"op":"ticks","ts":1,"items":[]}',
    ):
        assert side.receive(frame) is None
    assert not side.caught_up
    assert side.receive(b'{"op":"ack","id":"1","seq":9}') == Ack("1", 9)


def test_a_client_without_a_fold_takes_any_reducer() -> None:
    assert isinstance(ClientSide().receive(welcome(reducer=99)), Welcome)


def test_answers_beats_and_ticks_are_passed_on() -> None:
    side = at_ten()
    assert side.receive(b'{"op":"beat","seq":10,"ts":5}') == Beat(10, 5)
    assert side.receive(b'{"op":"error","id":"1","code":"scope","message":"no"}') == ErrorFrame(
        "1", "scope", "no"
    )
    assert side.receive(b'{"op":"ticks","ts":5,"items":[{"key":"a"}]}') == TicksFrame(5, [{"key": "a"}])
