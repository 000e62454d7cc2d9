"""One watch on a session for all pages of a server: changes come on its thread, leave on the server's loop.

A page has one message under way at most; what changes meanwhile goes together once it has shown that. Knows no pane: a
seat makes its parts and writes them. One seat's failure is its own.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from tradekit.core.clock import Clock
from tradekit.widgets import diary
from tradekit.widgets.pace import Batch, Pace, Turn
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

    def write(self, parts: Any, number: int) -> bool:
        """Write it into the page's document; asked on the loop, without the lock.

        Whether a browser will say at the hub's `shown` that it has shown this message.
        """

    def beat(self, count: int) -> object:
        """Tell the page that its server lives; asked on the loop each `BEAT_S`."""


@dataclass
class _Place:
    """A seat, its turn, and what it has not been told yet."""

    seat: Seat
    turn: Turn = field(default_factory=Turn)
    waiting: Batch | None = None

    def wait(self, batch: Batch) -> None:
        self.waiting = batch if self.waiting is None else self.waiting.joined(batch)

    def take(self) -> Batch:
        batch, self.waiting = self.waiting, None
        return batch or Batch(frozenset())


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
        scopes=getattr(session, "scopes", None),
        now=clock.now(),
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
        self._places: dict[int, _Place] = {}
        self._woken = False
        self._timer: asyncio.TimerHandle | None = None
        self._stream = Stream(session.replica, self._wake, clock=clock, pace=Pace.of_pages(1))
        with session.replica.lock:
            self._entries = diary.past(session.replica.state)
        self._beats = 0
        self._beating = loop.call_later(BEAT_S, self._beat)

    def __len__(self) -> int:
        return len(self._places)

    def join(self, seat: Seat) -> None:
        """Serve `seat` from now on; it gets everything there is at once."""
        place = self._places[id(seat)] = _Place(seat)
        self._give(place)

    def show(self, seat: Seat) -> None:
        """Give `seat` everything there is, once."""
        self._give(_Place(seat))

    def shown(self, seat: Seat, number: int) -> None:
        """The page of `seat` has shown a message; what has waited for that follows."""
        place = self._places.get(id(seat))
        if place is not None:
            place.turn.shown(number)
            if place.waiting is not None:
                self._wake()

    def leave(self, seat: Seat) -> None:
        """Forget `seat`."""
        self._places.pop(id(seat), None)

    def nudge(self, name: str) -> None:
        """Ask for a flush as if `name` had changed; any thread may."""
        self._stream.nudge(name)

    def close(self) -> None:
        """Watch no more."""
        self._stream.close()
        self._beating.cancel()
        if self._timer is not None:
            self._timer.cancel()
        self._places.clear()

    def _beat(self) -> None:
        self._beats += 1
        for place in list(self._places.values()):
            try:
                place.seat.beat(self._beats)
            except Exception:
                _log.exception("a page could not be told that its server lives; the others go on")
        self._beating = self.loop.call_later(BEAT_S, self._beat)

    def _wake(self) -> None:
        """On any thread: have the loop look, once however often this is called meanwhile."""
        if not self._woken:
            self._woken = True
            with contextlib.suppress(RuntimeError):  # the server's loop has ended
                self.loop.call_soon_threadsafe(self._look)

    def _look(self) -> None:
        self._woken = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._stream.set_pace(Pace.of_pages(self._seats_in_all()))
        now = self._clock.monotonic()
        batch = self._stream.take(now)
        if batch is not None:
            self._note(batch)
        self._serve([place for place in self._waiting() if place.turn.free <= now])
        times = [place.turn.free for place in self._waiting()]
        due = self._stream.due()
        if due is not None:
            times.append(due)
        if times:
            self._timer = self.loop.call_later(max(0.0, min(times) - now), self._look)

    def _waiting(self) -> list[_Place]:
        return [place for place in self._places.values() if place.waiting is not None]

    def _note(self, batch: Batch) -> None:
        """What each page is to be told at its turn."""
        replica = self.session.replica
        with replica.lock:
            self._entries = diary.recent(batch.events, self._entries, replica.state.instruments)
            if ALL in batch.changed and not batch.events:  # a fresh snapshot: ours may be another story
                self._entries = diary.past(replica.state)
        for place in self._places.values():
            place.wait(batch)

    def _serve(self, places: Iterable[_Place]) -> None:
        """Tell each of `places` what waits for it, all of the same moment."""
        made: list[tuple[_Place, Any]] = []
        with self.session.replica.lock:
            moment = moment_of(self.session, self._stream, self._clock)
            for place in places:
                try:
                    made.append((place, place.seat.parts(moment, place.take(), self._entries)))
                except Exception:
                    _log.exception("a page's parts could not be made; the others go on")
        for place, parts in made:
            try:
                self._write(place, parts)
            except Exception:
                _log.exception("a page could not be written; the others go on")

    def _give(self, place: _Place) -> None:
        everything = Batch(frozenset({ALL}))
        with self.session.replica.lock:
            moment = moment_of(self.session, self._stream, self._clock)
            parts = place.seat.parts(moment, everything, self._entries)
        self._write(place, parts)

    def _write(self, place: _Place, parts: Any) -> None:
        if place.seat.write(parts, place.turn.next):
            place.turn.sent(self._clock.monotonic())
