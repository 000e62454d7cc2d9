"""A run on its way to a paper session: the configuration shown, written when it is agreed to, and started.

Knows no file and no process: a `Starter` writes and starts. What is written is what was shown, to the letter.
"""

import json
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Protocol

from tradekit.apps.research.paper import SPEEDS, check_name, free_name, paper_config
from tradekit.apps.research.plan import Plan
from tradekit.apps.starting import Start, Starter
from tradekit.errors import ConfigError, TradekitError

__all__ = ["Promotion", "Writer"]

_log = logging.getLogger(__name__)


class Writer(Starter, Protocol):
    """What also takes a new configuration."""

    def add(self, file: str, text: str) -> None:
        """Write a new configuration; raises ConfigError where there is another of that name, or it cannot be run."""


class Promotion:
    """One viewer's promotions.

    writer  None where there is no folder of configurations
    off     why nothing may be started from here, "" when it may
    """

    def __init__(self, writer: Writer | None, *, pool: Executor, off: str = "") -> None:
        self._writer, self._pool = writer, pool
        self.off = off or ("" if writer is not None else "there is no folder config/ here to write to")
        self._shown: dict[str, str] = {}
        self._busy = False

    def preview(
        self,
        plan: Plan,
        *,
        strategy: str,
        data: Sequence[str],
        timeframe: str,
        note: str,
        name: object = None,
        speed: object = None,
    ) -> dict[str, Any]:
        """The file that would be written: {"name", "file", "text", "speed", "speeds"}; raises ConfigError."""
        writer = self._may()
        rows = writer.configs()
        taken = {row["name"] for row in rows} | {row["file"].removesuffix(".yaml") for row in rows}
        chosen = check_name(str(name), taken) if name else free_name(plan, taken)
        fast = str(speed or "60")
        text = paper_config(
            plan, name=chosen, speed=fast, strategy=strategy, data=data, timeframe=timeframe, note=note
        )
        self._shown = {"name": chosen, "file": f"{chosen}.yaml", "text": text}
        return {**self._shown, "speed": fast, "speeds": list(SPEEDS)}

    def promote(self, name: str, *, tell: Callable[[dict[str, Any]], object]) -> None:
        """Write what was shown under that name and start it; `tell` is given `came`, on a worker's thread."""
        self._may()
        if self._shown.get("name") != name:
            raise ConfigError(f"{name!r} is not what was shown; look at the file again before it is written")
        if self._busy:
            return
        self._busy = True
        shown = dict(self._shown)
        tell({"came": _came("busy", shown, f"writing config/{shown['file']} and starting {name}")})
        self._pool.submit(self._carry_out, shown, tell)

    def _may(self) -> Writer:
        if self.off or self._writer is None:
            raise ConfigError(self.off)
        return self._writer

    def _carry_out(self, shown: dict[str, str], tell: Callable[[dict[str, Any]], object]) -> None:
        try:
            writer = self._may()
            writer.add(shown["file"], shown["text"])
            came: list[dict[str, Any]] = []
            start = Start(writer, tell=came.append, pool=_Here())
            start.request(json.dumps({"start": shown["file"]}))
            last = came[-1]["came"]
            text = last["text"] if last["state"] != "running" else f"{shown['name']} runs"
            if last["state"] == "no":
                text = f"config/{shown['file']} is written, but it did not start: {text}"
            told = _came(last["state"], shown, text)
        except TradekitError as error:
            told = _came("no", shown, str(error))
        except Exception as error:
            _log.exception("%s could not be promoted", shown["file"])
            told = _came("no", shown, f"{type(error).__name__}: {error}")
        self._busy = False
        tell({"came": told})


class _Here(Executor):
    """Runs what it is given at once: this is a worker's thread already."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        fn(*args, **kwargs)


def _came(state: str, shown: dict[str, str], text: str) -> dict[str, str]:
    return {"state": state, "name": shown["name"], "file": shown["file"], "text": text}
