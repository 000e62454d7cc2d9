"""A chart that shows itself: in a notebook, as a page of its own, or as a Bokeh layout in an app.

Knows Bokeh layouts, not what they draw. Nothing is asked from the network: BokehJS travels along, packed.
"""

import base64
import functools
import gzip
import html
import json
import re
from pathlib import Path
from typing import Any

from tradekit.core.clock import new_id

__all__ = ["Chart", "packed_stage"]

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

    def item(self) -> dict[str, str]:
        """What a stage (`packed_stage`) draws: {"item": Bokeh's JSON of the layout, as text}; BokehJS is not in it."""
        from bokeh.embed import json_item

        return {"item": json.dumps(json_item(self.layout))}

    def __repr__(self) -> str:
        return f"Chart({self.title!r}); as a cell's last line it draws itself, .save(path) writes a page"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """A frame with the packed page in it (about 0.5 MB), so that each output stands alone."""
        return {
            "text/plain": repr(self),
            "text/html": _FRAME % {"id": new_id(), "page": _packed(self.html()), "height": self._height},
        }


@functools.cache
def packed_stage() -> str:
    """A page that draws the charts it is told, as base64 of its gzip: what a script unpacks into a frame of its own.

    It says {"ready": true} once it can draw; told a message with `item`, `page` (the colour behind) and `number`, it
    draws in place of what stood there and says {"drawn": number}; and it says {"height": px} as that changes. BokehJS
    is loaded once for all of them.
    """
    from bokeh.resources import Resources

    scripts = Resources(mode="inline", components=["bokeh", "bokeh-widgets"], log_level="warn").render()
    return _packed(_STAGE.replace("SCRIPTS", _FILES.sub("", scripts)))


def _packed(page: str) -> str:
    return base64.b64encode(gzip.compress(page.encode(), 6)).decode()


_STAGE = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>chart</title>
<style>body { margin: 0 }</style>
SCRIPTS
</head><body><div id="chart"></div>
<script>
const place = document.getElementById("chart")
let views = null
let before = Promise.resolve()
const draw = async ({ item, page, number }) => {
  views?.clear()
  place.replaceChildren()
  Bokeh.documents.splice(0).forEach((old) => old.clear())
  document.documentElement.style.background = page
  views = await Bokeh.embed.embed_item(JSON.parse(item), place)
  const told = () => window.parent.postMessage({ drawn: number }, "*")
  const [made] = Bokeh.documents
  if (made.is_idle) told()
  else made.idle.connect(told)
}
window.addEventListener("message", ({ source, data }) => {
  if (source === window.parent && data.item) before = before.then(() => draw(data), () => draw(data))
})
new ResizeObserver(() => window.parent.postMessage({ height: place.offsetHeight }, "*")).observe(place)
window.parent.postMessage({ ready: true }, "*")
</script>
</body></html>
"""
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
