"""Tells a session whether anybody is connected to it, where one of its rules goes by that.

Looks once a second; knows neither the rule nor who the clients are.
"""

import asyncio
from collections.abc import Callable

from tradekit.core.event import Fact
from tradekit.model.session import ClientsChanged

__all__ = ["attend"]

_EVERY_S = 1.0


async def attend(clients: Callable[[], int], note: Callable[[Fact], None]) -> None:
    """Note when the first client has come and when the last has left, until cancelled; begins with none."""
    known = 0
    while True:
        await asyncio.sleep(_EVERY_S)
        there = clients()
        if bool(there) is not bool(known):
            note(ClientsChanged(there))
        known = there
