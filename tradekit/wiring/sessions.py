"""Start a session in its own process, attach to one that runs, list them: the front door's `start` and `connect`.

Works alike in a notebook cell, a script and a Panel app. Knows processes; the session itself is in `wiring.host`.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from tradekit.client import registry
from tradekit.client.session import SessionClient, read_token
from tradekit.config.load import load_config
from tradekit.config.schema import Config
from tradekit.errors import ConfigError, NotFoundError, StrategyError, TradekitError
from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import parameters
from tradekit.strategy.load import class_path, load_strategy
from tradekit.wiring.cells import is_from_cell, write_cell_strategy

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Session", "connect", "find_config", "sessions", "start"]

_START_S = 60.0  # loading long histories takes its time


class Session(SessionClient):
    """A running session: its state as frames that are always current, and the commands to it.

    `close` detaches and stops nothing; `stop` ends the session.
    """

    def dashboard(self, *, theme: str = "auto") -> Any:
        """The live page as a notebook cell's output; theme "auto" (as the notebook), "dark" or "light"."""
        from tradekit.wiring.board import inline_dashboard

        return inline_dashboard(self, theme=theme)

    def _repr_html_(self) -> str:
        from html import escape

        return f"<code>{escape(repr(self))}</code>"


def start(
    config: str | Path,
    *,
    strategy: "Strategy | type[Strategy] | str | None" = None,
    fresh: bool = False,
    set: Mapping[str, Any] | None = None,
    timeout_s: float = _START_S,
) -> Session:
    """Start a session in its own process and attach to it. It outlives this process; `stop()` ends it.

    config    the YAML file; a relative path is looked for from the working directory upward
    strategy  a strategy other than the configuration's: "module:Class", a class or an instance (its parameters are
              taken). A class written in a notebook cell is saved under `strategies/` and run from there
    fresh     begin a new journal; the old one is kept under its id
    set       configuration keys to set otherwise, by dotted path: {"market_data.speed": "max"}

    Raises what the configuration or the strategy is wrong with, JournalLockedError's message when it runs already.
    """
    path = find_config(config)
    overrides: dict[str, Any] = dict(set or {})
    if fresh:
        overrides["state_store.restore_on_startup"] = False
    loaded = load_config(path)
    if strategy is not None:
        overrides.update(_strategy_keys(strategy, loaded.root))
    loaded = load_config(path, overrides=overrides)
    running = [entry.name for entry in registry.entries()]
    if loaded.session.name in running:
        raise ConfigError(
            f"session {loaded.session.name!r} runs already: tk.connect({loaded.session.name!r}) attaches to it, "
            f"its .stop() ends it"
        )
    told = _spawn(loaded, overrides, timeout_s)
    return Session.attach(
        told["uri"],
        read_token(told["token_file"]),
        name=told["session"],
        reconnect_cap_s=loaded.websocket.reconnect_interval,
    )


def connect(
    target: str | None = None,
    *,
    token: str | None = None,
    token_file: str | Path | None = None,
    timeout_s: float = 10.0,
) -> Session:
    """Attach to a running session by name, by uri ("ws://127.0.0.1:8765"), or to the only one that runs.

    The token comes from the register of this user's sessions, unless `token` or `token_file` is given. Raises
    NotFoundError when there is no such session, RefusedError for a wrong token, ConnectionLostError for no answer.
    """
    if target is not None and "://" in target:
        entry = next((e for e in registry.entries() if _same_place(e.uri, target)), None)
        uri, name = target, entry.name if entry is not None else ""
    else:
        entry = registry.find(target) if target is not None else _only_one()
        uri, name = entry.uri, entry.name
    if token is not None:
        return Session.attach(uri, token, name=name, timeout_s=timeout_s)
    file = token_file or (entry.token_file if entry is not None else None)
    if file is None:
        raise NotFoundError(f"no session of this user is registered at {target}: give token= or token_file=")
    return Session.attach(uri, read_token(file), name=name, timeout_s=timeout_s)


def sessions() -> "pd.DataFrame":
    """A row a session of this user that runs on this machine, indexed by name: mode, uri, pid, started, journal."""
    import pandas as pd

    rows = [
        {"name": e.name, "mode": e.mode, "uri": e.uri, "pid": e.pid,
         "started": pd.Timestamp(e.started, unit="ns", tz="UTC"), "journal": e.journal}
        for e in registry.entries()
    ]  # fmt: skip
    columns = ["name", "mode", "uri", "pid", "started", "journal"]
    return pd.DataFrame(rows, columns=columns).set_index("name")


def find_config(config: str | Path) -> Path:
    """The file itself, or found from the working directory upward; raises ConfigError when there is none."""
    given = Path(config).expanduser()
    if given.is_absolute():
        return given
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / given).is_file():
            return folder / given
    raise ConfigError(f"no {given} in {Path.cwd()} or above it; give the path of a session's YAML file")


def _strategy_keys(strategy: "Strategy | type[Strategy] | str", root: Path) -> dict[str, Any]:
    made = load_strategy(strategy, root=root)
    cls = type(made)
    if isinstance(strategy, str):
        path = strategy
    elif is_from_cell(cls):
        path = write_cell_strategy(cls, root)
    elif cls.__module__ == "__main__":
        raise StrategyError(
            f"{cls.__name__} is defined in the script that runs; move it to a module of its own"
        )
    else:
        path = class_path(cls)
    return {"strategy.class": path, "strategy.params": parameters(made)}


def _spawn(config: Config, overrides: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
    """The session's process, in a process group of its own; returns what it announces."""
    command = [sys.executable, "-m", "tradekit", "run", str(config.file), "--json"]
    for key, value in overrides.items():
        command += ["--set", f"{key}={json.dumps(value)}"]
    config.folder.mkdir(parents=True, exist_ok=True)
    with config.log_file.open("ab") as log:
        begin = log.tell()
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            cwd=config.root,
        )
    line = _first_line(process, timeout_s)
    if line:
        told: dict[str, Any] = json.loads(line)
        return told
    _raise_last_words(config.log_file, begin, process)


def _first_line(process: "subprocess.Popen[bytes]", timeout_s: float) -> bytes:
    """The announcement; b"" when the process ended or said nothing in time (then it is ended)."""
    import selectors

    if process.stdout is None:
        return b""
    with selectors.DefaultSelector() as selector, process.stdout:
        selector.register(process.stdout, selectors.EVENT_READ)
        line = process.stdout.readline() if selector.select(timeout_s) else b""
    if not line and process.poll() is None:
        process.terminate()
    return line


def _raise_last_words(log: Path, begin: int, process: "subprocess.Popen[bytes]") -> NoReturn:
    code = process.wait()
    with log.open("rb") as file:
        file.seek(begin)
        words = file.read().decode("utf-8", "replace").strip()
    said = [line for line in words.splitlines() if "error:" in line]
    message = (
        said[-1].partition("error:")[2].strip() if said else words[-2000:] or f"it ended with code {code}"
    )
    raise TradekitError(f"the session did not start: {message} (its log: {log})")


def _only_one() -> registry.Entry:
    running = registry.entries()
    if len(running) == 1:
        return running[0]
    if not running:
        raise NotFoundError(
            "no session runs on this machine; start one with tk.start(...) or `tradekit run CONFIG`"
        )
    raise NotFoundError(
        f"several sessions run: {', '.join(e.name for e in running)}; say which: tk.connect(name)"
    )


def _same_place(one: str, other: str) -> bool:
    a, b = urlsplit(one), urlsplit(other)
    same_host = a.hostname == b.hostname or {a.hostname, b.hostname} <= {"localhost", "127.0.0.1", "::1"}
    return same_host and a.port == b.port
