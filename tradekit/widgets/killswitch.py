"""KillSwitch: halt and kill as a notebook widget that needs no kernel, over the page's own line to the session.

Knows no socket: the page's script opens it with a ticket.
"""

import traitlets

from tradekit.widgets.control import ControlWidget

__all__ = ["KillSwitch"]


class KillSwitch(ControlWidget):
    """`KillSwitch(session)`: Halt at once, Kill after the session's name was typed; also while a cell runs."""

    pane = traitlets.Unicode("kill").tag(sync=True)
    height = traitlets.Int(0).tag(sync=True)  # as high as what it says
