"""Workers give results in order and errors as they were, and none outlives its work."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tradekit.errors import StrategyError, TradekitError
from tradekit.run.workers import cores, spread

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def _nobody_is_left() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


def test_results_come_in_the_order_of_the_items_from_several_processes() -> None:
    def work(n: int) -> tuple[int, int]:
        time.sleep(0.02 * (n % 3 == 0))
        return n * n, os.getpid()

    found = list(spread(work, range(12), workers=3))
    assert [one for one, _ in found] == [n * n for n in range(12)]
    assert os.getpid() not in {pid for _, pid in found}
    assert len({pid for _, pid in found}) > 1


@pytest.mark.parametrize(("items", "workers"), [(range(4), 1), (range(1), 4), (range(0), 4)])
def test_one_worker_or_one_item_stays_in_this_process(items: range, workers: int) -> None:
    assert set(spread(lambda _: os.getpid(), items, workers=workers)) <= {os.getpid()}


def test_an_exception_comes_out_as_it_was_and_ends_the_rest() -> None:
    def work(n: int) -> int:
        if n == 2:
            raise StrategyError("no such thing")
        return n

    found = spread(work, range(100), workers=2)
    assert next(found) == 0
    with pytest.raises(StrategyError, match="no such thing"):
        list(found)


class Unsendable(Exception):
    def __reduce__(self) -> Any:
        raise TypeError("stays here")


@pytest.mark.parametrize("fails", [True, False])
def test_what_cannot_be_sent_is_told_in_words(fails: bool) -> None:
    def work(n: int) -> Any:
        if fails:
            raise Unsendable("too big")
        return lambda: n

    words = "Unsendable: too big" if fails else "local object|Can't pickle|Can't get local"
    with pytest.raises(StrategyError, match=words):
        list(spread(work, range(3), workers=2))


def test_a_worker_that_is_killed_is_named_with_its_code() -> None:
    def work(n: int) -> int:
        if n == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return n

    with pytest.raises(TradekitError, match=r"a worker process ended by itself \(exit code -9\)"):
        list(spread(work, range(4), workers=2))


def test_leaving_early_ends_the_workers() -> None:
    def work(n: int) -> int:
        time.sleep(60 if n else 0)
        return n

    found = spread(work, range(4), workers=2)
    assert next(found) == 0
    found.close()  # type: ignore[attr-defined]


def test_ctrl_c_ends_the_workers_and_comes_out_here() -> None:
    def work(n: int) -> int:
        if n == 0:
            os.kill(os.getppid(), signal.SIGINT)
        time.sleep(60)
        return n

    with pytest.raises(KeyboardInterrupt):
        list(spread(work, range(4), workers=2))


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1
