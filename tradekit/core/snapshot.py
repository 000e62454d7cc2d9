"""Snapshots: the encoded state at a seq, so that a restart need not fold the whole journal.

A snapshot only ever saves time: whatever is wrong with one, the journal alone gives the same state.
Knows nothing of what the state holds.
"""

import contextlib
import hashlib
import logging
import os
import re
from pathlib import Path
from typing import Any

import msgspec

from tradekit.core.clock import Clock, SystemClock
from tradekit.core.codec import encode
from tradekit.errors import ConfigError, JournalError, NotFoundError

__all__ = ["Snapshot", "SnapshotStore", "snapshot_seq"]

log = logging.getLogger(__name__)

FORMAT = 1
_NAME = re.compile(r"(\w+)-([0-9]{20})\.snapshot")


class _Header(msgspec.Struct, frozen=True):
    format: int
    journal: str
    seq: int
    reducer: int
    created: int
    program: str


class Snapshot(msgspec.Struct, frozen=True):
    """A state that was read back: JSON at `seq`, and the strategy's memory if it kept one (None if not)."""

    seq: int
    created: int
    state: bytes
    memory: Any


class SnapshotStore:
    """The snapshots of one journal in one folder, at most `max_snapshots` of them.

    A file is three lines of JSON (header, state, memory) and the sha256 of all that. Those of another journal
    in the same folder are neither read nor pruned.
    """

    def __init__(
        self,
        folder: Path,
        *,
        journal_id: str,
        reducer_version: int,
        max_snapshots: int = 100,
        clock: Clock | None = None,
        program: str = "tradekit",
    ) -> None:
        if max_snapshots < 1:
            raise ConfigError(f"max_snapshots is {max_snapshots}; keep at least 1")
        self.folder = folder
        self._journal, self._reducer = journal_id, reducer_version
        self._max = max_snapshots
        self._clock, self._program = clock or SystemClock(), program

    def write(self, seq: int, state: Any, memory: Any = None) -> Path:
        """Write the state at `seq` (anything encodable, or its JSON as bytes); returns the file.

        Atomic and on stable storage when it returns; then the oldest beyond `max_snapshots` go. Raises
        OSError and leaves no partial file. `seq` must be durable in the journal: a snapshot is never ahead.
        """
        header = _Header(FORMAT, self._journal, seq, self._reducer, self._clock.now(), self._program)
        body = state if isinstance(state, bytes) else encode(state)
        if b"\n" in body:
            raise JournalError("the state's JSON spans lines; give it as one line")
        data = b"\n".join((encode(header), body, encode(memory), b""))
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{self._journal}-{seq:020d}.snapshot"
        aside = path.with_suffix(".part")
        try:
            _write_synced(aside, data + hashlib.sha256(data).hexdigest().encode() + b"\n")
            aside.replace(path)
            _sync_folder(self.folder)
        except BaseException:
            with contextlib.suppress(OSError):
                aside.unlink()
            raise
        for old in self.files()[self._max :]:
            with contextlib.suppress(OSError):
                old.unlink()
        return path

    def files(self) -> list[Path]:
        """This journal's snapshots, newest first, looked at by name only."""
        if not self.folder.is_dir():
            return []
        names = [(match[2], path) for path in self.folder.iterdir() if (match := _NAME.fullmatch(path.name))]
        return [path for _, path in sorted(names, reverse=True) if path.name.startswith(f"{self._journal}-")]

    def latest(self, *, before: int | None = None, durable_seq: int | None = None) -> Snapshot | None:
        """The newest sound snapshot, of a seq under `before` and not over the journal's `durable_seq`.

        One that is damaged, of another journal or by another reducer is logged and passed over; None when no
        sound one is left, and the journal is folded from its start.
        """
        for path in self.files():
            seq = int(path.stem.rpartition("-")[2])
            if before is not None and seq >= before:
                continue
            if durable_seq is not None and seq > durable_seq:
                log.warning(
                    "snapshot %s is ahead of its journal (seq %d) and is not used", path.name, durable_seq
                )
                continue
            try:
                return self._read(path, seq)
            except (OSError, ValueError, msgspec.MsgspecError) as error:
                log.warning("snapshot %s is not used: %s", path.name, error)
        return None

    def _read(self, path: Path, seq: int) -> Snapshot:
        data = path.read_bytes()
        header = _header(data)
        lines = data.split(b"\n")
        if header.journal != self._journal or header.seq != seq:
            raise ValueError(f"it holds seq {header.seq} of journal {header.journal}")
        if header.reducer != self._reducer:
            raise ValueError(f"reducer {header.reducer} made it, this is reducer {self._reducer}")
        return Snapshot(header.seq, header.created, lines[1], msgspec.json.decode(lines[2]))


def snapshot_seq(path: Path, *, journal_id: str) -> int:
    """The seq of a snapshot file, proved by its checksum; raises NotFoundError and ConfigError for any other file."""
    try:
        header = _header(path.read_bytes())
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no snapshot at {path}") from error
    except (OSError, ValueError, msgspec.MsgspecError) as error:
        raise ConfigError(f"{path} is no sound snapshot: {error}") from error
    if header.journal != journal_id:
        raise ConfigError(f"{path} is a snapshot of journal {header.journal}, not of {journal_id}")
    return header.seq


def _header(data: bytes) -> _Header:
    """A file's header, once its checksum holds; raises ValueError."""
    body, digest = data[:-65], data[-65:]
    if digest != hashlib.sha256(body).hexdigest().encode() + b"\n":
        raise ValueError("its checksum does not hold")
    header = msgspec.json.decode(body[: body.index(b"\n")], type=_Header)
    if header.format != FORMAT:
        raise ValueError(f"it is of format {header.format}, this tradekit knows {FORMAT}")
    return header


def _write_synced(path: Path, data: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(fd)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
