"""Old facts lifted on read: a pure function for each step from version v of a type to v + 1, on plain dicts.

Journals are never rewritten; knows no fact of the trade and no storage.
"""

from collections.abc import Callable
from typing import Any

from tradekit.errors import JournalError, VersionError

__all__ = ["Upcaster", "lift", "upcaster", "upcasters"]

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
_register: dict[tuple[str, int], Upcaster] = {}


def upcaster(tag: str, v: int) -> Callable[[Upcaster], Upcaster]:
    """Decorator: this function makes version v + 1 of type `tag` from version v, given and returning a dict.

    It must be pure and total: every payload that version v could hold, no clock, no file, no chance.
    """

    def register(function: Upcaster) -> Upcaster:
        if _register.setdefault((tag, v), function) is not function:
            raise TypeError(
                f"{tag} has an upcaster from version {v} already: {_register[tag, v].__qualname__}"
            )
        return function

    return register


def upcasters() -> dict[tuple[str, int], Upcaster]:
    """All registered steps by (type, version that they start from) (a copy)."""
    return dict(_register)


def lift(tag: str, v: int, to: int, data: dict[str, Any]) -> dict[str, Any]:
    """`data` of version `v` as version `to`; VersionError for a missing step, JournalError if one fails."""
    for version in range(v, to):
        step = _register.get((tag, version))
        if step is None:
            raise VersionError(
                f"{tag} of version {v} cannot be read: nothing lifts version {version} to {version + 1}; "
                f"register an upcaster for it"
            )
        try:
            data = step(data)
        except Exception as error:
            raise JournalError(
                f"{tag} of version {version} could not be lifted: {error!r} in {data}"
            ) from error
    return data
