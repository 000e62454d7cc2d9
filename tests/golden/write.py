"""Write the golden files of event types that have none: `python -m tests.golden.write [TYPE ...]`.

A golden file is kept for ever: it says how version v of a type was written, and every later program must read it.
A TYPE named on the command line is written anew, which is only right before its first release.
"""

import sys
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from tradekit.core.archive import JournalPruned
from tradekit.core.codec import encode_event
from tradekit.core.event import Event, Fact, fact_types
from tradekit.state import reducer

FOLDER = Path(__file__).parent / "events"
TYPES_IN = (JournalPruned, reducer)  # importing these registers every fact
TS = 1_670_889_600_000_000_000


def golden_file(tag: str, v: int) -> Path:
    """Where version `v` of a type has its golden file."""
    return FOLDER / f"{tag}.v{v}.jsonl"


def samples(cls: type[Fact]) -> list[bytes]:
    """Two events of a class as they are written: every field filled, and all that may be absent left out."""
    lines = []
    for seq, full in enumerate((True, False), 1):
        data: Fact = msgspec.convert(value(inspect.type_info(cls), "", full=full), cls)
        lines.append(encode_event(Event(seq, 1, TS, TS + 5, cls.TYPE, cls.V, seq - 1, data.key, data)))
    return lines


def value(info: inspect.Type, name: str, *, full: bool) -> Any:
    """A plain value of a type, telling where it stands."""
    match info:
        case inspect.StructType(fields=fields):
            return {f.encode_name: value(f.type, f.name, full=full) for f in fields if full or f.required}
        case inspect.UnionType(types=types):
            chosen = [t for t in types if isinstance(t, inspect.NoneType) is not full]
            return value(chosen[0] if chosen else types[0], name, full=full)
        case inspect.DictType(value_type=of):
            return {name: value(of, name, full=full)} if full else {}
        case inspect.ListType(item_type=of) | inspect.VarTupleType(item_type=of):
            return [value(of, name, full=full)] if full else []
        case inspect.EnumType(cls=cls):
            return list(cls)[-1 if full else 0].value if issubclass(cls, Enum) else None
        case inspect.DecimalType():
            return "1.10" if full else "0.00000001"
        case inspect.IntType():
            return 7 if full else 0
        case inspect.FloatType():
            return 100.25 if full else 1e-08
        case inspect.BoolType():
            return full
        case inspect.NoneType():
            return None
        case _:
            return f"{name} é" if full else name


def main(tags: Sequence[str]) -> None:
    """Write what is missing, and what is named."""
    for tag, cls in sorted(fact_types().items()):
        path = golden_file(tag, cls.V)
        if not path.exists() or tag in tags:
            path.write_bytes(b"\n".join(samples(cls)) + b"\n")
            print(path.name)


if __name__ == "__main__":
    main(sys.argv[1:])
