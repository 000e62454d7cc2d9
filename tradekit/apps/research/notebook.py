"""The research page as a notebook cell's output: the same pane and desk, its processes end when the cell runs again.

Knows no project: what is offered is handed in. Clicks are heard while no cell runs; what runs goes on meanwhile.
"""

from tradekit.apps.inline import NotebookPane
from tradekit.apps.research.page import PARTS, new_desk
from tradekit.apps.research.project import Project
from tradekit.report.embed import packed_stage
from tradekit.widgets import cells
from tradekit.widgets.pane import drawn_by

__all__ = ["ResearchWidget"]


class ResearchWidget(NotebookPane):
    """The research page on a project; live until `close`.

    theme  "auto" (as the notebook), "dark" or "light"
    """

    _esm = drawn_by("research")

    def __init__(self, project: Project, *, theme: str = "auto") -> None:
        super().__init__("research", *PARTS, theme=theme)
        self._desk = new_desk(project, tell=self.put, dark=theme != "light")
        self.put({"stage": packed_stage(), **self._desk.first()})
        self.on_request(self._desk.request)
        cells.adopt(self)

    def close(self) -> None:
        """End its processes and take it away."""
        self._desk.close()
        self.layout.close()  # ipywidgets keeps what was never closed
        super().close()

    def __repr__(self) -> str:
        return "the research page; as a cell's last line it shows itself"
