"""The cockpit inside a notebook: the same panes in a column, written by the widgets' flusher, busy cell or not.

Knows no server; leaving the notebook or running the cell again releases it.
"""

from typing import Any

import panel as pn

from tradekit.apps.cockpit import Cockpit, Parts
from tradekit.apps.hub import moment_of
from tradekit.widgets import cells, diary
from tradekit.widgets.flusher import FLUSHER
from tradekit.widgets.pace import Batch
from tradekit.widgets.panes import ALL
from tradekit.widgets.stream import Stream

__all__ = ["InlineCockpit", "show_inline"]

_HEIGHTS = {"chart": 420, "blotter": 240}


class InlineCockpit(pn.Column):
    """A viewable column of the cockpit's panes on one attached session; live until `close`."""

    def __init__(self, session: Any, *, theme: str = "dark") -> None:
        self._session = session
        self._stream = Stream(session.replica, FLUSHER.wake, clock=FLUSHER.clock, period=0.05)
        self._cockpit = Cockpit(
            session, theme=theme, nudge=self._stream.nudge, clock=FLUSHER.clock, page=False
        )
        panes = self._cockpit.panes
        for name, height in _HEIGHTS.items():
            panes[name].param.update(sizing_mode="stretch_width", height=height)
        panes["log"].param.update(sizing_mode="stretch_width", height=sum(_HEIGHTS.values()) - 96)
        with session.replica.lock:
            self._entries = diary.past(session.replica.state)
        self._cockpit.write(self._parts(Batch(frozenset({ALL}), (), {})))
        left = pn.Column(panes["hero"], panes["chart"], panes["blotter"], sizing_mode="stretch_width")
        right = pn.Column(panes["controls"], panes["log"], width=300)
        row = pn.Row(left, right, sizing_mode="stretch_width")
        super().__init__(panes["ribbon"], row, sizing_mode="stretch_width")
        FLUSHER.join(self)
        cells.adopt(self)

    @property
    def stream(self) -> Stream:
        """The session's changes, collected for this view."""
        return self._stream

    def flush(self, batch: Batch) -> None:
        """Show what changed; called on the flusher's thread alone."""
        self._entries = diary.recent(batch.events, self._entries)
        self._cockpit.write(self._parts(batch))

    def _parts(self, batch: Batch) -> Parts:
        with self._session.replica.lock:
            moment = moment_of(self._session, self._stream, FLUSHER.clock)
            return self._cockpit.parts(moment, batch, self._entries)

    def close(self) -> None:
        """Watch no more; the session goes on."""
        FLUSHER.leave(self)
        self._stream.close()


def show_inline(session: Any, *, theme: str = "dark") -> InlineCockpit:
    """What `session.dashboard()` shows in a notebook cell; loads Panel into the notebook without a network."""
    if not pn.extension._loaded:
        pn.extension(inline=True)
    return InlineCockpit(session, theme=theme)
