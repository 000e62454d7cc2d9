"""The last line to the venue: where the session's loop does not come to a kill or a cancel-all, orders end past it.

On the broker's own thread, by the venue's own book: it needs neither engine, strategy, inbox nor journal. What it does
stands in the emergency file first, and is told to the session once that hears again. Knows no risk rule.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from tradekit.core.clock import Clock
from tradekit.core.event import Fact
from tradekit.model.money import ZERO
from tradekit.model.order import OrderType, Side
from tradekit.model.reconciliation import AlertRaised
from tradekit.model.said import Answer, Ask, OrderSaid, Question
from tradekit.trading.broker import AtVenue, Broker

__all__ = ["LastLine", "Wanted"]

_log = logging.getLogger("tradekit.session")


class Wanted(Protocol):
    """A command that somebody has given: its name and words, and whether the session has taken it."""

    name: str
    args: dict[str, Any]
    user: str
    taken: bool


class LastLine:
    """Stands beside the wire and does nothing while the session answers.

    broker      the venue, to be used on its own thread, where `start` begins a coroutine; any thread may call that
    ours        whether a client id was given by this session's journal
    note        writes to the emergency file
    patience_s  how long the session has to take a command [s]
    every_s     from one look at the venue's working orders to the next [s]
    wait_s      how long an answer is waited for [s]
    """

    def __init__(
        self,
        broker: Broker,
        start: Callable[[Coroutine[Any, Any, None]], object],
        ours: Callable[[str], bool],
        *,
        clock: Clock,
        note: Callable[..., object],
        patience_s: float = 0.25,
        every_s: float = 1.0,
        wait_s: float = 10.0,
    ) -> None:
        self._broker, self._start, self._ours = broker, start, ours
        self._clock, self._note = clock, note
        self._patience_s, self._every_s, self._wait_s = patience_s, every_s, wait_s

    def watch(self, wanted: Wanted, tell: Callable[[Fact], None]) -> None:
        """See to it that a command to end orders reaches the venue. Any thread; returns at once."""
        try:
            self._start(self._watch(wanted, tell))
        except RuntimeError:  # the broker's loop has ended with the session
            _log.warning("%s comes after the broker's end", wanted.name)

    async def _watch(self, wanted: Wanted, tell: Callable[[Fact], None]) -> None:
        await asyncio.sleep(self._patience_s)
        if wanted.taken:
            return
        self._note("last line", command=wanted.name, user=wanted.user, args=wanted.args)
        _log.critical("the session does not take %s: its orders are canceled past it", wanted.name)
        text = await self._end_all(wanted)
        self._note("last line", did=text)
        _log.critical("%s", text)
        with contextlib.suppress(RuntimeError):  # the session's loop has ended
            tell(AlertRaised("emergency", text))

    async def _end_all(self, wanted: Wanted) -> str:
        """Cancel, look again, until the venue shows nothing of ours, or the session has come to it; what was done."""
        began = self._clock.monotonic()
        instrument = str(wanted.args.get("instrument") or "")
        asked: dict[str, int] = {}  # cancels sent, by client id
        while not wanted.taken:
            working = await self._working(instrument)
            for one in working or ():
                asked[one.client_id] = asked.get(one.client_id, 0) + 1
            if working:
                self._note("last line", cancels=[one.client_id for one in working])
                await asyncio.gather(*(self._cancel(one) for one in working))
            elif working is not None and self._clock.monotonic() - began >= self._broker.abilities.delay_s:
                return _told(wanted, asked, "and the venue shows none of ours any more")
            await asyncio.sleep(self._every_s)
        return _told(wanted, asked, "until the session took it")

    async def _working(self, instrument: str) -> list[AtVenue] | None:
        """Our orders at the venue, by its own book; None where that cannot be had."""
        try:
            async with asyncio.timeout(self._wait_s):
                said = await self._broker.ask(Ask(Question.OPEN_ORDERS))
        except Exception as error:  # whatever an adapter raises is no answer
            _log.warning("the venue's open orders cannot be had: %s: %s", type(error).__name__, error)
            return None
        books = [one for one in said if isinstance(one, Answer)]
        if not books:
            return None
        orders = [one for book in books for one in book.items if isinstance(one, OrderSaid)]
        return [_known(one) for one in orders if self._ours(one.order) and instrument in ("", one.instrument)]

    async def _cancel(self, order: AtVenue) -> None:
        try:
            async with asyncio.timeout(self._wait_s):
                await self._broker.cancel(order)
        except Exception as error:
            _log.warning("the cancel of %s failed: %s: %s", order.client_id, type(error).__name__, error)


def _known(said: OrderSaid) -> AtVenue:
    """An order as its venue has just told it."""
    return AtVenue(
        client_id=said.order, venue_id=said.venue_id, instrument=said.instrument, side=said.side or Side.BUY,
        type=said.type or OrderType.LIMIT, qty=said.qty or ZERO, filled=said.cum or ZERO, limit=said.limit,
        stop=said.stop,
    )  # fmt: skip


def _told(wanted: Wanted, asked: dict[str, int], end: str) -> str:
    count, names = sum(asked.values()), ", ".join(asked) or "none"
    return f"{wanted.name} by {wanted.user} went past the session: {count} cancels were sent ({names}), {end}"
