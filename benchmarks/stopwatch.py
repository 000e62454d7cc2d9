"""Two pieces of work timed beside each other, and what a piece of work needs in memory.

Knows nothing of what they do. On a shared machine the ratio of two runs side by side means something; either alone
does not.
"""

import ctypes
import gc
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

__all__ = ["Duel", "Took", "duel", "peak_mb", "reset_peak", "resident_mb"]


class Took(NamedTuple):
    """Seconds on the clock on the wall, and of this process's time on a core."""

    wall: float
    cpu: float


class Duel(NamedTuple):
    """Rounds of ours and of the limit's, taken in turn."""

    ours: list[Took]
    limit: list[Took]

    @property
    def ratio(self) -> float:
        """The median over the rounds of ours to the limit's next to it, by core time: other programs count less."""
        return statistics.median(a.cpu / b.cpu for a, b in zip(self.ours, self.limit, strict=True))

    @property
    def wall_ratio(self) -> float:
        """The same by the clock on the wall."""
        return statistics.median(a.wall / b.wall for a, b in zip(self.ours, self.limit, strict=True))

    def rates(self, size: int) -> tuple[float, float]:
        """Items a second of core time, the median round's: ours and the limit's."""
        ours, limit = (statistics.median(took.cpu for took in side) for side in (self.ours, self.limit))
        return size / ours, size / limit

    def told(self, size: int) -> str:
        """One line for the log: both ratios, their spread, and the rates."""
        ratios = sorted(a.cpu / b.cpu for a, b in zip(self.ours, self.limit, strict=True))
        ours, limit = self.rates(size)
        return (
            f"core {self.ratio:.2f}x (from {ratios[0]:.2f} to {ratios[-1]:.2f}), wall {self.wall_ratio:.2f}x; "
            f"ours {ours:,.0f}/s, limit {limit:,.0f}/s of core time"
        )


def duel(ours: Callable[[], object], limit: Callable[[], object], *, rounds: int) -> Duel:
    """Run both once unmeasured, then in turn: the order changes from round to round, so that neither is favoured."""
    ours()
    limit()
    made = Duel([], [])
    for n in range(rounds):
        turns = [(ours, made.ours), (limit, made.limit)]
        for work, side in turns if n % 2 == 0 else reversed(turns):
            side.append(_took(work))
    return made


def _took(work: Callable[[], object]) -> Took:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    kept = work()  # freed after the clock has been read
    took = Took(time.perf_counter() - wall, time.process_time() - cpu)
    del kept
    return took


def resident_mb() -> float:
    """Memory that this process has in use now [MB]; what was freed is given back first, so that it hides no use."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return _status("VmRSS")


def peak_mb() -> float:
    """The most that it has had in use since `reset_peak` [MB]."""
    return _status("VmHWM")


def reset_peak() -> None:
    """Forget the highest use so far (Linux)."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _status(name: str) -> float:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/self/status has no {name}; memory is measured on Linux only")
