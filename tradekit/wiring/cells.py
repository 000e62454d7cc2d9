"""A strategy written in a notebook cell, as a file that a session's own process can import.

Knows the notebook's namespace only to say what the file still needs.
"""

import ast
import builtins
import dis
import linecache
import sys
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from tradekit.errors import StrategyError
from tradekit.strategy.base import Strategy
from tradekit.strategy.load import load_class, snake_name

__all__ = ["is_from_cell", "write_cell_strategy"]

_KEPT = (
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.AnnAssign,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
)


def is_from_cell(cls: type[Strategy]) -> bool:
    """Whether a class was written in a notebook cell or at a prompt, where no other process can import it."""
    return cls.__module__ == "__main__" and not hasattr(sys.modules["__main__"], "__file__")


def write_cell_strategy(cls: type[Strategy], root: Path) -> str:
    """Write the cell's imports, constants, functions and classes to `strategies/<name>.py` below `root`.

    Imports of modules and names that the notebook has from elsewhere are added. Returns "strategies/<name>.py:Class".
    Raises StrategyError when the source cannot be had, or names what the cell uses and does not define.
    """
    source = _definitions(_cell_source(cls), cls)
    source = _with_imports(source, cls)
    path = root / "strategies" / f"{snake_name(cls.__name__)}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != source:
        path.write_text(source, encoding="utf-8")
    name = f"strategies/{path.name}:{cls.__name__}"
    load_class(name, root=root)
    return name


def _cell_source(cls: type[Strategy]) -> str:
    for value in vars(cls).values():
        code = getattr(value, "__code__", None)
        if code is not None:
            lines = linecache.getlines(code.co_filename)
            if lines:
                return "".join(lines)
    raise StrategyError(
        f"the source of {cls.__name__} cannot be read back; write it in one cell, or in a file, and start it from there"
    )


def _definitions(cell: str, cls: type[Strategy]) -> str:
    """The cell without its calls and shows: what a module may hold."""
    lines = [("pass" if line.lstrip().startswith(("%", "!")) else line) for line in cell.splitlines()]
    text = "\n".join(lines)
    kept = []
    for node in ast.parse(text).body:
        if isinstance(node, _KEPT) and not _calls_out(node):
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            kept.append("\n".join(lines[first - 1 : node.end_lineno]))
    head = f'"""{cls.__name__}, as written in a notebook."""'
    return "\n\n".join([head, *kept]) + "\n"


def _calls_out(node: ast.stmt) -> bool:
    """An assignment that computes something (data, a backtest) belongs to the notebook, not to the strategy."""
    return isinstance(node, (ast.Assign, ast.AnnAssign)) and any(
        isinstance(n, ast.Call) for n in ast.walk(node)
    )


def _with_imports(source: str, cls: type[Strategy]) -> str:
    """Add imports for what the notebook has from elsewhere; refuse what only the notebook has."""
    there = vars(sys.modules["__main__"])
    imports, missing = [], []
    for name in sorted(_free_names(source)):
        value = there.get(name)
        if isinstance(value, ModuleType):
            imports.append(
                f"import {value.__name__} as {name}" if value.__name__ != name else f"import {name}"
            )
        elif (real := _imported_name(value)) is not None:
            imports.append(f"from {value.__module__} import {real}" + (f" as {name}" if real != name else ""))
        else:
            missing.append(name)
    if missing:
        raise StrategyError(
            f"{cls.__name__} uses {', '.join(missing)}, which its cell does not define by itself: a session runs in "
            f"its own process and sees the cell's imports, classes, functions and plain values only. Define it there, "
            f"or make it a parameter"
        )
    if not imports:
        return source
    head, _, rest = source.partition("\n\n")
    return "\n\n".join([head, "\n".join(imports), rest])


def _imported_name(value: Any) -> str | None:
    """What a class or a function is called in the module it was imported from; None for anything else."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(name, str) or not isinstance(module, str) or module == "__main__" or "." in name:
        return None
    return name


def _free_names(source: str) -> set[str]:
    code = compile(source, "<cell>", "exec")
    bound: set[str] = {"__name__", "__module__", "__qualname__", "__doc__", "__annotations__"}
    read: set[str] = set()
    for step in dis.get_instructions(code):
        if step.opname == "STORE_NAME":
            bound.add(step.argval)
        elif step.opname == "LOAD_NAME":
            read.add(step.argval)
    for inner in _inner(code):
        own = {s.argval for s in dis.get_instructions(inner) if s.opname == "STORE_NAME"}
        for step in dis.get_instructions(inner):
            if step.opname == "LOAD_GLOBAL" or (step.opname == "LOAD_NAME" and step.argval not in own):
                read.add(step.argval)
    return {name for name in read - bound if not hasattr(builtins, name)}


def _inner(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inner(constant)
