"""What every notebook widget has: its session (held weakly), its stream, its parts as traits, and its end.

Knows no pane in particular. Traits are written by the flusher's thread alone once the widget is made.
"""

import weakref
from typing import Any, ClassVar

import anywidget
import traitlets

from tradekit.widgets import cells, headline
from tradekit.widgets.flusher import FLUSHER
from tradekit.widgets.lists import Lists
from tradekit.widgets.pace import Batch, Pace
from tradekit.widgets.panes import ALL, Moment, changed_text
from tradekit.widgets.source import Session
from tradekit.widgets.stream import Stream

__all__ = ["PaneWidget"]


class PaneWidget(anywidget.AnyWidget):
    """A pane in a notebook: live while no cell runs and while one does.

    session  an attached session; the widget does not keep it alive
    theme    "auto" (as the notebook), "dark" or "light"
    height   pixels
    Running the same cell again closes the widgets that its last run made; `close()` does so at any time.
    """

    PARTS: ClassVar[tuple[str, ...]] = ()

    pane = traitlets.Unicode().tag(sync=True)
    theme = traitlets.Enum(["auto", "dark", "light"], "auto").tag(sync=True)
    height = traitlets.Int(360).tag(sync=True)
    connection = traitlets.Unicode("").tag(sync=True)
    request = traitlets.Unicode("").tag(sync=True)

    def __init__(self, session: Session, *, theme: str = "auto", height: int | None = None) -> None:
        options = {} if height is None else {"height": height}
        super().__init__(theme=theme, **options)
        self._session = weakref.ref(session)
        self._name = session.name
        self._lists = Lists()
        self._stream = Stream(session.replica, FLUSHER.wake, clock=FLUSHER.clock, pace=Pace.of_widgets(1))
        self.flush(Batch(frozenset({ALL}), (), {}))
        FLUSHER.join(self)
        cells.adopt(self)

    @property
    def stream(self) -> Stream:
        """The session's changes, collected for this widget."""
        return self._stream

    def flush(self, batch: Batch) -> None:
        """Show what changed: only parts whose text differs are sent, and of lists only rows that do."""
        for name, text in self._moment(batch).items():
            setattr(self, name, text)

    def beat(self) -> None:
        """Tell the page that the kernel lives."""
        self.send({})

    def _moment(self, batch: Batch) -> dict[str, str]:
        session = self._session()
        if session is None:
            gone = headline.link("stale", seq=1, age_s=0, problem="the session object is gone; connect again")
            return changed_text({"connection": gone}, {})
        replica = session.replica
        age = FLUSHER.clock.monotonic() - replica.status_since
        with replica.lock:
            moment = Moment(
                self._name,
                replica.state,
                status=replica.status,
                status_age_s=age,
                problem=replica.problem,
                alarm=replica.alarm,
            )
            return changed_text(
                self._lists.news({"connection": moment.link, **self.parts(moment, batch)}), {}
            )

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        """This pane's parts that a batch may have changed."""
        raise NotImplementedError

    def close(self) -> None:
        """Watch no more and take the widget away; the session goes on."""
        FLUSHER.leave(self)
        self._stream.close()
        super().close()

    def _text(self) -> str:
        session = self._session()
        if session is None:
            return f"{self._name}: the session object is gone; connect again"
        with session.replica.lock:
            moment = Moment(self._name, session.replica.state, status=session.replica.status)
            return self.text(moment)

    def text(self, moment: Moment) -> str:
        """The same facts for a terminal."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return self._text()
