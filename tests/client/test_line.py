"""The line's own answers when it ends in the middle of a question."""

import asyncio
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedOK

from tests.interleaved import interleavings
from tradekit.bridge.frames import Ack, CommandAsked
from tradekit.client.line import Line
from tradekit.client.status import LineStatus
from tradekit.core.clock import SystemClock
from tradekit.errors import ConnectionLostError


class Ending:
    """A connection that ends while a frame is sent; the session's last word is heard before."""

    def __init__(self, line: Line, heard: Ack | ConnectionLostError) -> None:
        self._line, self._heard = line, heard

    async def send(self, *_: Any, **__: Any) -> None:
        [answer] = self._line._pending.values()
        if isinstance(self._heard, Ack):
            answer.set_result(self._heard)
        else:
            answer.set_exception(self._heard)
        raise ConnectionClosedOK(None, None)


def line_to_nobody() -> Line:
    options: dict[str, Any] = {"tls": None, "topics": None, "reducer": None, "reconnect_cap_s": 1.0}
    options |= {"stale_after_s": 3.0, "dead_after_s": 10.0}
    clock = SystemClock()
    listener: Any = None
    return Line(
        lambda: "ws://127.0.0.1:1/ws",
        lambda: "t",
        listener,
        LineStatus(clock, lambda _: None),
        clock,
        **options,
    )


def ask(heard: Ack | ConnectionLostError) -> Any:
    async def asked() -> Any:
        line = line_to_nobody()
        line._ws = Ending(line, heard)
        line._open.set()
        return await line.ask(CommandAsked("1", "stop", {}, 1), 1.0)

    return asyncio.run(asked())


def test_a_session_that_ends_with_its_answer_has_answered() -> None:
    assert ask(Ack("1", 7)).seq == 7


def test_a_session_that_ends_without_one_leaves_it_open_what_happened() -> None:
    with pytest.raises(ConnectionLostError, match="may or may not"):
        ask(ConnectionLostError("the line broke; it may or may not have happened"))


def test_the_sessions_clock_may_be_asked_while_a_new_line_forgets_it() -> None:
    def known() -> Line:
        line = line_to_nobody()
        line._server_clock = 10.0
        return line

    def forget(line: Line) -> None:
        line._server_clock = None

    for line in interleavings(known, Line.server_ms, forget, within="client/line.py", fine=True):
        assert line.server_ms() is None
