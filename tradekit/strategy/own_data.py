"""What a strategy reads besides the bars it is given: tables of its notebook or module, and files.

Looks at the code, calls nothing of it. Knows no bars and no run.
"""

from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import Any

from tradekit.strategy.base import Strategy

__all__ = ["own_data"]

_LOADERS = frozenset({"load_bars", "read_csv", "read_feather", "read_parquet", "read_sql"})
_LIBRARIES = ("numpy", "pandas", "polars")
_LEAST = 50  # values of a table; a few weights in an array are no history


def own_data(cls: type[Strategy]) -> list[str]:
    """Names of tables (pandas, polars, numpy) and of loaders (`read_csv()`) that the class's own functions use."""
    found: dict[str, None] = {}
    for owner in cls.__mro__:
        if owner is Strategy or owner.__module__.startswith("tradekit."):
            continue
        for function in vars(owner).values():
            if isinstance(function, FunctionType):
                found.update(dict.fromkeys(_used(function)))
    return list(found)


def _used(function: FunctionType) -> Iterator[str]:
    for name in _names(function.__code__):
        if name in _LOADERS:
            yield f"{name}()"
        elif _is_table(function.__globals__.get(name)):
            yield name
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            held = cell.cell_contents
        except ValueError:  # not bound yet
            continue
        if _is_table(held):
            yield name


def _names(code: CodeType) -> Iterator[str]:
    """Every global and attribute that the code, or code inside it, names."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_table(value: Any) -> bool:
    kind = type(value)
    return (
        kind.__module__.partition(".")[0] in _LIBRARIES and hasattr(value, "shape") and _size(value) >= _LEAST
    )


def _size(value: Any) -> int:
    return int(value.shape[0]) if value.shape else 0
