"""Chart: a session's candles with fills, orders, stop and target as a live notebook widget.

Knows no connection: the session's replica is all it reads.
"""

import json
import weakref
from typing import Any, ClassVar

import traitlets

from tradekit.widgets.candles import Plot
from tradekit.widgets.pace import STATUS, Batch
from tradekit.widgets.pane import PaneWidget, drawn_by
from tradekit.widgets.panes import Moment, touches
from tradekit.widgets.pool import POOL
from tradekit.widgets.source import Session
from tradekit.widgets.studies import Studies

__all__ = ["Chart"]


class Chart(PaneWidget):
    """`Chart(session, "BTCUSDT", "15m")`: live candles of one series with the strategy's indicators on it."""

    _esm = drawn_by("chart")
    PARTS: ClassVar[tuple[str, ...]] = ("first", "bars", "bar", "markers", "lines", "series", "precision")

    pane = traitlets.Unicode("chart").tag(sync=True)
    first = traitlets.Unicode("").tag(sync=True)
    bars = traitlets.Unicode("").tag(sync=True)
    bar = traitlets.Unicode("").tag(sync=True)
    markers = traitlets.Unicode("").tag(sync=True)
    markers_since = traitlets.Unicode("").tag(sync=True)
    lines = traitlets.Unicode("").tag(sync=True)
    series = traitlets.Unicode("").tag(sync=True)
    precision = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        session: Session,
        instrument: str = "",
        timeframe: str = "",
        *,
        theme: str = "auto",
        height: int | None = 420,
    ) -> None:
        self._plot = Plot(instrument, timeframe)
        self._studies = Studies(weakref.proxy(session), told=lambda: self.stream.nudge(STATUS), pool=POOL)
        super().__init__(session, theme=theme, height=height)
        self.observe(self._asked, "request")

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        """Bars that moved, and markers and lines when an order or a fill did."""
        out: dict[str, Any] = {"first": moment.first()}
        self._studies.look(moment.state, live=moment.link["state"] == "live")
        self._plot.study(self._studies.rows)
        whole = touches("marks", batch.changed) or STATUS in batch.changed
        if whole or touches("chart", batch.changed):
            out |= self._plot.parts(moment.state, whole=whole)
        return out | self._plot.tick(moment.state, batch.ticks)

    def _asked(self, change: Any) -> None:
        """The page chose another series: note it down; the flusher's thread shows it."""
        wish = json.loads(change["new"])
        if not {"instrument", "timeframe"} & wish.keys():
            return
        self._plot.choose(instrument=wish.get("instrument"), timeframe=wish.get("timeframe"))
        self.stream.nudge(STATUS)

    def text(self, moment: Moment) -> str:
        """Mode, name and seq, and the last closed bar."""
        first, plot = moment.first(), self._plot
        rows = moment.state.bars.get(plot.instrument, {}).get(plot.timeframe, [])
        what = f"{first['mode_word']} {first['name']} {first['seq']}  {plot.instrument} {plot.timeframe}"
        if not rows:
            return f"{what}: no bar yet"
        last = rows[-1]
        prices = f"O {last.open} H {last.high} L {last.low} C {last.close} V {last.volume}"
        return f"{what}: {len(rows)} bars, last {prices}"
