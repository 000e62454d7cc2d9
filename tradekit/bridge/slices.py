"""A state cut into frames of bounded size, and put together again.

A path too large for one part is cut inside: into objects and lists which, merged in order, give it back.
Knows nothing of what a path holds.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from tradekit.bridge.frames import SnapshotPart
from tradekit.errors import ProtocolError

__all__ = ["PART_BYTES", "SnapshotParts", "cut_snapshot"]

PART_BYTES = 512 * 1024
"""The largest snapshot frame."""

_HEAD = 256  # room for the frame around a slice: op, seq, counts and the path's name

_json = msgspec.json.Encoder()


def cut_snapshot(seq: int, state: Sequence[tuple[str, bytes]], *, limit: int = PART_BYTES) -> list[bytes]:
    """The frames of the state after event `seq`, of at most `limit` bytes; ProtocolError if none can be."""
    slices = [
        (_json.encode(path), piece)
        for path, value in state
        for piece in _cut(value, limit - _HEAD - len(path), path)
    ]
    parts = max(len(slices), 1)
    bodies = [b"%b:%b" % pair for pair in slices] or [b""]
    return [
        b'{"op":"snapshot","seq":%d,"part":%d,"parts":%d,"state":{%b}}' % (seq, number, parts, body)
        for number, body in enumerate(bodies, start=1)
    ]


def _cut(value: bytes, limit: int, path: str) -> Iterator[bytes]:
    """JSON `value` in pieces of at most `limit` bytes: whole if it fits, else its entries, cut in turn."""
    if len(value) <= limit:
        yield value
        return
    if value[:1] == b"{":
        fields = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
        named = ((_json.encode(name) + b":", bytes(item), f"{path}.{name}") for name, item in fields.items())
        yield from _gather(named, limit, b"{%b}")
    elif value[:1] == b"[":
        items = msgspec.json.decode(value, type=list[msgspec.Raw])
        yield from _gather(
            ((b"", bytes(item), f"{path}[{i}]") for i, item in enumerate(items)), limit, b"[%b]"
        )
    else:
        raise ProtocolError(
            f"state path {path}: one value of {len(value)} bytes does not fit a frame of {limit}"
        )


def _gather(entries: Iterator[tuple[bytes, bytes, str]], limit: int, bracket: bytes) -> Iterator[bytes]:
    # Two neighbouring pieces of one entry never fit together (or they would be one), so no part names a key twice.
    held: list[bytes] = []
    size = 2
    for head, item, path in entries:
        room = limit - 2 - len(head)
        if len(item) > room and bracket[:1] == b"[":
            raise ProtocolError(
                f"state path {path}: a list item of {len(item)} bytes does not fit a frame of {limit}"
            )
        for piece in _cut(item, room, path):
            if held and size + len(head) + len(piece) + 1 > limit:
                yield bracket % b",".join(held)
                held, size = [], 2
            held.append(head + piece)
            size += len(head) + len(piece) + 1
    if held:
        yield bracket % b",".join(held)


class SnapshotParts:
    """Gathers the parts of one snapshot until `complete`; then `state()` is the raw JSON by path."""

    def __init__(self, seq: int, parts: int) -> None:
        self.seq = seq
        self._parts = parts
        self._taken = 0
        self._slices: dict[str, list[bytes]] = {}

    @property
    def complete(self) -> bool:
        """Whether the last part has been taken."""
        return self._taken == self._parts

    def take(self, part: SnapshotPart) -> None:
        """Add the next part; raises ProtocolError if it is another one or of another snapshot."""
        if part.part != self._taken + 1 or part.parts != self._parts or part.seq != self.seq or self.complete:
            raise ProtocolError(
                f"snapshot part {part.part}/{part.parts} of seq {part.seq} does not follow "
                f"part {self._taken}/{self._parts} of seq {self.seq}"
            )
        self._taken += 1
        for path, raw in part.state.items():
            self._slices.setdefault(path, []).append(bytes(raw))

    def state(self) -> dict[str, bytes]:
        """The JSON of each top-level path."""
        return {path: _merged(slices, path) for path, slices in self._slices.items()}


def _merged(slices: list[bytes], path: str) -> bytes:
    if len(slices) == 1:
        return slices[0]
    try:
        whole = msgspec.json.decode(slices[0])
        for piece in slices[1:]:
            whole = _merge(whole, msgspec.json.decode(piece), path)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProtocolError(f"state path {path} cannot be read: {error}") from None
    return _json.encode(whole)


def _merge(whole: Any, piece: Any, path: str) -> Any:
    if isinstance(whole, dict) and isinstance(piece, dict):
        for name, item in piece.items():
            whole[name] = _merge(whole[name], item, f"{path}.{name}") if name in whole else item
        return whole
    if isinstance(whole, list) and isinstance(piece, list):
        whole.extend(piece)
        return whole
    raise ProtocolError(f"state path {path}: its slices do not fit together")
