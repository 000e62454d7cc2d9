"""The panes as Panel components: one class a pane, its parts as JSON text, its drawing in the bundled script.

Knows no session; what a part holds comes from `tradekit.widgets`.
"""

from collections.abc import Callable
from typing import Any, ClassVar

import param
from bokeh.embed.bundle import extension_dirs
from panel.custom import AnyWidgetComponent

from tradekit.widgets.lists import Lists
from tradekit.widgets.panes import changed_text
from tradekit.widgets.script import script

__all__ = [
    "BlotterPane",
    "ChartPane",
    "ControlsPane",
    "HeroPane",
    "LogPane",
    "Pane",
    "ParamsPane",
    "RibbonPane",
    "StartPane",
    "VitalsPane",
    "monitoring_panes",
    "served_panes",
]

extension_dirs["tradekit"] = script(
    "panes"
).parent  # served as a static file: a browser loads each script once


class Pane(AnyWidgetComponent):
    """What every pane has: its kind, theme, the connection's state, and the page's last request."""

    _bundle = script("panes")

    pane = param.String(doc="which pane the script draws")
    theme = param.String("dark", doc="dark or light")
    connection = param.String("", doc="JSON: loading, live, stale or error; since when; why")
    request = param.String("", doc="JSON: what the page asks for")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)  # type: ignore[no-untyped-call]  # panel ships no types here
        self._lists = Lists()
        self._written: dict[str, str] = {}

    def put(self, parts: dict[str, Any]) -> None:
        """Write the parts that differ from what the page has, and of lists only the rows that do.

        Parameters are what a page begins with. From then on its models are written, as nobody else writes parts:
        Panel's way from parameter to model takes 2 ms a part.
        """
        texts = changed_text(self._lists.news(parts), self._written)
        self._written |= texts
        if not self._models:
            self.param.update(**texts)
        for model, _ in self._models.values():
            model.data.update(**texts)

    def on_request(self, handler: Callable[[str], object]) -> None:
        """Call `handler` with each request of the page."""
        self.param.watch(lambda change: handler(change.new), "request")


class RibbonPane(Pane):
    """Mode, armed, feed, bridge, seq; and the page's answer that it has shown what it was sent."""

    _priority_changes: ClassVar[list[str]] = ["shown"]  # Panel lets other changes wait for 50 ms
    _busy__ignore: ClassVar[list[str]] = ["shown"]

    pane = param.String("ribbon")
    ribbon = param.String("")
    message = param.String("", doc="the number of the message that this came with")
    shown = param.String("", doc="the number of the last message that stands on the screen")
    beat = param.String("", doc="the server lives: another number each second")


class HeroPane(Pane):
    """Equity, day, unrealised, position with stop and target, drawdown."""

    pane = param.String("hero")
    cells = param.String("")


class ControlsPane(Pane):
    """Arm, halt, cancel all, flatten, kill, and what came of it."""

    pane = param.String("controls")
    allowed = param.String("")
    ack = param.String("")


class ParamsPane(Pane):
    """The strategy's parameters as a form, and what came of a change."""

    pane = param.String("params")
    form = param.String("")
    ack = param.String("")


class BlotterPane(Pane):
    """Positions, orders, fills, trades, signals, differences."""

    pane = param.String("blotter")
    positions = param.String("")
    positions_since = param.String("")
    orders = param.String("")
    orders_since = param.String("")
    fills = param.String("")
    fills_since = param.String("")
    trades = param.String("")
    trades_since = param.String("")
    signals = param.String("")
    signals_since = param.String("")
    differences = param.String("")
    differences_since = param.String("")
    ack = param.String("")


class LogPane(Pane):
    """The last events, those of a subject, the alerts, and the life of an order."""

    pane = param.String("log")
    entries = param.String("")
    entries_since = param.String("")
    found = param.String("")
    found_since = param.String("")
    alerts = param.String("")
    alerts_since = param.String("")
    story = param.String("")


class StartPane(Pane):
    """Which sessions could be started, and what came of starting one."""

    pane = param.String("start")
    configs = param.String("")
    came = param.String("")


class VitalsPane(Pane):
    """How the session's process is."""

    pane = param.String("vitals")
    vitals = param.String("")


class ChartPane(Pane):
    """Candles, volume, fills, order and position lines."""

    _bundle = script("chart")

    pane = param.String("chart")
    bars = param.String("")
    bar = param.String("")
    markers = param.String("")
    markers_since = param.String("")
    lines = param.String("")
    series = param.String("")
    precision = param.String("")


def monitoring_panes(theme: str) -> dict[str, Pane]:
    """A monitoring page's panes by name; each as high as its content."""
    panes: dict[str, Pane] = {"ribbon": RibbonPane(theme=theme), "vitals": VitalsPane(theme=theme)}
    for pane in panes.values():
        pane.sizing_mode = "stretch_width"
    return panes


def served_panes(theme: str) -> dict[str, Pane]:
    """A new page's panes by name; those of a fixed content are as high as it is, the others fill their place."""
    low: dict[str, Pane] = {
        "ribbon": RibbonPane(theme=theme),
        "hero": HeroPane(theme=theme),
        "controls": ControlsPane(theme=theme),
        "params": ParamsPane(theme=theme),
    }
    high: dict[str, Pane] = {
        "chart": ChartPane(theme=theme),
        "blotter": BlotterPane(theme=theme),
        "log": LogPane(theme=theme),
    }
    for pane in low.values():
        pane.sizing_mode = "stretch_width"
    for pane in high.values():
        pane.sizing_mode = "stretch_both"
    return low | high
