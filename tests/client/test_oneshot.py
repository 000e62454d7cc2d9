"""One command on a line of its own: answered, refused, unanswered, cut off."""

import socket
import threading
from collections.abc import Callable

import pytest

from tests.client.wire import TOKEN
from tradekit.bridge.server import Bridge
from tradekit.client.commands import Commands
from tradekit.client.oneshot import OneShot
from tradekit.core.clock import ManualClock
from tradekit.errors import ConnectionLostError, RefusedError
from tradekit.testing.source import FakeSource

Serve = Callable[..., Bridge]


def test_the_answer_is_the_number_under_which_it_is_journaled(serve: Serve, source: FakeSource) -> None:
    assert OneShot(serve().uri, TOKEN).send_command("halt", {"reason": "lunch"}) == 3
    assert [(c.name, c.args) for c in source.commands] == [("halt", {"reason": "lunch"})]


def test_it_carries_whatever_commands_there_are(serve: Serve, source: FakeSource) -> None:
    commands = Commands(OneShot(serve().uri, TOKEN))
    assert [commands.halt("a"), commands.cancel("x-1"), commands.kill()] == [3, 4, 5]
    assert len({c.id for c in source.commands}) == 3


def test_it_finds_its_answer_among_events(serve: Serve, source: FakeSource) -> None:
    bridge = serve()
    stop = threading.Event()

    def trade() -> None:
        while not stop.is_set():
            source.append(("a", 1), type="command.refused")

    trader = threading.Thread(target=trade)
    trader.start()
    try:
        assert OneShot(bridge.uri, TOKEN).send_command("halt") > 2
    finally:
        stop.set()
        trader.join()


def test_a_refusal_keeps_its_code(serve: Serve, source: FakeSource) -> None:
    source.refuse["arm"] = "look first"
    with pytest.raises(RefusedError, match="arm: look first") as caught:
        OneShot(serve().uri, TOKEN).send_command("arm")
    assert caught.value.code == "state"


def test_a_wrong_token_is_refused_and_not_shown(serve: Serve) -> None:
    with pytest.raises(RefusedError, match="halt was not sent") as caught:
        OneShot(serve().uri, "x" * 40).send_command("halt")
    assert "x" * 40 not in str(caught.value)


def test_silence_is_a_lost_connection_not_a_refusal(serve: Serve, source: FakeSource) -> None:
    source.hold = True
    with pytest.raises(ConnectionLostError, match="halt"):
        OneShot(serve().uri, TOKEN, timeout_s=0.2).send_command("halt")


def test_a_session_that_ends_meanwhile_is_a_lost_connection(serve: Serve, source: FakeSource) -> None:
    source.hold = True
    bridge = serve()

    def end() -> None:
        while not source.waiting:
            ended.wait(0.01)
        bridge.close()

    ended = threading.Event()
    closer = threading.Thread(target=end)
    closer.start()
    with pytest.raises(ConnectionLostError, match="halt"):
        OneShot(bridge.uri, TOKEN).send_command("halt")
    closer.join()


def test_nobody_there_is_a_lost_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(ConnectionLostError, match=f"halt: ws://127.0.0.1:{port}/ws cannot be reached"):
        OneShot(f"ws://127.0.0.1:{port}/ws", TOKEN).send_command("halt")


def test_something_else_on_the_port_is_a_lost_connection() -> None:
    """A server that takes the connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        uri = f"ws://127.0.0.1:{server.getsockname()[1]}/ws"
        with pytest.raises(ConnectionLostError, match="cannot be reached"):
            OneShot(uri, TOKEN, timeout_s=0.2).send_command("halt")


def test_a_command_that_was_long_on_its_way_is_not_carried_out(serve: Serve, source: FakeSource) -> None:
    late = OneShot(serve().uri, TOKEN, clock=ManualClock(1))
    with pytest.raises(RefusedError, match="arm arrived") as caught:
        late.send_command("arm")
    assert caught.value.code == "expired"
    assert source.commands == []
    assert late.send_command("halt") == 3  # stopping is never too late
