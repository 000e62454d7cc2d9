"""The cockpit inside a notebook: the same panes as widgets, written by the widgets' flusher, busy cell or not.

Knows no server and no Panel: a notebook's page is told by one thread, and says nothing back but requests.
"""

from collections.abc import Callable
from typing import Any

import traitlets
from ipywidgets import HBox, Layout, VBox, Widget

from tradekit.apps.cockpit import Cockpit, Parts
from tradekit.apps.hub import moment_of
from tradekit.widgets import cells, diary
from tradekit.widgets.chart import Chart
from tradekit.widgets.flusher import FLUSHER
from tradekit.widgets.lists import Lists, with_news
from tradekit.widgets.pace import Batch, Pace
from tradekit.widgets.pane import drawn_by
from tradekit.widgets.panes import ALL, TABLES, changed_text
from tradekit.widgets.stream import Stream
from tradekit.widgets.written import Written

__all__ = ["InlineCockpit", "NotebookPane", "show_inline"]

_CHART, _BLOTTER, _LOG = 420, 240, 400  # heights [px]; the log ends about where the blotter does
_SIDE, _GAP = "300px", "4px"


class NotebookPane(Written):
    """One pane of the cockpit: its parts as JSON text, its drawing in the bundled script."""

    _esm = drawn_by("panes")

    pane = traitlets.Unicode().tag(sync=True)
    theme = traitlets.Enum(["auto", "dark", "light"], "auto").tag(sync=True)
    height = traitlets.Int(0).tag(sync=True)
    connection = traitlets.Unicode("").tag(sync=True)
    request = traitlets.Unicode("").tag(sync=True)
    hears = traitlets.Bool(False).tag(sync=True)  # its page says when it shows this pane and when no more

    def __init__(
        self,
        pane: str,
        *parts: str,
        theme: str,
        height: int = 0,
        seen: Callable[[bool], object] | None = None,
    ) -> None:
        self._lists = Lists()
        self.add_traits(**{name: traitlets.Unicode("").tag(sync=True) for name in with_news(parts)})
        super().__init__(pane=pane, theme=theme, height=height, hears=seen is not None)
        if seen is not None:
            self.on_msg(lambda _, message, __: _look(message, seen))

    def put(self, parts: dict[str, Any]) -> None:
        """Send the parts that differ from what is shown, of lists only the rows that do, all as one message."""
        with self.hold_sync():
            self.write(changed_text(self._lists.news(parts), {}))

    def on_request(self, handler: Callable[[str], object]) -> None:
        """Call `handler` with each request of the pane."""
        self.observe(lambda change: handler(change["new"]), "request")


def _look(message: Any, seen: Callable[[bool], object]) -> None:
    said = message.get("op") if isinstance(message, dict) else None
    if said in ("here", "left"):
        seen(said == "here")


class _ChartPane(NotebookPane):
    _esm = drawn_by("chart")


class InlineCockpit(VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """The cockpit on one attached session; live until `close`, and while a page shows it.

    theme  "auto" (as the notebook), "dark" or "light"
    """

    def __init__(self, session: Any, *, theme: str = "auto") -> None:
        self._session = session
        self._watching = True
        self._stream = self._watch()
        panes = self._panes = {
            "ribbon": NotebookPane("ribbon", "ribbon", theme=theme, seen=self._seen),
            "hero": NotebookPane("hero", "cells", theme=theme),
            "controls": NotebookPane("controls", "allowed", "ack", theme=theme),
            "params": NotebookPane("params", "form", "ack", theme=theme),
            "chart": _ChartPane("chart", *Chart.PARTS, theme=theme, height=_CHART),
            "blotter": NotebookPane("blotter", *TABLES, "ack", theme=theme, height=_BLOTTER),
            "log": NotebookPane("log", "entries", "found", "alerts", "story", theme=theme, height=_LOG),
        }
        self._cockpit = Cockpit(session, panes, nudge=self._nudge, clock=FLUSHER.clock, page=False)
        self._entries = self._past()
        self._cockpit.write(self._parts(Batch(frozenset({ALL}), (), {})))
        super().__init__([panes["ribbon"], _columns(panes)], layout=_layout())
        FLUSHER.join(self)
        cells.adopt(self)

    @property
    def stream(self) -> Stream:
        """The session's changes, collected for this view."""
        return self._stream

    def flush(self, batch: Batch) -> None:
        """Show what changed; called on the flusher's thread alone."""
        if ALL in batch.changed:  # a fresh snapshot, or a page after a rest: ours may be another story
            self._entries = self._past()
        self._entries = diary.recent(batch.events, self._entries, self._session.replica.state.instruments)
        self._cockpit.write(self._parts(batch))

    def beat(self) -> None:
        """Tell the page that the kernel lives."""
        for pane in self._panes.values():
            pane.send({})

    def _parts(self, batch: Batch) -> Parts:
        with self._session.replica.lock:
            moment = moment_of(self._session, self._stream, FLUSHER.clock)
            return self._cockpit.parts(moment, batch, self._entries)

    def _past(self) -> list[diary.Line]:
        with self._session.replica.lock:
            return diary.past(self._session.replica.state)

    def _watch(self) -> Stream:
        return Stream(self._session.replica, FLUSHER.wake, clock=FLUSHER.clock, pace=Pace.of_widgets(1))

    def _nudge(self, name: str) -> None:
        self._stream.nudge(name)

    def _seen(self, shown: bool) -> None:
        """A page shows it: show everything, if it rested. None does any more: watch nothing."""
        if shown is self._watching:
            return
        self._watching = shown
        if shown:
            self._stream = self._watch()
            self._stream.nudge(ALL)
            FLUSHER.join(self)
        else:
            FLUSHER.leave(self)
            self._stream.close()

    def close(self) -> None:
        """Watch no more and take the panes away; the session goes on."""
        self._seen(False)
        self._cockpit.close()
        _close(self)

    def __repr__(self) -> str:
        return f"the cockpit of {self._session!r}"


def _close(box: Widget) -> None:
    """Close a widget with all that lies in it: ipywidgets keeps what was never closed."""
    for child in getattr(box, "children", ()):
        _close(child)
    box.layout.close()
    Widget.close(box)


def _columns(panes: dict[str, NotebookPane]) -> HBox:
    """What happens on the left, what to do about it on the right."""
    left = VBox(
        [panes["hero"], panes["chart"], panes["blotter"]],
        layout=_layout(flex="1 1 0", min_width="0"),
    )
    right = VBox([panes["controls"], panes["params"], panes["log"]], layout=_layout(flex=f"0 0 {_SIDE}"))
    return HBox([left, right], layout=_layout())


def _layout(**options: str) -> Layout:
    return Layout(overflow="visible", grid_gap=_GAP, **options)


def show_inline(session: Any, *, theme: str = "auto") -> InlineCockpit:
    """What `session.dashboard()` shows in a notebook cell; asks nothing from the network."""
    return InlineCockpit(session, theme=theme)
