"""A map of one statistic over two parameters: a cell a combination, coloured by its value.

Knows a frame of cells, no sweep and no strategy.
"""

from typing import TYPE_CHECKING

import numpy as np
from bokeh.models import (
    BasicTicker,
    ColumnDataSource,
    CustomJS,
    FactorRange,
    HoverTool,
    LinearColorMapper,
    TapTool,
)
from bokeh.models.annotations import ColorBar, Title
from bokeh.palettes import Cividis256
from bokeh.plotting import figure

from tradekit.report.embed import Chart
from tradekit.report.pane import tooltip
from tradekit.report.tokens import DARK, FACE, LIGHT

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["heatmap"]

_HEIGHT = 420  # of the frame [px]
_TELL = """
const [at] = cb_data.source.inspected.indices
if (at !== undefined) window.parent.postMessage({ cell: [cells.data.x[at], cells.data.y[at]] }, "*")
"""


def heatmap(
    cells: "pd.DataFrame", x: str, y: str | None, *, title: str, dark: bool = False, tells: bool = False
) -> Chart:
    """The map; a notebook shows it by itself, `.save(path)` writes a page.

    cells  columns x, y (left out for a single row) and "value"; a value that is nan stays blank. Parameters stand in
           their order, each as wide as the next, whatever lies between them.
    tells  whether a click on a cell is told to the page that has this one in a frame, as a message
           {"cell": [x, y]} of the two values as text
    """
    look = DARK if dark else LIGHT
    across = [str(one) for one in dict.fromkeys(cells[x])]
    up = [""] if y is None else [str(one) for one in sorted(dict.fromkeys(cells[y]), key=_order)]
    shown = cells[np.isfinite(cells["value"].astype(float))]
    values = shown["value"].astype(float).to_numpy()
    rows = [""] * len(shown) if y is None else [str(one) for one in shown[y]]
    source = ColumnDataSource({"x": [str(one) for one in shown[x]], "y": rows, "value": values})
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    colours = LinearColorMapper(palette=Cividis256, low=low, high=high)
    heading = Title(text=title, text_color=look.text, text_font=FACE)
    pane = figure(
        x_range=FactorRange(factors=across), y_range=FactorRange(factors=up), title=heading,
        sizing_mode="stretch_width", frame_height=_HEIGHT,
        tools=["save"], toolbar_location="right", background_fill_color=look.panel,
        border_fill_color=look.panel, outline_line_color=look.line,
    )  # fmt: skip
    pane.rect(
        "x", "y", width=1, height=1, source=source, line_color=None,
        fill_color={"field": "value", "transform": colours},
    )  # fmt: skip
    pane.grid.grid_line_color = None
    pane.xaxis.axis_label, pane.yaxis.axis_label = x, y or ""
    for axis in pane.axis:
        axis.axis_line_color = axis.major_tick_line_color = look.line
        axis.major_label_text_color = axis.axis_label_text_color = look.muted
        axis.major_label_text_font = axis.axis_label_text_font = FACE
    bar = ColorBar(
        color_mapper=colours, ticker=BasicTicker(), background_fill_color=look.panel,
        major_label_text_color=look.muted, major_label_text_font=FACE, border_line_color=None,
    )  # fmt: skip
    pane.add_layout(bar, "right")
    if tells:
        told = CustomJS(args={"cells": source}, code=_TELL)
        pane.add_tools(TapTool(callback=told, behavior="inspect"))
    lines = [f"{x} @x"] if y is None else [f"{x} @x", f"{y} @y"]
    pane.add_tools(HoverTool(tooltips=tooltip(look, "@value{0,0.0000}", *lines), attachment="horizontal"))
    return Chart(pane, title=title, page=look.page, height=_HEIGHT + 120)


def _order(value: object) -> tuple[bool, float, str]:
    """Numbers by size before everything else by its text."""
    is_number = isinstance(value, int | float)
    return (not is_number, float(value) if isinstance(value, int | float) else 0.0, str(value))
