"""Session: all of a session in one notebook widget: ribbon, numbers, chart, tables, log, controls, parameters.

Knows no pane of its own: it is the other widgets' parts in one model, so that one flush tells one moment to all.
"""

import json
import weakref
from typing import Any

import traitlets

from tradekit.widgets.blotter import Blotter
from tradekit.widgets.chart import Chart
from tradekit.widgets.commands import Commands, verdict
from tradekit.widgets.controls import Controls
from tradekit.widgets.flusher import FLUSHER
from tradekit.widgets.log import Log
from tradekit.widgets.pace import Batch
from tradekit.widgets.pane import drawn_by
from tradekit.widgets.panes import Moment
from tradekit.widgets.pnl import PnL
from tradekit.widgets.pool import POOL
from tradekit.widgets.source import Session as Source

__all__ = ["Session"]

_RIBBON_S = 1.0  # ticks alone refresh the ribbon's ages no more often than this


class Session(Chart, Blotter, PnL, Log, Controls):
    """`Session(session)`: what `session.dashboard()` shows, as one compact widget of 480 pixels."""

    _esm = drawn_by("session")
    KINDS = (Chart, Blotter, PnL, Log, Controls)

    pane = traitlets.Unicode("session").tag(sync=True)
    height = traitlets.Int(480).tag(sync=True)
    ribbon = traitlets.Unicode("").tag(sync=True)
    resolved = traitlets.Unicode("").tag(sync=True)  # the acknowledgement of a verdict on a difference

    def __init__(
        self,
        session: Source,
        instrument: str = "",
        timeframe: str = "",
        *,
        theme: str = "auto",
        height: int | None = None,
    ) -> None:
        self._ribbon_at = float("-inf")
        self._verdicts = Commands(
            weakref.proxy(session), told=self._tell, clock=FLUSHER.clock, pool=POOL, read=verdict
        )
        super().__init__(session, instrument, timeframe, theme=theme, height=height)

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        """What a flush may have changed in any of them."""
        out: dict[str, Any] = {"resolved": self._verdicts.ack}
        for kind in self.KINDS:
            out |= kind.parts(self, moment, batch)
        now = FLUSHER.clock.monotonic()
        if batch.changed or now - self._ribbon_at >= _RIBBON_S:
            self._ribbon_at = now
            out["ribbon"] = {**moment.ribbon(), "page": False}
        return out

    def _asked_for(self, change: Any) -> None:
        if json.loads(change["new"]).get("name") == "resolve":
            self._verdicts.request(change["new"])
        else:
            super()._asked_for(change)

    def text(self, moment: Moment) -> str:
        """The numbers, then each table that has rows."""
        return f"{PnL.text(self, moment)}\n\n{Blotter.text(self, moment)}"
