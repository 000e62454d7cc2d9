"""Several runs on one time axis: the return of each since its start, a line a run.

Knows curves by name, no run. Lines differ in colour and in dash; a click on a name takes its line away.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool, Range1d
from bokeh.models.annotations import Legend, LegendItem, Span

from tradekit.report.embed import Chart
from tradekit.report.pane import add_crosshair, new_pane, tooltip
from tradekit.report.tokens import DARK, FACE, LIGHT

__all__ = ["COLOURS", "overlay"]

_HEIGHT = 300  # of the frame [px]
COLOURS = {  # distinct for a colour-blind eye, readable on the page
    "dark": ("#4c8dff", "#f2b134", "#2fbf9f", "#d58cf0", "#ff8a65", "#9fb0c3"),
    "light": ("#2463eb", "#b26a00", "#0f7a6d", "#8e3fb5", "#c4452f", "#5b6675"),
}
_DASHES = ("solid", "dashed", "dotted", "dotdash", "dashdot", [8, 2])


def overlay(curves: Sequence[tuple[str, Any, Any]], *, dark: bool = False) -> Chart:
    """The chart; a notebook shows it by itself, `.save(path)` writes a page.

    curves  name, times (UTC ms, ascending) and equity of each; at least one
    """
    look = DARK if dark else LIGHT
    colours = COLOURS["dark" if dark else "light"]
    drawn = [(name, np.asarray(ts, float), np.asarray(equity, float)) for name, ts, equity in curves]
    first, last = min(ts[0] for _, ts, _ in drawn), max(ts[-1] for _, ts, _ in drawn)
    room = max((last - first) * 0.01, 1.0)
    whole = (first - room, last + room)
    x_range = Range1d(start=whole[0], end=whole[1], bounds=whole)
    pane = new_pane("returns", x_range, look, height=_HEIGHT, percent=True)
    pane.xaxis.visible = True
    items, low, high = [], 0.0, 0.0
    for n, (name, ts, equity) in enumerate(drawn):
        gain = equity / equity[0] - 1.0 if equity[0] else np.zeros(len(equity))
        low, high = min(low, float(gain.min())), max(high, float(gain.max()))
        source = ColumnDataSource({"x": ts, "gain": gain, "name": [name] * len(ts)})
        line = pane.line(
            "x", "gain", source=source, line_width=1.8, line_color=colours[n % len(colours)],
            line_dash=_DASHES[n % len(_DASHES)], name=name,
        )  # fmt: skip
        words = tooltip(look, "@name", "@gain{+0.00 %}", "@x{%F %H:%M} UTC")
        pane.add_tools(HoverTool(renderers=[line], tooltips=words, formatters={"@x": "datetime"}))
        items.append(LegendItem(label=name, renderers=[line]))  # type: ignore[list-item]  # a list of lines is one of glyphs
    margin = (high - low) * 0.06 or 0.01
    pane.y_range.update(start=low - margin, end=high + margin)
    pane.add_layout(Span(location=0, dimension="width", line_color=look.muted))
    pane.add_layout(
        Legend(
            items=items, click_policy="hide", orientation="horizontal", location="left", ncols=2,
            background_fill_color=look.panel, border_line_color=None, label_text_color=look.text,
            label_text_font=FACE, label_text_font_size="12px", inactive_fill_color=look.page,
        ),
        "above",
    )  # fmt: skip
    add_crosshair([pane], look)
    return Chart(
        pane, title="runs compared", page=look.page, height=_HEIGHT + 40 + 28 * ((len(drawn) + 1) // 2)
    )
