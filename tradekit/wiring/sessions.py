"""Start a session in its own process, attach to one that runs, list them: the front door's `start` and `connect`.

Works alike in a notebook cell, a script and a Panel app. Knows processes; the session itself is in `wiring.host`.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import urlsplit

from tradekit.client import registry
from tradekit.client.commands import Receipt
from tradekit.client.session import SessionClient, read_token
from tradekit.config.load import load_config
from tradekit.config.schema import Config
from tradekit.core.clock import SystemClock
from tradekit.core.lock import WriterLock
from tradekit.core.raised import is_library
from tradekit.errors import (
    ConfigError,
    ConnectionLostError,
    JournalLockedError,
    NotFoundError,
    RefusedError,
    TradekitError,
)
from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import parameters
from tradekit.strategy.load import class_path, load_strategy
from tradekit.wiring.cells import is_from_cell, write_cell_strategy
from tradekit.wiring.understood import check_understood

if TYPE_CHECKING:
    import pandas as pd

    from tradekit.report.parity import Parity

__all__ = ["Session", "connect", "find_config", "sessions", "start"]

_START_S = 60.0  # loading long histories takes its time
_END_S = 10.0  # for one that was told to end
_STOP_S = 15.0  # a last snapshot, the journal's last pages
_LOOK_S = 0.02


class Session(SessionClient):
    """A running session: its state as frames that are always current, and the commands to it.

    `close` detaches and stops nothing; `stop` ends the session.
    """

    def dashboard(self, *, theme: str = "auto") -> Any:
        """The live page as a notebook cell's output; theme "auto" (as the notebook), "dark" or "light"."""
        from tradekit.wiring.board import inline_dashboard

        return inline_dashboard(self, theme=theme)

    def parity(self, **options: Any) -> "Parity":
        """The session so far against its backtest: every difference with its reason (docs/parity.md).

        options  those of `tk.parity`. The journal is read from its file where it lies on this machine, else all of it
        comes over the wire. Raises what `tk.parity` raises, ConnectionLostError when the session does not answer.
        """
        from tradekit.wiring.parity import parity, parity_of

        entry = self._entry()
        if entry is not None and entry.journal:
            return parity(entry.journal, **options)
        events = list(self.events())
        return parity_of(lambda: events, folders=[Path.cwd()], **options)

    def _entry(self) -> registry.Entry | None:
        """Its entry in the register, where it runs on this machine."""
        return next((e for e in registry.entries() if _same_place(e.uri, self.uri)), None)

    def stop(self, reason: str = "", *, timeout_s: float = _STOP_S) -> Receipt:
        """End the session in good order, wait until its process has let go of everything, and detach.

        Returns the command's seq: `start` may follow at once. One that runs on this machine and gives no answer, since
        a step hangs, is ended by SIGTERM; the seq is 0 then. Raises TradekitError when it takes longer, RefusedError
        when its journal has failed and could not take the command; it has ended then all the same.
        """
        entry = self._entry()
        try:
            seq = super().stop(reason)
        except ConnectionLostError:
            if entry is None or self.status == "closed":
                raise
            # the registry's lock says that the pid is still this session's
            os.kill(entry.pid, signal.SIGTERM)
            seq = Receipt(0, "stop, by SIGTERM: it gave no answer")
        except RefusedError as error:
            if error.code == "journal":
                self._see_off(entry, timeout_s)
            raise
        self._see_off(entry, timeout_s)
        return seq

    def _see_off(self, entry: registry.Entry | None, timeout_s: float) -> None:
        """Wait for the process's end, and detach."""
        if entry is not None and not _wait_until_gone(entry, timeout_s):
            raise TradekitError(
                f"session {entry.name!r} was told to stop, but its process {entry.pid} still runs after "
                f"{timeout_s:g} s; its log may say why: {Path(entry.folder) / f'{entry.name}.session.log'}"
            )
        self.close()

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
    i_understand: bool = False,
) -> Session:
    """Start a session in its own process and attach to it. It outlives this process; `stop()` ends it.

    config    the YAML file; a relative path is looked for from the working directory upward
    strategy  a strategy other than the configuration's: "module:Class", a class or an instance (its parameters are
              taken). A class written in a notebook cell, or in the script that runs, is saved with what it uses
              under `strategies/` and run from there
    fresh     begin a new journal; the old one is kept under its id
    set       configuration keys to set otherwise, by dotted path: {"market_data.speed": "max"}
    i_understand  yes, orders of this live configuration may leave this machine: to be said once for each, and again
              when it changes

    Raises what the configuration or the strategy is wrong with, JournalLockedError's message when it runs already.
    """
    path = find_config(config)
    overrides: dict[str, Any] = {"state_store.restore_on_startup": False} if fresh else {}
    if strategy is not None:
        overrides |= _strategy_keys(strategy, load_config(path, overrides=set).root)
    overrides |= set or {}
    loaded = load_config(path, overrides=overrides)
    running = [entry.name for entry in registry.entries()]
    if loaded.session.name in running:
        raise ConfigError(
            f"session {loaded.session.name!r} runs already: tk.connect({loaded.session.name!r}) attaches to it, "
            f"its .stop() ends it"
        )
    check_understood(loaded, said=i_understand)
    told = _spawn(loaded, overrides, timeout_s)
    return Session.attach(
        registry.address(told["session"], told["uri"]),
        read_token(told["token_file"]),
        name=told["session"],
        ca=loaded.path(loaded.websocket.tls_cert) if loaded.websocket.tls_cert else None,
        reconnect_cap_s=loaded.websocket.reconnect_interval,
    )


def connect(
    target: str | None = None,
    *,
    token: str | None = None,
    token_file: str | Path | None = None,
    ca: str | Path | None = None,
    timeout_s: float = 10.0,
) -> Session:
    """Attach to a running session by name, by uri ("ws://127.0.0.1:8765"), or to the only one that runs.

    One that was found by name is followed when it ends and comes back, also on another port.

    The token comes from the register of this user's sessions, unless `token` or `token_file` is given; `ca` is a PEM
    file that signed the session's certificate, for wss:// with one of your own. Raises
    NotFoundError when there is no such session, RefusedError for a wrong token, ConnectionLostError for no answer.
    """
    options: dict[str, Any] = {"timeout_s": timeout_s, "ca": ca}
    where: str | Callable[[], str]
    if target is not None and ":" in target and "://" not in target:
        raise NotFoundError(f"{target!r} is no session's name; as an address it reads ws://{target}")
    if target is not None and "://" in target:
        entry = next((e for e in registry.entries() if _same_place(e.uri, target)), None)
        where = target
    else:
        entry = registry.find(target) if target is not None else _only_one()
        where = registry.address(entry.name, entry.uri)
    if entry is not None:
        options |= {"name": entry.name, "reconnect_cap_s": entry.reconnect_interval}
        options["ca"] = ca or entry.certificate or None
    if token is not None:
        return Session.attach(where, token, **options)
    file = token_file or (entry.token_file if entry is not None else None)
    if file is None:
        raise NotFoundError(f"no session of this user is registered at {target}: give token= or token_file=")
    return Session.attach(where, read_token(file), **options)


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
    else:
        path = _importable(cls, root)
    return {"strategy.class": path, "strategy.params": parameters(made)}


def _importable(cls: "type[Strategy]", root: Path) -> str:
    """Where the session's process finds a class: by its module, or by the file of one that only this process finds."""
    module = sys.modules[cls.__module__]
    file = Path(module.__file__ or "").absolute()
    if "." in cls.__module__ or hasattr(module, "__path__") or file.parent == root or is_library(str(file)):
        return class_path(cls)
    where = file.relative_to(root) if file.is_relative_to(root) else file
    return f"{where.as_posix()}:{cls.__qualname__}"


def _spawn(config: Config, overrides: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
    """The session's process, in a process group of its own; returns what it announces."""
    command = [
        sys.executable,
        "-m",
        "tradekit",
        "run",
        str(config.file),
        "--json",
        "--log",
        str(config.log_file),
    ]
    for key, value in overrides.items():
        command += ["--set", f"{key}={json.dumps(value)}"]
    config.folder.mkdir(parents=True, exist_ok=True)
    with open(config.log_file, "ab", opener=_for_its_owner) as log:
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
        threading.Thread(target=process.wait, name="tradekit-reaper", daemon=True).start()  # leave no zombie
        told: dict[str, Any] = json.loads(line)
        return told
    _raise_last_words(config.log_file, begin, process)


def _for_its_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


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
    try:
        code = process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    with log.open("rb") as file:
        file.seek(begin if begin <= log.stat().st_size else 0)  # it may have been turned over meanwhile
        words = file.read().decode("utf-8", "replace").strip()
    _, found, said = words.rpartition("tradekit: error: ")
    message = said if found else words[-2000:] or f"it said nothing in time and ended with code {code}"
    raise TradekitError(f"the session did not start: {message} (its log: {log})")


def _wait_until_gone(entry: registry.Entry, timeout_s: float) -> bool:
    """Whether the session has left the register and its journal in time."""
    clock = SystemClock()
    until = clock.monotonic() + timeout_s
    while clock.monotonic() < until:
        if all(other.pid != entry.pid for other in registry.entries()) and _is_free(entry.journal):
            return True
        clock.wait(_LOOK_S)
    return False


def _is_free(journal: str) -> bool:
    """Whether nobody writes a journal; one in memory ends with its process."""
    if not journal:
        return True
    try:
        WriterLock(Path(journal)).release()
    except JournalLockedError:
        return False
    return True


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
