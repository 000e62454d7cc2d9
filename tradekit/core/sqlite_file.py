"""The journal's SQLite file: its tables, how it is connected to, and what its manifest says.

Knows neither appending nor verification; every connection in tradekit to a journal is made here.
"""

import contextlib
import hashlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec

from tradekit.errors import JournalCorruptError, JournalError, NotFoundError, VersionError

__all__ = [
    "COLUMNS",
    "SCHEMA",
    "TABLES",
    "WIDTH",
    "Manifest",
    "connect_reader",
    "connect_writer",
    "create",
    "genesis",
    "link",
    "read_manifest",
    "sync_folder",
    "translated",
]

SCHEMA = 1
APPLICATION_ID = 0x544B4A31  # "TKJ1": what `file` shows

ABOUT = (
    "This is a tradekit journal: every event of a trading session, in order; its state is made from it. "
    "Read it with `tradekit journal tail FILE`, tradekit.open_journal(FILE) or sqlite3 'file:FILE?mode=ro' "
    "(view log). Do not edit, rotate or vacuum it; move it only while its session is stopped, together with FILE.mark "
    "and FILE.archive."
)

# What the view `log` shows of a payload to somebody with a plain sqlite3.
_FIELDS = ("epoch", "ts", "recorded", "type", "v", "cause", "key", "data")
_LOG = ", ".join(f"json_extract(CAST(payload AS TEXT), '$.{name}') AS {name}" for name in _FIELDS)

# Compared word for word with the file by `verify`: a flipped bit in the schema would otherwise go unseen.
TABLES = (
    "CREATE TABLE about (text TEXT NOT NULL)",
    "CREATE TABLE manifest (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID",
    "CREATE TABLE epochs (epoch INTEGER PRIMARY KEY, opened INTEGER NOT NULL, program TEXT NOT NULL)",
    "CREATE TABLE types (type TEXT PRIMARY KEY, v INTEGER NOT NULL) WITHOUT ROWID",
    # The payload is the whole envelope; what is searched by stands beside it: type, and session time [UTC ns].
    "CREATE TABLE events (seq INTEGER PRIMARY KEY, type TEXT NOT NULL, time INTEGER NOT NULL, "
    "payload BLOB NOT NULL, chain BLOB NOT NULL)",
    "CREATE INDEX events_by_type ON events (type)",
    f"CREATE VIEW log AS SELECT seq, {_LOG} FROM events",  # noqa: S608 - constants
)
COLUMNS = "seq, type, time, payload, chain"
WIDTH = 5


class Manifest(msgspec.Struct, frozen=True):
    """What a journal says of itself: id, storage format, when it was created [UTC ns], by which program."""

    id: str
    schema: int
    created: int
    program: str


def genesis(journal_id: str) -> bytes:
    """The chain's link before the first event: it ties the chain to the journal's id."""
    return hashlib.sha256(b"tradekit journal " + journal_id.encode()).digest()


def link(previous: bytes, payload: bytes) -> bytes:
    """The next link: sha256 over the previous link and the payload, which is the whole stored envelope."""
    return hashlib.sha256(previous + payload).digest()


def create(path: Path, manifest: Manifest, about: str = ABOUT) -> None:
    """Make an empty journal, readable by its owner only; a creation that was cut short is finished."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    sync_folder(path)
    with contextlib.closing(_connect(path, "rw")) as connection:
        _journal_mode(connection, path)
        connection.execute("BEGIN IMMEDIATE")
        for statement in TABLES:
            connection.execute(statement)
        connection.execute("INSERT INTO about VALUES (?)", (about,))
        connection.executemany("INSERT INTO manifest VALUES (?, ?)", msgspec.structs.asdict(manifest).items())
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("COMMIT")
    sync_folder(path)


def connect_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes and checkpoints (SQLite before 3.51.3 can corrupt with two of them)."""
    connection = _connect(path, "rw")
    try:
        _journal_mode(connection, path)
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # checkpointed off the acknowledgement's path
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, beside a writer or alone; raises NotFoundError and JournalError."""
    if not path.is_file():
        raise NotFoundError(
            f"there is no journal at {path}; name the file that the session's config calls its log"
        )
    with translated(path):
        try:
            return _query_only(_connect(path, "ro"))
        except sqlite3.OperationalError:
            wal = path.with_name(path.name + "-wal")
            if os.access(path.parent, os.W_OK) or (wal.exists() and wal.stat().st_size):
                raise
            # A closed journal in a folder that this user cannot write to (an archive, a mounted backup).
            return _query_only(_connect(path, "ro", "&immutable=1"))


def read_manifest(connection: sqlite3.Connection, path: Path) -> Manifest | None:
    """The file's manifest, None for an empty database; raises VersionError when it is of a newer format."""
    with translated(path):
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return None
        if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise JournalError(f"{path} is an SQLite file but not a tradekit journal; name another file")
        values = dict(connection.execute("SELECT name, value FROM manifest"))
    schema = values.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise VersionError(
            f"{path} is of journal format {schema} (written by {values.get('program')}); this tradekit knows "
            f"format {SCHEMA} and leaves the file as it is: update tradekit"
        )
    try:
        return msgspec.convert(values, Manifest)
    except msgspec.ValidationError as error:
        raise JournalCorruptError(
            f"{path} has a damaged manifest ({error}); restore it from a backup"
        ) from error


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """What SQLite and the system say about a file, as JournalError or JournalCorruptError."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise JournalError(f"{path} cannot be used as a journal: {error}") from error
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # SQLite may quote damaged text
        raise JournalCorruptError(
            f"{path} is damaged ({error}); run: tradekit journal verify {path.name}"
        ) from error


def sync_folder(path: Path) -> None:
    """Put the folder's entry for `path` on stable storage."""
    fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _connect(path: Path, mode: str, more: str = "") -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path.resolve()))}?mode={mode}{more}",
        uri=True,
        timeout=5.0,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )


def _query_only(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _journal_mode(connection: sqlite3.Connection, path: Path) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise JournalError(f"{path} lies on a file system where SQLite cannot keep a WAL; use a local disk")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: through the disk's own cache; no effect elsewhere
