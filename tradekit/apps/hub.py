"""One watch on a session for all pages of a server: changes come on its thread, leave on the server's loop.

Knows no pane: a seat makes its parts and writes them. One seat's failure is its own.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Protocol

from tradekit.core.clock import Clock
from tradekit.widgets import diary
from tradekit.widgets.pace import Batch, period_for
from tradekit.widgets.panes import ALL, Moment
from tradekit.widgets.source import Session
from tradekit.widgets.stream import Stream

__all__ = ["BEAT_S", "Hub", "Seat", "moment_of"]

BEAT_S = 1.0  # a page that misses five calls itself stale (ribbon.js)

_log = logging.getLogger(__name__)


class Seat(Protocol):
    """A page at the hub."""

    def parts(self, moment: Moment, batch: Batch, entries: list[diary.Line]) -> Any:
        """What to write; asked under the replica's lock."""

    def write(self, parts: Any) -> object:
        """Write it into the page's document; asked on the loop, without the lock."""

    def beat(self, count: int) -> object:
        """Tell the page that its server lives; asked on the loop each `BEAT_S`."""


def moment_of(session: Session, stream: Stream, clock: Clock) -> Moment:
    """The session's state and connection now; ask, and use it, under the replica's lock."""
    replica = session.replica
    return Moment(
        session.name,
        replica.state,
        status=replica.status,
        status_age_s=clock.monotonic() - replica.status_since,
        problem=replica.problem,
        alarm=replica.alarm,
        lag_ms=replica.lag_ms,
        feed_age_s=stream.feed_age(),
        ticking=stream.ticking,
    )


class Hub:
    """Fans one session out to its seats. Everything but the wake-up happens on `loop`.

    seats_in_all  how many seats the process has, hubs together: the pace falls as it grows
    """

    def __init__(
        self,
        session: Session,
        *,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        seats_in_all: Callable[[], int],
    ) -> None:
        self.session = session
        self.loop = loop
        self._clock = clock
        self._seats_in_all = seats_in_all
        self._seats: dict[int, Seat] = {}
        self._woken = False
        self._timer: asyncio.TimerHandle | None = None
        self._stream = Stream(session.replica, self._wake, clock=clock, period=period_for(1))
        with session.replica.lock:
            self._entries = diary.past(session.replica.state)
        self._beats = 0
        self._beating = loop.call_later(BEAT_S, self._beat)

    def __len__(self) -> int:
        return len(self._seats)

    def join(self, seat: Seat) -> None:
        """Serve `seat` from now on; it gets everything there is at once."""
        self._seats[id(seat)] = seat
        self.show(seat)

    def show(self, seat: Seat) -> None:
        """Give `seat` everything there is, once."""
        everything = Batch(frozenset({ALL}), (), {})
        with self.session.replica.lock:
            parts = seat.parts(moment_of(self.session, self._stream, self._clock), everything, self._entries)
        seat.write(parts)

    def leave(self, seat: Seat) -> None:
        """Forget `seat`."""
        self._seats.pop(id(seat), None)

    def nudge(self, name: str) -> None:
        """Ask for a flush as if `name` had changed; any thread may."""
        self._stream.nudge(name)

    def close(self) -> None:
        """Watch no more."""
        self._stream.close()
        self._beating.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._seats.clear()

    def _beat(self) -> None:
        self._beats += 1
        for seat in list(self._seats.values()):
            try:
                seat.beat(self._beats)
            except Exception:
                _log.exception("a page could not be told that its server lives; the others go on")
        self._beating = self.loop.call_later(BEAT_S, self._beat)

    def _wake(self) -> None:
        """On any thread: have the loop look, once however often this is called meanwhile."""
        if not self._woken and not self.loop.is_closed():
            self._woken = True
            self.loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        self._woken = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._stream.set_period(period_for(self._seats_in_all()))
        now = self._clock.monotonic()
        batch = self._stream.take(now)
        if batch is not None:
            self._flush(batch)
        due = self._stream.due()
        if due is not None:
            self._timer = self.loop.call_later(max(0.0, due - now), self._look)

    def _flush(self, batch: Batch) -> None:
        replica = self.session.replica
        made: list[tuple[Seat, Any]] = []
        with replica.lock:
            self._entries = diary.recent(batch.events, self._entries, replica.state.instruments)
            if (
                ALL in batch.changed and not batch.events
            ):  # a fresh snapshot: what we told may be another story
                self._entries = diary.past(replica.state)
            moment = moment_of(self.session, self._stream, self._clock)
            for seat in list(self._seats.values()):
                try:
                    made.append((seat, seat.parts(moment, batch, self._entries)))
                except Exception:
                    _log.exception("a page's parts could not be made; the others go on")
        for seat, parts in made:
            try:
                seat.write(parts)
            except Exception:
                _log.exception("a page could not be written; the others go on")
