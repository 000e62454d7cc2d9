"""When the session does not come to it: what is ours is canceled at the venue, again and again, until none is left."""

import asyncio
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.builders import BTC, START
from tests.virtual import VirtualClock, in_virtual_time
from tradekit.brokers.paper.broker import PaperBroker
from tradekit.core.event import Fact
from tradekit.model.market import TradeTick
from tradekit.model.order import OrderSubmitted, OrderType, Side
from tradekit.run.last_line import LastLine
from tradekit.testing.faults import Faults, Scripted
from tradekit.testing.faulty import FaultyBroker


class Asked(msgspec.Struct):
    name: str = "kill"
    args: dict[str, Any] = {}
    user: str = "trader"
    taken: bool = False


class Venue:
    """A paper venue with two orders of ours and one of somebody else, behind a line that a test breaks."""

    def __init__(self, script: dict[str, str] | None = None, faults: Faults | None = None) -> None:
        clock = VirtualClock(asyncio.get_running_loop())
        self.paper = PaperBroker([BTC], cash=Decimal(10_000), currency="USD", now=clock.now)
        self.paper.market(TradeTick("BTC", 110.0, 1.0), START)
        self.line = FaultyBroker(self.paper, faults or Faults(), Scripted(script or {}), now=clock.now)
        self.noted: list[dict[str, Any]] = []
        self.told: list[Fact] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.last = LastLine(
            self.line, self._start, lambda name: name.startswith("tk"), clock=clock, note=self._note
        )

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.ensure_future(work))

    def _note(self, what: str, **details: Any) -> None:
        self.noted.append(details)

    async def rest(self) -> None:
        for name in ("tk-1", "tk-2", "by-hand"):
            order = OrderSubmitted(name, "BTC", "", "", Side.BUY, OrderType.LIMIT, Decimal(1), Decimal(90))
            await self.paper.submit(order)


def played(venue: Venue, asked: Asked, seconds: float = 30.0) -> Coroutine[Any, Any, None]:
    async def play() -> None:
        await venue.rest()
        venue.last.watch(asked, venue.told.append)
        await asyncio.sleep(seconds)
        for task in venue.tasks:
            task.cancel()

    return play()


def over(asked: Asked, script: dict[str, str] | None = None, faults: Faults | None = None) -> Venue:
    async def whole() -> Venue:
        venue = Venue(script, faults)
        await played(venue, asked)
        return venue

    return in_virtual_time(whole())


def test_while_the_session_takes_commands_it_does_nothing() -> None:
    venue = over(Asked(taken=True))
    assert len(venue.paper.working) == 3
    assert (venue.noted, venue.told) == ([], [])


def test_what_is_ours_is_canceled_and_what_is_not_is_left() -> None:
    venue = over(Asked())
    assert list(venue.paper.working) == ["by-hand"]
    assert venue.noted[0] == {"command": "kill", "user": "trader", "args": {}}
    assert venue.noted[1] == {"cancels": ["tk-1", "tk-2"]}
    (alert,) = venue.told
    assert alert.kind == "emergency"  # type: ignore[attr-defined]
    assert "2 cancels were sent (tk-1, tk-2), and the venue shows none of ours any more" in alert.text  # type: ignore[attr-defined]


def test_the_emergency_file_has_it_before_the_venue() -> None:
    async def whole() -> None:
        venue = Venue()
        await venue.rest()
        seen: list[int] = []
        venue.last._note = lambda what, **details: seen.append(len(venue.paper.working))
        venue.last.watch(Asked(), venue.told.append)
        await asyncio.sleep(0.5)
        assert seen == [3, 3]
        assert len(venue.paper.working) == 1
        for task in venue.tasks:
            task.cancel()

    in_virtual_time(whole())


def test_only_the_instrument_that_was_named() -> None:
    assert len(over(Asked("cancel_all", {"instrument": "ETH"})).paper.working) == 3
    assert len(over(Asked("cancel_all", {"instrument": "BTC"})).paper.working) == 1


def test_lost_cancels_and_lost_books_are_tried_again_until_it_is_confirmed() -> None:
    script = {
        "open_orders 1": "lost_reply",
        "cancel 1": "lost_request",
        "cancel 2": "reject",
        "open_orders 3": "lost_request",
    }
    venue = over(Asked(), script, Faults(timeout_s=2))
    assert list(venue.paper.working) == ["by-hand"]
    assert "4 cancels were sent (tk-1, tk-2)" in venue.told[0].text  # type: ignore[attr-defined]


def test_while_the_venue_cannot_be_reached_it_goes_on() -> None:
    async def whole() -> Venue:
        venue = Venue()
        await venue.rest()
        venue.line.cut()
        venue.last.watch(Asked(), venue.told.append)
        await asyncio.sleep(60)
        assert len(venue.paper.working) == 3
        venue.line.heal()
        await asyncio.sleep(5)
        return venue

    assert list(in_virtual_time(whole()).paper.working) == ["by-hand"]


def test_once_the_session_has_taken_it_the_rest_is_the_sessions() -> None:
    async def whole() -> Venue:
        venue, asked = Venue(), Asked()
        venue.line.cut()
        await venue.rest()
        venue.last.watch(asked, venue.told.append)
        await asyncio.sleep(5)
        asked.taken = True
        venue.line.heal()
        await asyncio.sleep(20)
        return venue

    venue = in_virtual_time(whole())
    assert len(venue.paper.working) == 3
    assert "until the session took it" in venue.told[0].text  # type: ignore[attr-defined]


def test_a_line_that_has_ended_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    def ended(work: Coroutine[Any, Any, None]) -> None:
        work.close()
        raise RuntimeError("the loop has ended")

    async def whole() -> None:
        venue = Venue()
        venue.last._start = ended
        venue.last.watch(Asked(), venue.told.append)

    in_virtual_time(whole())
    assert "comes after the broker's end" in caplog.text
