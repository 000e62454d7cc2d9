"""Which sessions run on this machine: a small file each in the user's runtime directory, gone when they are.

An entry is alive while its process holds the lock on its file; the system gives that up however the process
ends. Knows no socket and opens no token file.
"""

import contextlib
import fcntl
import logging
import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from tradekit.errors import ConfigError, NotFoundError, did_you_mean

__all__ = ["Entry", "Registration", "address", "entries", "find", "register", "runtime_folder"]

_SUFFIX = ".session.json"
_log = logging.getLogger(__name__)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A running session.

    name                what commands call it
    uri                 where its bridge listens, "" while it has not begun to
    pid, started        its process, and since when [UTC ns]
    journal             the journal's file, "" when it is kept in memory
    token_file          where its token lies (0600)
    mode                paper, shadow or live
    folder              where its token file and log lie
    reconnect_interval  a client that lost it tries again after at most so long [s]
    certificate         what its clients on this machine believe over TLS (PEM), "" without TLS
    """

    name: str
    uri: str
    pid: int
    started: int
    journal: str
    token_file: str
    mode: str
    folder: str
    reconnect_interval: float = 5.0
    certificate: str = ""


class Registration:
    """A session's place in the registry, held until `close` or the end of the process."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path = path
        self._fd: int | None = fd

    def update(self, entry: Entry) -> None:
        """Tell something else of the same session (its name stays what it was)."""
        if self._fd is not None:
            with _turn(self.path.parent):
                os.ftruncate(self._fd, 0)
                os.pwrite(self._fd, msgspec.json.encode(entry), 0)

    def close(self) -> None:
        """Leave the registry; a second call does nothing."""
        fd, self._fd = self._fd, None
        if fd is None:
            return
        with _turn(self.path.parent):
            if _is_same(fd, self.path):
                self.path.unlink()
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()


def runtime_folder() -> Path:
    """The registry's folder, made if need be: TRADEKIT_RUNTIME_DIR, else in the user's runtime directory.

    Raises ConfigError when it is somebody else's or others may write there: commands go where its files say.
    """
    chosen = os.environ.get("TRADEKIT_RUNTIME_DIR")
    folder = Path(chosen) if chosen else _usual_folder()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.stat()
    except OSError as error:
        raise ConfigError(
            f"the runtime directory {folder} cannot be used: {error.strerror}; set TRADEKIT_RUNTIME_DIR"
        ) from error
    if found.st_uid != os.geteuid():
        raise ConfigError(f"the runtime directory {folder} belongs to another user; set TRADEKIT_RUNTIME_DIR")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(f"others may write in the runtime directory {folder}; run: chmod 700 {folder}")
    return folder


def _usual_folder() -> Path:
    from platformdirs import user_runtime_path, user_state_path

    chosen = os.environ.get("XDG_RUNTIME_DIR") or Path(f"/run/user/{os.geteuid()}").is_dir()
    if sys.platform == "linux" and not chosen:  # it would be a folder in the one where everybody may write
        return user_state_path("tradekit", appauthor=False) / "run"
    return user_runtime_path("tradekit", appauthor=False)


def register(entry: Entry) -> Registration:
    """Enter a session; keep what is returned for as long as it runs.

    Raises ConfigError when a running session has the same name already.
    """
    folder = runtime_folder()
    path = folder / f"{entry.name}{_SUFFIX}"
    aside = folder / f".{entry.name}.{entry.pid}.new"
    with _turn(folder):
        known = _alive(path)
        if known is not None:
            raise ConfigError(
                f"a session named {entry.name!r} runs already (pid {known.pid}, {known.uri or 'starting'}): "
                "stop it, attach to it, or give this one another session.name"
            )
        aside.unlink(missing_ok=True)
        fd = os.open(aside, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)  # before it can be seen, so that whoever sees it sees it locked
            os.write(fd, msgspec.json.encode(entry))
            aside.replace(path)
        except BaseException:
            os.close(fd)
            aside.unlink(missing_ok=True)
            raise
    return Registration(path, fd)


def entries() -> list[Entry]:
    """Every session that runs and listens, by name; files of dead ones are removed."""
    folder = runtime_folder()
    with _turn(folder):
        found = [_alive(path) for path in folder.glob(f"*{_SUFFIX}")]
    listening = (entry for entry in found if entry is not None and entry.uri)
    return sorted(listening, key=lambda entry: entry.name)


def find(name: str) -> Entry:
    """The session of that name; raises NotFoundError that says what runs."""
    running = {entry.name: entry for entry in entries()}
    if name not in running:
        there = f"running: {', '.join(running)}" if running else "no session runs on this machine"
        raise NotFoundError(f"no session named {name!r} runs{did_you_mean(name, running)}; {there}")
    return running[name]


def address(name: str, known: str) -> Callable[[], str]:
    """Where a session is, whenever it is asked: one that comes back may have another port.

    `known` is where it was last; that is told while it does not run.
    """

    def now() -> str:
        nonlocal known
        known = next((one.uri for one in entries() if one.name == name), known)
        return known

    return now


def _alive(path: Path) -> Entry | None:
    """The entry in a file that somebody holds, or None, and the file is gone. Call it in your turn."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if _is_free(fd):
            path.unlink(missing_ok=True)
            return None
        return msgspec.json.decode(os.read(fd, 65_536), type=Entry)
    except msgspec.DecodeError as error:  # a later version's, perhaps; its owner lives, so it stays
        _log.warning("%s cannot be read: %s", path, error)
        return None
    finally:
        os.close(fd)


def _is_free(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_same(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """One at a time looks or changes; the wait is as long as another's look."""
    fd = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
