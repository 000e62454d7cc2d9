"""Rooms stay small: bounds on files, functions and classes."""

import ast
import statistics
from collections.abc import Callable
from functools import cache
from pathlib import Path

FILE_LINES, MEDIAN_FILE_LINES, FUNCTION_LINES_P95, CLASS_LINES = 400, 180, 50, 300
Files = Callable[..., list[Path]]


def file_lengths(paths: list[Path]) -> dict[str, int]:
    """Lines of each file, by its path."""
    return {str(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}


def lengths(paths: list[Path], *kinds: type[ast.stmt]) -> dict[str, int]:
    """Lines of each function or class, by file and name."""
    return {
        f"{path}:{name}": lines
        for path in paths
        for kind, name, lines in named(path)
        if issubclass(kind, kinds)
    }


@cache
def named(path: Path) -> list[tuple[type[ast.stmt], str, int]]:
    """Kind, name and lines of all that is defined in a file; it is parsed once for all the guards."""
    return [
        (type(node), node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]


def too_long(found: dict[str, int], limit: int) -> dict[str, int]:
    """Those over the limit."""
    return {name: lines for name, lines in found.items() if lines > limit}


def test_no_file_is_over_the_limit(project_files: Files) -> None:
    code = project_files(".py", ".js", ".mjs", ".ts", ".css", ".sh")
    assert too_long(file_lengths(code), FILE_LINES) == {}


def test_the_median_file_is_small(project_files: Files) -> None:
    sizes = [lines for lines in file_lengths(project_files(".py", under="tradekit")).values() if lines]
    assert statistics.median(sizes) < MEDIAN_FILE_LINES


def test_nearly_all_functions_are_short(project_files: Files) -> None:
    found = lengths(project_files(".py", under="tradekit"), ast.FunctionDef, ast.AsyncFunctionDef)
    longest = sorted(found, key=lambda name: found[name])[-10:]
    assert statistics.quantiles(found.values(), n=20)[-1] < FUNCTION_LINES_P95, longest


def test_no_class_is_over_the_limit(project_files: Files) -> None:
    assert too_long(lengths(project_files(".py", under="tradekit"), ast.ClassDef), CLASS_LINES) == {}


def test_a_long_file_and_a_long_class_are_seen(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text("class Long:\n" + "    x = 1\n" * 400, encoding="utf-8")
    assert too_long(file_lengths([path]), FILE_LINES) == {str(path): 401}
    assert too_long(lengths([path], ast.ClassDef), CLASS_LINES) == {f"{path}:Long": 401}
