"""What no configuration may hold: secrets, unknown keys, numbers without end; and wrong types, said plainly.

Knows the sections' names and types, not their meaning.
"""

import math
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from tradekit.config.read import Document
from tradekit.config.schema import Config, InstrumentSection
from tradekit.errors import ConfigError

__all__ = ["convert", "refuse_endless", "refuse_secrets", "refuse_unknown"]

S = TypeVar("S", bound=msgspec.Struct)

_SECRET = re.compile(
    r"(^|[_-])(api[_-]?key|secret(_?key)?|(access|auth|bearer)?_?token|password|passwd|passphrase|private[_-]?key|credentials?)$",
    re.IGNORECASE,
)
_LOADED = ("file", "root", "digest")  # fields of Config that loading fills in
_AT = re.compile(r"^(?P<what>.*?)(?: - at (?P<key>`key` in )?`\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a mapping of keys to values",
    "null": "nothing",
}
_SIGNS = {" <= ": " of at most ", " >= ": " of at least ", " > ": " above ", " < ": " below "}


def refuse_secrets(doc: Document) -> None:
    """Raise ConfigError for a value under a key that names a secret; the value is not repeated."""
    for path, value in _leaves(doc.data):
        for name in re.split(r"[.\[\]]+", path):
            if _SECRET.search(name) and value is not None:
                raise ConfigError(
                    f"{doc.where(path)}: {path} looks like a secret, and configurations hold none: they "
                    "end up in backups and commits. Remove it here, change it at the venue if others saw it, "
                    "and give it by an environment variable, the system's keyring or a file of mode 0600"
                )


def refuse_endless(doc: Document) -> None:
    """Raise ConfigError for .inf and .nan."""
    for path, value in _leaves(doc.data):
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{doc.where(path)}: {path} is {value}; give a finite number")


def refuse_unknown(doc: Document) -> None:
    """Raise ConfigError that names every unknown key, with the nearest known one."""
    found = list(_unknown(doc.data))
    if found:
        told = [f"{doc.where(path)}: unknown key {path!r}{_nearest(path, known)}" for path, known in found]
        raise ConfigError("\n".join(told))


def convert(doc: Document, kind: type[S]) -> S:
    """The document as `kind`; raises ConfigError that says which key has which wrong type."""
    given = {
        name: value for name, value in doc.data.items() if value is not None
    }  # `risk:` and nothing below
    for rule, bound in _mapping(given.get("risk")).items():
        if isinstance(bound, bool) or not isinstance(bound, int | float | str):
            raise ConfigError(f"{doc.where(f'risk.{rule}')}: risk.{rule}: expected a number")
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        what, path = _explained(str(error))
        raise ConfigError(f"{doc.where(path)}: {path or 'the file'}: {what}") from None


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _leaves(item, f"{path}[{i}]")
    else:
        yield path, value


def _unknown(data: Mapping[Any, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each key that is in no section, with those that are."""
    sections = tuple(name for name in Config.__struct_fields__ if name not in _LOADED)
    hints = get_type_hints(Config)
    for name, section in data.items():
        if name not in sections:
            yield str(name), sections
            continue
        for kind in _sections(hints[name]):
            yield from _unknown_in(section, str(name), kind)
    instruments = data.get("instruments")
    for i, item in enumerate(instruments if isinstance(instruments, list) else []):
        yield from _unknown_in(item, f"instruments[{i}]", InstrumentSection)


def _unknown_in(section: Any, path: str, kind: type[msgspec.Struct]) -> Iterator[tuple[str, tuple[str, ...]]]:
    known, hints = kind.__struct_encode_fields__, get_type_hints(kind)
    names = dict(zip(known, kind.__struct_fields__, strict=True))
    for key, value in _mapping(section).items():
        if key not in known:
            yield f"{path}.{key}", known
            continue
        for below in _sections(hints[names[key]]):
            yield from _unknown_in(value, f"{path}.{key}", below)


def _sections(hint: Any) -> list[type[msgspec.Struct]]:
    """The sections that a value of this type may be: itself, or those among which it is."""
    kinds = get_args(hint) or (hint,)
    return [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else {}


def _nearest(path: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(path.rpartition(".")[2].lower().replace("-", "_"), known, 1, 0.6)
    return f"; did you mean {near[0]!r}?" if near else f"; known here: {', '.join(known)}"


def _explained(message: str) -> tuple[str, str]:
    """What msgspec found, in plain words, and the dotted path."""
    match = _AT.match(message)
    what, path = (match["what"], match["path"] or "") if match else (message, "")
    if what.startswith("Invalid enum value"):
        given = what.removeprefix("Invalid enum value ")
        return f"{given} is not one of {', '.join(_allowed(path))}", path
    if "matching regex" in what:
        return "write lower-case letters, digits and hyphens, for example btc-breakout", path
    if what.startswith("Invalid decimal"):
        return "expected a number", path
    if match and match["key"]:
        return "keys are text; put this one in quotes", path
    what = re.sub(r"`([^`]*)`", lambda quoted: _words(quoted[1]), what)
    for sign, words in _SIGNS.items():
        what = what.replace(sign, words)
    return what[:1].lower() + what[1:].removesuffix(".0"), path


def _words(kinds: str) -> str:
    return " or ".join(_WORDS.get(kind.strip(), kind.strip()) for kind in kinds.split("|"))


def _allowed(path: str) -> list[str]:
    """The values of the Literal at a dotted path."""
    kinds: list[Any] = [Config]
    for key in path.split("."):
        kinds = [get_type_hints(one).get(key) for kind in kinds for one in _sections(kind)]
    return [str(value) for kind in kinds if get_origin(kind) is Literal for value in get_args(kind)]
