"""Two calls on two threads, the second at each step of the first in turn: a race that there is shows every time.

A step is one line of the code that is looked at, or one of its instructions.
"""

import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any, TypeVar

__all__ = ["interleavings"]

T = TypeVar("T")
_STILL_S = 0.05  # how long the first may take for a step before it is held to be waiting for the second
_STUCK_S = 30.0


def interleavings(
    make: Callable[[], T],
    one: Callable[[T], object],
    other: Callable[[T], object],
    *,
    within: str,
    fine: bool = False,
    patience_s: float = 0.004,
) -> Iterator[T]:
    """What `make` gave, once for each step of `one` that `other` came before, when both have ended.

    Where `other` has to wait for something that `one` holds, it goes on when it can. Raises what either raised, and
    AssertionError where each waits for the other.

    within      how the path of the code ends whose steps count: "widgets/line.py"
    fine        count instructions, for what happens within one line
    patience_s  how long `other` may take before it is held to be waiting for `one`; more where a disk answers
    """
    step = 1
    while True:
        subject = make()
        came = _Meeting(one, other, within, "opcode" if fine else "line", step, patience_s).hold(subject)
        yield subject
        if not came:
            assert step > 1, "there is no step of the first to come between"
            return
        step += 1


class _Meeting:
    """One run of both, `other` before step `at` of `one`; after it where there are fewer."""

    def __init__(
        self,
        one: Callable[..., object],
        other: Callable[..., object],
        within: str,
        unit: str,
        at: int,
        patience_s: float,
    ) -> None:
        self._one, self._other, self._within, self._unit = one, other, within, unit
        self._at, self._patience_s = at, patience_s
        self._steps = 0
        self._errors: list[BaseException] = []
        self._meeting = threading.Lock()
        self._met = False

    def hold(self, subject: object) -> bool:
        """Run both; whether there was such a step."""
        first = self._thread(lambda: self._traced(subject))
        self._second = self._thread(lambda: self._other(subject))
        first.start()
        for _ in range(int(_STUCK_S / _STILL_S)):
            seen = self._steps
            first.join(_STILL_S)
            if self._met or not first.is_alive() or self._steps == seen > 0:
                break
        self._meet()  # the first has ended, or waits for what the second does
        self._second.join(_STUCK_S)
        first.join(_STUCK_S)
        stuck = first.is_alive() or self._second.is_alive()
        assert not stuck, f"each waits for the other at step {self._at}"
        if self._errors:
            raise self._errors[0]
        return self._steps >= self._at

    def _meet(self) -> None:
        with self._meeting:
            if not self._met:
                self._met = True
                self._second.start()

    def _thread(self, run: Callable[[], object]) -> threading.Thread:
        def caught() -> None:
            try:
                run()
            except BaseException as error:
                error.add_note(f"with the other before step {self._at} of the one")
                self._errors.append(error)

        return threading.Thread(target=caught, daemon=True)

    def _traced(self, subject: object) -> None:
        sys.settrace(self._entered)
        try:
            self._one(subject)
        finally:
            sys.settrace(None)

    def _entered(self, frame: FrameType, event: str, arg: object) -> Any:
        if not frame.f_code.co_filename.endswith(self._within):
            return None
        frame.f_trace_opcodes = self._unit == "opcode"
        return self._stepped

    def _stepped(self, frame: FrameType, event: str, arg: object) -> Any:
        if event == self._unit:
            self._steps += 1
            if self._steps == self._at:
                self._meet()
                self._second.join(self._patience_s)
        return self._stepped
