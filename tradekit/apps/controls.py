"""The buttons: a request of the page becomes a command, off its loop, and the acknowledgement a sentence.

Knows no pane and no socket; what the session says, or why it did not, is told word for word.
"""

import json
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from tradekit.core.clock import Clock
from tradekit.errors import ConnectionLostError, TradekitError
from tradekit.widgets.words import milliseconds, sequence

__all__ = ["DONE", "Commands"]

_log = logging.getLogger(__name__)

DONE = {  # what a page may ask for, and how it is told once the session has acknowledged it
    "arm": "armed",
    "disarm": "disarmed",
    "halt": "halted",
    "cancel_all": "canceling all orders",
    "flatten": "flattening",
    "kill": "killed",
}


class Commands:
    """One page's commands. `told` is called when `ack` changes: on the page's thread, later on another."""

    def __init__(self, session: Any, *, told: Callable[[], object], clock: Clock, pool: Executor) -> None:
        self._session = session
        self._told = told
        self._clock = clock
        self._pool = pool
        self._busy = ""
        self.ack: dict[str, Any] = {"state": "", "text": "", "seq": "", "ts": 0}

    def request(self, text: str) -> None:
        """Act on a request of the page: JSON with the command's `name`; anything else is refused aloud."""
        name = str(json.loads(text).get("name", ""))
        if name not in DONE:
            self._tell("no", f"{name!r} is no command of this page")
        elif self._busy == name:
            return  # a second click while the first waits for its answer
        else:
            self._busy = name
            self._tell("busy", f"{name.replace('_', ' ')}: waiting for the session")
            self._pool.submit(self._run, name)

    def _run(self, name: str) -> None:
        try:
            seq = getattr(self._session, name)()
        except ConnectionLostError as error:
            self._tell(
                "no", f"no answer to {name.replace('_', ' ')}: {error}. Look at the log, then try again"
            )
        except TradekitError as error:
            self._tell("no", f"{name.replace('_', ' ')} refused: {error}")
        except Exception as error:
            _log.exception("command %s failed", name)
            self._tell("no", f"{name.replace('_', ' ')} failed: {error}")
        else:
            self._tell("ok", DONE[name], seq)
        finally:
            self._busy = ""

    def _tell(self, state: str, text: str, seq: int = 0) -> None:
        ts = milliseconds(self._clock.now()) if state != "busy" else 0
        self.ack = {"state": state, "text": text, "seq": sequence(seq) if seq else "", "ts": ts}
        self._told()
