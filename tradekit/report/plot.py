"""The chart of a run: price with its fills, equity and drawdown below, on one time axis.

Knows frames, no engine. A long history is drawn in longer bars, and in finer ones as the view is narrowed.
"""

from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
from bokeh.events import DoubleTap, MouseLeave, MouseMove
from bokeh.layouts import column, gridplot
from bokeh.models import ColumnDataSource, CustomJS, HoverTool, Range1d
from bokeh.models.annotations import Span
from bokeh.models.widgets import Div

from tradekit.model.instrument import duration
from tradekit.report.embed import Chart
from tradekit.report.pane import PADDING, add_crosshair, add_label, new_pane, tooltip
from tradekit.report.tokens import DARK, FACE, LIGHT, Look
from tradekit.report.zoom import Level, curve_at, fill_columns, levels, timeframe_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["plot"]

_HEIGHTS = {"price": 360, "equity": 110, "drawdown": 80}  # of the panes' frames [px]
_HEIGHT = sum(_HEIGHTS.values()) + 180  # of the whole, with titles, toolbar and time axis [px]
_MARK = ("x", "y", "marker", "colour", "head", "detail", "foot")


def plot(
    bars: "pd.DataFrame",
    fills: "pd.DataFrame",
    equity: "pd.DataFrame",
    *,
    title: str,
    width: int = 1000,
    dark: bool = False,
) -> Chart:
    """The chart of a run; a notebook shows it by itself, `.save(path)` writes a page, `.layout` is Bokeh's.

    bars    index open time (UTC), columns open, high, low, close, as from `load_bars`
    fills   index time (UTC), columns instrument, side, qty, price, fee, realised, as in `Result.fills`; those of
            another instrument than the bars' are left out
    equity  index open time (UTC), columns equity, drawdown, as in `Result.equity`
    width   of the whole where there is room for it [px]; a narrower cell or page makes it narrower
    """
    look = DARK if dark else LIGHT
    name = bars.attrs.get("instrument")
    mine = fills if name is None else fills[fills["instrument"] == name]
    made = _Panes(levels(bars), look, digits=_digits(bars))
    made.draw_price()
    made.draw_equity()
    made.connect(mine, equity, own=duration(timeframe_of(bars)))
    layout = made.layout(title, _subtitle(bars, len(mine), made.levels[0]), width=width)
    return Chart(layout, title=title, page=look.page, height=_HEIGHT)


class _Panes:
    """The three panes while they are being put together.

    shown, curve, marks  what a view shows; `plot_view.js` fills them in the browser and tells nobody
    """

    def __init__(self, levels: list[Level], look: Look, *, digits: int) -> None:
        self.levels, self.look, self.digits = levels, look, digits
        coarse = levels[-1]
        first, last = coarse.columns["x"][[0, -1]].tolist()
        margin = max(coarse.length / 2e6, (last - first) * 0.01)
        whole = (first - margin, last + margin)
        least = 5 * levels[0].length / 1e6
        self.x_range = Range1d(start=whole[0], end=whole[1], bounds=whole, min_interval=least)
        self.shown = ColumnDataSource(_opening_view(coarse, look), name=coarse.timeframe, syncable=False)
        self.curve = _empty("x", "equity", "drawdown")
        self.marks = _empty(*_MARK)
        self.marks.name = "marks"
        self.panes = {
            name: new_pane(name, self.x_range, look, height=height, percent=name == "drawdown")
            for name, height in _HEIGHTS.items()
        }
        self.panes["drawdown"].xaxis.visible = True
        places = {"price": _HEIGHTS["price"] - 24, "equity": _HEIGHTS["equity"] - 22, "drawdown": 5}
        self.lines = {
            name: add_label(self.panes[name], f"{name} line", y, look) for name, y in places.items()
        }
        self.note = add_label(self.panes["price"], "note", 6, look, muted=True)

    def draw_price(self) -> None:
        """Candles, hollow when they rise; marks at the fills' prices."""
        pane, look = self.panes["price"], self.look
        pane.segment("x", "high", "x", "low", source=self.shown, line_color="edge")
        pane.vbar("x", "width", "open", "close", source=self.shown, fill_color="body", line_color="edge")
        marks = pane.scatter(
            "x", "y", marker="marker", source=self.marks, size=10, fill_color="colour", line_color=None,
        )  # fmt: skip
        words = tooltip(look, "@head", "@detail", "@foot")
        pane.add_tools(HoverTool(renderers=[marks], tooltips=words, show_arrow=False))

    def draw_equity(self) -> None:
        """The curve, and below it how far it is under its highest point."""
        look, equity, drawdown = self.look, self.panes["equity"], self.panes["drawdown"]
        equity.line("x", "equity", source=self.curve, line_color=look.accent, line_width=1.6)
        drawdown.varea("x", 0, "drawdown", source=self.curve, fill_color=look.down, fill_alpha=0.18)
        drawdown.line("x", "drawdown", source=self.curve, line_color=look.down, line_width=1.2)
        drawdown.add_layout(Span(location=0, dimension="width", line_color=look.muted))

    def connect(self, fills: "pd.DataFrame", equity: "pd.DataFrame", *, own: int) -> None:
        """Hand the whole history to the browser; `own` is the length of the bars [ns]."""
        look = self.look
        executions, rules = _executions(fills, own)
        view = _script(
            "plot_view.js", x_range=self.x_range, panes=self.panes, digits=self.digits, own=own / 1e6,
            levels=[_source(level.columns) for level in self.levels],
            lengths=[level.length / 1e6 for level in self.levels],
            timeframes=[level.timeframe for level in self.levels],
            fills=executions, rules=rules, curve=_source(curve_at(equity, self.levels[0].length)),
            shown=self.shown, shown_curve=self.curve, marks=self.marks, note=self.note,
            colours={"up": look.up, "down": look.down, "panel": look.panel},
        )  # fmt: skip
        self.panes["price"].js_on_change("inner_width", view)
        for edge in ("start", "end"):
            self.x_range.js_on_change(edge, view)
        readout = _script(
            "plot_readout.js", shown=self.shown, shown_curve=self.curve, digits=self.digits, **self.lines
        )
        self.curve.js_on_change("data", readout)
        whole = CustomJS(args={"range": self.x_range}, code="range.reset()")
        for pane in self.panes.values():
            pane.js_on_event(MouseMove, readout)
            pane.js_on_event(MouseLeave, readout)
            pane.js_on_event(DoubleTap, whole)
        add_crosshair(list(self.panes.values()), look)

    def layout(self, title: str, subtitle: str, *, width: int) -> Any:
        """Title, panes and one toolbar."""
        look = self.look
        face: dict[str, str | None] = {"font-family": FACE, "line-height": "1.5"}
        strong = {**face, "color": look.text, "font-size": "15px", "font-weight": "600"}
        quiet = {**face, "color": look.muted, "font-size": "12px"}
        return column(
            Div(text=title, render_as_text=True, styles=strong),
            Div(text=subtitle, render_as_text=True, styles=quiet),
            gridplot(
                [[pane] for pane in self.panes.values()],
                toolbar_location="above",
                toolbar_options={"logo": None, "autohide": True},
                sizing_mode="stretch_width",
            ),
            sizing_mode="stretch_width",
            max_width=width,
            styles={"background": look.panel, "padding": f"{PADDING}px", "border-radius": "6px"},
        )


def _opening_view(level: Level, look: Look) -> dict[str, Any]:
    """What is shown before the browser has chosen: the coarsest bars, whole."""
    rising = level.columns["close"] >= level.columns["open"]
    return {
        **level.columns,
        "edge": np.where(rising, look.up, look.down).tolist(),
        "body": np.where(rising, look.panel, look.down).tolist(),
        "width": np.full(len(level), level.length / 1e6 * 0.7),
    }


def _executions(fills: "pd.DataFrame", length: int) -> tuple[ColumnDataSource, list[str]]:
    """The fills for the browser, and the rules that their column `rule` counts into."""
    columns = fill_columns(fills, length)
    if "rule" not in fills:
        return _source(columns), []
    rules, numbers = np.unique(fills["rule"].to_numpy(str), return_inverse=True)
    return _source({**columns, "rule": numbers.astype(np.int16)}), rules.tolist()


def _source(columns: Mapping[str, Any]) -> ColumnDataSource:
    return ColumnDataSource(dict(columns))


def _empty(*names: str) -> ColumnDataSource:
    return ColumnDataSource({name: [] for name in names}, syncable=False)


def _script(name: str, **args: Any) -> CustomJS:
    return CustomJS(args=args, code=(files("tradekit.report") / name).read_text(encoding="utf-8"))


def _digits(bars: "pd.DataFrame") -> int:
    """Digits of a price: the instrument's tick where it is known, else by size."""
    tick = bars.attrs.get("spec", {}).get("tick")
    if tick is not None:
        return len(str(tick).partition(".")[2])
    last = abs(float(bars["close"].iloc[-1]))
    return 2 if last >= 50 else 4 if last >= 1 else 6


def _subtitle(bars: "pd.DataFrame", fills: int, finest: Level) -> str:
    start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in (bars.index[0], bars.index[-1]))
    own = timeframe_of(bars)
    least = "" if own == finest.timeframe else f", drawn down to {finest.timeframe}"
    marks = (
        "\N{BLACK UP-POINTING TRIANGLE} bought  \N{BLACK DOWN-POINTING TRIANGLE} sold"
        if fills
        else "no fills"
    )
    words = [f"{start} to {end} UTC", f"{len(bars):,} bars of {own}{least}", marks]
    return "  \N{MIDDLE DOT}  ".join([*words, "drag to zoom in, double click for all"])
