"""Whether the engine decides today what the journal says it decided: every input taken again, every output compared.

Knows no backtest and no file.
"""

from collections.abc import Callable, Iterable

from tradekit.core.event import Event
from tradekit.core.version import version
from tradekit.model.session import SessionOpened
from tradekit.report.parity import Replay
from tradekit.run.restore import Difference, restore
from tradekit.strategy.base import Strategy
from tradekit.strategy.load import source_hash
from tradekit.trading.engine import Engine

__all__ = ["replayed", "verdict"]


class _Engine:
    """An engine alone: nobody's orders go anywhere."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def replay(self, event: Event) -> None:
        """There is no venue whose book could be restored."""


def replayed(engine: Engine, read: Callable[[], Iterable[Event]]) -> Difference | None:
    """Take the journaled inputs again; the first difference. The engine is left with the journal's last state."""
    return restore(_Engine(engine), read)


def verdict(
    difference: Difference | None, strategy: type[Strategy], openings: list[tuple[Event, SessionOpened]]
) -> Replay:
    """The same with what may have brought it about; `openings` are the session's starts."""
    if difference is None:
        return Replay()
    reasons = _reasons(strategy, openings, difference.seq)
    return Replay(difference.seq, difference.journaled, difference.replayed, reasons)


def _reasons(strategy: type[Strategy], openings: list[tuple[Event, SessionOpened]], seq: int) -> list[str]:
    ours = source_hash(strategy)
    told = []
    before = [(event, data) for event, data in openings if event.seq <= seq]
    for event, data in before:
        if data.source != ours:
            told.append(
                f"the source of {data.strategy_class.rpartition(':')[2]} was another one at the start of "
                f"#{event.seq:,} ({data.source[:12]}, here {ours[:12]})"
            )
    for event, data in before:
        if data.program != version():
            told.append(f"tradekit was {data.program} at the start of #{event.seq:,}, here it is {version()}")
    if not told:
        told.append(
            "strategy and tradekit are the same: the strategy decides by something that is not journaled "
            "(a clock, chance, a file), or the journal was written by another configuration"
        )
    return told
