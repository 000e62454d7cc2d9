"""Blotter: a session's positions, orders, fills, trades, signals and differences as a live notebook widget.

Knows no connection: the session's replica is all it reads.
"""

from typing import Any, ClassVar

import traitlets

from tradekit.widgets.pace import Batch
from tradekit.widgets.pane import PaneWidget, drawn_by
from tradekit.widgets.panes import TABLES, Moment, tables_touched
from tradekit.widgets.table import table_text

__all__ = ["Blotter"]


class Blotter(PaneWidget):
    """`Blotter(session)` as a cell's last line: six live tables, newest on top, in the instrument's precision."""

    _esm = drawn_by("panes")
    PARTS: ClassVar[tuple[str, ...]] = ("first", *TABLES)

    pane = traitlets.Unicode("blotter").tag(sync=True)
    first = traitlets.Unicode("").tag(sync=True)
    positions = traitlets.Unicode("").tag(sync=True)
    positions_since = traitlets.Unicode("").tag(sync=True)
    orders = traitlets.Unicode("").tag(sync=True)
    orders_since = traitlets.Unicode("").tag(sync=True)
    fills = traitlets.Unicode("").tag(sync=True)
    fills_since = traitlets.Unicode("").tag(sync=True)
    trades = traitlets.Unicode("").tag(sync=True)
    trades_since = traitlets.Unicode("").tag(sync=True)
    differences = traitlets.Unicode("").tag(sync=True)
    differences_since = traitlets.Unicode("").tag(sync=True)
    signals = traitlets.Unicode("").tag(sync=True)
    signals_since = traitlets.Unicode("").tag(sync=True)

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        """The tables that changed, and the first line."""
        return {
            "first": moment.first(),
            **{name: moment.table(name) for name in tables_touched(batch.changed)},
        }

    def text(self, moment: Moment) -> str:
        """Mode, name and seq, then each table that has rows."""
        first = moment.first()
        blocks = [f"{first['mode_word']} {first['name']} {first['seq']}"]
        for name in TABLES:
            rows = moment.table(name)["rows"]
            blocks.append(f"{name}\n{table_text(rows)}" if rows else f"{name}: none")
        return "\n".join(blocks)
