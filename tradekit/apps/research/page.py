"""The research page as a Panel page: one pane, one desk a viewer, released with the browser session.

Knows no project: which bars, strategies and configurations there are is handed in.
"""

from collections.abc import Callable
from typing import Any

import panel as pn
import param
from bokeh.models import CustomJS

from tradekit.apps.cockpit import pool
from tradekit.apps.live import LOST, THEMES, template
from tradekit.apps.panes import Pane
from tradekit.apps.research.asking import Asked
from tradekit.apps.research.bench import NEEDS, Bench
from tradekit.apps.research.desk import Desk, Parts
from tradekit.apps.research.project import Project
from tradekit.apps.research.promotion import Promotion
from tradekit.report.embed import packed_stage
from tradekit.run.aside import Aside
from tradekit.widgets.script import script

__all__ = ["PARTS", "ResearchPane", "new_desk", "research_page"]

PARTS = (
    "stage", "offers", "form", "strategy", "data", "work", "runs", "result", "chart", "why", "compare", "overlay",
    "map", "promotion", "came", "said",
)  # fmt: skip


class ResearchPane(Pane):
    """The form, the runs, what came of them, the sweep's map."""

    _bundle = script("research")

    pane = param.String("research")
    stage = param.String("", doc="the page that draws charts, packed")
    offers = param.String("")
    form = param.String("")
    strategy = param.String("")
    data = param.String("")
    work = param.String("")
    runs = param.String("")
    result = param.String("")
    chart = param.String("")
    why = param.String("")
    compare = param.String("")
    overlay = param.String("")
    map = param.String("")
    promotion = param.String("")
    came = param.String("")
    said = param.String("")


def new_desk(project: Project, *, tell: Callable[[Parts], object], dark: bool, off: str = "") -> Desk:
    """A viewer's desk, whose work is done in processes of this machine.

    off  why nothing may be promoted from here, "" when it may
    """
    bench = Bench(project.offers.root)

    def make(heard: Callable[[str, Any], object]) -> Asked:
        return Aside(bench, heard, needs=NEEDS)

    promotion = Promotion(project.writer, pool=pool(), off=off)
    return Desk(project.offers, make=make, promotion=promotion, tell=tell, dark=dark)


def research_page(project: Project, *, theme: str = "dark", off: str = "") -> pn.Template:
    """A browser session's page; its processes end with the browser session."""
    theme = theme if theme in THEMES else THEMES[0]
    pane, doc = ResearchPane(theme=theme), pn.state.curdoc
    pane.sizing_mode = "stretch_width"

    def tell(parts: Parts) -> None:
        if doc is None:
            pane.put(parts)
        elif doc.session_context is not None:
            doc.add_next_tick_callback(lambda: pane.put(parts))  # any thread may

    desk = new_desk(project, tell=tell, dark=theme == "dark", off=off)
    pane.put({"stage": packed_stage(), **desk.first()})
    pane.on_request(desk.request)
    if doc is not None:
        doc.js_on_event("connection_lost", CustomJS(code=LOST))
    pn.state.on_session_destroyed(lambda _context: desk.close())
    page = template("research.html", theme=theme, title="research")
    page.add_panel("research", pane)
    return page
