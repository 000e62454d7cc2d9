"""The same work on many items in processes of its own: results in the order of the items, errors as they were.

Knows nothing of what the work is. Where the platform can, workers are forked: they share what is in memory, and a
class that was written in a notebook needs no import. Elsewhere work and items are sent to them and must be picklable.
"""

import multiprocessing
import os
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from tradekit.errors import StrategyError, TradekitError

__all__ = ["cores", "spread"]

T = TypeVar("T")
R = TypeVar("R")

_BOUND_S = 5.0  # a worker that was told to end has ended by then, or is killed


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spread(work: Callable[[T], R], items: Sequence[T], *, workers: int) -> Iterator[R]:
    """`work(item)` for each of the items, in their order, by at most `workers` processes at a time.

    One worker is this process itself. An exception of the work is raised here and ends the rest, as does Ctrl-C and
    as does leaving the iterator: no process outlives it. Raises TradekitError for a worker that ended by itself.
    """
    if workers <= 1 or len(items) <= 1:
        yield from map(work, items)
        return
    team = _Team(work, min(workers, len(items)))
    try:
        yield from team.results(items)
    finally:
        team.end()


class _Team:
    """The workers and the lines to them."""

    def __init__(self, work: Callable[[Any], Any], size: int) -> None:
        methods = multiprocessing.get_all_start_methods()
        context: Any = multiprocessing.get_context("fork" if "fork" in methods else "spawn")
        self._workers: dict[Connection, BaseProcess] = {}
        for _ in range(size):
            ours, theirs = context.Pipe()
            others = [*self._workers, ours]
            worker = context.Process(target=_serve, args=(work, theirs, others), daemon=True)
            with (
                warnings.catch_warnings()
            ):  # a worker computes; it asks for no lock that a thread here may hold
                warnings.simplefilter("ignore", DeprecationWarning)
                worker.start()
            theirs.close()
            self._workers[ours] = worker

    def results(self, items: Sequence[Any]) -> Iterator[Any]:
        """Give out the items one by one, and hand on what comes back in their order."""
        done: dict[int, Any] = {}
        numbers = iter(range(len(items)))
        given: dict[Connection, int] = {}
        for line in self._workers:
            self._give(line, items, numbers, given)
        for number in range(len(items)):
            while number not in done:
                ready: Any = wait(list(given))
                for line in ready:
                    finished, good, value = self._taken(line, given)
                    if not good:
                        raise value
                    done[finished] = value
                    self._give(line, items, numbers, given)
            yield done.pop(number)

    def _give(
        self, line: Connection, items: Sequence[Any], numbers: Iterator[int], given: dict[Connection, int]
    ) -> None:
        number = next(numbers, None)
        if number is not None:
            given[line] = number
            line.send((number, items[number]))

    def _taken(self, line: Connection, given: dict[Connection, int]) -> tuple[int, bool, Any]:
        del given[line]
        try:
            answer: tuple[int, bool, Any] = line.recv()
        except EOFError:
            worker = self._workers[line]
            worker.join(_BOUND_S)
            raise TradekitError(
                f"a worker process ended by itself (exit code {worker.exitcode}); -9 means that it was killed, most "
                f"often for want of memory: try fewer workers"
            ) from None
        return answer

    def end(self) -> None:
        """End them all."""
        for worker in self._workers.values():
            worker.terminate()
        for line, worker in self._workers.items():
            worker.join(_BOUND_S)
            if worker.is_alive():
                worker.kill()
                worker.join()
            line.close()
            worker.close()


def _serve(work: Callable[[Any], Any], line: Connection, others: Sequence[Connection]) -> None:
    """A worker's life: items in, results or exceptions out, until nobody is at the other end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who waits; it ends the workers
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for other in (
        others
    ):  # inherited by a fork: while it is open here, a neighbour does not see that the other end left
        other.close()
    while True:
        try:
            number, item = line.recv()
        except (EOFError, OSError):
            return
        try:
            answer = number, True, work(item)
        except Exception as error:
            answer = number, False, error
        try:
            line.send(answer)
        except OSError:
            return
        except Exception as unsendable:
            what = answer[2] if not answer[1] else unsendable
            line.send((number, False, StrategyError(f"{type(what).__name__}: {what}")))
