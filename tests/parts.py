"""Which files a part of the tests needs: those that name a marker it asks for, so that no other is imported.

Knows of a file only what stands in its text; pytest itself then chooses among the file's tests.
"""

import ast
import itertools
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from _pytest.mark.expression import Expression

__all__ = ["PARTS", "may_hold", "needed", "unnamed"]

PARTS = frozenset({"law", "process", "proof", "browser", "notebook"})

_NAMED = re.compile(rf"\bmark\.({'|'.join(sorted(PARTS))})\b|@(law)\(")


def may_hold(source: str, wanted: str) -> bool:
    """Whether a file with this text can hold a test that `-m WANTED` chooses.

    A marker in `pytestmark` is on all of the file's tests, one named elsewhere may be on some, and one
    that is not named is on none. Of markers that make no part nothing is concluded.
    """
    given = _of_the_whole_file(source)
    open_to = sorted((_markers(source) - given) | (set(re.findall(r"\w+", wanted)) - PARTS))
    expression = Expression.compile(wanted)
    for chosen in itertools.product((False, True), repeat=len(open_to)):
        marked = given | set(itertools.compress(open_to, chosen))
        if expression.evaluate(lambda name, /, **_: name in marked):  # noqa: B023 - asked at once
            return True
    return False


def needed(path: Path, wanted: str) -> bool:
    """Whether `-m WANTED` may choose a test of this file, or of any file in this folder."""
    if path.is_dir():
        return any(needed(file, wanted) for file in path.rglob("test_*.py"))
    return may_hold(_text(path), wanted)


def unnamed(path: Path, markers: Iterable[str]) -> set[str]:
    """The parts among these markers of a test that its file does not name: it would be missed."""
    return PARTS.intersection(markers) - _markers(_text(path))


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
