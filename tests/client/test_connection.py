"""A client's connection against a real bridge: follow, lose the line, come back, be refused."""

import socket
from collections.abc import Callable

import pytest

from tests.client.wire import TOKEN, Replica
from tests.sessions import wait_until
from tradekit.bridge.server import Bridge
from tradekit.errors import ConfigError, ConnectionLostError, VersionError
from tradekit.testing.source import FakeSource

Serve = Callable[..., Bridge]
Follow = Callable[..., Replica]


def test_a_replica_has_the_state_and_then_every_event(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    bridge = serve()
    replica = follow(bridge)
    assert replica.connection.wait_settled(30).name == "live"
    assert replica.snapshots == [("fake", 1, 1, 2)]
    for value in range(50):
        source.append(("a", value), ("c", value))
    wait_until(lambda: replica.is_at(102))
    assert replica.values == source.values
    assert replica.names == ["live"]


def test_a_session_that_restarts_is_gone_on_with_where_it_was(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    bridge = serve()
    replica = follow(bridge)
    wait_until(lambda: replica.is_at(2))
    bridge.close()
    wait_until(lambda: replica.connection.status.name == "stale")
    source.epoch = 2
    source.append(("a", "while the line was down"))
    serve(port=bridge.port)
    wait_until(lambda: replica.is_at(3))
    source.append(("b", "after"))
    wait_until(lambda: replica.is_at(4))
    assert replica.values == source.values
    assert len(replica.snapshots) == 1
    assert replica.names[0] == replica.names[-1] == "live"
    assert replica.statuses[-1].since > replica.statuses[0].since


def test_a_session_that_comes_back_on_another_port_is_followed(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    bridges = [serve()]
    replica = follow(lambda: bridges[-1].uri)
    wait_until(lambda: replica.is_at(2))
    bridges[0].close()
    wait_until(lambda: replica.connection.status.name == "stale")
    bridges.append(serve())
    source.append(("a", "elsewhere"))
    wait_until(lambda: replica.is_at(3))
    assert bridges[0].port != bridges[1].port
    assert str(bridges[1].port) in replica.connection.uri
    assert replica.names[-1] == "live"


def test_another_journal_on_the_port_is_taken_anew(serve: Serve, follow: Follow, source: FakeSource) -> None:
    bridge = serve()
    replica = follow(bridge)
    wait_until(lambda: replica.is_at(2))
    bridge.close()
    other = FakeSource("other", reducer=7)
    other.append(("z", 26))
    serve(other, port=bridge.port)
    wait_until(lambda: replica.is_at(1))
    assert replica.values == {"z": 26}
    assert replica.snapshots == [("fake", 1, 1, 2), ("other", 1, 7, 1)]


def test_a_journal_that_forgot_what_the_replica_saw_is_taken_anew(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    bridge = serve()
    replica = follow(bridge)
    source.append(("a", "seen by the replica alone"))
    wait_until(lambda: replica.is_at(3))
    bridge.close()
    reborn = FakeSource(epoch=1)
    reborn.append(("a", 1), ("b", 2))
    reborn.epoch = 2
    reborn.append(("a", "written instead"), ("b", 4))
    serve(reborn, port=bridge.port)
    wait_until(lambda: replica.is_at(4))
    assert replica.values == reborn.values
    assert replica.snapshots[-1] == ("fake", 2, 1, 4)


def test_a_silent_session_makes_the_view_stale_and_a_beat_makes_it_live(serve: Serve, follow: Follow) -> None:
    replica = follow(serve(beat_s=0.5), stale_after_s=0.2, dead_after_s=60)
    wait_until(lambda: replica.names.count("live") >= 2)
    assert replica.names[:3] == ["live", "stale", "live"]
    assert replica.statuses[1].reason == "no beat from the session"
    assert len(replica.snapshots) == 1


def test_a_line_that_stays_silent_is_set_up_anew(serve: Serve, follow: Follow) -> None:
    bridge = serve(beat_s=60)
    replica = follow(bridge, stale_after_s=0.3, dead_after_s=0.6)
    wait_until(lambda: "stale" in replica.names and replica.names[-1] == "live", 30)
    assert len(replica.snapshots) == 1  # it went on where it was


def test_a_wrong_token_is_refused_until_it_is_right(serve: Serve, follow: Follow, source: FakeSource) -> None:
    held = ["wrong" * 8]
    replica = follow(serve(), lambda: held[0])
    status = replica.connection.wait_settled(30)
    assert status.name == "refused"
    assert "does not know the token" in status.reason
    held[0] = TOKEN
    wait_until(lambda: replica.is_at(2))


def test_a_token_that_was_replaced_meanwhile_is_no_refusal(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    held = ["of an earlier life" * 2, TOKEN]
    replica = follow(serve(), lambda: held.pop(0) if len(held) > 1 else held[0])
    wait_until(lambda: replica.is_at(2))
    assert "refused" not in replica.names
    assert replica.names[-1] == "live"


def test_a_token_that_cannot_be_read_is_said_so(serve: Serve, follow: Follow) -> None:
    def unreadable() -> str:
        raise ConfigError("token file x cannot be read")

    replica = follow(serve(), unreadable)
    assert replica.connection.wait_settled(30).reason == "token file x cannot be read"


def test_nobody_there_is_connecting_and_says_where(follow: Follow) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    replica = follow(f"ws://127.0.0.1:{port}")
    wait_until(lambda: replica.statuses)
    assert replica.statuses[0].name == "connecting"
    assert f"ws://127.0.0.1:{port}/ws cannot be reached" in replica.statuses[0].reason


def test_another_reducer_shows_nothing_but_can_be_halted(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    replica = follow(serve(), reducer=2)
    status = replica.connection.wait_settled(30)
    assert status.name == "incompatible"
    assert "by version 1, this client by 2" in status.reason
    assert replica.connection.send_command("halt") == 3
    source.append(("a", 9))
    assert replica.connection.send_command("kill") == 5
    assert (replica.snapshots, replica.seq) == ([], 0)


def test_an_event_that_the_replica_does_not_know_makes_it_incompatible(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    replica = follow(serve())
    wait_until(lambda: replica.is_at(2))
    replica.fail_with = VersionError("event of type x.y is newer than this program")
    source.append(("a", 3))
    wait_until(lambda: replica.connection.status.name == "incompatible")
    assert replica.connection.status.reason == "event of type x.y is newer than this program"
    source.append(("a", 4))
    assert replica.connection.send_command("halt") == 5
    assert replica.seq == 2


def test_a_callback_that_fails_is_logged_and_everything_comes_anew(
    serve: Serve, follow: Follow, source: FakeSource, caplog: pytest.LogCaptureFixture
) -> None:
    replica = follow(serve())
    wait_until(lambda: replica.is_at(2))
    replica.fail_with = KeyError("oops")
    source.append(("a", 3))
    wait_until(lambda: len(replica.snapshots) == 2)
    wait_until(lambda: replica.is_at(3))
    assert replica.values == source.values
    assert "oops" in caplog.text


def test_topics_bring_their_events_and_tell_what_was_missed(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    bridge = serve(resume_events=3)
    replica = follow(bridge, topics=["value.changed.a"])
    wait_until(lambda: replica.connection.status.name == "live")
    source.append(("a", 3), ("b", 4))
    wait_until(lambda: replica.seq == 4)
    assert replica.values == {"a": 3}
    bridge.close()
    source.append(*[("a", n) for n in range(10)])
    serve(port=bridge.port, resume_events=3)
    wait_until(lambda: replica.gaps)
    assert replica.gaps == [(5, 14)]
    assert replica.snapshots == []


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("http://127.0.0.1:1", "not a session's address"),
        ("ws:///ws", "not a session's address"),
        ("ws://127.0.0.1:1/ws?token=x", "not a session's address"),
        ("ws://me@127.0.0.1:1", "not a session's address"),
        ("ws://desk.example:8765", "in clear; use wss"),
    ],
)
def test_an_address_that_is_none_or_unsafe_is_refused(uri: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Replica(uri)


def test_an_address_is_completed() -> None:
    assert Replica("ws://localhost:8765").connection.uri == "ws://localhost:8765/ws"
    assert Replica("wss://desk.example/bridge").connection.uri == "wss://desk.example/bridge"


def test_what_is_asked_as_another_thread_closes_it_is_told_so(serve: Serve, follow: Follow) -> None:
    replica = follow(serve())
    assert replica.connection.wait_settled(30).name == "live"
    thread = replica.connection._thread
    replica.connection.close()
    replica.connection._thread = thread  # as who asks saw it just before
    with pytest.raises(ConnectionLostError, match="state_at was not sent: this connection is closed"):
        replica.connection.query("state_at")
    replica.connection._thread = None
