"""One client's stay: its token, its hello, then its commands and queries, until it leaves or is shown out.

Knows the protocol's actions and carries them out; decides nothing that the protocol decides.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from typing import Any

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from tradekit.bridge.access import Tokens
from tradekit.bridge.admission import Admission, Visitor
from tradekit.bridge.answers import Answers
from tradekit.bridge.frames import PROTOCOL, Since, Welcome, encode_frame, error_frame, result_frame
from tradekit.bridge.limits import Limits
from tradekit.bridge.outbox import Outbox
from tradekit.bridge.protocol import (
    Close,
    CloseCode,
    Command,
    Grant,
    Query,
    Send,
    ServerSide,
    Start,
    may_resume,
)
from tradekit.bridge.ring import Ring
from tradekit.bridge.slices import PART_BYTES
from tradekit.bridge.source import Page, Source
from tradekit.bridge.supply import Supply
from tradekit.bridge.tickets import Tickets
from tradekit.bridge.writer import Writer
from tradekit.core.clock import Clock
from tradekit.core.redact import secrets
from tradekit.errors import ProtocolError, RefusedError

__all__ = ["Hall", "Visit"]

_log = logging.getLogger(__name__)

_TICKET = "ticket"  # the one query that the bridge answers itself


class Hall(msgspec.Struct, frozen=True):
    """What all visits share."""

    source: Source
    limits: Limits
    clock: Clock
    tokens: Tokens
    tickets: Tickets
    admission: Admission
    ring: Ring
    supply: Supply
    answers: Answers
    overlay: dict[str, bytes]


class Visit:
    """A client from the opening handshake on; `writer` is there once it has said hello."""

    def __init__(self, ws: ServerConnection, hall: Hall, visitor: Visitor, grant: Grant | None) -> None:
        self.writer: Writer | None = None
        self._ws, self._hall, self._visitor = ws, hall, visitor
        self._side = ServerSide(limits=hall.limits, grant=grant, check=self._known)
        self._tasks: set[asyncio.Task[None]] = set()
        self._queries = 0

    async def run(self) -> None:
        """Serve the client until its connection closes."""
        try:
            try:
                async with asyncio.timeout(self._hall.limits.auth_s):
                    while not self._side.live:
                        await self._receive()
            except TimeoutError:
                await self._close(Close(CloseCode.LATE, f"no hello within {self._hall.limits.auth_s:g} s"))
            while True:
                await self._receive()
        except ConnectionClosed:
            pass
        except ProtocolError as error:
            await self._ws.close(CloseCode.BROKEN, _reason(str(error)))
        finally:
            for task in self._tasks:
                task.cancel()

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way to the client."""
        return self.writer is None or self.writer.idle

    @property
    def gaps(self) -> int:
        """How often the client lost events and was told so."""
        return 0 if self.writer is None else self.writer.outbox.gaps

    def wake(self, *, quiet: bool) -> None:
        """There are new events; `quiet`: the first for a while."""
        if self.writer is not None:
            self.writer.wake(quiet=quiet)

    def put_beat(self, frame: bytes) -> None:
        """A beat is due."""
        if self.writer is not None:
            self.writer.outbox.put_beat(frame)
            self.writer.wake()

    def put_ticks(self, ts: int, items: Mapping[str, bytes]) -> None:
        """Display ticks have changed."""
        if self.writer is not None:
            self.writer.outbox.put_ticks(ts, items)
            self.writer.wake()

    def stalled(self, now: float) -> bool:
        """Whether the client takes nothing (for too long), or lets its answers pile up."""
        writer = self.writer
        return writer is not None and (
            writer.stalled(now, self._hall.limits.progress_s) or writer.outbox.full
        )

    def allowed(self) -> bool:
        """Whether its token still holds."""
        grant = self._side.grant
        return grant is None or self._hall.tokens.still(grant)

    def abort(self) -> None:
        """End the connection at once, whatever the client does."""
        self._ws.transport.abort()

    async def _receive(self) -> None:
        data = await self._ws.recv(decode=False)
        clock = self._hall.clock
        action = self._side.receive(data, now=clock.monotonic(), now_ms=clock.now() // 1_000_000)
        match action:
            case Send(frame):
                self._put(frame)
            case Command():
                self._spawn(self._command(action))
            case Query():
                self._spawn(self._query(action))
            case Start():
                await self._start(action)
            case Close():
                await self._close(action)
            case None:  # its token is good
                full = self._hall.admission.admit(self._visitor, proved=True)
                if full is not None:
                    await self._close(Close(CloseCode.LATE, full))

    async def _start(self, start: Start) -> None:
        hall, source = self._hall, self._hall.source
        since = await self._resumable(start.since)
        outbox = Outbox(
            hall.ring, hall.limits, since=None if since is None else since.seq, topics=start.topics
        )
        scopes = sorted(self._side.grant.scopes) if self._side.grant else []
        welcome = Welcome(
            PROTOCOL, source.journal, source.epoch, hall.ring.head, source.reducer, scopes, since is not None
        )
        outbox.put(encode_frame(welcome))
        if hall.overlay:
            outbox.put_ticks(hall.clock.now(), dict(hall.overlay))
        self.writer = Writer(self._ws, outbox, hall.supply)
        self._spawn(self.writer.run())

    async def _resumable(self, since: Since | None) -> Since | None:
        hall, source = self._hall, self._hall.source
        resumable = since is not None and may_resume(
            since,
            journal=source.journal,
            epoch=source.epoch,
            seq=hall.ring.head,
            limit=hall.limits.resume_events,
        )
        return since if resumable and since and await hall.supply.same_history(since) else None

    async def _command(self, command: Command) -> None:
        self._put(await self._hall.answers.answer(command))

    async def _query(self, query: Query) -> None:
        if self._queries >= self._hall.limits.queries:
            self._put(_error(query, "busy", f"{self._queries} queries are under way; wait for their answers"))
            return
        self._queries += 1
        try:
            self._put(await self._ask(query))
        finally:
            self._queries -= 1

    def _known(self, shown: str) -> Grant | None:
        """What a first message's token allows: a ticket once, a token as long as it holds."""
        granted = self._hall.tickets.redeem(shown)
        if granted is not None and self._hall.tokens.still(granted):  # the token behind it may be revoked
            return granted
        return self._hall.tokens.check(shown)

    async def _ask(self, query: Query) -> bytes:
        try:
            if query.name == _TICKET:
                ticket = self._hall.tickets.mint(self._side.grant, query.args)
                return result_frame(query.id, [msgspec.json.encode(ticket)], None)
            answer = self._hall.source.query(query.name, query.args)
            page: Page = await (asyncio.wrap_future(answer) if isinstance(answer, Future) else answer)
        except RefusedError as error:
            return _error(query, error.code, str(error))
        except Exception:
            _log.exception("the query %s failed", query.name)
            return _error(query, "failed", f"{query.name} failed inside the session; its log says why")
        frame = result_frame(query.id, page.items, page.next)
        if len(frame) > PART_BYTES + 1024:
            return _error(query, "size", f"the page has {len(frame)} bytes; ask for fewer items")
        return frame

    def _put(self, frame: bytes) -> None:
        if self.writer is None:
            return
        self.writer.outbox.put(frame)
        self.writer.wake()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, ConnectionClosed):
            _log.error("serving a client failed; it is cut off and may come again", exc_info=error)
            self.abort()

    async def _close(self, close: Close) -> None:
        await self._ws.close(close.code, _reason(close.reason))
        raise ConnectionClosed(None, None)


def _error(query: Query, code: str, message: str) -> bytes:
    return error_frame(query.id, code, message)


def _reason(text: str) -> str:
    """What fits a close frame: 123 bytes, none of a secret."""
    return secrets.clean(text).encode()[:123].decode(errors="ignore")
