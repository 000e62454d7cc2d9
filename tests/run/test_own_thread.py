"""A broker on a thread of its own: the same answers, the stream in order, the gate asked after the hop."""

import asyncio
import threading
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tradekit.errors import BrokerError
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted, OrderType, Side
from tradekit.model.said import Answer, Ask, LinkSaid, OrderSaid, Question, Said, What
from tradekit.run.own_thread import OwnThread
from tradekit.trading.broker import Abilities, AtVenue, Stopped, free

ORDER = OrderSubmitted("tk-1", "BTC", "s", "main", Side.BUY, OrderType.LIMIT, Decimal(1), Decimal(90))
AT = AtVenue(
    client_id="tk-1",
    venue_id="v1",
    instrument="BTC",
    side=Side.BUY,
    type=OrderType.LIMIT,
    qty=Decimal(1),
)


class Telling:
    """Notes which thread asks what; its stream says two things and ends, or breaks."""

    name = "telling"
    abilities = Abilities(per_second=3)

    def __init__(self, *, error: Exception | None = None) -> None:
        self.asked: list[tuple[str, str]] = []
        self.error = error
        self.closed = 0

    def _note(self, what: str) -> None:
        self.asked.append((what, threading.current_thread().name))

    async def submit(self, order: OrderSubmitted, *, stopped: Stopped = free) -> tuple[Said, ...]:
        self._note("submit")
        if why := stopped():
            return (OrderSaid(what=What.REJECTED, order=order.id, reason=why),)
        return (OrderSaid(what=What.NEW, order=order.id),)

    async def cancel(self, order: AtVenue) -> tuple[Said, ...]:
        self._note("cancel")
        return (OrderSaid(what=What.CANCELED, order=order.client_id),)

    async def replace(
        self, order: AtVenue, wanted: OrderReplaceRequested, *, stopped: Stopped = free
    ) -> tuple[Said, ...]:
        self._note("replace")
        if why := stopped():
            return (OrderSaid(what=What.REPLACE_REJECTED, order=order.client_id, reason=why),)
        return (OrderSaid(what=What.REPLACED, order=order.client_id),)

    async def ask(self, ask: Ask) -> tuple[Said, ...]:
        self._note("ask")
        return (Answer(question=ask.question),)

    async def reports(self) -> AsyncIterator[Said]:
        self._note("reports")
        yield LinkSaid(up=True)
        yield OrderSaid(what=What.FILLED, order="tk-1")
        if self.error is not None:
            raise self.error

    async def close(self) -> None:
        self._note("close")
        self.closed += 1


def test_every_call_runs_on_its_thread_and_is_answered_here() -> None:
    broker = Telling()

    async def play() -> list[object]:
        own = OwnThread(broker)
        said: list[object] = [
            (await own.submit(ORDER))[0],
            (await own.cancel(AT))[0],
            (await own.replace(AT, OrderReplaceRequested("tk-1", "BTC", Decimal(2))))[0],
            (await own.ask(Ask(Question.POSITIONS)))[0],
            *[one async for one in own.reports()],
        ]
        assert (own.name, own.abilities) == ("telling", Telling.abilities)
        await own.close()
        return said

    assert len(asyncio.run(play())) == 6
    assert {name for _, name in broker.asked} == {"tradekit-broker"}
    assert [what for what, _ in broker.asked] == ["submit", "cancel", "replace", "ask", "reports", "close"]
    assert not [one for one in threading.enumerate() if one.name == "tradekit-broker"]


def test_what_breaks_the_stream_comes_out_here() -> None:
    heard: list[Said] = []

    async def listen(own: OwnThread) -> None:
        async for one in own.reports():
            heard.append(one)  # noqa: PERF401 - what was heard before it broke counts

    async def play() -> None:
        own = OwnThread(Telling(error=BrokerError("the key is refused")))
        with pytest.raises(BrokerError, match="the key is refused"):
            await listen(own)
        await own.close()

    asyncio.run(play())
    assert len(heard) == 2


def test_what_the_gate_says_is_asked_on_the_other_side_of_the_hop() -> None:
    asked: list[str] = []

    def stopped() -> str:
        asked.append(threading.current_thread().name)
        return "kill switch: enough"

    async def play() -> list[Said]:
        own = OwnThread(Telling())
        told = [
            *await own.submit(ORDER, stopped=stopped),
            *await own.replace(AT, OrderReplaceRequested("tk-1", "BTC"), stopped=stopped),
        ]
        await own.close()
        return told

    told = asyncio.run(play())
    assert [one.what for one in told] == [What.REJECTED, What.REPLACE_REJECTED]  # type: ignore[union-attr]
    assert {one.reason for one in told} == {"kill switch: enough"}  # type: ignore[union-attr]
    assert asked == ["tradekit-broker"] * 2


def test_one_that_was_never_used_ends_without_a_thread() -> None:
    broker = Telling()
    asyncio.run(OwnThread(broker).close())
    assert broker.closed == 1


def test_closing_again_changes_nothing_and_what_comes_later_is_refused() -> None:
    async def play() -> None:
        own = OwnThread(Telling())
        await own.ask(Ask(Question.TIME))
        await own.close()
        await own.close()
        with pytest.raises(RuntimeError):
            await own.ask(Ask(Question.TIME))

    asyncio.run(play())


def test_a_stream_that_the_end_of_the_thread_cuts_off_ends_here_too() -> None:
    class Endless(Telling):
        async def reports(self) -> AsyncIterator[Said]:
            yield LinkSaid(up=True)
            await asyncio.Event().wait()

    heard: list[Said] = []

    async def listen(own: OwnThread) -> None:
        async for one in own.reports():
            heard.append(one)  # noqa: PERF401 - somebody looks at it meanwhile

    async def play() -> None:
        own = OwnThread(Endless())
        listening = asyncio.create_task(listen(own))
        while not heard:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.001)
        await own.close()
        await asyncio.wait_for(listening, 30)

    asyncio.run(play())
    assert heard == [LinkSaid(up=True)]


def test_a_stream_whose_thread_ends_before_it_begins_ends_here_too() -> None:
    began, go_on = threading.Event(), threading.Event()

    async def held_up() -> None:
        began.set()
        go_on.wait(30)

    async def play() -> Said | None:
        own = OwnThread(Telling())
        own.start(held_up())
        await asyncio.to_thread(began.wait, 30)
        listening = asyncio.create_task(anext(own.reports(), None))
        await asyncio.sleep(0)  # it asks for the stream
        assert own._thread is not None
        own._thread.stop(0)
        go_on.set()
        return await asyncio.wait_for(listening, 30)

    assert asyncio.run(play()) is None
