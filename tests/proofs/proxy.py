"""A TCP relay that can fail as networks do: cut its lines, or fall silent and keep them open."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

from tradekit.bridge.thread import LoopThread


class Relay:
    """Relays from a port of its own to the port `to` on this machine, which may be told later."""

    def __init__(self) -> None:
        self.to, self._thread = 0, LoopThread("relay")
        self._lines: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._hushed: set[asyncio.StreamWriter] = set()
        self._server = self._thread.run(self._listen()).result(30)
        self.port: int = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """End every line at once, without a good-bye, as a killed process does."""
        self._thread.run(self._cut()).result(30)

    def hush(self) -> None:
        """Let nothing more through on the lines there are, and leave them open; new ones are relayed."""
        self._thread.run(self._hush()).result(30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.run(self._close()).result(30)
        self._thread.stop(2)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._relay, "127.0.0.1", 0)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.to)
        line = writer, back
        self._lines.add(line)
        try:
            await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        finally:
            self._lines.discard(line)
            self._hushed.difference_update(line)
            for one in line:
                one.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                if writer in self._hushed:
                    continue
                writer.write(data)
                await writer.drain()
        if writer not in self._hushed:
            writer.transport.abort()

    async def _cut(self) -> None:
        for line in self._lines:
            for one in line:
                one.transport.abort()

    async def _hush(self) -> None:
        for line in self._lines:
            self._hushed.update(line)

    async def _close(self) -> None:
        self._server.close()
        await self._cut()
