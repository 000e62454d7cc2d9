"""Pins: one line where the Python lines agree, a marker on each where they do not."""

from pathlib import Path

import pytest

from tools import pins


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines written for three Python lines whose resolutions are given."""
    resolved = {
        (3, 11): {"panel": "1.9", "yaml": "6", "overrides": "7"},
        (3, 12): {"panel": "1.10", "yaml": "6"},
        (3, 13): {"panel": "1.10", "yaml": "6", "newest": "1"},
    }
    by_name = {f"python{major}.{minor}": (major, minor) for major, minor in resolved}
    monkeypatch.setattr(pins.shutil, "which", lambda name: name if name in by_name else None)
    monkeypatch.setattr(pins, "_release", lambda python: python.removeprefix("python") + ".2")
    monkeypatch.setattr(pins, "_resolve", lambda python: resolved[by_name[python]])
    out = tmp_path / "constraints.txt"
    assert pins.main([*(f"--python={name}" for name in by_name), "--out", str(out)]) == 0
    return [line for line in out.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]


def test_lines_that_differ_carry_markers_open_to_both_ends(written: list[str]) -> None:
    assert written == [
        'newest==1 ; python_version >= "3.13"',
        'overrides==7 ; python_version < "3.12"',
        'panel==1.9 ; python_version < "3.12"',
        'panel==1.10 ; python_version >= "3.12"',
        "yaml==6",
    ]


def test_a_missing_interpreter_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pins.main(["--python", "python9.9", "--out", str(tmp_path / "out.txt")]) == 2
    assert "python9.9 is not on PATH" in capsys.readouterr().err
    assert not (tmp_path / "out.txt").exists()
