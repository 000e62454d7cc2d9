"""A TWS on this machine: a server that API clients take for the real one. It needs nothing but Python.

It keeps an account (`account`), checks what it is sent as TWS does, and breaks its line when it is told to. Knows no
client library.

    gateway = Gateway()
    await gateway.open()                     # gateway.host and gateway.port are where it listens
    await gateway.trade("my-order", Decimal(10))
"""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from decimal import Decimal

from tradekit.core.clock import Clock, SystemClock
from tradekit.testing.ib import shapes
from tradekit.testing.ib.account import AAPL, ESZ6, EURUSD, Account, Contract, Order, Trade
from tradekit.testing.ib.market import Market
from tradekit.testing.ib.requests import QUIET, Requests
from tradekit.testing.ib.wire import framed, read_frame

__all__ = ["Gateway"]

_VERSION = 178  # of the server: the newest that ib_async speaks
_OLDEST = 157


class Gateway:
    """One login with one account, and any number of clients.

    port       where it listens, once it is open
    skew_s     what its clock is ahead of this machine's
    read_only  whether clients may not trade
    others     more accounts of the login, by commas
    away       why Interactive Brokers cannot be reached; "" while it can
    requests   what it was sent, oldest first: the fields
    """

    host = "127.0.0.1"

    def __init__(
        self,
        contracts: Iterable[Contract] = (AAPL, EURUSD, ESZ6),
        *,
        cash: Mapping[str, Decimal] | None = None,
        shorts: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self.account = Account(contracts, cash or {"USD": Decimal(100_000)}, shorts=shorts)
        self.port = 0
        self.skew_s = 0
        self.read_only = False
        self.others = ""
        self.away = ""
        self.requests: list[list[str]] = []
        self.market = Market(self)
        self._clock = clock or SystemClock()
        self._clients: dict[int, asyncio.StreamWriter] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self._faults: list[str] = []
        self._server: asyncio.Server | None = None

    def now(self) -> int:
        """Its clock [s]."""
        return self._clock.now() // 1_000_000_000 + self.skew_s

    @property
    def clients(self) -> set[int]:
        """The client ids that are connected."""
        return set(self._clients)

    # --- the line -----------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Listen on loopback; again after `cut`, at the same port."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Break every connection, and take no new one."""
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self.drop()
        if server is not None:
            await server.wait_closed()
        await asyncio.sleep(0)

    def drop(self) -> None:
        """Break every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def cut(self) -> None:
        """The same as `close`; `heal` takes connections again."""
        await self.close()

    async def heal(self) -> None:
        """Listen again."""
        await self.open()

    def lose_answer(self) -> None:
        """Carry the next request out, and say nothing of what comes of it."""
        self._faults.append("answer")

    def lose_request(self) -> None:
        """Do not look at the next request."""
        self._faults.append("request")

    def lose_nothing(self) -> None:
        """Let what was to be lost pass."""
        self._faults.clear()

    def lose_interactive_brokers(self) -> None:
        """TWS stands, and what is behind it is away."""
        self.away = "Connectivity between IBKR and Trader Workstation has been lost."
        self.say(shapes.error(-1, 1100, self.away))

    def find_interactive_brokers(self, *, subscriptions: bool = True) -> None:
        """It is there again; market data that was subscribed is, or is not."""
        self.away = ""
        code, data = (1102, "maintained") if subscriptions else (1101, "lost")
        if not subscriptions:
            self.market.forget()
        words = f"Connectivity between IBKR and Trader Workstation has been restored - data {data}."
        self.say(shapes.error(-1, code, words))

    # --- the market's hand, and others' ---------------------------------------------------------------------------

    def end_day(self) -> None:
        """Midnight: what has traded, and the orders that have ended, are told no more."""
        self.account.forget()

    async def trade(self, ref: str, qty: Decimal, price: Decimal | None = None) -> Trade:
        """Somebody trades with a resting order."""
        order = self.account.by_ref(ref)
        made = self.account.trade(order, qty, price or order.limit or order.contract.price, self.now())
        self.tell(order, shapes.execution(-1, made, self.account.name), shapes.open_order(order, self.account.name),
                  shapes.order_status(order), shapes.fee(made))  # fmt: skip
        return made

    def correct(self, trade: Trade, price: Decimal) -> None:
        """A trade is corrected."""
        made = self.account.correct(trade, price)
        self.tell(made.order, shapes.execution(-1, made, self.account.name), shapes.fee(made))

    def end(self, ref: str, code: int, words: str) -> None:
        """Interactive Brokers ends an order by itself."""
        order = self.account.by_ref(ref)
        order.status, order.reason = ("Cancelled" if code == 202 else "Inactive"), words
        self.tell(order, shapes.error(order.id, code, words), shapes.order_status(order))

    def tell(self, order: Order, *messages: bytes) -> None:
        """Say something to the client whose order it is."""
        self.say(*messages, client_id=order.client_id)

    def say(self, *messages: bytes, client_id: int | None = None) -> None:
        """Say something to a client, or to all."""
        for number, writer in list(self._clients.items()):
            if client_id in (None, number):
                writer.write(b"".join(messages))

    # --- connections ----------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        number: int | None = None
        try:
            number = await self._let_in(reader, writer)
            if number is not None:
                await self._talk(Requests(self, number), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            pass
        finally:
            self._writers.discard(writer)
            if number is not None and self._clients.get(number) is writer:
                del self._clients[number]
                self.market.gone(number)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _let_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int | None:
        """Agree on a version, and learn who it is; None for one that is not let in."""
        if await reader.readexactly(4) != b"API\0":
            return None
        least, _, most = (await read_frame(reader)).decode().split(" ")[0].removeprefix("v").partition("..")
        version = min(_VERSION, int(most))
        if version < max(_OLDEST, int(least)):
            return None
        writer.write(framed(version, "20240105 10:00:00 US/Eastern"))
        sent = (await read_frame(reader)).decode().split("\0")
        number = int(sent[2])
        if number in self._clients:
            writer.write(
                shapes.error(
                    -1,
                    326,
                    "Unable to connect as the client id is already in use. Retry with a unique client id.",
                )
            )
            await writer.drain()
            return None
        self._clients[number] = writer
        writer.write(b"".join(Requests(self, number).start()))
        return number

    async def _talk(
        self, requests: Requests, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while True:
            sent = (await read_frame(reader)).decode().split("\0")[:-1]
            self.requests.append(sent)
            fault = self._faults.pop(0) if self._faults and sent[0] not in QUIET else ""
            if fault == "request":
                continue
            answer = b"".join(requests.answer(sent))
            if fault != "answer":
                writer.write(answer)
            await writer.drain()
