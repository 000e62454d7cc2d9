"""The cockpit's panes as one: what a flush changes in each, and how that is written.

Knows no server and no notebook: `hub` and `inline` decide when and on which thread it is asked.
"""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from tradekit.core.clock import Clock
from tradekit.widgets.candles import Plot
from tradekit.widgets.commands import Commands, verdict
from tradekit.widgets.diary import Line
from tradekit.widgets.lives import Life
from tradekit.widgets.pace import Batch
from tradekit.widgets.panes import Moment, tables_touched, touches
from tradekit.widgets.search import Search
from tradekit.widgets.studies import Studies
from tradekit.widgets.tuning import Declared, changes

__all__ = ["Cockpit", "Face", "Parts", "pool"]

Parts = dict[str, dict[str, Any]]  # by pane, then by part
_RIBBON_S = 1.0  # ticks alone refresh the ribbon's ages no more often than this
_POOL = ThreadPoolExecutor(max_workers=8, thread_name_prefix="tradekit-commands")


def pool() -> ThreadPoolExecutor:
    """The workers of this process's pages: what waits for a session waits there."""
    return _POOL


class Face(Protocol):
    """A pane as the cockpit sees it, in a page or in a notebook."""

    def put(self, parts: dict[str, Any]) -> None:
        """Send the parts that differ from what is shown."""

    def on_request(self, handler: Callable[[str], object]) -> None:
        """Call `handler` with each request of the pane (JSON text)."""


class Cockpit:
    """One viewer's panes on one session.

    panes  ribbon, hero, controls, params, chart, blotter and log
    nudge  asks whoever drives this cockpit for a flush in which a name changed; any thread may call it
    """

    def __init__(
        self,
        session: Any,
        panes: Mapping[str, Face],
        *,
        nudge: Callable[[str], object],
        clock: Clock,
        page: bool = True,
    ) -> None:
        self.panes = dict(panes)
        self._page = page
        self._clock = clock
        self._nudge = nudge
        self._plot = Plot()
        self._ribbon_at = float("-inf")
        self._told: list[Line] = []
        self._commands = Commands(session, told=lambda: nudge("ack"), clock=clock, pool=_POOL)
        self._tuning = Commands(session, told=lambda: nudge("ack"), clock=clock, pool=_POOL, read=changes)
        self._verdicts = Commands(session, told=lambda: nudge("ack"), clock=clock, pool=_POOL, read=verdict)
        self._declared = Declared(session, told=lambda: nudge("declared"), pool=_POOL)
        self._studies = Studies(session, told=lambda: nudge("series"), pool=_POOL)
        self._life = Life(session, told=lambda: nudge("story"), pool=_POOL)
        self._search = Search(session, told=lambda: nudge("found"), pool=_POOL)
        self.panes["controls"].on_request(self._commands.request)
        self.panes["params"].on_request(self._tuning.request)
        self.panes["chart"].on_request(self._choose)
        self.panes["blotter"].on_request(self._row)
        self.panes["log"].on_request(self._look)

    def parts(self, moment: Moment, batch: Batch, entries: list[Line]) -> Parts:
        """What a flush may have changed, by pane. Ask while the replica's lock is held; writes nothing."""
        changed = batch.changed
        out: Parts = {
            "controls": {"ack": self._commands.ack},
            "params": {"ack": self._tuning.ack},
            "chart": {},
            "log": {"story": self._life.story, "found": self._search.found},
        }
        if changed or self._clock.monotonic() - self._ribbon_at >= _RIBBON_S:
            self._ribbon_at = self._clock.monotonic()
            out["ribbon"] = {"ribbon": {**moment.ribbon(), "page": self._page}}
        if touches("hero", changed):
            out["hero"] = {"cells": moment.hero()}
        if touches("controls", changed):
            out["controls"]["allowed"] = moment.controls()
        if touches("params", changed) or "declared" in changed:
            out["params"]["form"] = self._declared.part(moment)
        whole = touches("marks", changed) or "series" in changed
        self._studies.look(moment.state, live=moment.link["state"] == "live")
        self._plot.study(self._studies.rows)
        if whole or touches("chart", changed):
            out["chart"] |= self._plot.parts(moment.state, whole=whole)
        out["chart"] |= self._plot.tick(moment.state, batch.ticks)
        out["blotter"] = {name: moment.table(name) for name in tables_touched(changed)}
        out["blotter"]["ack"] = self._verdicts.ack
        if touches("log", changed) or entries is not self._told:
            self._told = entries
            out["log"]["entries"] = {"rows": entries}
        if touches("alerts", changed):
            out["log"]["alerts"] = moment.alerts()
        if not {"orders", "*"}.isdisjoint(changed):
            self._life.follow(moment.state)
        if touches("connection", changed):
            for pane in self.panes:
                out.setdefault(pane, {})["connection"] = moment.link
        return out

    def write(self, parts: Parts) -> None:
        """Send each pane the parts that differ; on the thread and in the document that own the panes."""
        for pane, values in parts.items():
            self.panes[pane].put(values)

    def sit(self) -> None:
        """The page is shown: nothing more is needed than to be asked for parts."""

    def close(self) -> None:
        """Nobody looks any more."""
        self._search.close()

    def _row(self, text: str) -> None:
        wish = json.loads(text)
        if "order" in wish:
            self._life.ask(str(wish["order"]))
        else:
            self._verdicts.request(text)

    def _look(self, text: str) -> None:
        wish = json.loads(text)
        if "order" in wish:
            self._life.ask(str(wish["order"]))
        elif wish.get("older"):
            self._search.older()
        else:
            self._search.ask(str(wish.get("subject", "")).strip())

    def _choose(self, text: str) -> None:
        wish = json.loads(text)
        self._plot.choose(instrument=wish.get("instrument"), timeframe=wish.get("timeframe"))
        self._nudge("series")
