"""The line itself, on its loop: connect, follow, reconnect, ask and get answers.

Knows bytes and seqs; what arrives is handed on, on this loop's thread.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from tradekit.bridge.clientside import ClientAction, ClientSide, Events, Gap, Incompatible, Snapshot
from tradekit.bridge.frames import (
    Ack,
    Beat,
    CommandAsked,
    ErrorFrame,
    QueryAsked,
    ResultFrame,
    Since,
    TicksFrame,
    Welcome,
    encode_frame,
)
from tradekit.bridge.protocol import CloseCode
from tradekit.client.status import LineStatus
from tradekit.core.clock import Clock, new_id
from tradekit.core.redact import secrets
from tradekit.errors import ConnectionLostError, ProtocolError, RefusedError, TradekitError, VersionError

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

__all__ = ["Line", "Listener"]

_log = logging.getLogger(__name__)
_wire_log = logging.getLogger("tradekit.client.wire")
_wire_log.setLevel(
    logging.WARNING
)  # below that the library logs every header and frame, the token among them

_MAX_FRAME = 4 * 1024 * 1024  # frames are 512 KiB at most, one large event excepted
_FIRST_DELAY_S = 0.25
_OPEN_S = 5.0


class Listener(Protocol):
    """Who hears what arrives."""

    def arrived(self, action: Snapshot | Events | Gap | TicksFrame) -> None:
        """Something arrived. VersionError makes the line incompatible, others make it start afresh."""


class Line:
    """One line to one session; made and used on its loop, `status`, `lag_s` and `since` excepted."""

    def __init__(
        self,
        uri: Callable[[], str],
        token: Callable[[], str],
        listener: Listener,
        status: LineStatus,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None,
        topics: list[str] | None,
        reducer: int | None,
        reconnect_cap_s: float,
        stale_after_s: float,
        dead_after_s: float,
    ) -> None:
        self.status = status
        self.since: Since | None = None
        self.lag_s: float | None = None
        self.scopes: frozenset[str] | None = None  # what the token allows; None before the first welcome
        self.uri = uri()  # where the last attempt went
        self._where, self._token, self._listener, self._clock = uri, token, listener, clock
        self._tls = tls
        self._shown = ""  # the token of the last attempt
        self._topics, self._reducer = topics, reducer
        self._cap_s, self._stale_s, self._dead_s = reconnect_cap_s, stale_after_s, dead_after_s
        self._ws: ClientConnection | None = None
        self._open = asyncio.Event()
        self._heard = 0.0
        self._failures = 0
        self._had_data = False
        self._server_clock: float | None = (
            None  # its UTC [s] less our monotonic clock, as the fastest beat tells
        )
        self._pending: dict[str, asyncio.Future[Ack | ResultFrame]] = {}

    async def keep(self) -> None:
        """Stay connected until cancelled."""
        watch = asyncio.get_running_loop().create_task(self._watch())
        try:
            while True:
                await self._stay()
                self._failures += 1
                delay = min(self._cap_s, _FIRST_DELAY_S * 2 ** min(self._failures, 10))
                await asyncio.sleep(delay * _chance())  # full jitter: a herd does not come back as one
        finally:
            watch.cancel()

    async def close(self) -> None:
        """Say good-bye, briefly."""
        if self._ws is not None:
            await self._ws.close()

    async def ask(self, frame: CommandAsked | QueryAsked, timeout_s: float) -> Ack | ResultFrame:
        """Send a command or query and wait for its answer.

        Raises RefusedError if the session says no, ConnectionLostError if it says nothing.
        """
        from websockets.exceptions import ConnectionClosed

        try:
            async with asyncio.timeout(timeout_s):
                await self._open.wait()
        except TimeoutError:
            raise self._unreachable(frame.name) from None
        ws = self._ws
        if ws is None:
            raise self._unreachable(frame.name)
        answer: asyncio.Future[Ack | ResultFrame] = asyncio.get_running_loop().create_future()
        self._pending[frame.id] = answer
        try:
            async with asyncio.timeout(timeout_s):
                with contextlib.suppress(ConnectionClosed):  # what came before the end still answers
                    await ws.send(encode_frame(frame), text=True)
                return await answer
        except TimeoutError:
            raise ConnectionLostError(
                f"no answer to {frame.name} within {timeout_s:g} s; it may have happened: look first"
            ) from None
        finally:
            self._pending.pop(frame.id, None)

    def server_ms(self) -> int | None:
        """The session's clock now [UTC ms], as near as its beats tell; None before the first."""
        ahead = self._server_clock  # read once: a new connection forgets it
        return None if ahead is None else int((ahead + self._clock.monotonic()) * 1000)

    def start_afresh(self) -> None:
        """Drop the line and come back with a new snapshot."""
        self.since = None
        if self._ws is not None:
            self._ws.transport.abort()

    async def _stay(self) -> None:
        """One connection from its set-up to its end; every way it can fail ends in a status."""
        from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

        try:
            async with await self._connect() as ws:
                await self._follow(ws)
        except ConnectionClosed as error:
            self._was_closed(error.rcvd.code if error.rcvd else 0, error.rcvd.reason if error.rcvd else "")
        except InvalidStatus as error:
            said = (
                error.response.body.decode(errors="replace").strip() or f"HTTP {error.response.status_code}"
            )
            self._down(said, refused=error.response.status_code in (401, 403) and not self._has_new_token())
        except ProtocolError as error:
            _log.warning("the session at %s broke the protocol: %s; starting afresh", self.uri, error)
            self.since = None
            self._down(str(error))
        except ConnectionLostError as error:  # there is no token, because there is no session
            self._down(str(error))
        except TradekitError as error:  # the token cannot be had
            self._down(str(error), refused=True)
        except (OSError, TimeoutError, WebSocketException) as error:
            self._down(f"the session at {self.uri} cannot be reached: {_plain(error)}")
        finally:
            self._ws = None
            self._open.clear()
            for answer in self._pending.values():
                if not answer.done():
                    answer.set_exception(
                        ConnectionLostError("the line broke; it may or may not have happened")
                    )

    async def _connect(self) -> "ClientConnection":
        from websockets.asyncio.client import connect

        self.uri, self._shown = self._where(), self._token()
        secrets.add(self._shown)
        return await connect(
            self.uri,
            additional_headers={"Authorization": f"Bearer {self._shown}"},
            user_agent_header=None,
            ssl=self._tls,
            compression=None,
            proxy=None,
            open_timeout=_OPEN_S,
            close_timeout=0.5,
            max_size=_MAX_FRAME,
            logger=_wire_log,
        )

    def _has_new_token(self) -> bool:
        """Whether the session has begun anew, with another token, since the last attempt read it."""
        try:
            return self._token() != self._shown
        except TradekitError:
            return False

    async def _follow(self, ws: "ClientConnection") -> None:
        loop = asyncio.get_running_loop()
        side = ClientSide(since=self.since, topics=self._topics, reducer=self._reducer)
        self._ws, self._heard, self._server_clock = ws, loop.time(), None
        await ws.send(side.hello(), text=True)
        while True:
            action = side.receive(await ws.recv(decode=False))
            self._heard = loop.time()
            if action is not None:
                self._act(action, side)
            if side.muted:
                continue
            self.since = side.since
            if side.caught_up:
                self._had_data, self._failures = True, 0
                self.status.turn("live")

    def _act(self, action: ClientAction, side: ClientSide) -> None:
        match action:
            case Snapshot() | Events() | Gap() | TicksFrame():
                self._hand_on(action, side)
            case Beat(ts=ts, alarm=alarm):
                self.status.sound(alarm)
                self.lag_s = (self._clock.now() - ts) / 1e9
                self._server_clock = max(self._server_clock or 0.0, ts / 1e9 - self._clock.monotonic())
            case Ack(id=id) | ResultFrame(id=id):
                self._answered(id, action)
            case ErrorFrame():
                self._refused(action)
            case Welcome(scopes=scopes):
                self.scopes = frozenset(scopes)
                self._open.set()
                if side.lost is not None:
                    self._hand_on(side.lost, side)
            case Incompatible(reason=reason):  # its numbers are not shown, but it can still be stopped
                self._open.set()
                self.status.turn("incompatible", reason)

    def _hand_on(self, action: Snapshot | Events | Gap | TicksFrame, side: ClientSide) -> None:
        try:
            self._listener.arrived(action)
        except VersionError as error:
            side.mute()
            self.since = None
            self.status.turn("incompatible", str(error))
        except Exception as error:
            _log.exception("what arrived from %s could not be taken; starting afresh", self.uri)
            raise ProtocolError(f"{type(error).__name__} in this program: {error}") from error

    def _answered(self, id: str, frame: Ack | ResultFrame) -> None:
        answer = self._pending.get(id)
        if answer is not None and not answer.done():
            answer.set_result(frame)

    def _refused(self, frame: ErrorFrame) -> None:
        answer = self._pending.get(frame.id)
        if answer is None or answer.done():
            return
        unsure = frame.code == "unanswered"
        error = ConnectionLostError(frame.message) if unsure else RefusedError(frame.message, code=frame.code)
        answer.set_exception(error)

    def _was_closed(self, code: int, reason: str) -> None:
        if code == CloseCode.INCOMPATIBLE:
            self.status.turn("incompatible", reason)
        else:
            self._down(reason or "the line broke", refused=code == CloseCode.TOKEN)

    def _down(self, reason: str, *, refused: bool = False) -> None:
        self.status.turn("refused" if refused else "stale" if self._had_data else "connecting", reason)

    def _unreachable(self, name: str) -> ConnectionLostError:
        status = self.status.current
        return ConnectionLostError(f"{name} was not sent: {status.reason or status.name}")

    async def _watch(self) -> None:
        """Turn stale after a missed beat; drop a line that has been silent for long."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._stale_s / 5)
            if self._ws is None:
                continue
            silent_s = loop.time() - self._heard
            if silent_s > self._stale_s and self.status.current.name == "live":
                self.status.turn("stale", "no beat from the session")
            if silent_s > self._dead_s:
                self._ws.transport.abort()


def _chance() -> float:
    """A number in [0, 1] from the seam for chance."""
    return int(new_id(4), 16) / 0xFFFFFFFF


def _plain(error: BaseException) -> str:
    return str(error) or type(error).__name__
