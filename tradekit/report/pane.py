"""One pane of a chart: its axes, grid, crosshair and line of numbers, in the house's colours.

Knows neither prices nor equity; panes given the same time range move together.
"""

from bokeh.models import (
    BasicTicker,
    CrosshairTool,
    CustomJSTickFormatter,
    DatetimeTickFormatter,
    Range1d,
    WheelZoomTool,
)
from bokeh.models.annotations import Label, Span
from bokeh.plotting import figure

from tradekit.report.tokens import FACE, Look

__all__ = ["add_crosshair", "add_label", "new_pane", "tooltip"]

_NUMBERS = """
const scaled = ticks.map((one) => Number((percent ? one * 100 : one).toPrecision(12)))
const digits = Math.max(...scaled.map((one) => (String(one).split(".")[1] ?? "").length))
const text = scaled[index].toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits })
return text.replace("-", "\u2212") + (percent ? " %" : "")
"""
LEFT, RIGHT, PADDING = 8, 84, 12  # room beside the panes [px], the same in each, so that they stand in line


def new_pane(name: str, x_range: Range1d, look: Look, *, height: int, percent: bool = False) -> figure:
    """An empty pane, as wide as it may be; `height` is its frame's [px]; fractions read as `percent`."""
    zoom = WheelZoomTool(dimensions="width", modifiers={"ctrl": True})  # a bare wheel scrolls the page
    pane = figure(
        name=name, x_axis_type="datetime", x_range=x_range, y_axis_location="right",
        y_range=Range1d(), sizing_mode="stretch_width", frame_height=height,
        min_border_left=LEFT, min_border_right=RIGHT, min_border_top=4, min_border_bottom=4,
        tools=["xbox_zoom", "xpan", zoom, "reset", "save"], active_drag="xbox_zoom", active_scroll=zoom,
        background_fill_color=look.panel, border_fill_color=look.panel, outline_line_color=look.line,
        stylesheets=[".bk-events:focus, .bk-events:focus-visible { outline: none; }"],
    )  # fmt: skip
    pane.grid.grid_line_color = look.line
    pane.grid.grid_line_alpha = 0.6
    for axis in pane.axis:
        axis.axis_line_color = axis.major_tick_line_color = look.line
        axis.minor_tick_line_color = None
        axis.major_label_text_color = look.muted
        axis.major_label_text_font, axis.major_label_text_font_size = FACE, "11px"
    pane.yaxis.ticker = BasicTicker(desired_num_ticks=max(3, height // 45))
    pane.yaxis.formatter = CustomJSTickFormatter(args={"percent": percent}, code=_NUMBERS)
    pane.xaxis.formatter = _times()
    pane.xaxis.visible = False
    return pane


def add_label(pane: figure, name: str, y: int, look: Look, *, muted: bool = False) -> Label:
    """A line of text inside a pane, at its left edge, `y` px above its foot."""
    label = Label(
        name=name, x=8, y=y, x_units="screen", y_units="screen", text="", text_font=FACE, text_font_size="12px",
        text_color=look.muted if muted else look.text, background_fill_color=look.panel, background_fill_alpha=0.8,
    )  # fmt: skip
    pane.add_layout(label)
    return label


def add_crosshair(panes: list[figure], look: Look) -> None:
    """One upright line through all panes, and a level line in the one under the pointer."""
    upright = Span(dimension="height", line_color=look.muted, line_dash="dotted")
    for pane in panes:
        level = Span(dimension="width", line_color=look.muted, line_dash="dotted")
        pane.add_tools(CrosshairTool(overlay=(upright, level)))


def tooltip(look: Look, *lines: str) -> str:
    """What hovering shows: lines of text (with @columns, which Bokeh escapes), the first strong, the last muted."""
    box = f"margin:-5px;padding:8px 10px;background:{look.panel};color:{look.text};font:12px/1.5 {FACE}"
    first, *middle, last = lines
    between = "".join(f"<div>{line}</div>" for line in middle)
    return (
        f'<div style="{box}"><div style="font-weight:600">{first}</div>{between}'
        f'<div style="color:{look.muted}">{last}</div></div>'
    )


def _times() -> DatetimeTickFormatter:
    """Times (UTC) as short as they are clear; the first of a day says the day, the first of a year the year."""
    context = DatetimeTickFormatter(
        seconds="%d %b",
        minsec="%d %b",
        minutes="%d %b",
        hourmin="%d %b",
        hours="%d %b",
        days="%Y",
        months="",
        years="",
    )
    return DatetimeTickFormatter(
        seconds="%H:%M:%S", minsec="%H:%M:%S", minutes="%H:%M", hourmin="%H:%M", hours="%H:%M", days="%d %b",
        months="%b %Y", years="%Y", context=context, context_which="start",
    )  # fmt: skip
