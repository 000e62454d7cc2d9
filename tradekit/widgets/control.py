"""What the widgets with buttons share: commands off the kernel's thread, and a line of the page's own for the stops.

Knows no button in particular. Nothing is ever sent because a cell ran: only what a page asks for.
"""

import json
import weakref
from typing import Any

import traitlets

from tradekit.widgets.commands import Commands
from tradekit.widgets.flusher import FLUSHER
from tradekit.widgets.line import PageLine
from tradekit.widgets.pace import STATUS, Batch
from tradekit.widgets.pane import PaneWidget, drawn_by
from tradekit.widgets.panes import Moment, touches
from tradekit.widgets.pool import POOL
from tradekit.widgets.source import Session

__all__ = ["ControlWidget"]


class ControlWidget(PaneWidget):
    """Commands by the kernel (a callback, which waits for a busy cell) and, for the stops, by the page's own line."""

    _esm = drawn_by("panes")

    first = traitlets.Unicode("").tag(sync=True)
    allowed = traitlets.Unicode("").tag(sync=True)
    ack = traitlets.Unicode("").tag(sync=True)
    line = traitlets.Unicode("").tag(sync=True)  # where the session listens

    def __init__(self, session: Session, *, theme: str = "auto", height: int | None = None) -> None:
        self._line = PageLine(session, told=self._tell, clock=FLUSHER.clock, pool=POOL)
        self._commands = Commands(weakref.proxy(session), told=self._tell, clock=FLUSHER.clock, pool=POOL)
        super().__init__(session, theme=theme, height=height)
        self.observe(self._asked_for, "request")

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        """What the buttons may do, and what came of the last one."""
        out: dict[str, Any] = {"first": moment.first(), "ack": self._commands.ack}
        if touches("controls", batch.changed):
            out["allowed"] = moment.controls()
        if STATUS in batch.changed or not self.line:
            out["line"] = {"uri": self._line.address}
        return out

    def flush(self, batch: Batch) -> None:
        """Show what changed, and hand the page a ticket that has come."""
        super().flush(batch)
        message = self._line.take()
        if message is not None:
            self.send(message)

    def beat(self) -> None:
        """Tell the page that the kernel lives, and have a ticket ready for one that lost its line meanwhile."""
        super().beat()
        self._line.keep_fresh()

    def heard(self, message: dict[str, Any]) -> None:
        """The page wants a ticket."""
        if message.get("op") == "ticket":
            self._line.ask()

    def _asked_for(self, change: Any) -> None:
        if "name" in json.loads(change["new"]):
            self._commands.request(change["new"])

    def _tell(self) -> None:
        self.stream.nudge("ack")

    def text(self, moment: Moment) -> str:
        """Mode, name and seq, and whether orders go out."""
        first, may = moment.first(), moment.controls()
        power = next((word for word in ("killed", "halted", "armed") if may[word]), "disarmed")
        counts = f"{may['working']} orders working, {may['held']} positions open"
        return f"{first['mode_word']} {first['name']} {first['seq']}: {power}, {counts}"
