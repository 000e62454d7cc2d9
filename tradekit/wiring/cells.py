"""A strategy written in a notebook cell or in the script that runs, as a file that a session's own process can import.

Knows the namespace it was written in only to say what the file still needs.
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
    """Whether a class was written where no other process can import it: a cell, a prompt, a script, an app's page."""
    module = sys.modules.get(cls.__module__)
    return cls.__module__ == "__main__" or getattr(module, "__spec__", None) is None


def write_cell_strategy(cls: type[Strategy], root: Path) -> str:
    """Write the class and what it uses of its cell or script to `strategies/<name>.py` below `root`.

    That is imports, constants, functions and classes; imports of modules and names that the notebook has from
    elsewhere are added. Returns "strategies/<name>.py:Class". Raises StrategyError when the source cannot be had,
    names what the class uses and its cell does not define, and writes over no file that was not written here.
    """
    source = _definitions(_cell_source(cls), cls)
    source = _with_imports(source, cls)
    path = root / "strategies" / f"{snake_name(cls.__name__)}.py"
    name = f"strategies/{path.name}:{cls.__name__}"
    path.parent.mkdir(parents=True, exist_ok=True)
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    if there and not there.startswith(f'"""{cls.__name__}, as written in '):
        raise StrategyError(
            f"{cls.__name__} is to be written to {path}, and a file of yours is there: give the class another name, "
            f"or start what is in that file, as strategy={name!r}"
        )
    if there != source:
        path.write_text(source, encoding="utf-8")
    load_class(name, root=root)
    return name


def _script(cls: type[Strategy]) -> str:
    """The name of the script that a class was written in; "" for a cell."""
    return Path(getattr(sys.modules.get(cls.__module__), "__file__", None) or "").name


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
    """What the class needs of its cell, without calls and shows: what a module may hold."""
    lines = [("pass" if line.lstrip().startswith(("%", "!")) else line) for line in cell.splitlines()]
    text = "\n".join(lines)
    kept = []
    for node in _needed(ast.parse(text), cls.__name__):
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        kept.append("\n".join(lines[first - 1 : node.end_lineno]))
    place = _script(cls) or "a notebook"
    head = f'"""{cls.__name__}, as written in {place}: what starts it there writes this file anew."""'
    return "\n\n".join([head, *kept]) + "\n"


def _needed(cell: ast.Module, name: str) -> list[ast.stmt]:
    """The definition of `name` and those that it uses, directly or by another one, in their order."""
    candidates = [node for node in cell.body if isinstance(node, _KEPT) and not _calls_out(node)]
    wanted, taken = {name, "*", "annotations"}, set[int]()
    while found := [n for n, node in enumerate(candidates) if n not in taken and _binds(node) & wanted]:
        taken.update(found)
        for n in found:
            wanted |= {one.id for one in ast.walk(candidates[n]) if isinstance(one, ast.Name)}
    return [candidates[n] for n in sorted(taken)]


def _binds(node: ast.stmt) -> set[str]:
    """The names that a statement defines."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {one.asname or one.name.partition(".")[0] for one in node.names}
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}


def _calls_out(node: ast.stmt) -> bool:
    """An assignment that computes something (data, a backtest) belongs to the notebook, not to the strategy."""
    return isinstance(node, (ast.Assign, ast.AnnAssign)) and any(
        isinstance(n, ast.Call) for n in ast.walk(node)
    )


def _with_imports(source: str, cls: type[Strategy]) -> str:
    """Add imports for what the notebook has from elsewhere; refuse what only the notebook has."""
    there = vars(sys.modules[cls.__module__])
    imports, missing = [], []
    for name in sorted(_free_names(source)):
        value = there.get(name)
        if isinstance(value, ModuleType):
            imports.append(
                f"import {value.__name__} as {name}" if value.__name__ != name else f"import {name}"
            )
        elif (real := _imported_name(value, cls.__module__)) is not None:
            imports.append(f"from {value.__module__} import {real}" + (f" as {name}" if real != name else ""))
        else:
            missing.append(name)
    if missing:
        place = "script" if _script(cls) else "cell"
        raise StrategyError(
            f"{cls.__name__} uses {', '.join(missing)}, which its {place} does not define by itself: a session runs in "
            f"its own process and sees the {place}'s imports, classes, functions and plain values only. Define it "
            f"there, or make it a parameter"
        )
    if not imports:
        return source
    head, *rest = source.split("\n\n")
    future = [rest.pop(0)] if rest and rest[0].startswith("from __future__") else []
    return "\n\n".join([head, *future, "\n".join(imports), *rest])


def _imported_name(value: Any, here: str) -> str | None:
    """What a class or a function is called in the module it was imported from; None for anything else."""
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if (
        not isinstance(name, str)
        or not isinstance(module, str)
        or module in ("__main__", here)
        or "." in name
    ):
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
