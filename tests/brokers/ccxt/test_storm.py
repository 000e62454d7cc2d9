"""A venue that is away is asked less and less often, and not by everybody at one moment; in virtual time."""

import asyncio
from collections import Counter
from itertools import pairwise
from typing import Any, cast

import pytest

from tests.virtual import VirtualClock, in_virtual_time
from tradekit.brokers.ccxt.dialect import Dialect
from tradekit.brokers.ccxt.names import Names
from tradekit.brokers.ccxt.stream import Stream

LASTS_S = 600.0


class Away:
    """A venue that gives no answer; `asked` is when it was asked, by whom."""

    venue = "away"

    def __init__(self, asked: list[tuple[float, int]], name: int, *, lasts_s: float | None = None) -> None:
        self._asked, self._name, self._lasts_s = asked, name, lasts_s

    async def time(self, client: Any) -> int:
        self._asked.append((asyncio.get_running_loop().time(), self._name))
        if self._lasts_s is None:
            raise OSError("connection refused")
        return 0

    async def refusal(self, client: Any) -> str:
        return ""

    async def listen(self, client: Any) -> Any:
        lost = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(self._lasts_s or 0, lost.cancel)
        return lost

    def forget(self, client: Any) -> None:
        """It gave no key."""


class NoClient:
    """What the stream touches of the library."""

    def __init__(self) -> None:
        self.options: dict[str, Any] = {}

    def end_timers(self) -> None:
        """It has none."""

    async def close_ws_clients(self) -> None:
        """It has none."""


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody reads what thousands of tries have to say."""
    caplog.set_level("CRITICAL", logger="tradekit")


def asked(streams: int, *, lasts_s: float | None = None) -> list[tuple[float, int]]:
    """When each of so many streams asks a venue that is away, or whose connections last so long [s]."""

    async def whole() -> list[tuple[float, int]]:
        told: list[tuple[float, int]] = []
        clock = VirtualClock(asyncio.get_running_loop())

        async def listen(name: int) -> None:
            dialect = cast(Dialect, Away(told, name, lasts_s=lasts_s))
            stream = Stream(dialect, Names([]), clock)
            stream.client = NoClient()
            async for _ in stream.said():
                pass

        listening = [asyncio.create_task(listen(name)) for name in range(streams)]
        await asyncio.sleep(LASTS_S)
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
        return told

    return in_virtual_time(whole())


def test_many_that_have_lost_a_venue_do_not_come_back_at_once() -> None:
    """Of 500 at most one in twenty within any tenth of a second, once the first tries of all are over."""
    tenths = Counter(int(at * 10) for at, _ in asked(500) if at > 20)
    assert max(tenths.values()) <= 25


def test_a_venue_that_stays_away_is_asked_less_and_less_often() -> None:
    tries = asked(40)
    times = [at for at, name in tries if name == 0]
    assert all(later - earlier <= 30.5 for earlier, later in pairwise(times))
    everybody = [at for at, _ in tries]
    first, last = sum(at < 60 for at in everybody) / 40, sum(at > LASTS_S - 60 for at in everybody) / 40
    assert last < 8 < first * 2


@pytest.mark.parametrize(("lasts_s", "least", "most"), [(1.0, 20, 120), (65.0, 9, 10)])
def test_pauses_begin_anew_only_after_a_connection_that_has_held_for_a_minute(
    lasts_s: float, least: int, most: int
) -> None:
    """Of connections that break at once fewer are made as time goes on; after one that held the pause is short."""
    tries = len(asked(1, lasts_s=lasts_s))
    assert least <= tries <= most
