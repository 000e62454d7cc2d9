"""What a client asks of a session, and how it leaves."""

import asyncio
import inspect
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.client.wire import READ_TOKEN, Replica, client_threads
from tests.sessions import WAIT_S, wait_until
from tradekit.bridge.server import Bridge
from tradekit.client.commands import Commands, Receipt
from tradekit.errors import ConnectionLostError, RefusedError
from tradekit.strategy.wishes import Wishes
from tradekit.testing.source import FakeSource

Serve = Callable[..., Bridge]
Follow = Callable[..., Replica]


def test_a_command_gives_its_seq_or_the_reason_for_no(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    replica = follow(serve())
    commands = Commands(replica.connection)
    assert commands.halt("lunch") == 3
    assert commands.set_param("fast", 12) == 4
    assert commands.set_params(fast=12, slow=40) == 5
    assert [(c.name, c.args, c.user) for c in source.commands] == [
        ("halt", {"reason": "lunch"}, "trader"),
        ("set_param", {"name": "fast", "value": 12}, "trader"),
        ("set_param", {"values": {"fast": 12, "slow": 40}}, "trader"),
    ]
    source.refuse["arm"] = "feed stale"
    with pytest.raises(RefusedError, match="feed stale") as refused:
        commands.arm()
    assert refused.value.code == "state"


def test_every_command_has_its_call(serve: Serve, follow: Follow, source: FakeSource) -> None:
    commands = Commands(follow(serve()).connection)
    given = [
        commands.arm(),
        commands.disarm(),
        commands.halt(),
        commands.kill(),
        commands.submit("buy", 1),
        commands.replace("o-1", qty=2),
        commands.cancel("o-1"),
        commands.cancel_all(),
        commands.cancel_all("BTC"),
        commands.flatten(),
        commands.set_param("fast", 1),
        commands.snapshot(),
        commands.stop(),
    ]
    assert given == list(range(3, 16))
    assert [c.name for c in source.commands] == [
        *(
            "arm",
            "disarm",
            "halt",
            "kill",
            "submit",
            "replace",
            "cancel",
            "cancel_all",
            "cancel_all",
            "flatten",
        ),
        *("set_param", "snapshot", "stop"),
    ]
    assert source.commands[6].args == {"order_id": "o-1"}
    assert [c.args for c in source.commands[7:9]] == [{}, {"instrument": "BTC"}]


class Note:
    """Takes commands down."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []

    def send_command(self, name: str, args: Mapping[str, Any] | None = None) -> int:
        self.sent.append((name, dict(args or {})))
        return len(self.sent)


def test_an_order_is_sent_in_plain_values_and_without_what_was_not_said() -> None:
    note = Note()
    commands = Commands(note)
    commands.submit(
        "buy", Decimal("0.10"), limit=0, stop_loss=95.5, tif="gtd",
        expires=datetime(2026, 1, 5, tzinfo=UTC), reduce_only=True, tag="hand",
    )  # fmt: skip
    commands.replace("s-1", limit=Decimal("1e2"))
    commands.reconcile()
    commands.resolve("cash:USD", accept=False)
    commands.claim("external:7")
    assert note.sent == [
        (
            "submit",
            {
                "side": "buy",
                "qty": "0.10",
                "limit": 0,  # for the session to refuse: never a market order by mistake
                "stop_loss": 95.5,
                "tif": "gtd",
                "expires": "2026-01-05T00:00:00+00:00",
                "reduce_only": True,
                "tag": "hand",
            },
        ),
        ("replace", {"order_id": "s-1", "limit": "100"}),
        ("reconcile", {}),
        ("resolve", {"difference": "cash:USD", "accept": False}),
        ("claim", {"order_id": "external:7"}),
    ]


def test_an_order_by_hand_is_worded_as_a_strategys() -> None:
    mine, theirs = (inspect.signature(call).parameters for call in (Commands.submit, Wishes.buy))
    assert set(mine) - {"side"} == set(theirs)
    assert set(inspect.signature(Commands.replace).parameters) == set(
        inspect.signature(Wishes.replace).parameters
    )


def test_a_reader_is_refused_by_scope(serve: Serve, follow: Follow) -> None:
    with pytest.raises(RefusedError, match="needs the scope 'operate'") as refused:
        follow(serve(), READ_TOKEN).connection.send_command("halt")
    assert refused.value.code == "scope"


def test_the_same_id_is_carried_out_once(serve: Serve, follow: Follow, source: FakeSource) -> None:
    connection = follow(serve()).connection
    assert connection.send_command("halt", id="once") == connection.send_command("halt", id="once") == 3
    assert len(source.commands) == 1


def test_a_command_works_from_inside_a_running_loop(serve: Serve, follow: Follow) -> None:
    connection = follow(serve()).connection

    async def in_a_notebook() -> int:
        return connection.send_command("halt")

    assert asyncio.run(in_a_notebook()) == 3


def test_a_command_from_a_callback_is_refused_rather_than_waited_for(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    replica = follow(serve())
    wait_until(lambda: replica.is_at(2))
    got: list[Exception] = []

    def told(first: int, last: int, envelopes: Sequence[bytes]) -> None:
        try:
            replica.connection.send_command("halt")
        except RefusedError as error:
            got.append(error)

    replica.connection._on_events = told
    source.append(("a", 3))
    wait_until(lambda: got)
    assert "from a callback would wait for itself" in str(got[0])


def test_a_session_that_does_not_answer_leaves_it_open_what_happened(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    source.hold = True
    connection = follow(serve()).connection
    connection.wait_settled(30)
    with pytest.raises(ConnectionLostError, match=r"no answer to halt within 0\.1 s; it may have happened"):
        connection.send_command("halt", timeout_s=0.1)


def test_a_line_that_breaks_leaves_it_open_what_happened(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    source.hold = True
    bridge = serve()
    connection = follow(bridge).connection
    connection.wait_settled(30)
    closer = threading.Thread(target=lambda: [wait_until(lambda: source.waiting), bridge.close()])
    closer.start()
    with pytest.raises(ConnectionLostError, match="the line broke; it may or may not have happened"):
        connection.send_command("halt")
    closer.join()


def test_a_command_without_a_line_was_not_sent(follow: Follow) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    connection = follow(f"ws://127.0.0.1:{port}").connection
    with pytest.raises(ConnectionLostError, match="halt was not sent"):
        connection.send_command("halt", timeout_s=0.1)


def test_an_answer_is_read_page_by_page(serve: Serve, follow: Follow, source: FakeSource) -> None:
    source.append(*[("a", n) for n in range(8)])
    connection = follow(serve()).connection
    page = connection.query("events", {"limit": 4})
    assert (len(page.items), page.next) == (4, 4)
    seqs = [msgspec.json.decode(item)["seq"] for item in connection.query_all("events", {"limit": 3})]
    assert seqs == list(range(1, 11))
    with pytest.raises(RefusedError, match="no query 'bars'"):
        connection.query("bars")


def test_ticks_and_lag_are_told(serve: Serve, follow: Follow) -> None:
    bridge = serve()
    replica = follow(bridge)
    wait_until(lambda: replica.connection.lag_s is not None)
    bridge.ticks([{"key": "BTC", "last": 1.5}])
    wait_until(lambda: replica.ticks)
    assert replica.ticks == [{"key": "BTC", "last": 1.5}]


def test_closing_is_for_good(serve: Serve, source: FakeSource) -> None:
    bridge = serve()
    replica = Replica(bridge.uri)
    with replica.connection as connection:
        wait_until(lambda: replica.is_at(2))
    assert client_threads() == []
    assert connection.status.name == replica.names[-1] == "closed"
    source.append(("a", 3))
    connection.start()
    with pytest.raises(ConnectionLostError, match="this connection is closed"):
        connection.send_command("halt")
    assert replica.seq == 2
    connection.close()
    wait_until(lambda: bridge.stats()["clients"] == 0)


def test_closing_from_a_callback_does_not_wait_for_itself(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    replica = follow(serve())
    wait_until(lambda: replica.is_at(2))
    replica.connection._on_events = lambda first, last, envelopes: replica.connection.close()
    source.append(("a", 3))
    wait_until(lambda: replica.connection.status.name == "closed")


@pytest.mark.process
def test_a_held_up_callback_does_not_hold_up_closing(
    serve: Serve, follow: Follow, source: FakeSource
) -> None:
    replica = follow(serve())
    wait_until(lambda: replica.is_at(2))
    entered, release, left = threading.Event(), threading.Event(), threading.Event()
    replica.connection._on_events = lambda *_: entered.set() or (release.wait(WAIT_S) and left.set())
    source.append(("a", 3))
    assert entered.wait(WAIT_S)
    with pytest.raises(ConnectionLostError, match="a callback holds the connection up"):
        replica.connection.send_command("halt", timeout_s=0.05)
    replica.connection.close()
    assert not left.is_set()
    release.set()
    assert left.wait(WAIT_S)


def test_a_receipt_is_the_seq_and_says_what_it_is_for() -> None:
    receipt = Receipt(1163, "halt")
    assert receipt == 1163
    assert repr(receipt) == "#1,163 halt"
    assert f"{receipt:,}" == "1,163"
