"""What the brokers' streams have in common: order, silence that ends, and pauses that end when they are told to."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tradekit.brokers.stream import AccountStream, Pauses
from tradekit.core.clock import ManualClock
from tradekit.errors import BrokerError, ConnectionLostError
from tradekit.model.order import Side
from tradekit.model.said import FillSaid, LinkSaid, Said

FILL = FillSaid(exec_id="e", qty=1, price=1, side=Side.BUY)  # type: ignore[arg-type]


class Scripted(AccountStream):
    """Its connection's life is a script."""

    def __init__(self, script: "Callable[[Scripted], Awaitable[None]]") -> None:
        super().__init__(ManualClock(0))
        self._script = script

    async def _keep(self) -> None:
        await self._script(self)


def heard(script: Callable[[Scripted], Awaitable[None]]) -> list[Said]:
    """All that a stream says until it is closed, or raises."""

    async def listen() -> list[Said]:
        return [one async for one in Scripted(script).said()]

    return asyncio.run(asyncio.wait_for(listen(), 5))


def test_what_comes_before_the_line_is_up_waits_and_being_down_is_told_once() -> None:
    async def script(stream: Scripted) -> None:
        stream._down("away")
        stream._down("still away")
        stream._say(FILL)
        stream._up()
        stream._say(FILL)
        stream._down("cut")
        stream._say(FILL)  # of a line that is not up: never told
        stream._down("cut")
        await stream.close()

    told = ["up" if one.up else "down" for one in (heard(script)) if isinstance(one, LinkSaid)]
    assert told == ["down", "up", "down"]
    assert [one for one in heard(script) if one == FILL] == [FILL, FILL]


def test_a_keeper_that_fails_or_is_cancelled_leaves_nobody_waiting() -> None:
    async def fails(stream: Scripted) -> None:
        raise RuntimeError("a fault of the adapter")

    async def cancelled(stream: Scripted) -> None:
        raise asyncio.CancelledError

    for script in (fails, cancelled):
        with pytest.raises(ConnectionLostError, match="given up"):
            heard(script)


def test_what_no_waiting_mends_is_raised() -> None:
    async def script(stream: Scripted) -> None:
        stream._give_up(BrokerError("no such key"))

    with pytest.raises(BrokerError, match="no such key"):
        heard(script)


def test_pauses_grow_begin_anew_after_a_line_that_lasted_and_end_when_they_are_told_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []

    class Timeout:
        def __init__(self, seconds: float) -> None:
            waited.append(seconds)

        async def __aenter__(self) -> None:
            raise TimeoutError

        async def __aexit__(self, *error: object) -> None: ...

    async def ten() -> None:
        pauses = Pauses()
        for lasted in (0, 0, 0, 0, 0, 0, 0, 0, 61, 0):
            await pauses.wait(lasted)

    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 1.0)
    with monkeypatch.context() as patch:
        patch.setattr("asyncio.timeout", Timeout)
        asyncio.run(ten())
    assert waited == [0.5, 1, 2, 4, 8, 16, 30, 30, 0.5, 1]

    async def ended() -> None:
        over = asyncio.Event()
        over.set()
        await Pauses().wait(0, over)

    monkeypatch.setattr("tradekit.brokers.stream._FIRST_PAUSE_S", 1000.0)
    asyncio.run(asyncio.wait_for(ended(), 5))
