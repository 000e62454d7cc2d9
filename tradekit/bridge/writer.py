"""The one writer of a client, and the watch over whether its bytes move.

Knows frames as bytes only; what goes next is the outbox's decision, where it comes from the supply's.
"""

import asyncio
import contextlib
import logging

from websockets.asyncio.server import ServerConnection, broadcast

from tradekit.bridge.outbox import NeedPage, NeedSnapshot, Outbox
from tradekit.bridge.supply import Supply

__all__ = ["Writer"]

_log = logging.getLogger(__name__)
_LARGE = 65_536  # bytes after which the loop's other tasks get a turn


class Writer:
    """Sends one client's outbox; `wake` it after every change of the outbox or the ring.

    After a quiet while a client that has taken all so far gets the next frame within `wake`, without a change of
    tasks. Else the task sends, by its turn: so what comes close together shares frames, the more clients the more.
    """

    def __init__(self, ws: ServerConnection, outbox: Outbox, supply: Supply) -> None:
        self.outbox = outbox
        self._ws, self._supply = ws, supply
        self._awake = asyncio.Event()
        self._fetching: asyncio.Task[None] | None = None
        self._writing = self._waiting = False
        self._left = 0  # bytes in the transport's buffer when last looked at
        self._moved = 0.0  # when they last became fewer

    def wake(self, *, quiet: bool = False) -> None:
        """There may be something to send; `quiet`: after a while in which there was not."""
        if (
            quiet
            and self._waiting
            and not self._awake.is_set()
            and self._ws.transport.get_write_buffer_size() == 0
        ):
            frame = self.outbox.next_frame()
            if frame is not None:
                broadcast((self._ws,), frame, text=True)
            if self.outbox.idle:
                return
        self._awake.set()

    @property
    def idle(self) -> bool:
        """Whether all there was to send has been handed to the kernel."""
        return not self._writing and self.outbox.idle and self._ws.transport.get_write_buffer_size() == 0

    async def run(self) -> None:
        """Send until cancelled or the connection is gone."""
        try:
            while True:
                self._awake.clear()
                frame = self.outbox.next_frame()
                if frame is not None:
                    await self._send(frame)
                    continue
                self._fetch()
                self._waiting = True
                await self._awake.wait()
                self._waiting = False
        finally:
            if self._fetching is not None:
                self._fetching.cancel()

    def stalled(self, now: float, patience_s: float) -> bool:
        """Whether not one byte has left for `patience_s` though some wait to; ask several times in that span.

        The library's own keepalive does not notice: its ping waits for the same buffer, without a bound.
        """
        left = self._ws.transport.get_write_buffer_size()
        if left == 0 or left < self._left or self._left == 0:
            self._moved = now
        self._left = left
        return left > 0 and now - self._moved >= patience_s

    async def _send(self, frame: bytes) -> None:
        self._writing = True
        try:
            await self._ws.send(frame, text=True)
            if len(frame) > _LARGE:
                await asyncio.sleep(0)
        finally:
            self._writing = False

    def _fetch(self) -> None:
        need = self.outbox.need
        if need is None or (self._fetching is not None and not self._fetching.done()):
            return
        self._fetching = asyncio.get_running_loop().create_task(self._fulfil(need))

    async def _fulfil(self, need: NeedSnapshot | NeedPage) -> None:
        try:
            if isinstance(need, NeedSnapshot):
                self.outbox.put_snapshot(*await self._supply.snapshot())
            else:
                self.outbox.put_page(await self._supply.page(need.since))
        except Exception:
            _log.exception(
                "a client's snapshot or old events could not be fetched; it is cut off and may come again"
            )
            with contextlib.suppress(OSError):
                self._ws.transport.abort()
        self._fetching = None
        self.wake()
