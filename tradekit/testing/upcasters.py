"""A check that an upcaster is what one must be: pure and total.

Knows no event; the payloads to try are given.
"""

import copy
from collections.abc import Iterable
from typing import Any

import msgspec

from tradekit.core.upcast import Upcaster
from tradekit.errors import VersionError

__all__ = ["check_upcaster"]


def check_upcaster(step: Upcaster, payloads: Iterable[dict[str, Any]]) -> None:
    """Try a step on payloads of its version; raises VersionError, with the payload, where it breaks its word.

    It must take every payload, leave it as it is, give the same each time, and give a dict that JSON can hold.
    """
    for payload in payloads:
        before = copy.deepcopy(payload)
        try:
            first, second = step(payload), step(copy.deepcopy(before))
        except Exception as error:
            raise VersionError(f"{step.__qualname__} is not total: {error!r} for {before}") from error
        if payload != before:
            raise VersionError(f"{step.__qualname__} is not pure: it changed what it was given: {before}")
        if first != second:
            raise VersionError(f"{step.__qualname__} is not pure: twice {before} gave {first} and {second}")
        try:
            whole = msgspec.json.decode(msgspec.json.encode(first))
        except (TypeError, ValueError) as error:
            raise VersionError(
                f"{step.__qualname__} gave what JSON cannot hold ({error}) for {before}"
            ) from error
        if whole != first or not isinstance(first, dict):
            raise VersionError(
                f"{step.__qualname__} gave {first!r}, which JSON does not give back, for {before}"
            )
