"""Which part of the tests a file belongs to, by its room and by the markers it names, so that no other is imported.

Knows of a file only where it lies and what stands in its text; pytest itself then chooses among the file's tests.
"""

import ast
import itertools
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from _pytest.mark.expression import Expression

__all__ = ["PARTS", "SHELLS", "by_room", "may_hold", "needed", "unnamed"]

PARTS = frozenset({"shell", "law", "process", "proof", "browser", "notebook"})
# rooms that stand on more than the code itself; elsewhere a file that needs a socket, a journal on disk, a plot, a
# compiler or a library to compare with says so itself
SHELLS = frozenset([
    "apps", "benchmarks", "brokers", "cli", "client", "hazards", "health", "project", "tools", "widgets", "wiring",
])  # fmt: skip

_TESTS = Path(__file__).parent
_NAMED = re.compile(rf"\bmark\.({'|'.join(sorted(PARTS))})\b|@(law)\(")


@cache
def by_room(path: Path) -> frozenset[str]:
    """The markers that all tests of this file have for the room it lies in."""
    inside = path.relative_to(_TESTS).parts if path.is_relative_to(_TESTS) else ()
    return frozenset({"shell"}) if SHELLS.intersection(inside[:1]) else frozenset()


def may_hold(source: str, wanted: str, *, given: frozenset[str] = frozenset()) -> bool:
    """Whether a file with this text can hold a test that `-m WANTED` chooses.

    A marker in `pytestmark`, or `given` by the room, is on all of the file's tests, one named elsewhere may be
    on some, and one that is not named is on none. Of markers that make no part nothing is concluded.
    """
    given |= _of_the_whole_file(source)
    open_to = sorted((_markers(source) - given) | (set(re.findall(r"\w+", wanted)) - PARTS))
    expression = _compiled(wanted)
    for chosen in itertools.product((False, True), repeat=len(open_to)):
        marked = given | set(itertools.compress(open_to, chosen))
        if expression.evaluate(lambda name, /, **_: name in marked):  # noqa: B023 - asked at once
            return True
    return False


def needed(path: Path, wanted: str) -> bool:
    """Whether `-m WANTED` may choose a test of this file, or of any file in this folder."""
    if path.is_dir():
        return any(needed(file, wanted) for file in path.rglob("test_*.py"))
    return _file_may_hold(path, wanted)


def unnamed(path: Path, markers: Iterable[str]) -> frozenset[str]:
    """The parts among these markers of a test that neither its room nor its file names: it would be missed."""
    return PARTS.intersection(markers) - _named(path)


@cache
def _file_may_hold(path: Path, wanted: str) -> bool:
    return may_hold(_text(path), wanted, given=by_room(path))


@cache
def _compiled(wanted: str) -> Expression:
    return Expression.compile(wanted)


@cache
def _named(path: Path) -> frozenset[str]:
    return by_room(path) | _markers(_text(path))


def _markers(source: str) -> set[str]:
    return {marked or law for marked, law in _NAMED.findall(source)}


def _of_the_whole_file(source: str) -> set[str]:
    if "\npytestmark =" not in f"\n{source}":
        return set()
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "pytestmark":
            return _markers(ast.unparse(statement.value))
    return set()  # it stands in a text, or in a class


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
