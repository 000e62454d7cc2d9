"""A chart that shows itself: in a notebook, as a page of its own, or as a Bokeh layout in an app.

Knows Bokeh layouts, not what they draw. Nothing is asked from the network: BokehJS travels along, packed.
"""

import base64
import gzip
import html
import re
from pathlib import Path
from typing import Any

from tradekit.core.clock import new_id

__all__ = ["Chart"]

_FILES = re.compile(
    r"<script[^>]*\bsrc=[^>]*></script>"
)  # of extensions that another package adds; none is needed


class Chart:
    """A Bokeh layout with its own ways to be shown.

    layout  for `bokeh.io.show`, `pn.pane.Bokeh` and the like
    page    colour behind the layout; height of the layout [px]
    """

    def __init__(self, layout: Any, *, title: str, page: str, height: int) -> None:
        self.layout = layout
        self.title = title
        self._page, self._height = page, height

    def html(self, template: str | None = None, **parts: str) -> str:
        """The whole page, BokehJS included (2 to 4 MB); needs no network.

        template  blocks of a Jinja template that extends Bokeh's page; `parts` are HTML for its variables
        """
        from bokeh.embed import file_html
        from bokeh.resources import INLINE

        title = html.escape(self.title)
        page = (
            file_html(self.layout, INLINE, title)
            if template is None
            else file_html(self.layout, INLINE, title, template=template, template_variables=parts)
        )
        page = _FILES.sub("", page)
        return page.replace("<head>", f"<head><style>html {{ background: {self._page} }}</style>", 1)

    def save(self, path: "str | Path") -> Path:
        """Write the page and return its path; the folder must exist."""
        target = Path(path)
        target.write_text(self.html(), encoding="utf-8")
        return target

    def __repr__(self) -> str:
        return f"Chart({self.title!r}); as a cell's last line it draws itself, .save(path) writes a page"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """A frame with the packed page in it (about 0.5 MB), so that each output stands alone."""
        packed = base64.b64encode(gzip.compress(self.html().encode(), 6)).decode()
        return {
            "text/plain": repr(self),
            "text/html": _FRAME % {"id": new_id(), "page": packed, "height": self._height},
        }


_FRAME = """\
<iframe id="chart-%(id)s" title="chart" sandbox="allow-scripts allow-downloads"
 style="width:100%%;height:%(height)dpx;border:0"></iframe>
<script>
(async () => {
  const frame = document.getElementById("chart-%(id)s")
  const packed = Uint8Array.from(atob("%(page)s"), (letter) => letter.charCodeAt(0))
  const page = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))
  frame.srcdoc = await new Response(page).text()
})()
</script>
"""
