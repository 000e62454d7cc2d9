"""A thread that carries messages to one place outside: a place that hangs, or is away, costs nobody else anything.

Knows a function that sends, and how much of it is allowed; neither what is sent nor by what way.
"""

import logging
import threading
from collections.abc import Callable
from typing import TypeAlias

from tradekit.core.clock import Clock, SystemClock
from tradekit.core.redact import secrets
from tradekit.health.rationing import Letter, Message, Ration

__all__ = ["Messenger", "Send"]

Send: TypeAlias = Callable[[Letter], str]
"""Sends a letter; returns why it could not, "" when it has. May block, and may raise."""

_log = logging.getLogger("tradekit.alerts")


class Messenger:
    """Carries messages to the place `name`; open from its making until `close`.

    send        see `Send`; called on the messenger's own thread
    per_minute  letters that may be sent in a minute
    on_sent     told the last event of each letter that was sent, on that thread
    """

    def __init__(
        self,
        name: str,
        send: Send,
        *,
        per_minute: int,
        on_sent: Callable[[int], object] = lambda seq: None,
        clock: Clock | None = None,
    ) -> None:
        self.name = name
        self.reason = ""  # why the last letter could not be sent, "" when it has been
        self._send, self._on_sent = send, on_sent
        self._clock = clock or SystemClock()
        self._ration = Ration(per_minute)
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=f"alerts-{name}", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """Messages that have not been sent."""
        return self._ration.waiting

    @property
    def sent(self) -> int:
        """Messages that have been sent, those in a digest included."""
        return self._ration.sent

    @property
    def failed(self) -> int:
        """Attempts that failed."""
        return self._ration.failed

    def tell(self, message: Message) -> None:
        """Take a message; returns at once. Any thread."""
        with self._wake:
            self._ration.add(message)
            self._wake.notify()

    def end(self) -> None:
        """Send what waits as one letter, once, and end; does not wait for it."""
        with self._wake:
            self._closing = True
            self._wake.notify()

    def close(self, *, timeout_s: float) -> None:
        """End, and wait at most so long for it; whatever hangs is left behind."""
        self.end()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._wake:
                now = self._clock.monotonic()
                letter = self._ration.letter(now=now, last=self._closing)
                if letter is None:
                    if self._closing:
                        return
                    self._wake.wait(self._ration.wait_s(now))
                    continue
                last = self._closing
            reason = self._carry(letter)
            with self._wake:
                now = self._clock.monotonic()
                if reason:
                    self._ration.refused(now=now)
                else:
                    self._ration.told(letter, now=now)
                news, self.reason = reason != self.reason, reason
            if news:
                _log.log(*_word(self.name, reason, self.waiting))
            if not reason and letter.seq:
                self._on_sent(letter.seq)
            if last and reason:
                return

    def _carry(self, letter: Letter) -> str:
        try:
            return secrets.clean(self._send(letter))
        except Exception as error:  # whatever a way out raises: the next letter may go
            return secrets.clean(f"{type(error).__name__}: {error}")


def _word(name: str, reason: str, waiting: int) -> tuple[int, str]:
    if not reason:
        return logging.INFO, f"alerts go to {name} again"
    return logging.ERROR, f"alerts do not reach {name} ({reason}); {waiting} wait, and are tried again"
