"""The tool that finds races finds them, every time, and finds none where there is a lock."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.interleaved import interleavings

HERE = __file__


class Counter:
    """Counts, with or without a lock."""

    def __init__(self, lock: Any = None) -> None:
        self.lock = lock
        self.count = 0

    def add(self) -> None:
        if self.lock is None:
            self.count += 1
        else:
            with self.lock:
                self.count += 1


def test_an_addition_without_a_lock_is_lost_at_one_of_its_steps() -> None:
    counts = [each.count for each in interleavings(Counter, Counter.add, Counter.add, within=HERE, fine=True)]
    assert set(counts) == {1, 2}


def test_with_a_lock_none_is_lost() -> None:
    found = interleavings(lambda: Counter(threading.Lock()), Counter.add, Counter.add, within=HERE, fine=True)
    assert {each.count for each in found} == {2}


def test_two_that_wait_for_each_other_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.interleaved._STUCK_S", 0.2)
    locks = threading.Lock(), threading.Lock()

    def holding(first: int, second: int) -> Callable[[object], None]:
        def both(_: object) -> None:
            with locks[first], locks[second]:
                pass

        return both

    with pytest.raises(AssertionError, match="each waits for the other"):
        for _ in interleavings(object, holding(0, 1), holding(1, 0), within=HERE, fine=True):
            pass


def test_what_either_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        list(interleavings(Counter, Counter.add, lambda counter: 1 / 0, within=HERE))
    with pytest.raises(ZeroDivisionError):
        list(interleavings(Counter, lambda counter: 1 / 0, Counter.add, within=HERE))


def test_a_first_without_a_step_proves_nothing() -> None:
    with pytest.raises(AssertionError, match="no step"):
        list(interleavings(Counter, Counter.add, Counter.add, within="elsewhere.py"))
