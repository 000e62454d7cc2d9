"""A whole day in virtual time: at its end the books are the venue's, and the session has not grown."""

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.builders import FULL
from tests.proofs.day import HOUR, MIDNIGHT, Day, Patient
from tests.virtual import in_virtual_time
from tradekit.run.restore import restore
from tradekit.state.shape import fingerprint
from tradekit.testing.invariants import verdicts
from tradekit.trading.engine import Engine

pytestmark = [pytest.mark.proof, pytest.mark.timeout(3_600), pytest.mark.usefixtures("quiet")]

MB = 1 << 20


class _Alone:
    def __init__(self, seed: int) -> None:
        self.engine = Engine(Patient(seed=seed))

    def replay(self, event: object) -> None: ...


def slope(used: list[tuple[float, int, int]]) -> float:
    """How resident memory grows, by a line through the samples after the first sixth of them [MB/h]."""
    rows = np.array(used[len(used) // 6 :], dtype=float)
    return float(np.polyfit(rows[:, 0], rows[:, 1] / MB, 1)[0])


def test_a_day_of_trouble_ends_with_the_venues_books(
    tmp_path: Path, proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    hours, breaks, deaths = proof_size(ci=1, full=24), proof_size(ci=4, full=20), proof_size(ci=1, full=3)
    gc.collect()
    files = psutil.Process().num_fds()

    async def play() -> Day:
        loop = asyncio.get_running_loop()
        return await Day(7, loop, tmp_path, hours=hours, breaks=breaks, deaths=deaths).live()

    day = in_virtual_time(play())
    assert day.life is not None
    state = day.life.state
    assert [one for one in verdicts(state, day.known()) if not one.held] == []
    assert state.risk.armed
    assert len(day.lines) == deaths + 1
    assert len(day.ratios) == 1, "the split was seen as one"
    downs = [event for event in day.events if event.type == "link.changed" and not event.data.up]  # type: ignore[attr-defined]
    assert len(downs) >= breaks
    alone = _Alone(7)
    assert restore(alone, day.journal.events) is None
    assert fingerprint(alone.engine.state) == fingerprint(state)
    opened = [event.ts for event in day.events if event.type == "market.opened" and event.ts > MIDNIGHT]
    assert opened == ([MIDNIGHT + 22 * HOUR] if FULL else []), "17:00 in New York, after the clocks went back"
    grown, orders = slope(day.used), state.strategy.intents
    day.journal.close()
    del day, alone
    gc.collect()
    assert psutil.Process().num_fds() - files <= 0, "files were left open"
    if FULL:  # an hour is too short to tell a slope from a warm-up
        assert grown < 1.0
    proof_record(
        f"{hours} simulated hours, the night of a change of clocks, with a split",
        size=f"{breaks} lost lines, {deaths} sudden ends, {orders:,} orders",
        result=f"orders, positions, cash and replay equal; memory {grown:+.2f} MB/h, no file left open",
        note="one seed, virtual time, a journal on disk",
    )  # fmt: skip
