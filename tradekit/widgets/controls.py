"""Controls: arm, disarm, halt, cancel, flatten, kill and the strategy's parameters, as a live notebook widget.

Knows no socket. The kernel serves what gives risk (arm, parameters); what takes it away goes by the page's own line.
"""

import json
import weakref
from typing import Any

import traitlets

from tradekit.widgets.commands import Commands
from tradekit.widgets.control import ControlWidget
from tradekit.widgets.flusher import FLUSHER
from tradekit.widgets.pace import Batch
from tradekit.widgets.panes import Moment, touches
from tradekit.widgets.pool import POOL
from tradekit.widgets.source import Session
from tradekit.widgets.tuning import Declared, changes

__all__ = ["Controls"]

_DECLARED = "declared"


class Controls(ControlWidget):
    """`Controls(session)`: each control says what it will do, and what came of it."""

    pane = traitlets.Unicode("steering").tag(sync=True)
    height = traitlets.Int(400).tag(sync=True)
    form = traitlets.Unicode("").tag(sync=True)
    tuned = traitlets.Unicode("").tag(sync=True)  # the acknowledgement of a change of parameters

    def __init__(self, session: Session, *, theme: str = "auto", height: int | None = None) -> None:
        mine = weakref.proxy(session)
        self._declared = Declared(mine, told=lambda: self.stream.nudge(_DECLARED), pool=POOL)
        self._tuning = Commands(mine, told=self._tell, clock=FLUSHER.clock, pool=POOL, read=changes)
        super().__init__(session, theme=theme, height=height)

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        """What the buttons may do, the parameters' form, and what came of the last command and the last change."""
        out = {**super().parts(moment, batch), "tuned": self._tuning.ack}
        if touches("params", batch.changed) or _DECLARED in batch.changed:
            out["form"] = self._declared.part(moment)
        return out

    def _asked_for(self, change: Any) -> None:
        if json.loads(change["new"]).get("name") == "set_param":
            self._tuning.request(change["new"])
        else:
            super()._asked_for(change)
