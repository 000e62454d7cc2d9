"""What a research page lets a viewer choose from: bars, strategies and fill rules, each by a name that it gives itself.

What a browser names is looked up here and is never a path of its own. Imports no strategy: files are read, not run.
"""

import ast
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tradekit.data.samples import samples
from tradekit.errors import ConfigError, did_you_mean
from tradekit.strategy import library

__all__ = ["Offer", "Offers", "strategies_in"]

_ENDINGS = (".csv", ".csv.gz", ".parquet")
_MOST_FILES = 2000  # of a data folder; more would be no list to choose from
_RULES = ("default", "nautilus", "backtesting_py")  # sets of fill rules; each takes settings behind a colon
_BASES = ("Strategy", "VectorStrategy")


class Offer(msgspec.Struct, frozen=True):
    """One thing to choose.

    name   what a page calls it
    group  what stands together in a list
    taken  what a run takes: "sample:...", a file's full path, "module:Class" or "file.py:Class" with a full path
    said   the same as a configuration below the project's folder says it
    """

    name: str
    group: str
    taken: str
    said: str


class Offers:
    """What there is to choose from; files are looked for anew each time.

    root   the project's folder: its `strategies/*.py` are offered
    data   a folder whose CSV and Parquet files are offered, with those below it; None offers the samples alone
    named  strategies that configurations name ("module:Class", "strategies/file.py:Class" from `root`)
    """

    def __init__(
        self, root: Path, *, data: Path | None = None, named: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self.root = root.absolute()
        self.folder = None if data is None else data.absolute()
        self._named = named

    def data(self) -> list[Offer]:
        """Samples, then the data folder's files by name. Links that lead out of the folder are left out."""
        return [*(Offer(one, "samples", one, one) for one in samples()), *self._files()]

    def strategies(self) -> list[Offer]:
        """The project's own files first, then what configurations name, then those that come with tradekit."""
        own = [offer for file in self._strategy_files() for offer in self._of_file(file)]
        paths = {offer.said for offer in own}
        shipped = [f"{library.__name__}:{name}" for name in strategies_in(inspect.getsource(library))]
        named = [one for one in dict.fromkeys(self._named()) if one not in paths and one not in shipped]
        others = [self._of_path(path, "named by a configuration") for path in named]
        return [*own, *others, *(self._of_path(path, "with tradekit") for path in shipped)]

    def told(self) -> dict[str, Any]:
        """All of it for a page: {"data", "strategies": [{"name", "group"}], "rules", "folder"}."""
        lists = {"data": self.data(), "strategies": self.strategies()}
        rows = {
            kind: [{"name": one.name, "group": one.group} for one in told] for kind, told in lists.items()
        }
        return {**rows, "rules": list(_RULES), "folder": "" if self.folder is None else str(self.folder)}

    def found_data(self, name: str) -> Offer:
        """The bars of that name; raises ConfigError for what is not offered."""
        return _found(self.data(), name, "bars")

    def found_strategy(self, name: str) -> Offer:
        """The strategy of that name; raises ConfigError for what is not offered."""
        return _found(self.strategies(), name, "strategy")

    def _files(self) -> Iterator[Offer]:
        if self.folder is None or not self.folder.is_dir():
            return
        inside = self.folder.resolve()
        found = sorted(
            path
            for path in self.folder.rglob("*")
            if path.name.endswith(_ENDINGS)
            and not any(part.startswith(".") for part in path.relative_to(self.folder).parts)
            and path.is_file()
            and path.resolve().is_relative_to(inside)
        )
        for path in found[:_MOST_FILES]:
            name = path.relative_to(self.folder).as_posix()
            yield Offer(name, self.folder.name, str(path), self._below(path))

    def _strategy_files(self) -> list[Path]:
        return sorted(path for path in (self.root / "strategies").glob("*.py") if path.is_file())

    def _of_file(self, file: Path) -> list[Offer]:
        try:
            classes = strategies_in(file.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, ValueError):
            classes = [file.stem]  # it is offered all the same: choosing it tells what is wrong with it
        said = file.relative_to(self.root).as_posix()
        return [
            Offer(f"{said}:{name}", "this project", f"{file}:{name}", f"{said}:{name}") for name in classes
        ]

    def _of_path(self, path: str, group: str) -> Offer:
        module, _, name = path.rpartition(":")
        taken = f"{self.root / module}:{name}" if module.endswith(".py") else path
        return Offer(path, group, taken, path)

    def _below(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else str(path)


def _found(offers: Sequence[Offer], name: str, kind: str) -> Offer:
    for offer in offers:
        if offer.name == name:
            return offer
    names = [offer.name for offer in offers]
    raise ConfigError(
        f"no {kind} {name!r} is offered here{did_you_mean(name, names)}; choose one from the list"
    )


def strategies_in(source: str) -> list[str]:
    """Names of the strategy classes that a module's source defines, in its order; raises SyntaxError.

    A class counts when one of its bases is Strategy or VectorStrategy (of any module), or another that counts.
    """
    found: dict[str, Any] = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            bases = [
                one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in node.bases
            ]
            if any(base in _BASES or base in found for base in bases):
                found[node.name] = node
    return list(found)
