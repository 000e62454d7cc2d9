"""Whether each test is of one part, and a part imports what it needs, and nothing else."""

import itertools
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from tests.inward import kept_inward
from tests.parts import PARTS, SHELLS, by_room, may_hold, needed, unnamed

TESTS = Path(__file__).parents[1]
UNIT = "not shell and not law and not process and not proof and not browser and not notebook"
LAWS = "law and not process and not proof and not browser and not notebook"


@pytest.mark.parametrize(
    ("source", "unit", "laws"),
    [
        ("def test_a(): ...", True, False),
        ("@law(200)\ndef test_a(): ...", True, True),
        ("@pytest.mark.law\ndef test_a(): ...", True, True),
        ("pytestmark = pytest.mark.shell\ndef test_a(): ...", False, False),
        ("pytestmark = pytest.mark.shell\n@law(200)\ndef test_a(): ...", False, True),
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


def test_a_room_of_shells_is_of_their_part_as_a_whole(tmp_path: Path) -> None:
    assert by_room(TESTS / "brokers" / "ib" / "test_feed.py") == {"shell"}
    assert (
        by_room(TESTS / "state" / "test_ledger.py")
        == by_room(tmp_path / "brokers" / "test_a.py")
        == frozenset()
    )
    assert not may_hold("def test_a(): ...", UNIT, given=frozenset({"shell"}))
    assert may_hold("@law(3)\ndef test_a(): ...", LAWS, given=frozenset({"shell"}))
    assert {room for room in SHELLS if not (TESTS / room).is_dir()} == set()


def called(root: Path) -> dict[str, str]:
    """What each command of the Makefile asks of the markers."""
    makefile = (root / "Makefile").read_text()
    return dict(re.findall(r'^(\w+):.*\n\t\$\(PYTEST\).* -m "([^"]+)"$', makefile, re.MULTILINE))


def test_every_marker_by_which_a_part_is_called_is_known(root: Path) -> None:
    assert set(re.findall(r"\w+", " ".join(called(root).values()))) - {"not", "and", "or"} == PARTS


def test_however_it_is_marked_a_test_is_of_one_part_and_make_test_runs_it(root: Path) -> None:
    parts = {name: Expression.compile(wanted) for name, wanted in called(root).items()}
    for chosen in itertools.product((False, True), repeat=len(PARTS)):
        marked = set(itertools.compress(sorted(PARTS), chosen))
        asked = [name for name, part in parts.items() if part.evaluate(lambda name, /, **_: name in marked)]  # noqa: B023
        assert len(asked) == 1, (marked, asked)
    everything = re.search(r"^test: (.*?) *##", (root / "Makefile").read_text(), re.MULTILINE)
    assert everything
    assert set(parts) < set(everything[1].split())


def connects() -> None:
    with socket.socket() as outward:
        outward.connect(("127.0.0.1", 9))


def listens() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))


@pytest.mark.parametrize(
    "step",
    [
        connects,
        listens,
        lambda: sqlite3.connect(":memory:"),
        lambda: subprocess.run([sys.executable, "-c", ""]),
    ],
)
def test_a_test_of_the_unit_part_takes_no_step_outward(step: Callable[[], object]) -> None:
    with (
        kept_inward("test_a"),
        pytest.raises(RuntimeError, match=r"test_a belongs to the unit part, and does"),
    ):
        step()


def test_what_a_test_leaves_is_no_matter_of_the_next(tmp_path: Path) -> None:
    with kept_inward("test_a"):
        (tmp_path / "files").write_text("are no step outward")
    sqlite3.connect(tmp_path / "db").close()
