"""When a session's process, its feeds and its link to the venue were up, from the facts that say so.

A process that ended without a word was up until its last event. Knows no clock: times are the facts' own.
"""

from tradekit.core.event import Event
from tradekit.model.market import FeedEnded, FeedStarted
from tradekit.model.reconciliation import LinkChanged
from tradekit.model.session import SessionClosed, SessionOpened
from tradekit.report.day import Uptime, uptime
from tradekit.state.shape import State

__all__ = ["Uptimes"]

_PROCESS, _LINK = "session", "link to the venue"


class Uptimes:
    """Spans by name, over a whole record; `before` is called ahead of an event's fold, `take` after it."""

    def __init__(self) -> None:
        self._spans: dict[str, list[tuple[int, int]]] = {_PROCESS: []}
        self._up: dict[str, int] = {}  # since when
        self._missing: dict[str, int] = {}  # bars of each series when the day began

    def begin_day(self, state: State) -> None:
        """A day begins: bars that are missing count from here."""
        self._missing = {key: series.missing for key, series in state.health.series.items()}

    def before(self, state: State, event: Event) -> None:
        """A process that begins while one is up takes the place of one that ended without a word."""
        if isinstance(event.data, SessionOpened):
            self._all_down(state.time)

    def take(self, state: State, event: Event) -> None:
        """Note what has come up or gone."""
        data, ts = event.data, state.time  # which never goes back, so no two spans overlap
        if isinstance(data, SessionOpened):
            self._up[_PROCESS] = ts
            self._up |= {name: ts for name, feed in state.health.feeds.items() if feed.status == "running"}
            if state.health.link.status == "up":
                self._up[_LINK] = ts
        elif isinstance(data, SessionClosed):
            self._all_down(ts)
        elif isinstance(data, FeedStarted):
            self._up.setdefault(data.feed, ts)
            self._spans.setdefault(data.feed, [])
        elif isinstance(data, FeedEnded):
            self._down(data.feed, ts)
        elif isinstance(data, LinkChanged):
            if _LINK not in self._spans and not data.up:  # it was there from the start, and nothing said so
                self._up[_LINK] = self._up.get(_PROCESS, ts)
            self._spans.setdefault(_LINK, [])
            if data.up:
                self._up.setdefault(_LINK, ts)
            else:
                self._down(_LINK, ts)

    def of(self, state: State, begins: int, ends: int) -> list[Uptime]:
        """How long each was up between two moments [UTC ns], and the bars that were missing in the day."""
        until = max(state.time, begins)
        within = [(begins, ends)] if ends > begins else []
        found = []
        for name, known in self._spans.items():
            spans = [*known, (self._up[name], max(until, ends))] if name in self._up else known
            found.append(uptime(name, spans, within))
        for key, series in state.health.series.items():
            missing = series.missing - self._missing.get(key, 0)
            if missing > 0:
                found.append(Uptime(f"bars of {key.replace('.', ' ')}", 0.0, 0.0, 0, missing))
        return found

    def _down(self, name: str, ts: int) -> None:
        since = self._up.pop(name, None)
        if since is not None:
            self._spans.setdefault(name, []).append((since, max(ts, since)))

    def _all_down(self, ts: int) -> None:
        for name in list(self._up):
            self._down(name, ts)
