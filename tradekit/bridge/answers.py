"""Commands carried out once: who sends the same id again gets the same answer.

Knows no command's meaning; runs on the bridge's loop.
"""

import asyncio
import contextlib
import logging
from collections import OrderedDict
from concurrent.futures import Future

from tradekit.bridge.frames import Ack, encode_frame, error_frame
from tradekit.bridge.limits import Limits
from tradekit.bridge.protocol import Command
from tradekit.bridge.source import Source
from tradekit.core.clock import Clock
from tradekit.errors import RefusedError

__all__ = ["Answers"]

_log = logging.getLogger(__name__)


class Answers:
    """The commands of all clients with their outcomes; the oldest finished are forgotten."""

    def __init__(self, source: Source, limits: Limits, clock: Clock) -> None:
        self._source, self._limits, self._clock = source, limits, clock
        self._known: OrderedDict[tuple[str, str], tuple[Command, Future[int]]] = OrderedDict()

    async def answer(self, command: Command) -> bytes:
        """Carry the command out unless its sender gave it before; the frame to answer with."""
        known = self._known.get((command.user, command.id))
        if known is None:
            outcome = self._hand_over(command)
            self._remember(command, outcome)
        else:
            first, outcome = known
            if (first.name, first.args) != (command.name, command.args):
                return _error(command, "id", f"id {command.id} was given to another command; use a new one")
        return await self._outcome(command, outcome)

    def _hand_over(self, command: Command) -> "Future[int]":
        try:
            outcome = self._source.command(command)
        except Exception as error:
            refused: Future[int] = Future()
            refused.set_exception(error)
            return refused
        # It expires whether or not its sender still waits; what has begun or ended is not touched by this.
        left_s = max(command.deadline - self._clock.monotonic(), 0.0)
        asyncio.get_running_loop().call_later(left_s, outcome.cancel)
        return outcome

    def _remember(self, command: Command, outcome: "Future[int]") -> None:
        self._known[command.user, command.id] = command, outcome
        if len(self._known) > self._limits.answers:
            done = (key for key, (_, outcome) in self._known.items() if outcome.done())
            oldest = next(done, None)
            if oldest is not None:
                del self._known[oldest]

    async def _outcome(self, command: Command, outcome: "Future[int]") -> bytes:
        await _wait(outcome, command.deadline - self._clock.monotonic())
        # What can no longer be cancelled, the session has begun with: give it time to finish.
        if not outcome.done() and not outcome.cancel():
            await _wait(outcome, self._limits.expires_s)
        if not outcome.done():
            return _error(command, "unanswered", f"{command.name} has begun and not ended; look what it did")
        if outcome.cancelled():
            return _error(command, "expired", f"{command.name} was not taken up in time; nothing was done")
        error = outcome.exception()
        if error is None:
            return encode_frame(Ack(command.id, outcome.result()))
        if isinstance(error, RefusedError):
            return _error(command, error.code, str(error))
        _log.error("the command %s failed", command.name, exc_info=error)
        return _error(command, "failed", f"{command.name} failed inside the session; its log says why")


async def _wait(outcome: "Future[int]", timeout_s: float) -> None:
    """Until the outcome is there or the time is over; never cancels it."""
    if outcome.done():
        return
    loop = asyncio.get_running_loop()
    done = asyncio.Event()

    def tell(_: "Future[int]") -> None:
        with contextlib.suppress(RuntimeError):  # the bridge closed meanwhile
            loop.call_soon_threadsafe(done.set)

    outcome.add_done_callback(tell)
    try:
        async with asyncio.timeout(max(timeout_s, 0.0)):
            await done.wait()
    except TimeoutError:
        return


def _error(command: Command, code: str, message: str) -> bytes:
    return error_frame(command.id, code, message)
