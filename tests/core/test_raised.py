"""Which line of somebody's own code an exception came through."""

import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tradekit.core.raised import is_library, line_in

WORK = """\
class Base:
    def deeper(self, call):
        call()

class Own(Base):
    def work(self, call):
        self.deeper(
            call
        )

    def wrapped(self):
        try:
            int("x")
        except ValueError as error:
            raise RuntimeError("told otherwise") from error
"""


def made(file: str) -> Any:
    """The class of the code above, as if it stood in `file`."""
    names: dict[str, Any] = {}
    exec(compile(WORK, file, "exec"), names)  # noqa: S102 - that is how a cell comes to be
    return names["Own"]


def raised(call: Callable[[], object]) -> Exception:
    try:
        call()
    except Exception as error:
        return error
    raise RuntimeError("nothing was raised")


def fails() -> None:
    raise KeyError("elsewhere")


def test_it_is_the_last_line_of_the_classs_file_not_the_one_that_raised(tmp_path: Path) -> None:
    file = tmp_path / "idea.py"
    file.write_text(WORK, encoding="utf-8")
    own = made(str(file))
    error = raised(lambda: own().work(fails))
    assert line_in(own, error) == "line 3 of idea.py"


def test_without_a_file_the_line_alone_is_told() -> None:
    own = made("<cell 3>")
    assert line_in(own, raised(lambda: own().work(fails))) == "line 3"


def test_an_exception_that_was_raised_from_another_leads_to_that_one() -> None:
    own = made("<cell 3>")
    assert line_in(own, raised(own().wrapped)) == "line 13"


def test_one_that_was_raised_from_another_outside_the_class_leads_to_itself() -> None:
    def outside() -> None:
        try:
            fails()
        except KeyError as error:
            raise ValueError("in other words") from error

    own = made("<cell 3>")
    assert line_in(own, raised(lambda: own().work(outside))) == "line 3"


def test_what_never_came_through_the_class_has_no_line_in_it() -> None:
    assert line_in(made("<cell 3>"), raised(fails)) == ""


def test_a_file_is_a_librarys_or_the_users() -> None:
    assert is_library(linecache.__file__)
    assert is_library(pytest.__file__)
    assert is_library(sys.modules["tradekit.core.raised"].__file__ or "")
    assert is_library("<string>")
    assert not is_library(__file__)
