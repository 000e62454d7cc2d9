"""From a name to a strategy: "module:Class" imported, parameters set by name, the source's hash taken.

Knows no session and no configuration file.
"""

import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Mapping
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from tradekit.errors import StrategyError, did_you_mean
from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import assign, declared

__all__ = ["class_path", "load_class", "load_strategy", "snake_name", "source_hash"]

_HASHES: "WeakKeyDictionary[type[Strategy], tuple[tuple[int, int] | None, str]]" = WeakKeyDictionary()


def load_strategy(
    what: "Strategy | type[Strategy] | str",
    params: Mapping[str, Any] | None = None,
    *,
    root: Path | None = None,
) -> Strategy:
    """A strategy from an instance, a class, "module:Class" or "file.py:Class", with `params` set on it.

    A relative file starts at `root` (default: the working directory).

    Raises StrategyError for a path that leads nowhere, a class that is no Strategy, an unknown parameter or a value
    out of its bounds.
    """
    if isinstance(what, Strategy):
        for name, value in (params or {}).items():
            _set(what, name, value)
        return what
    cls = load_class(what, root=root) if isinstance(what, str) else what
    if not (isinstance(cls, type) and issubclass(cls, Strategy)):
        raise StrategyError(
            f"{what!r} is no strategy: give a class derived from tradekit.Strategy, or an instance of it"
        )
    try:
        made = cls()
    except Exception as error:
        raise StrategyError(f"{cls.__name__}() raised {type(error).__name__}: {error}") from error
    for name, value in (params or {}).items():
        _set(made, name, value)
    return made


def load_class(path: str, *, root: Path | None = None) -> type[Strategy]:
    """The class at "module:Class" or "file.py:Class"; raises StrategyError that says which half is wrong."""
    module_name, _, class_name = path.rpartition(":")
    if not module_name and path.endswith(".py"):
        raise StrategyError(f"strategy {path!r} names no class of that file; write {path}:Class")
    if not module_name or not class_name:
        raise StrategyError(
            f"strategy {path!r}: write module:Class, for example tradekit.strategy.library:SmaCross"
        )
    try:
        module = (
            _from_file(module_name, root)
            if module_name.endswith(".py")
            else importlib.import_module(module_name)
        )
    except StrategyError:
        raise
    except ModuleNotFoundError as error:
        if error.name and f"{module_name}.".startswith(f"{error.name}."):
            raise StrategyError(f"strategy {path!r}: there is no module {error.name!r} to import") from error
        raise StrategyError(
            f"strategy {path!r}: its module needs {error.name!r}, which is not installed"
        ) from error
    except Exception as error:
        raise StrategyError(
            f"strategy {path!r}: importing it raised {type(error).__name__}: {error}"
        ) from error
    cls = getattr(module, class_name, None)
    if not (isinstance(cls, type) and issubclass(cls, Strategy) and cls is not Strategy):
        there = [
            n
            for n, v in vars(module).items()
            if isinstance(v, type) and issubclass(v, Strategy) and v.__module__ == module.__name__
        ]
        raise StrategyError(
            f"strategy {path!r}: {module_name} has no strategy {class_name!r}; it has {there or 'none'}"
        )
    return cls


class _AsItStands(SourceFileLoader):
    """Compiles the file each time: Python would take the code that it kept of a file of this second and size."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _from_file(name: str, root: Path | None) -> ModuleType:
    """A module from a file; always the same module name for the same file name, so that a restart finds it again."""
    path = (root or Path()) / Path(name).expanduser()
    if not path.is_file():
        raise StrategyError(
            f"strategy file {path} does not exist; relative paths start at {root or Path().absolute()}"
        )
    module_name = f"strategies.{path.stem}"
    loader = _AsItStands(module_name, str(path))
    spec = ModuleSpec(module_name, loader, origin=str(path))
    spec.has_location = True
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[module_name]
        raise
    return module


def _set(strategy: Strategy, name: str, value: Any) -> None:
    cls = type(strategy)
    if name not in declared(cls):
        known = declared(cls)
        there = ", ".join(known) or "none"
        raise StrategyError(
            f"{cls.__name__} has no parameter {name!r}{did_you_mean(name, known)}; it has {there}"
        )
    try:
        assign(strategy, name, value)
    except (ValueError, TypeError) as error:
        raise StrategyError(f"{cls.__name__}.{name}: {error}") from error


def class_path(cls: type[Strategy]) -> str:
    """Where a class is: "module:Class"."""
    return f"{cls.__module__}:{cls.__qualname__}"


def source_hash(cls: type[Strategy]) -> str:
    """sha256 (hex) of the class's source text; of its name where no source can be had.

    To find a class in its file the whole file is parsed, so that is done once for each state of the file.
    """
    stamp = _stamp(cls)
    known = _HASHES.get(cls)
    if known is None or known[0] != stamp:
        known = _HASHES[cls] = stamp, hashlib.sha256(_source(cls).encode()).hexdigest()
    return known[1]


def _stamp(cls: type[Strategy]) -> tuple[int, int] | None:
    """When its file was written, and the size; None for a cell's class, since a cell run again makes another."""
    try:
        status = Path(inspect.getfile(cls)).stat()
    except (OSError, TypeError):
        return None
    return status.st_mtime_ns, status.st_size


def _source(cls: type[Strategy]) -> str:
    try:
        return inspect.getsource(cls)
    except SystemError:  # CPython 3.11 parses in one thread at a time only (gh-106905): once more
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return class_path(cls)


def snake_name(name: str) -> str:
    """A class's name as an id: SmaCross is sma_cross."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
