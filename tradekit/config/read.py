"""A YAML file read with care: bounded in size and depth, no key twice, and the line of every key remembered.

Knows no section and no meaning.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tradekit.errors import ConfigError

__all__ = ["MAX_BYTES", "Document", "read_document"]

MAX_BYTES = 1 << 20
_MAX_NODES = 50_000
_MAX_DEPTH = 32
_MERGE = "tag:yaml.org,2002:merge"


class Document:
    """What a file says: `data` as plain values, and where it says it.

    shown  the file as messages name it
    """

    def __init__(self, shown: str, data: dict[str, Any], lines: dict[str, int]) -> None:
        self.shown = shown
        self.data = data
        self._lines = lines
        self._replaced: set[str] = set()

    def where(self, path: str) -> str:
        """The file, and the line of the key at a dotted path or of the nearest key above it, where known."""
        while path and path not in self._lines:
            if path in self._replaced:
                return f"{self.shown}, as overridden"
            path = path.rpartition(".")[0]
        return f"{self.shown}, line {self._lines[path]}" if path else self.shown

    def replace(self, values: Mapping[str, Any]) -> None:
        """Put other values in the places of these dotted paths."""
        for path, value in values.items():
            *above, last = path.split(".")
            section = self.data
            for name in above:
                inner = section.get(name)
                section[name] = dict(inner) if isinstance(inner, dict) else {}
                section = section[name]
            section[last] = value
            self._lines.pop(path, None)
            self._replaced.add(path)


def read_document(file: Path, *, shown: str) -> Document:
    """Read one YAML mapping; raises ConfigError for a file that is missing, too large, broken or a list."""
    text = _text(file, shown)
    loader = yaml.SafeLoader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return Document(shown, {}, {})
        lines = _lines(node, shown)
        data = loader.construct_document(node)
    except yaml.YAMLError as error:
        raise ConfigError(f"{_mark(error, shown)}: this is not YAML: {_problem(error)}") from None
    except RecursionError:
        raise ConfigError(f"{shown}: too deeply nested for a configuration") from None
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"{shown}: this cannot be read as YAML: {error}") from None
    finally:
        loader.dispose()
    if not isinstance(data, dict):
        raise ConfigError(f"{shown}: a configuration is a mapping of sections (session:, strategy: ...)")
    return Document(shown, data, lines)


def _text(file: Path, shown: str) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"there is no configuration {shown}{_others(file)}") from None
    except OSError as error:
        raise ConfigError(f"{shown} cannot be read: {error.strerror or error}") from None
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{shown} is larger than {MAX_BYTES >> 20} MiB; a configuration is a page of text")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown} is not UTF-8 text (byte {error.start}); save it as UTF-8") from None


def _others(file: Path) -> str:
    there = sorted(one.name for one in file.parent.glob("*.y*ml")) if file.parent.is_dir() else []
    return f"; that folder has {', '.join(there)}" if there else "; give the path of a YAML file"


def _lines(root: yaml.Node, shown: str) -> dict[str, int]:
    """The line of each key by its dotted path; refuses a key given twice and a file built to blow up."""
    lines: dict[str, int] = {}
    for count, (path, key, node, depth) in enumerate(_walk(root, "", 0, shown)):
        if count > _MAX_NODES or depth > _MAX_DEPTH:
            raise ConfigError(f"{shown}: too many or too deeply nested values for a configuration")
        line = (node if key is None else key).start_mark.line + 1
        if path in lines and key is not None:
            first = lines[path]
            raise ConfigError(f"{shown}, line {line}: {path} is given twice, first in line {first}; keep one")
        lines[path] = line
    return lines


Place = tuple[str, yaml.Node | None, yaml.Node, int]  # dotted path, key, value, depth


def _walk(node: yaml.Node, path: str, depth: int, shown: str) -> Iterator[Place]:
    """Every value below `node` with its place."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                line = key.start_mark.line + 1
                raise ConfigError(f"{shown}, line {line}: a key is a plain word, not a list or mapping")
            if key.tag == _MERGE:
                continue
            below = f"{path}.{key.value}" if path else str(key.value)
            yield below, key, value, depth
            yield from _walk(value, below, depth + 1, shown)
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            below = f"{path}[{i}]"
            yield below, None, value, depth
            yield from _walk(value, below, depth + 1, shown)


def _mark(error: yaml.YAMLError, shown: str) -> str:
    mark = getattr(error, "problem_mark", None)
    return shown if mark is None else f"{shown}, line {mark.line + 1}, column {mark.column + 1}"


def _problem(error: yaml.YAMLError) -> str:
    """What is wrong, without the text around it: that might hold a secret."""
    problem = str(getattr(error, "problem", None) or type(error).__name__)
    if "could not determine a constructor" in problem:
        return "a tag (!...) is not allowed here; write plain values"
    return problem
