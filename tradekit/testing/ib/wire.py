"""TWS's wire: messages of text fields behind their length, and numbers as TWS writes them.

Knows no message.
"""

import asyncio
import struct
from decimal import Decimal
from typing import Any

__all__ = ["UNSET", "double", "framed", "number", "read_frame"]

UNSET = "1.7976931348623157E308"  # what TWS sends for a number that it has not
_LONGEST = 1 << 20


async def read_frame(reader: asyncio.StreamReader) -> bytes:
    """The bytes of the next message; raises IncompleteReadError at the end, ValueError for what is no message."""
    (length,) = struct.unpack(">I", await reader.readexactly(4))
    if length > _LONGEST:
        raise ValueError(f"a message of {length} bytes")
    return await reader.readexactly(length)


def framed(*fields: Any) -> bytes:
    """A message of these fields; true and false are 1 and 0, None is empty."""
    body = "".join(f"{_field(one)}\0" for one in fields).encode()
    return struct.pack(">I", len(body)) + body


def _field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return number(value) if isinstance(value, Decimal) else str(value)


def number(value: Decimal) -> str:
    """A quantity: "10", "0.5"."""
    return format(value.normalize(), "f")


def double(value: Decimal | None) -> str:
    """A price, as Java writes a double: "100.0"; None is nothing told."""
    if value is None:
        return UNSET
    text = number(value)
    return text if "." in text else f"{text}.0"
