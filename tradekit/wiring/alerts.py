"""A session's alerts on their way out: what is told, to whom, and how far each place has been told.

A listener outside the engine. Knows the configuration and the journal; ways out and rations are `health`'s.
"""

import contextlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Self

from tradekit.config.schema import Config
from tradekit.core.bus import Bus
from tradekit.core.clock import Clock
from tradekit.core.event import Event
from tradekit.core.journal import JournalReader
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError
from tradekit.health.apprised import sender_of
from tradekit.health.finding import Finding, well, wrong
from tradekit.health.messenger import Messenger, Send
from tradekit.health.rationing import Letter, Message
from tradekit.model.session import SessionClosed
from tradekit.report.alerting import TYPES, Alert, AlertGrade, alert_of
from tradekit.report.sheets import iso

__all__ = ["Alerts", "findings", "ways_out"]

_log = logging.getLogger("tradekit.alerts")
_CLOSE_S = 3.0  # what a channel may take at the session's end
_TEST = Letter(0, AlertGrade.INFO.rank, "test", "a test of the alerts' way: nothing has happened", 1)


class Alerts:
    """Tells the configured places of whatever happens, from `begin` to `close`.

    journal  read once at the start, for what an earlier life has not told
    """

    def __init__(self, config: Config, journal: JournalReader, clock: Clock) -> None:
        self._section, self._clock = config.alerts, clock
        self._reached = _Reached(config, journal.id)
        self._least = AlertGrade(config.alerts.least).rank
        self._messengers: list[Messenger] = []
        ways = ways_out(config)
        before = journal.last_seq
        known = {place: self._reached.of(place, before) for place in ways}
        self._reached.keep()
        late = list(_told(journal, min(known.values(), default=before), before))
        for place, send in ways.items():
            on_sent = self._reached.note_for(place)
            messenger = Messenger(
                place, send, per_minute=config.alerts.per_minute, on_sent=on_sent, clock=clock
            )
            self._messengers.append(messenger)
            for alert in late:
                if alert.seq > known[place]:
                    self._tell(messenger, alert, late=True)
        self._subscriptions = contextlib.ExitStack()
        self._crashed = _ended_without_a_word(journal)

    def begin(self, bus: Bus) -> Self:
        """Listen from now on."""
        for type in TYPES:
            for pattern in (type, f"{type}.>"):
                self._subscriptions.enter_context(bus.subscribe(pattern, self._heard))
        if self._crashed:
            text = f"started again: the life before it ended without a word, after #{self._crashed}"
            self._tell_all(Alert(self._clock.now(), 0, AlertGrade.WARNING, "restarted", text))
            _log.warning("%s", text)
        return self

    def alarm(self, text: str) -> None:
        """Tell of something that stands in no journal: the journal's own failure, a loop that hangs. Any thread."""
        self._tell_all(Alert(self._clock.now(), 0, AlertGrade.CRITICAL, "session", text))

    @property
    def waiting(self) -> dict[str, float]:
        """Messages that have not been sent, by place."""
        return {one.name: float(one.waiting) for one in self._messengers}

    @property
    def sent(self) -> dict[str, float]:
        """Messages that have been sent, by place."""
        return {one.name: float(one.sent) for one in self._messengers}

    @property
    def failing(self) -> dict[str, str]:
        """Why the last letter could not be sent, of the places where that is so."""
        return {one.name: one.reason for one in self._messengers if one.reason}

    def close(self) -> None:
        """Send what waits, and end; whatever hangs is left behind, and told by the next start."""
        self._subscriptions.close()
        for one in self._messengers:
            one.end()
        ends = self._clock.monotonic() + _CLOSE_S
        for one in self._messengers:
            one.close(timeout_s=max(ends - self._clock.monotonic(), 0.0))
            if one.waiting:
                _log.warning(
                    "%d alerts have not reached %s: the next start tells them", one.waiting, one.name
                )

    def _heard(self, event: Event) -> None:
        alert = alert_of(event)
        if alert is not None:
            self._tell_all(alert)

    def _tell_all(self, alert: Alert) -> None:
        for messenger in self._messengers:
            self._tell(messenger, alert)

    def _tell(self, messenger: Messenger, alert: Alert, *, late: bool = False) -> None:
        said = self._section.kinds.get(alert.kind, alert.grade.value)
        if said == "never" or AlertGrade(said).rank < self._least:
            return
        number = f" (#{alert.seq})" if alert.seq else ""
        when = f", told late: it happened {iso(alert.ts)}" if late else ""
        text = f"{alert.text}{number}{when}"
        messenger.tell(Message(alert.seq, AlertGrade(said).rank, alert.kind, text))


def ways_out(config: Config) -> dict[str, Send]:
    """What sends, by the place of its address; raises ConfigError for one that cannot be read or is none."""
    session = config.session
    heading = f"[{session.mode}] {session.name}"
    made = {}
    for n, place in enumerate(config.alerts.targets):
        try:
            made[place] = sender_of(Secret.read(place, root=config.root), heading=heading)
        except ConfigError as error:
            raise ConfigError(f"{config.file.name}: alerts.targets[{n}]: {error}") from None
    return made


def findings(config: Config, *, send: bool) -> list[Finding]:
    """What the doctor finds of each target; `send` sends it a message."""
    found = []
    for place, way in ways_out(config).items():
        reason = way(_TEST) if send else ""
        if reason:
            found.append(wrong("alerts", f"{place}: the test did not go out: {reason}", "see to the address"))
        else:
            found.append(
                well("alerts", f"{place}: {'a test was sent' if send else 'an address that can be used'}")
            )
    return found


def _ended_without_a_word(journal: JournalReader) -> int:
    """The last event of a life that was not closed in good order; 0 where it was, or where there was none."""
    last = next(iter(journal.events(max(journal.last_seq - 1, 0))), None)
    return 0 if last is None or isinstance(last.data, SessionClosed) else last.seq


def _told(journal: JournalReader, since: int, until: int) -> Iterable[Alert]:
    """What the journal's events of that range are worth telling."""
    if since >= until:
        return
    for event in journal.events(since, until, types=TYPES):
        alert = alert_of(event)
        if alert is not None:
            yield alert


class _Reached:
    """How far each place has been told, in a file beside the log: a restart tells nothing twice and leaves nothing out.

    After a power cut the last ones may be told again. Without a journal on disk there is nothing to remember.
    """

    def __init__(self, config: Config, journal: str) -> None:
        self._file: Path | None = None if config.journal is None else config.alerts_file
        self._journal = journal
        self._lock = threading.Lock()
        self._seqs: dict[str, int] = self._read()

    def of(self, place: str, last: int) -> int:
        """The last event that this place was told of; one that is new is told from now on."""
        return self._seqs.setdefault(place, last)

    def keep(self) -> None:
        """Write it down: what is not told from here on is known to be missing."""
        with self._lock:
            self._write()

    def note_for(self, place: str) -> Callable[[int], None]:
        """What notes that a place has been told of everything up to an event."""

        def note(seq: int) -> None:
            with self._lock:
                self._seqs[place] = max(seq, self._seqs.get(place, 0))
                self._write()

        return note

    def _read(self) -> dict[str, int]:
        if self._file is None or not self._file.exists():
            return {}
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            return (
                {str(k): int(v) for k, v in kept["told"].items()} if kept["journal"] == self._journal else {}
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            _log.warning("%s cannot be read: alerts are told from now on", self._file)
            return {}

    def _write(self) -> None:
        if self._file is None or not self._seqs:
            return
        part = self._file.with_name(f"{self._file.name}.part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump({"journal": self._journal, "told": self._seqs}, file)
            part.replace(self._file)
        except OSError as error:
            _log.warning(
                "%s cannot be written (%s): a restart tells alerts again", self._file, error.strerror
            )
