"""The buttons: a request of the page becomes a command, off its loop, and the acknowledgement a sentence.

Knows no pane and no socket; what the session says, or why it did not, is told word for word.
"""

import json
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, NamedTuple

from tradekit.core.clock import Clock
from tradekit.errors import ConnectionLostError, RefusedError, TradekitError
from tradekit.widgets.words import milliseconds, sequence

__all__ = ["DONE", "Commands", "Wish", "button", "verdict"]

_log = logging.getLogger(__name__)

_PATIENCE_S = 1.9  # the page offers a command again when it has had no answer for 2 s

DONE = {  # what a page may ask for, and how it is told once the session has acknowledged it
    "arm": "armed",
    "disarm": "disarmed",
    "halt": "halted",
    "cancel_all": "canceling all orders",
    "flatten": "flattening",
    "kill": "killed",
}


class Wish(NamedTuple):
    """What a page asks for: the command's name, how it is spoken of, what it is once done, and how it is sent."""

    name: str
    words: str
    done: str
    run: Callable[[], int]


def button(session: Any, asked: dict[str, Any]) -> Wish | str:
    """A request for one of the commands without arguments; else why it is none."""
    name = str(asked.get("name", ""))
    if name not in DONE:
        return f"{name!r} is no command of this page"
    return Wish(name, name.replace("_", " "), DONE[name], lambda: getattr(session, name)())


def verdict(session: Any, asked: dict[str, Any]) -> Wish | str:
    """A request to accept what a difference proposes, or to refuse it; else why it is none."""
    name, accept = asked.get("difference"), asked.get("accept")
    if not isinstance(name, str) or not name or not isinstance(accept, bool):
        return f"{asked.get('name', '')!r} is no command of this table"
    word, done = ("accept", "accepted") if accept else ("refuse", "refused")
    return Wish("resolve", f"{word} {name}", f"{name} {done}", lambda: session.resolve(name, accept=accept))


class Commands:
    """One pane's commands. `told` is called when `ack` changes: on the page's thread, later on another.

    read  makes a wish of a request, or says why it is none
    ack   what came of the last one: state (busy, ok, no, or silent: no answer), name, text, seq, ts [UTC ms]
    """

    def __init__(
        self,
        session: Any,
        *,
        told: Callable[[], object],
        clock: Clock,
        pool: Executor,
        read: Callable[[Any, dict[str, Any]], Wish | str] = button,
    ) -> None:
        self._session = session
        self._told = told
        self._clock = clock
        self._pool = pool
        self._read = read
        self._lock = threading.Lock()  # so that what came of an older one is never told after a newer one's
        self._count = 0
        self._answered = 0  # the newest whose outcome was told
        self._waiting = ("", float("-inf"))  # the last one without an answer yet, and since when
        self.ack: dict[str, Any] = {"state": "", "name": "", "text": "", "seq": "", "ts": 0}

    def request(self, text: str) -> None:
        """Act on a request of the page: JSON with the command's `name`; anything else is refused aloud."""
        asked, now = json.loads(text), self._clock.monotonic()
        wish = self._read(self._session, asked)
        if isinstance(wish, str):
            with self._lock:
                self._note("no", str(asked.get("name", "")), wish)
            self._told()
            return
        with self._lock:
            if self._waiting[0] == wish.name and now - self._waiting[1] < _PATIENCE_S:
                return  # a second click while the first waits for its answer
            self._count += 1
            number, self._waiting = self._count, (wish.name, now)
            self._note("busy", wish.name, f"{wish.words}: waiting for the session")
        self._told()
        self._pool.submit(self._run, wish, number)

    def _run(self, wish: Wish, number: int) -> None:
        state, text, seq = self._outcome(wish)
        with self._lock:
            newest = number == self._count
            if newest:
                self._waiting = ("", float("-inf"))
            elif state != "ok" or number <= self._answered:  # what was asked since has the last word
                return
            self._answered = number
            self._note(state, wish.name, text, seq)
        self._told()

    def _outcome(self, wish: Wish) -> tuple[str, str, int]:
        try:
            seq = wish.run()
        except ConnectionLostError as error:
            return "silent", f"no answer to {wish.words}: {error}. Look at the log, then try again", 0
        except RefusedError as error:
            if error.code == "expired":
                return "silent", f"the session did not take up {wish.words} in time: it is slow or hangs", 0
            return "no", f"{wish.words} refused: {error}", 0
        except TradekitError as error:
            return "no", f"{wish.words} refused: {error}", 0
        except Exception as error:
            _log.exception("command %s failed", wish.name)
            return "no", f"{wish.words} failed: {error}", 0
        return "ok", wish.done, seq

    def _note(self, state: str, name: str, text: str, seq: int = 0) -> None:
        ts = milliseconds(self._clock.now()) if state != "busy" else 0
        self.ack = {
            "state": state, "name": name, "text": text, "seq": sequence(seq) if seq else "", "ts": ts,
        }  # fmt: skip
