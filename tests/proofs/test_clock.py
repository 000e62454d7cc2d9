"""Clocks that jump by an hour, step back and smear a leap second: nothing of a session goes by them.

The same session lives once under a good wall clock and once under a bad one: what it writes is the same but for when it
was written down.
"""

import asyncio
import random
from collections.abc import Callable

import pytest

from tests.builders import START, flat
from tests.run.line import Line
from tests.virtual import VirtualClock, in_virtual_time
from tradekit.core.journal import Stored
from tradekit.model.market import Bar, TimerFired
from tradekit.model.session import ClientsChanged
from tradekit.strategy.base import Strategy
from tradekit.testing.faults import Faults
from tradekit.trading.dead_man import DeadMan, Rule

pytestmark = [pytest.mark.proof, pytest.mark.timeout(1_800)]

SECOND = 1_000_000_000
HOUR = 3600 * SECOND


class BadClock(VirtualClock):
    """A wall clock that somebody sets, and a time server smears; the monotonic one goes on, as it does."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seed: int) -> None:
        super().__init__(loop)
        chance = random.Random(seed)
        self._jumps = sorted(
            (chance.uniform(1, 3000), chance.choice([HOUR, -HOUR, -SECOND, -20_000_000, 37 * SECOND]))
            for _ in range(chance.randint(1, 8))
        )
        self._smear = chance.choice([0, 1])

    def now(self) -> int:
        at = self.monotonic()
        smeared = int(SECOND * min(at / 3000, 1.0)) * self._smear
        return super().now() + sum(jump for when, jump in self._jumps if when <= at) - smeared


class Scheduled(Strategy):
    """Timers once and again, orders by them."""

    def on_start(self) -> None:
        self.fired: list[tuple[str, int]] = []
        self.set_timer("every", every="7m")
        self.set_timer("once", at=START + 20 * 60 * SECOND)

    def on_timer(self, timer: TimerFired) -> None:
        self.fired.append((timer.name, self.state.time))
        self.buy(1, limit=90)

    def on_bar(self, bar: Bar) -> None:
        if len(self.fired) % 3 == 2:
            self.cancel_all()


class ClockedLine(Line):
    """A line whose session and journal see a bad wall clock; it is made for one seed, None is a good one."""

    seed: int | None = None

    def _clock(self) -> VirtualClock:
        loop = asyncio.get_running_loop()
        return VirtualClock(loop) if self.seed is None else BadClock(loop, self.seed)


def lived(seed: int, *, bad: bool) -> Line:
    """The better part of an hour, with bars, timers, lost answers, rounds, and a rule that trips."""

    async def play() -> Line:
        ClockedLine.seed = seed if bad else None
        chance = random.Random(seed)
        script = {f"submit {n}": chance.choice(["lost_reply", "lost_request"]) for n in (2, 4)}
        rules = DeadMan(feed=Rule(after_s=200), clients=Rule(after_s=600))
        line = ClockedLine(
            Scheduled(), script=script, faults=Faults(delay_s=0.1, timeout_s=3), dead_man=rules
        )
        after: list[int] = []
        line.journal.on_commit(lambda stored: after.extend(_seqs(stored)))
        for n in range(40):
            await asyncio.sleep(60)
            for name, timer in list(line.engine.state.timers.items()):
                if timer.due <= START + (n + 1) * 60 * SECOND:
                    await line.loop.take(TimerFired(name), timer.due)
            if not 20 <= n < 25:
                line.feed.push(flat(n, 110.0))
            if n in (3, 12, 30):
                line.loop.note(ClientsChanged(0 if n == 12 else 1))
        await asyncio.sleep(1)
        await line.close()
        assert after == sorted(set(after)), "the journal's order is its seqs', whatever the clock says"
        return line

    return in_virtual_time(play())


def _seqs(stored: tuple[Stored, ...]) -> list[int]:
    return [one.event.seq for one in stored]


def test_whatever_the_wall_clock_does_the_session_does_the_same(
    proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    seeds, events, jumps, off = proof_size(ci=6, full=300), 0, 0, 0
    seen: set[str] = set()
    for seed in range(seeds):
        good, bad = lived(seed, bad=False), lived(seed, bad=True)
        clock = bad.clock
        assert isinstance(clock, BadClock)
        jumps += len(clock._jumps)
        mine, theirs = [e.type for e in good.events()], [e.type for e in bad.events()]
        assert mine == theirs, f"seed {seed}"
        assert _told(good) == _told(bad), f"seed {seed}"
        recorded = [event.recorded for event in bad.events()]
        off += recorded != sorted(recorded)
        events += len(mine)
        fired = [event.data.name for event in bad.events("timer.fired")]  # type: ignore[attr-defined]
        assert fired.count("once") == 1
        assert fired.count("every") == 5
        seen |= {e.type for e in bad.events()}
    assert seen >= {"hold.changed", "order.doubted", "order.canceled", "reconciliation.completed"}
    assert off > 0, "no clock has stepped back while something was written"
    proof_record(
        "clocks that jump an hour, step back, smear", size=f"{seeds} hours in virtual time, {jumps} jumps",
        result=f"timers, timeouts, rounds, rules and order the same over {events:,} events",
    )  # fmt: skip


def _told(line: Line) -> list[tuple[str, int, str]]:
    """What happened and when by session time; ids that are random are left out."""
    return [
        (event.type, event.ts, "" if event.type == "alert.raised" and event.key == "clock" else event.key)
        for event in line.events()
    ]
