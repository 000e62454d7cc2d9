"""A script played with the ib broker at a local TWS, within a bound; what was heard on the stream comes back.

Knows no test.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from tests.brokers.ib.bench import IbBench
from tradekit.model.said import LinkSaid, Said
from tradekit.testing.talk import Talk

__all__ = ["Script", "play", "until"]

Script = Callable[[IbBench, Talk], Awaitable[None]]


def play(script: Script, *, access: dict[str, Any] | None = None, bench: IbBench | None = None) -> list[Said]:
    """Open the bench, wait for the link, play, and put everything away."""

    async def whole() -> list[Said]:
        made = bench or IbBench()
        await made.gateway.open()
        made.broker = made.made(**(access or {}))
        talk = Talk(made)
        listening = asyncio.create_task(talk.listen())
        try:
            async with asyncio.timeout(30):
                await talk.hears(LinkSaid, lambda one: one.up)
                await script(made, talk)
        finally:
            await made.broker.close()
            await listening
            await made.gateway.close()
        return talk.heard

    return asyncio.run(whole())


async def until(holds: Callable[[], bool]) -> None:
    """Wait on a condition, within the script's bound."""
    while not holds():  # noqa: ASYNC110 - what is waited for has no event
        await asyncio.sleep(0.01)
