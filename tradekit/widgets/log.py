"""Log: a session's last events, its alerts and its past by subject, as a live notebook widget.

Knows no connection: the session answers what the page looks for.
"""

import json
import weakref
from typing import Any

import traitlets

from tradekit.widgets import diary
from tradekit.widgets.lives import Life
from tradekit.widgets.pace import Batch
from tradekit.widgets.pane import PaneWidget, drawn_by
from tradekit.widgets.panes import ALL, Moment, touches
from tradekit.widgets.pool import POOL
from tradekit.widgets.search import Search
from tradekit.widgets.source import Session

__all__ = ["Log"]


class Log(PaneWidget):
    """`Log(session)`: each event in words as it happens, newest on top; a filter by subject reads the journal."""

    _esm = drawn_by("panes")

    pane = traitlets.Unicode("log").tag(sync=True)
    first = traitlets.Unicode("").tag(sync=True)
    entries = traitlets.Unicode("").tag(sync=True)
    entries_since = traitlets.Unicode("").tag(sync=True)
    alerts = traitlets.Unicode("").tag(sync=True)
    alerts_since = traitlets.Unicode("").tag(sync=True)
    found = traitlets.Unicode("").tag(sync=True)
    found_since = traitlets.Unicode("").tag(sync=True)
    story = traitlets.Unicode("").tag(sync=True)

    def __init__(self, session: Session, *, theme: str = "auto", height: int | None = None) -> None:
        self._entries: list[diary.Line] = []
        self._search = Search(weakref.proxy(session), told=self._told, pool=POOL)
        self._life = Life(weakref.proxy(session), told=self._told, pool=POOL)
        super().__init__(session, theme=theme, height=height)
        self.observe(self._looked, "request")

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        """New events on top of the last ones, alerts, and what the page looks for."""
        before = self._entries
        if ALL in batch.changed:  # a fresh snapshot: ours may be another story
            self._entries = diary.past(moment.state)
        self._entries = diary.recent(batch.events, self._entries, moment.state.instruments)
        out = {"first": moment.first(), "found": self._search.found, "story": self._life.story}
        if self._entries is not before:
            out["entries"] = {"rows": self._entries}
        if touches("alerts", batch.changed):
            out["alerts"] = moment.alerts()
        if not {"orders", ALL}.isdisjoint(batch.changed):
            self._life.follow(moment.state)
        return out

    def close(self) -> None:
        """Watch no more and take the widget away; the session goes on."""
        self._search.close()
        super().close()

    def _looked(self, change: Any) -> None:
        """The page looks for a subject, for what is older, or at an order."""
        wish = json.loads(change["new"])
        if "order" in wish:
            self._life.ask(str(wish["order"]))
        elif wish.get("older"):
            self._search.older()
        elif "subject" in wish:
            self._search.ask(str(wish["subject"]).strip())

    def _told(self) -> None:
        self.stream.nudge("found")

    def text(self, moment: Moment) -> str:
        """Mode, name and seq, then the last events."""
        first = moment.first()
        lines = [f"#{line['seq']:,} {line['text']}" for line in self._entries[:10]]
        return "\n".join(
            [f"{first['mode_word']} {first['name']} {first['seq']}", *(lines or ["no event yet"])]
        )
