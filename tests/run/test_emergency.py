"""The emergency file."""

import json
from pathlib import Path

from tradekit.core.clock import ManualClock
from tradekit.run.emergency import Emergency


def test_each_note_is_one_line_with_its_time(tmp_path: Path) -> None:
    file = tmp_path / "paper.emergency"
    emergency = Emergency([file], ManualClock(7))
    assert emergency.note("journal failed", error="disk full") == file
    emergency.note("command", name="kill")
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert lines == [
        {"recorded": 7, "what": "journal failed", "error": "disk full"},
        {"recorded": 7, "what": "command", "name": "kill"},
    ]
    assert file.stat().st_mode & 0o777 == 0o600


def test_where_the_first_place_fails_the_next_one_is_taken(tmp_path: Path) -> None:
    second = tmp_path / "other"
    assert Emergency([tmp_path / "no" / "such" / "folder", second], ManualClock()).note("x") == second
    assert second.exists()


def test_without_any_place_nothing_is_raised(tmp_path: Path) -> None:
    assert Emergency([tmp_path], ManualClock()).note("x") is None  # a folder cannot be appended to
