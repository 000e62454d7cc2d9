"""Where an exception came up in somebody's own code: the line to look at, in a few words.

Knows no strategy; a class is whoever wrote it.
"""

import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType

__all__ = ["is_library", "line_in"]


def line_in(cls: type, error: BaseException) -> str:
    """The last line of the class's own file on the way to the error: "line 27 of my_idea.py"; "" if it has none there.

    cls  of its file and those of its bases the first is taken that the error came through. What the error was raised
         from counts first, so a helper that wraps an exception hides no line. Code without a file (a notebook's cell)
         is told by its line alone.
    """
    chain = [error]
    while (cause := chain[-1].__cause__) is not None:
        chain.append(cause)
    for file in dict.fromkeys(_files(cls)):
        for one in reversed(chain):
            lines = [line for name, line in _steps(one) if name == file]
            if lines:
                return (
                    f"line {lines[-1]} of {Path(file).name}" if Path(file).is_file() else f"line {lines[-1]}"
                )
    return ""


def is_library(file: str) -> bool:
    """Whether a file is tradekit's, Python's or an installed package's, or none at all; else it is the user's."""
    libraries = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    others = [Path(__file__).parents[1], *map(Path, libraries)]
    return file.startswith("<") or any(Path(file).is_relative_to(other) for other in others)


def _files(cls: type) -> Iterator[str]:
    """Where the functions of a class and its bases were written, its own first."""
    for owner in cls.__mro__:
        for value in vars(owner).values():
            if isinstance(value, FunctionType):
                yield value.__code__.co_filename


def _steps(error: BaseException) -> Iterator[tuple[str, int]]:
    """File and line of each frame that the error came through, the outermost first."""
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame.f_code.co_filename, trace.tb_lineno
        trace = trace.tb_next
