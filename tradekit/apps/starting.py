"""The page while no session runs: which configurations there are, and the start of one of them.

Knows no process and no file: a `Starter` has them. A live session wants its name typed, here as on the page.
"""

import json
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, Protocol

from tradekit.errors import TradekitError

__all__ = ["START_LOOK_MS", "Start", "Starter"]

START_LOOK_MS = 1000  # how often it is looked whether a session runs by now
_log = logging.getLogger(__name__)


class Starter(Protocol):
    """What can be started on this machine."""

    def configs(self) -> list[dict[str, Any]]:
        """A row a configuration: file (what `start` takes), name, mode, strategy, problem ("" when it can start)."""

    def start(self, file: str) -> None:
        """Start the session of a configuration and wait until it serves; raises TradekitError where it does not."""

    def running(self) -> bool:
        """Whether any session runs by now. Quick."""


class Start:
    """One viewer's page. `tell` is given what it shows: `configs`, and what `came` of a start; on any thread.

    off  why nothing may be started from here, "" when it may
    """

    def __init__(
        self, starter: Starter, *, tell: Callable[[dict[str, Any]], object], pool: Executor, off: str = ""
    ) -> None:
        self._starter = starter
        self._tell = tell
        self._pool = pool
        self._off = off
        self._busy = False

    def first(self) -> dict[str, Any]:
        """What the page shows at first."""
        try:
            rows, problem = self._starter.configs(), ""
        except (TradekitError, OSError) as error:
            rows, problem = [], str(error)
        return {"configs": {"rows": rows, "off": self._off, "problem": problem}, "came": _came("")}

    def look(self) -> None:
        """Have the page begin anew once a session runs, whoever started it."""
        if not self._busy and self._starter.running():
            self._tell({"came": _came("running")})

    def request(self, text: str) -> None:
        """Act on a request of the page: JSON with `start`, a file of the rows, and for a live session its name."""
        asked = json.loads(text)
        file, typed = str(asked.get("start", "")), str(asked.get("name", ""))
        row = next((row for row in self._starter.configs() if row["file"] == file), None)
        if self._off:
            self._tell({"came": _came("no", file, self._off)})
        elif row is None:
            self._tell({"came": _came("no", file, f"there is no configuration {file!r} here")})
        elif row["problem"]:
            self._tell({"came": _came("no", file, row["problem"])})
        elif row["mode"] == "live" and typed != row["name"]:
            self._tell(
                {"came": _came("no", file, f"a live session: type its name, {row['name']}, to start it")}
            )
        elif not self._busy:
            self._busy = True
            self._tell({"came": _came("busy", file, f"starting {row['name']}")})
            self._pool.submit(self._run, file)

    def _run(self, file: str) -> None:
        try:
            self._starter.start(file)
        except TradekitError as error:
            came = _came("no", file, str(error))
        except Exception as error:
            _log.exception("%s could not be started", file)
            came = _came("no", file, f"{type(error).__name__}: {error}")
        else:
            came = _came("running", file)
        self._busy = False
        self._tell({"came": came})


def _came(state: str, file: str = "", text: str = "") -> dict[str, str]:
    return {"state": state, "file": file, "text": text}
