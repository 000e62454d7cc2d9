"""The live page: a session's cockpit in a browser, one page a viewer, all fed by one watch on the session.

Starts no session and reaches no broker; without a session it says how to start one.
"""

import asyncio
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import panel as pn
from bokeh.models import CustomJS
from jinja2 import Template

from tradekit.apps.cockpit import Cockpit, Parts, pool
from tradekit.apps.hub import Hub
from tradekit.apps.monitoring import Monitoring
from tradekit.apps.panes import StartPane, monitoring_panes, served_panes
from tradekit.apps.starting import START_LOOK_MS, Start, Starter
from tradekit.apps.wire import send
from tradekit.core.clock import Clock, SystemClock
from tradekit.widgets.diary import Line
from tradekit.widgets.headline import first_line, power
from tradekit.widgets.pace import Batch
from tradekit.widgets.panes import Moment

__all__ = [
    "LOST",
    "PAGES",
    "THEMES",
    "build_page",
    "empty_page",
    "hub_of",
    "list_page",
    "start_page",
    "template",
]

THEMES = ("dark", "light")

PAGES = Path(__file__).parent / "pages"
LOST = """window.dispatchEvent(new Event("tradekit:lost"))  // live.html listens, and the panes
window.dispatchEvent(new CustomEvent("tradekit:cut", {detail: 0}))"""
_HUBS: "weakref.WeakKeyDictionary[Any, Hub]" = weakref.WeakKeyDictionary()
_CLOCK: Clock = SystemClock()


def hub_of(session: Any) -> Hub:
    """The process's one hub on a session, made at its first page; call it on the server's loop."""
    loop = asyncio.get_running_loop()
    hub = _HUBS.get(session)
    if hub is None or hub.loop is not loop:
        hub = _HUBS[session] = Hub(session, loop=loop, clock=_CLOCK, seats_in_all=seats_in_all)
    return hub


def seats_in_all() -> int:
    """How many pages this process serves now."""
    return sum(len(hub) for hub in _HUBS.values())


class _Page:
    """A seat at the hub: one browser session's cockpit and its document.

    Nothing is written between the document's first state and its page's `sit`: what Panel is given while a browser is
    loading may reach neither the document that the browser has pulled nor the browser.
    """

    def __init__(self, session: Any, theme: str, view: str = "") -> None:
        self._session = session
        self._doc: Any = pn.state.curdoc
        self._left = False
        self.cockpit: Cockpit | Monitoring
        if view == "monitoring":
            panes = monitoring_panes(theme)
            self.cockpit = Monitoring(session, panes, nudge=self._nudge, clock=_CLOCK)
        else:
            panes = served_panes(theme)
            self.cockpit = Cockpit(session, panes, nudge=self._nudge, clock=_CLOCK)
        panes["ribbon"].param.watch(lambda change: self._shown(int(change.new)), "shown")

    def loaded(self) -> None:
        """The browser has the page: sit down, once Panel has noted that too."""
        self._doc.add_next_tick_callback(self.sit)

    def sit(self) -> None:
        """Follow the session from now on, unless the browser session ended first."""
        if self._left:
            return
        hub_of(self._session).join(self)
        self.cockpit.sit()

    def leave(self) -> None:
        """Follow it no more. When nobody looks nobody watches; the next page makes another hub."""
        self._left = True
        self.cockpit.close()
        hub = _HUBS.get(self._session)
        if hub is None:
            return
        hub.leave(self)
        if not len(hub):
            hub.close()
            del _HUBS[self._session]

    def _nudge(self, name: str) -> None:
        hub = _HUBS.get(self._session)  # on any thread
        if hub is not None:
            hub.nudge(name)

    def _shown(self, number: int) -> None:
        hub = _HUBS.get(self._session)
        if hub is not None:
            hub.shown(self, number)

    def parts(self, moment: Moment, batch: Batch, entries: list[Line]) -> Parts:
        """The cockpit's parts."""
        return self.cockpit.parts(moment, batch, entries)

    def write(self, parts: Parts, number: int) -> bool:
        """Write them into this page's document; whether they went to a browser, which then says `shown`."""
        return self._write({**parts, "ribbon": {**parts.get("ribbon", {}), "message": number}})

    def beat(self, count: int) -> None:
        """Tell the browser that this server lives."""
        self._write({"ribbon": {"beat": count}})

    def _write(self, parts: Parts) -> bool:
        """Into the document, and at once to its browser while one is connected; whether one is."""
        if self._doc is not None:
            return send(self._doc, lambda: self.cockpit.write(parts))
        self.cockpit.write(parts)
        return False


def build_page(session: Any, *, theme: str = "dark", view: str = "") -> pn.Template:
    """A browser session's page on an attached session; released by itself when the browser session ends.

    view  "monitoring" for how its process is, else the live page
    """
    page, doc = _Page(session, theme, view), pn.state.curdoc
    hub_of(session).show(page)
    file = "monitoring.html" if "vitals" in page.cockpit.panes else "live.html"
    made = template(file, theme=theme, title=session.name)
    for name, pane in page.cockpit.panes.items():
        made.add_panel(name, pane)
    if doc is not None:
        doc.js_on_event("connection_lost", CustomJS(code=LOST))
        pn.state.onload(page.loaded)
    pn.state.on_session_destroyed(lambda _context: page.leave())
    return made


def empty_page(*, theme: str = "dark", problem: str = "") -> pn.Template:
    """The page while no session runs: it says so, how to start one, and looks again by itself."""
    return template("empty.html", theme=theme, title="no session", problem=problem)


def start_page(starter: Starter, *, theme: str = "dark", off: str = "") -> pn.Template:
    """The page while no session runs and one may be started: the configurations, each with a button.

    off  why none may be started from here, "" when they may
    """
    pane, doc = StartPane(theme=theme if theme in THEMES else THEMES[0]), pn.state.curdoc

    def write(parts: dict[str, Any]) -> None:
        if doc is None:
            pane.put(parts)
        else:
            doc.add_next_tick_callback(lambda: pane.put(parts))  # any thread may

    start = Start(starter, tell=write, pool=pool(), off=off)
    pane.put(start.first())
    pane.on_request(start.request)
    if doc is not None:
        doc.add_periodic_callback(start.look, START_LOOK_MS)
    made = template("start.html", theme=theme, title="no session")
    made.add_panel("start", pane)
    return made


def list_page(sessions: Sequence[Any], *, theme: str = "dark") -> pn.Template:
    """The page on which one of several attached sessions is chosen: each with its mode, and whether it may trade."""
    return template("list.html", theme=theme, title="sessions", rows=[_standing(one) for one in sessions])


def _standing(session: Any) -> dict[str, str]:
    """What a list says of a session; of one that has told nothing yet, its name."""
    with session.replica.lock:
        state = session.replica.state
        if not state.seq:
            return {"name": session.name}
        style, word = power(state)
        return {**first_line(session.name, state), "power": style, "power_word": word}


def template(name: str, *, theme: str, title: str, **variables: Any) -> pn.Template:
    """A page of `pages/` in the one frame; `title` is the browser tab's, `variables` are the page's own."""
    if theme not in THEMES:
        theme = THEMES[0]
    made = pn.Template((PAGES / name).read_text(encoding="utf-8"))
    made.add_variable("frame", Template((PAGES / "frame.html").read_text(encoding="utf-8")))
    made.add_variable("theme", theme)
    made.add_variable("page_title", f"{title} - tradekit")
    made.add_variable("style", (PAGES / "page.css").read_text(encoding="utf-8"))
    for key, value in variables.items():
        made.add_variable(key, value)
    return made
