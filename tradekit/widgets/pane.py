"""What every notebook widget has: its session (held weakly), its stream, its parts as traits, and its end.

Knows no pane in particular. Traits are written by the flusher's thread alone once the widget is made.
"""

import weakref
from typing import Any, ClassVar

import traitlets

from tradekit.widgets import cells, headline
from tradekit.widgets.flusher import FLUSHER
from tradekit.widgets.lists import Lists
from tradekit.widgets.pace import Batch, Pace
from tradekit.widgets.panes import ALL, Moment, changed_text
from tradekit.widgets.script import script
from tradekit.widgets.source import Session
from tradekit.widgets.stream import Stream
from tradekit.widgets.written import Written

__all__ = ["PaneWidget", "drawn_by"]


def drawn_by(name: str) -> Any:
    """The bundled script `name` as a widget's `_esm`: as text, since anywidget keeps every widget made of a file."""
    return traitlets.Unicode(script(name).read_text(encoding="utf-8")).tag(sync=True)


class PaneWidget(Written):
    """A pane in a notebook: live while no cell runs and while one does.

    session  an attached session; the widget does not keep it alive
    theme    "auto" (as the notebook), "dark" or "light"
    height   pixels
    Running the same cell again closes the widgets that its last run made; `close()` does so at any time. While no page
    shows it (its output was deleted) it watches nothing; one that shows it again wakes it.
    """

    PARTS: ClassVar[tuple[str, ...]] = ()

    pane = traitlets.Unicode().tag(sync=True)
    theme = traitlets.Enum(["auto", "dark", "light"], "auto").tag(sync=True)
    height = traitlets.Int(360).tag(sync=True)
    connection = traitlets.Unicode("").tag(sync=True)
    request = traitlets.Unicode("").tag(sync=True)
    hears = traitlets.Bool(True).tag(
        sync=True
    )  # the page may send it messages: a served page's panes have no such trait

    def __init__(self, session: Session, *, theme: str = "auto", height: int | None = None) -> None:
        options = {} if height is None else {"height": height}
        super().__init__(theme=theme, **options)
        self._session = weakref.ref(session)
        self._name = session.name
        self._lists = Lists()
        self._watching = True
        self._stream = self._watch(session)
        self.flush(Batch(frozenset({ALL}), (), {}))
        FLUSHER.join(self)
        self.on_msg(self._heard)
        cells.adopt(self)

    @property
    def stream(self) -> Stream:
        """The session's changes, collected for this widget."""
        return self._stream

    def flush(self, batch: Batch) -> None:
        """Show what changed, as one message: only parts whose text differs, and of lists only rows that do."""
        self.write(self._moment(batch))

    def beat(self) -> None:
        """Tell the page that the kernel lives, and how long it has been busy with a cell [s]."""
        self.send({"busy": round(cells.busy_s(), 1)})

    def heard(self, message: dict[str, Any]) -> None:
        """The page said something beside what every page says; on a thread that must not be kept."""

    def _heard(self, _: object, message: Any, __: object) -> None:
        said = message.get("op") if isinstance(message, dict) else None
        if said == "left":
            self._rest()
        elif said == "here":
            self._wake()
        elif said is not None:
            self.heard(message)

    def _watch(self, session: Session) -> Stream:
        return Stream(session.replica, FLUSHER.wake, clock=FLUSHER.clock, pace=Pace.of_widgets(1))

    def _rest(self) -> None:
        """No page shows it: watch nothing. A widget that is collected comes here again, wherever that happens."""
        if not self._watching:
            return
        self._watching = False
        FLUSHER.leave(self)
        self._stream.close()

    def _wake(self) -> None:
        """A page shows it: watch again if it rested, and show everything."""
        session = self._session()
        if self._watching or session is None:
            return
        self._watching = True
        self._stream = self._watch(session)
        self._stream.nudge(ALL)
        FLUSHER.join(self)

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
                lag_ms=replica.lag_ms,
                feed_age_s=self._stream.feed_age(),
                ticking=self._stream.ticking,
                scopes=getattr(session, "scopes", None),
                now=FLUSHER.clock.now(),
            )
            return changed_text(
                self._lists.news({"connection": moment.link, **self.parts(moment, batch)}), {}
            )

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        """This pane's parts that a batch may have changed."""
        raise NotImplementedError

    def close(self) -> None:
        """Watch no more and take the widget away; the session goes on."""
        self._rest()
        self.layout.close()  # ipywidgets keeps what was never closed
        super().close()

    def _text(self) -> str:
        session = self._session()
        if session is None:
            return f"{self._name}: the session object is gone; connect again"
        with session.replica.lock:
            moment = Moment(self._name, session.replica.state, status=session.replica.status)
            alarm = session.replica.alarm
            return f"{alarm}\n{self.text(moment)}" if alarm else self.text(moment)

    def text(self, moment: Moment) -> str:
        """The same facts for a terminal; by default which session it is, in which mode, at which event."""
        first = moment.first()
        return f"{first['mode_word']} {first['name']} {first['seq']}"

    def __repr__(self) -> str:
        return self._text()
