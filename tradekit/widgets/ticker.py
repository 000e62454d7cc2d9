"""Ticker: the last price of each instrument of a session, as a live notebook widget.

Knows no connection: the session's replica and its display ticks are all it reads.
"""

from typing import Any

import traitlets

from tradekit.widgets.pace import Batch
from tradekit.widgets.pane import PaneWidget, drawn_by
from tradekit.widgets.panes import ALL, Moment
from tradekit.widgets.prices import Prices
from tradekit.widgets.source import Session
from tradekit.widgets.table import table_text

__all__ = ["Ticker"]

_TOUCHED = frozenset({"marks", "bars", "instruments", ALL})


class Ticker(PaneWidget):
    """`Ticker(session)`: last price, change since the day began (UTC), bid and ask, and when that was."""

    _esm = drawn_by("panes")

    pane = traitlets.Unicode("ticker").tag(sync=True)
    height = traitlets.Int(160).tag(sync=True)
    first = traitlets.Unicode("").tag(sync=True)
    prices = traitlets.Unicode("").tag(sync=True)
    prices_since = traitlets.Unicode("").tag(sync=True)

    def __init__(self, session: Session, *, theme: str = "auto", height: int | None = None) -> None:
        self._prices = Prices()
        super().__init__(session, theme=theme, height=height)

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        """The prices when one moved."""
        out: dict[str, Any] = {"first": moment.first()}
        self._prices.tick(batch.ticks)
        if batch.ticks or not _TOUCHED.isdisjoint(batch.changed):
            out["prices"] = self._prices.rows(moment.state)
        return out

    def text(self, moment: Moment) -> str:
        """Mode, name and seq, then the prices."""
        first, rows = moment.first(), self._prices.rows(moment.state)["rows"]
        said = table_text(rows) if rows else "no instrument yet"
        return f"{first['mode_word']} {first['name']} {first['seq']}\n{said}"
