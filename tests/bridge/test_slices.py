from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tradekit.bridge.frames import SnapshotPart, parse_server
from tradekit.bridge.slices import PART_BYTES, SnapshotParts, cut_snapshot
from tradekit.errors import ProtocolError

leaves = st.none() | st.integers() | st.text(max_size=12) | st.floats(allow_nan=False, allow_infinity=False)
rows = st.builds(lambda leaf, count: [leaf] * count, leaves, st.integers(0, 80))
values = st.recursive(
    leaves | rows, lambda inner: st.dictionaries(st.text(max_size=6), inner, max_size=8), max_leaves=12
)
states = st.dictionaries(st.text(min_size=1, max_size=8), values, max_size=4)


def joined(frames: list[bytes]) -> dict[str, Any]:
    parts: SnapshotParts | None = None
    for frame in frames:
        part = parse_server(frame)
        assert isinstance(part, SnapshotPart)
        parts = parts or SnapshotParts(part.seq, part.parts)
        assert not parts.complete
        parts.take(part)
    assert parts is not None
    assert parts.complete
    return {path: msgspec.json.decode(raw) for path, raw in parts.state().items()}


@pytest.mark.law
@given(states, st.integers(900, 1800))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_cut_state_comes_together_whole_and_no_part_is_too_large(state: dict[str, Any], limit: int) -> None:
    frames = cut_snapshot(
        9, [(path, msgspec.json.encode(value)) for path, value in state.items()], limit=limit
    )
    assert max(len(frame) for frame in frames) <= limit
    assert joined(frames) == state


def test_what_is_cut_deep_inside_never_names_a_key_twice_in_one_part() -> None:
    for entries in range(20, 40):  # so that the last piece is small once
        state = {"k": {"large": {f"n{i}": "x" * 100 for i in range(entries)}, "small": 1}, "l": 2}
        assert joined(cut_snapshot(9, [("path", msgspec.json.encode(state))], limit=900)) == {"path": state}


def test_a_path_that_fits_is_sent_as_the_very_bytes_given() -> None:
    raw = b'{"b": 1.50, "a":[ 1e3 ]}'
    parts = SnapshotParts(1, 1)
    part = parse_server(cut_snapshot(1, [("x", raw)])[0])
    assert isinstance(part, SnapshotPart)
    parts.take(part)
    assert parts.state() == {"x": raw}


def test_an_empty_state_is_one_part() -> None:
    assert joined(cut_snapshot(0, [])) == {}


def test_no_part_of_a_large_state_is_over_the_limit() -> None:
    bars = {"BTC": {"15m": [{"open": i, "close": i + 0.5} for i in range(60_000)]}, "note": "x" * 1000}
    raw = msgspec.json.encode(bars)
    frames = cut_snapshot(3, [("bars", raw), ("cash", b'"1.5"')])
    assert len(raw) > 3 * PART_BYTES
    assert max(map(len, frames)) <= PART_BYTES
    assert joined(frames) == {"bars": bars, "cash": "1.5"}


def test_one_value_larger_than_a_part_is_an_error_that_names_its_path() -> None:
    with pytest.raises(ProtocolError, match=r"state path note\.text: one value of 1002 bytes"):
        cut_snapshot(1, [("note", msgspec.json.encode({"text": "x" * 1000}))], limit=500)
    with pytest.raises(ProtocolError, match=r"state path notes\[0\]: a list item of 1002 bytes"):
        cut_snapshot(1, [("notes", msgspec.json.encode(["x" * 1000]))], limit=500)


@pytest.mark.parametrize(("seq", "part", "parts"), [(1, 1, 2), (1, 3, 2), (2, 2, 2), (1, 2, 3)])
def test_a_part_that_does_not_follow_is_refused(seq: int, part: int, parts: int) -> None:
    taken = SnapshotParts(1, 2)
    taken.take(SnapshotPart(1, 1, 2, {}))
    with pytest.raises(ProtocolError, match="does not follow part 1/2"):
        taken.take(SnapshotPart(seq, part, parts, {}))


def test_slices_that_contradict_each_other_are_refused() -> None:
    taken = SnapshotParts(1, 2)
    taken.take(SnapshotPart(1, 1, 2, {"x": msgspec.Raw(b'{"a":1}')}))
    taken.take(SnapshotPart(1, 2, 2, {"x": msgspec.Raw(b'{"a":2}')}))
    with pytest.raises(ProtocolError, match=r"state path x\.a: its slices do not fit"):
        taken.state()
