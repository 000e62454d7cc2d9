"""A state seen as DataFrames: the same face for a live session and for a moment of its past.

Knows neither where the state comes from nor whether it moves.
"""

import contextlib
import copy
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tradekit.client import frames
from tradekit.state.seen import Reconciliation
from tradekit.state.shape import State

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Past", "View"]


class View:
    """Frames of `state`, made when they are read. Times are UTC, numbers are floats."""

    @property
    def state(self) -> State:
        """The whole state."""
        raise NotImplementedError

    @property
    def _held(self) -> AbstractContextManager[Any]:
        """What keeps the state still while a frame is made."""
        return contextlib.nullcontext()

    @property
    def positions(self) -> "pd.DataFrame":
        """A row a position: strategy, instrument, qty, entry, mark, unrealised, realised, fees, opened."""
        with self._held:
            return frames.positions(self.state)

    @property
    def orders(self) -> "pd.DataFrame":
        """A row an order, newest last, indexed by id: instrument, side, type, qty, filled, limit, stop, status ..."""
        with self._held:
            return frames.orders(self.state)

    @property
    def fills(self) -> "pd.DataFrame":
        """The last executions by time, newest last."""
        with self._held:
            return frames.fills(self.state)

    @property
    def signals(self) -> "pd.DataFrame":
        """The last signals by time, newest last."""
        with self._held:
            return frames.signals(self.state)

    @property
    def commands(self) -> "pd.DataFrame":
        """The last commands by time: who told the session what, and what came of it."""
        with self._held:
            return frames.commands(self.state)

    @property
    def reconciliation(self) -> Reconciliation:
        """How the venue's books and the session's compare: `status`, `differences`, `quarantine`; as it stands now."""
        with self._held:
            return copy.deepcopy(self.state.health.reconciliation)

    @property
    def pnl(self) -> "pd.DataFrame":
        """A row a UTC day: equity at its start and end, profit, realised, fees."""
        with self._held:
            return frames.pnl(self.state)

    @property
    def equity(self) -> "pd.Series[float]":
        """The last points of the equity curve by time."""
        with self._held:
            return frames.equity(self.state)

    def bars(self, instrument: str | None = None, timeframe: str | None = None) -> "pd.DataFrame":
        """The last closed bars of a series by open time; default: the first instrument, its finest timeframe."""
        with self._held:
            return frames.bars(self.state, instrument, timeframe)


class Past(View):
    """A session as it was after event `seq`."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def state(self) -> State:
        """The whole state as it was."""
        return self._state

    @property
    def seq(self) -> int:
        """The last event in it."""
        return self._state.seq

    def __repr__(self) -> str:
        state, account = self._state, self._state.account
        time = datetime.fromtimestamp(state.time / 1e9, UTC)
        return (
            f"<{state.session.name} as of {time:%Y-%m-%d %H:%M:%S} UTC, #{state.seq:,}, "
            f"equity {account.equity:,.2f} {account.currency}>"
        )
