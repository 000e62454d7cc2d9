"""A journal's events written out for other programs: JSON lines always, Parquet where pyarrow is installed.

What is written is what the journal holds, in its own versions; nothing is lifted. Knows no fact of the trade.
"""

import contextlib
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from tradekit.core.journal import JournalReader
from tradekit.core.subject import fits, tokens
from tradekit.errors import ConfigError

__all__ = ["aside", "chosen", "write_jsonl", "write_parquet"]

_ROWS = 20_000  # events in a row group


class _Address(msgspec.Struct, frozen=True, gc=False):
    type: str
    key: str


class _Row(msgspec.Struct, frozen=True, gc=False):
    seq: int
    epoch: int
    ts: int
    recorded: int
    type: str
    v: int
    cause: int
    key: str
    data: msgspec.Raw


_address = msgspec.json.Decoder(_Address)
_row = msgspec.json.Decoder(_Row)


def chosen(
    journal: JournalReader,
    *,
    since: int = 0,
    until: int | None = None,
    types: Iterable[str] = (),
    subject: str | None = None,
) -> Iterator[bytes]:
    """The payloads after `since` up to `until`, of `types` (all if none) and of subjects that fit, in seq order."""
    wanted = frozenset(types)
    pattern = None if subject is None else tokens(subject)
    for _, payload in journal.payloads(since, until):
        if wanted or pattern:
            address = _address.decode(payload)
            name = f"{address.type}.{address.key}" if address.key else address.type
            if (wanted and address.type not in wanted) or (pattern and not fits(pattern, name.split("."))):
                continue
        yield payload


def write_jsonl(payloads: Iterable[bytes], out: Path | BinaryIO) -> int:
    """One event a line, the very bytes of the journal; returns how many. A file appears when it is whole."""
    if not isinstance(out, Path):
        return _lines(payloads, out)
    with aside(out) as part, part.open("wb") as file:
        count = _lines(payloads, file)
        file.flush()
        os.fsync(file.fileno())
    return count


def write_parquet(payloads: Iterable[bytes], out: Path) -> int:
    """One event a row: the envelope's fields as columns (times as UTC timestamps), `data` as JSON text.

    Returns how many; the file appears when it is whole. Raises ConfigError when pyarrow is not installed.
    """
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise ConfigError(
            "Parquet needs pyarrow, which is not installed; run: pip install 'tradekit[data]', or export JSON lines"
        ) from error
    time = pa.timestamp("ns", tz="UTC")
    kinds: dict[str, Any] = {
        "seq": pa.int64(), "epoch": pa.int32(), "ts": time, "recorded": time, "type": pa.string(), "v": pa.int16(),
        "cause": pa.int64(), "key": pa.string(), "data": pa.string(),
    }  # fmt: skip
    schema = pa.schema([pa.field(name, kind, nullable=False) for name, kind in kinds.items()])
    count, rows = 0, map(_row.decode, payloads)
    with aside(out) as part, pq.ParquetWriter(part, schema, compression="zstd") as writer:
        while group := list(islice(rows, _ROWS)):
            columns = [[getattr(row, name) for row in group] for name in kinds if name != "data"]
            columns.append([bytes(row.data).decode() for row in group])
            writer.write_table(pa.table(dict(zip(kinds, columns, strict=True)), schema=schema))
            count += len(group)
    return count


def _lines(payloads: Iterable[bytes], file: BinaryIO) -> int:
    count = 0
    for payload in payloads:
        file.write(payload + b"\n")
        count += 1
    return count


@contextlib.contextmanager
def aside(out: Path) -> Iterator[Path]:
    """A file to write that takes the place of `out` when all went well, and is gone otherwise."""
    part = out.with_name(f".{out.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=0o600)
        yield part
        part.replace(out)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
