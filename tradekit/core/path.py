"""Paths into a state: dotted names through structs, mappings and lists, and globs over them.

Knows nothing of what the state holds.
"""

from fnmatch import fnmatchcase
from typing import Any

import msgspec

__all__ = ["MISSING", "StatePath", "overlap", "split", "walk"]

StatePath = str | tuple[str, ...]
MISSING = object()  # what `walk` gives where a path leads nowhere


def split(path: StatePath) -> tuple[str, ...]:
    """A path as a tuple: "orders.sma-1" is ("orders", "sma-1")."""
    return tuple(path.split(".")) if isinstance(path, str) else path


def overlap(pattern: list[str], path: list[str]) -> bool:
    """Whether one leads to the other: what lies above or below a touched path has changed with it."""
    return all(fnmatchcase(token, glob) for glob, token in zip(pattern, path, strict=False))


def walk(value: Any, path: tuple[str, ...]) -> Any:
    """The value that a path leads to, or MISSING.

    A key may hold dots ("BRK.B", "BTCUSDT.15m"), so a mapping is asked for longer and longer names.
    """
    if not path:
        return value
    name, rest = path[0], path[1:]
    if isinstance(value, dict):
        for end in range(1, len(path) + 1):
            key = ".".join(path[:end])
            if key in value:
                return walk(value[key], path[end:])
        return MISSING
    if isinstance(value, list | tuple):
        index = int(name) if name.removeprefix("-").isdecimal() else len(value)
        return walk(value[index], rest) if -len(value) <= index < len(value) else MISSING
    if isinstance(value, msgspec.Struct) and name in value.__struct_fields__:
        return walk(getattr(value, name), rest)
    return MISSING
