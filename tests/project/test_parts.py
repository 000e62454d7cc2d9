"""Whether a part of the tests imports what it needs, and nothing else."""

import re
from pathlib import Path

import pytest

from tests.parts import PARTS, may_hold, needed, unnamed

UNIT = "not law and not process and not proof and not browser and not notebook"
LAWS = "law and not process and not proof and not browser and not notebook"


@pytest.mark.parametrize(
    ("source", "unit", "laws"),
    [
        ("def test_a(): ...", True, False),
        ("@law(200)\ndef test_a(): ...", True, True),
        ("@pytest.mark.law\ndef test_a(): ...", True, True),
        ("    @pytest.mark.process\n    def test_a(): ...", True, False),
        ("pytestmark = pytest.mark.process\n@law(200)\ndef test_a(): ...", False, False),
        ("pytestmark = [pytest.mark.proof, pytest.mark.timeout(900)]", False, False),
        ("pytestmark = pytest.mark.timeout(900)", True, False),
        ('A_FILE = """\npytestmark = pytest.mark.process\n"""', True, False),
        ('pytestmark = pytest.mark.process\nA_FILE = """\npytestmark = pytest.mark.proof\n"""', False, False),
    ],
)
def test_a_file_is_asked_by_the_markers_it_names(source: str, unit: bool, laws: bool) -> None:
    assert may_hold(source, UNIT) is unit
    assert may_hold(source, LAWS) is laws


@pytest.mark.parametrize("wanted", ["slow", "not slow", "slow or proof", "not (slow and law)"])
def test_of_a_marker_that_makes_no_part_nothing_is_concluded(wanted: str) -> None:
    assert may_hold("def test_a(): ...", wanted)


def test_a_folder_is_needed_for_one_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "test_plain.py").write_text("def test_a(): ...")
    assert not needed(tmp_path, "proof")
    (tmp_path / "deep" / "test_proof.py").write_text("pytestmark = pytest.mark.proof")
    assert needed(tmp_path, "proof")
    assert not needed(tmp_path / "test_plain.py", "proof")


def test_a_part_that_a_file_does_not_name_is_found(tmp_path: Path) -> None:
    file = tmp_path / "test_heir.py"
    file.write_text("class TestHeir(Suite): ...\n\n@law(3)\ndef test_a(): ...")
    assert unnamed(file, ["process", "law", "usefixtures"]) == {"process"}


def test_every_marker_by_which_a_part_is_called_is_known(root: Path) -> None:
    called = re.findall(r'-m "([^"]+)"', (root / "Makefile").read_text())
    assert set(re.findall(r"\w+", " ".join(called))) - {"not", "and", "or"} == PARTS
