"""Positions, Orders and Signals: one of the blotter's tables each, as a live notebook widget.

Knows no connection: the session's replica is all it reads.
"""

from typing import Any, ClassVar

import traitlets

from tradekit.widgets.pace import Batch
from tradekit.widgets.pane import PaneWidget, drawn_by
from tradekit.widgets.panes import Moment, tables_touched
from tradekit.widgets.table import table_text

__all__ = ["Orders", "Positions", "Signals"]


class _Table(PaneWidget):
    """One table; `TABLE` names it in `panes.TABLES`."""

    _esm = drawn_by("panes")
    TABLE: ClassVar[str] = ""

    first = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Int(280).tag(sync=True)

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        """The first line, and the table when it changed."""
        out: dict[str, Any] = {"first": moment.first()}
        if self.TABLE in tables_touched(batch.changed):
            out[self.TABLE] = moment.table(self.TABLE)
        return out

    def text(self, moment: Moment) -> str:
        """Mode, name and seq, then the rows."""
        first, rows = moment.first(), moment.table(self.TABLE)["rows"]
        said = table_text(rows) if rows else f"{self.TABLE}: none"
        return f"{first['mode_word']} {first['name']} {first['seq']}\n{said}"


class Positions(_Table):
    """`Positions(session)`: what is held, what it is worth, and what was closed."""

    TABLE = "positions"

    pane = traitlets.Unicode(TABLE).tag(sync=True)
    positions = traitlets.Unicode("").tag(sync=True)
    positions_since = traitlets.Unicode("").tag(sync=True)


class Orders(_Table):
    """`Orders(session)`: working orders first, then the ended ones; newest on top."""

    TABLE = "orders"

    pane = traitlets.Unicode(TABLE).tag(sync=True)
    orders = traitlets.Unicode("").tag(sync=True)
    orders_since = traitlets.Unicode("").tag(sync=True)


class Signals(_Table):
    """`Signals(session)`: what the strategy says it sees, newest on top."""

    TABLE = "signals"

    pane = traitlets.Unicode(TABLE).tag(sync=True)
    signals = traitlets.Unicode("").tag(sync=True)
    signals_since = traitlets.Unicode("").tag(sync=True)
