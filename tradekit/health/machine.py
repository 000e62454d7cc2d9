"""What a session needs of its machine: a clock, disk, files, a port, a sound SQLite.

Knows no configuration and no journal; it is told where to look.
"""

import os
import resource
import shutil
import socket
import sqlite3
from pathlib import Path

from tradekit.core.clock import Clock
from tradekit.health.finding import Finding, note, well, wrong

__all__ = ["clock_sane", "folder_usable", "open_files", "port_free", "sqlite_sound"]

_LITTLE = 200 * 2**20  # bytes free: a day of minute bars and orders is a few MB, a bad day's log more
_SOME = 2 * 2**30
_MARGIN = 64  # descriptors beside the clients': journal, logs, sockets, event loops
_FIXED = {
    (3, 44): 6,
    (3, 50): 7,
    (3, 51): 3,
}  # the first patch of these branches with the fix; later ones all have it


def sqlite_sound(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> Finding:
    """SQLite 3.7.0 to 3.51.2 can lose a reset of the WAL when two connections write or checkpoint at once."""
    said = f"SQLite {'.'.join(map(str, version))}"
    patch = _FIXED.get(version[:2])
    if version < (3, 7, 0):
        return wrong("sqlite", f"{said} has no write-ahead log", "use a Python with SQLite 3.51.3 or newer")
    if version[:2] > (3, 51) or (patch is not None and version[2] >= patch):
        return well("sqlite", said)
    return note(
        "sqlite",
        f"{said} has the WAL-reset bug, which takes two writing connections; a session has one",
        "open a journal in other programs read only (mode=ro), or use a Python with SQLite 3.51.3 or newer",
    )


def clock_sane(clock: Clock, *, after: int = 0, what: str = "the program's own files") -> Finding:
    """Whether the wall clock is not behind a moment that is certainly past [UTC ns]."""
    behind_s = (after - clock.now()) / 1e9
    if behind_s > 1.0:
        return wrong(
            "clock",
            f"the clock is {behind_s:,.0f} s behind {what}",
            "set the time (timedatectl set-ntp true) before anything is recorded",
        )
    return well("clock", f"not behind {what}")


def open_files(clients: int) -> Finding:
    """Whether this many clients and a session's own files fit under the limit of open files."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = clients + _MARGIN
    if limit != resource.RLIM_INFINITY and limit < needed:
        return wrong(
            "open files",
            f"{limit} may be open, {needed} may be needed (websocket.max_clients is {clients})",
            f"ulimit -n {max(needed, 1024)}, or lower websocket.max_clients",
        )
    return well("open files", "no limit" if limit == resource.RLIM_INFINITY else f"{limit:,} may be open")


def folder_usable(folder: Path, subject: str) -> list[Finding]:
    """Whether files can be made there, by whom else, and how much room is left."""
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir():
        return [wrong(subject, f"{there} is a file, where a folder should be", "move it away")]
    if not os.access(there, os.W_OK | os.X_OK):
        return [
            wrong(subject, f"you may not write in {there}", f"chmod u+rwx {there}, or choose another folder")
        ]
    mode = there.stat().st_mode
    if there == folder and mode & 0o022 and not mode & 0o1000:
        who = "everybody" if mode & 0o002 else "your group"
        access = note(
            subject, f"{who} may write in {folder}, and so change what lies there", f"chmod go-w {folder}"
        )
    else:
        access = well(subject, f"{folder}{'' if there == folder else ' will be made'}")
    return [access, _room(there, subject)]


def _room(folder: Path, subject: str) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{free / 2**30:,.1f} GB free"
    if free < _LITTLE:
        return wrong(
            f"{subject}: disk", said, f"make room on the disk of {folder}: a full one stops the session"
        )
    return (
        note(f"{subject}: disk", said, "make room soon") if free < _SOME else well(f"{subject}: disk", said)
    )


def port_free(host: str, port: int) -> Finding:
    """Whether a server could listen there now."""
    if port == 0:
        return well("port", "any free one")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        for family, kind, _, _, address in found:
            with socket.socket(family, kind) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        return wrong(
            "port",
            f"{host}:{port} cannot be had: {error.strerror or error}",
            "stop what has it (`tradekit sessions` lists the sessions), or set another port (0 takes a free one)",
        )
    return well("port", f"{host}:{port} is free")
