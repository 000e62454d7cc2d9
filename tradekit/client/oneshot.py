"""One command to one session and its answer, by the shortest way: on the command line kill must be quick.

Knows no state and does not reconnect; `Connection` is for staying.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradekit.bridge.frames import (
    PROTOCOL,
    Ack,
    CommandAsked,
    ErrorFrame,
    Hello,
    encode_frame,
    parse_server,
)
from tradekit.client.trust import trust
from tradekit.core.clock import Clock, SystemClock, new_id
from tradekit.core.redact import secrets
from tradekit.errors import ConnectionLostError, RefusedError

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

__all__ = ["OneShot"]

_wire_log = logging.getLogger("tradekit.client.wire")
_TOPICS = ["command.refused.>"]  # any topic will do: without one the session would send its whole state


class OneShot:
    """Sends each command on a line of its own: a `Sender` for `Commands`.

    uri        the session's address
    token      its token
    ca         a PEM file that signed the session's certificate, for wss:// with one of your own
    timeout_s  for connecting and for the answer, together
    """

    def __init__(
        self,
        uri: str,
        token: str,
        *,
        ca: str | Path | None = None,
        timeout_s: float = 3.0,
        clock: Clock | None = None,
    ) -> None:
        secrets.add(token)
        self._tls = trust(uri, ca)
        self._uri, self._token, self._timeout_s = uri, token, timeout_s
        self._clock = clock or SystemClock()

    def send_command(self, name: str, args: Mapping[str, Any] | None = None) -> int:
        """The seq under which the command is journaled.

        Raises RefusedError if the session says no, ConnectionLostError if it says nothing or is not there.
        """
        from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

        frame = CommandAsked(
            new_id(), name, dict(args or {}), expires_s=self._timeout_s, at_ms=self._clock.now() // 1_000_000
        )
        deadline = self._clock.monotonic() + self._timeout_s
        try:
            with self._connect() as ws:
                ws.send(encode_frame(Hello(PROTOCOL, None, _TOPICS)), text=True)
                ws.send(encode_frame(frame), text=True)
                return self._answer(ws, frame, deadline)
        except ConnectionClosed as error:
            reason = error.rcvd.reason if error.rcvd else "the line broke"
            raise ConnectionLostError(f"{name}: {reason}; it may or may not have happened") from error
        except InvalidStatus as error:
            said = error.response.body.decode(errors="replace").strip()
            status = error.response.status_code
            raise RefusedError(f"{name} was not sent: {said or f'HTTP {status}'}", code="door") from error
        except (OSError, WebSocketException) as error:
            raise ConnectionLostError(f"{name}: {self._uri} cannot be reached: {error}") from error

    def _connect(self) -> "ClientConnection":
        from websockets.sync.client import connect

        _wire_log.setLevel(logging.WARNING)  # below that the library logs every header, the token among them
        return connect(
            self._uri,
            additional_headers={"Authorization": f"Bearer {self._token}"},
            user_agent_header=None,
            ssl=self._tls,
            compression=None,
            proxy=None,
            open_timeout=self._timeout_s,
            close_timeout=0.1,
            logger=_wire_log,
        )

    def _answer(self, ws: "ClientConnection", asked: CommandAsked, deadline: float) -> int:
        while True:
            try:
                data = ws.recv(max(deadline - self._clock.monotonic(), 0.0), decode=False)
            except TimeoutError:
                raise ConnectionLostError(
                    f"no answer to {asked.name} within {self._timeout_s:g} s; look before asking again"
                ) from None
            match parse_server(data):
                case Ack(id=id, seq=seq) if id == asked.id:
                    return seq
                case ErrorFrame(id=id, code="unanswered", message=message) if id == asked.id:
                    raise ConnectionLostError(f"{asked.name}: {message}")
                case ErrorFrame(id=id, code=code, message=message) if id == asked.id:
                    raise RefusedError(f"{asked.name}: {message}", code=code)
