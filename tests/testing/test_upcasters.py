import itertools
from collections.abc import Callable
from typing import Any

import pytest

from tradekit.errors import VersionError
from tradekit.testing.upcasters import check_upcaster

PAYLOADS = [{"price": 1.5}, {"price": 2.5, "venue": "x"}]
numbers = itertools.count()
UNWRITABLE = object()


def sound(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, "bid": data["price"]}


def partial(data: dict[str, Any]) -> dict[str, Any]:
    return {"venue": data["venue"]}


def destructive(data: dict[str, Any]) -> dict[str, Any]:
    return {"bid": data.pop("price")}


def fickle(data: dict[str, Any]) -> dict[str, Any]:
    return {"number": next(numbers)}


def unwritable(data: dict[str, Any]) -> dict[str, Any]:
    return {"price": UNWRITABLE}


def changed_by_json(data: dict[str, Any]) -> dict[str, Any]:
    return {"prices": (1, 2)}


def test_a_sound_step_passes() -> None:
    check_upcaster(sound, PAYLOADS)


@pytest.mark.parametrize(
    ("step", "complaint"),
    [
        (partial, "partial is not total: KeyError"),
        (destructive, "changed what it was given"),
        (fickle, "twice"),
        (unwritable, "JSON cannot hold"),
        (changed_by_json, "JSON does not give back"),
        (lambda data: [data], "JSON does not give back"),
    ],
)
def test_each_broken_word_is_named(step: Callable[..., Any], complaint: str) -> None:
    with pytest.raises(VersionError, match=complaint):
        check_upcaster(step, [{"price": 1.5}])
