"""The live loop: one inbox, one engine; write, fold, tell, act, in that order.

An asyncio shell around the engine and whoever carries its wishes out. Everything that comes from elsewhere (feed,
bridge, signals) enters at the inbox. Knows no socket, no venue and no file format.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from tradekit.core.clock import Clock, new_id
from tradekit.core.event import Event, Fact
from tradekit.core.journal import Journal, Stored
from tradekit.errors import JournalError, RefusedError
from tradekit.model.market import FeedEnded, FeedStarted
from tradekit.model.session import CommandReceived, CommandRefused, RiskChanged, SessionClosed
from tradekit.run.execution import Execution
from tradekit.run.gate import Gate
from tradekit.run.last_line import LastLine
from tradekit.run.latch import Killed, Latch
from tradekit.trading.reconcile.settle import unsettled

__all__ = ["Asked", "Feed", "Loop", "Watch"]

_log = logging.getLogger("tradekit.session")


def _unwritten(what: str, **details: object) -> None:
    """Where there is no emergency file, the log has to do."""
    _log.critical("%s: %s", what, details)


class Watch(Protocol):
    """Who measures the loop's steps."""

    def begin(self) -> None:
        """A step starts."""

    def end(self) -> float:
        """It has ended; returns how long it took [s]."""


class Feed(Protocol):
    """Where a session's inputs come from.

    name, source  what it is called in the state, and where its facts come from, in words
    ended         why it has ended when it has, in words
    """

    name: str
    source: str
    ended: str

    def inputs(
        self, after: Mapping[str, int], due: Callable[[], tuple[int, str] | None]
    ) -> AsyncGenerator[tuple[int, Any], None]:
        """Facts with the moment they became known [UTC ns], from behind the positions in `after`.

        The next one is not asked for before the last has been taken in full. `due` says which timer is next.
        """


class Asked(msgspec.Struct):
    """A command at the inbox. `answer` gets the seq it was journaled under, or RefusedError.

    `shuts` is how often the gate had been shut when the command came; `taken`: it is in the journal.
    """

    name: str
    args: dict[str, Any]
    user: str
    answer: "Future[int]"
    id: str = msgspec.field(default_factory=new_id)
    shuts: int = 0
    taken: bool = False
    _begun: bool | None = None

    def begin(self) -> bool:
        """Whether its sender still waits; it can expire no more from then on. Asking again gives the same answer."""
        if self._begun is None:
            self._begun = self.answer.set_running_or_notify_cancel()
        return self._begun


class Loop:
    """Runs a session until it is told to stop. Made on the event loop that will run it.

    execution          the engine, and who carries its wishes out
    journal            where every step is written first
    gate               the last line before the wire
    feed, feed_after   where bars come from, and from behind which positions
    on_snapshot        writes a snapshot now; may raise OSError
    appending          times a journal append
    alarm, emergency   told of a failed journal: to show it, and to write down what happens from then on
    tell               called on the loop's thread with each group of events once they are written
    last_line, latch   what ends orders, and remembers a kill, while this loop is held up
    step_deadline_s    a step that takes longer halts the session, and its orders stay here
    """

    def __init__(
        self,
        execution: Execution,
        journal: Journal,
        feed: Feed,
        *,
        clock: Clock,
        gate: Gate,
        watch: Watch,
        feed_after: Mapping[str, int],
        on_snapshot: Callable[[], None],
        tell: Callable[[tuple[Stored, ...]], None],
        step_deadline_s: float = 1.0,
        appending: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
        alarm: Callable[[str], object] = _log.critical,
        emergency: Callable[..., object] = _unwritten,
        last_line: LastLine | None = None,
        latch: Latch | None = None,
    ) -> None:
        self.execution = execution
        self.engine = execution.engine
        self.gate = gate
        self._journal = journal
        self._feed = feed
        self._feed_after = feed_after
        self._clock = clock
        self._watch = watch
        self._on_snapshot = on_snapshot
        self._tell = tell
        self._deadline_s = step_deadline_s
        self._appending = appending
        self._alarm = alarm
        self._emergency = emergency
        self._last_line, self._latch = last_line, latch
        self._inbox: asyncio.Queue[Asked] = asyncio.Queue()
        self._asking = threading.Lock()  # the gate is shut in the order of the inbox
        self._turn = asyncio.Lock()  # one group at a time, its broker's answers included
        self._stopping = asyncio.Event()
        self._stop_reason = ""
        self._notes: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._over = False

    # --- from other threads ---------------------------------------------------------------------------------

    def ask(self, asked: Asked) -> None:
        """Put a command into the inbox. Any thread; `halt` and `kill` shut the gate at once."""
        reason = str(asked.args.get("reason") or "")
        with self._asking:
            if asked.name == "kill":
                self.gate.kill(reason or f"killed by {asked.user}")
            elif asked.name == "halt":
                self.gate.halt(reason or f"halted by {asked.user}")
            asked.shuts = self.gate.shuts
            if asked.name in ("halt", "kill"):
                asked.begin()  # the gate is shut: it expires no more, and is journaled in its turn
            try:
                self._loop.call_soon_threadsafe(self.ask_later, asked)
            except RuntimeError:  # the loop is closed
                _refuse(asked)
                return
        if self._last_line is not None and asked.name in ("kill", "cancel_all"):
            self._last_line.watch(asked, self._note_from_elsewhere)
        if self._latch is not None and asked.name == "kill":
            self._latch.set(Killed(asked.user, self.gate.reason))
            if asked.taken:  # the loop was faster
                self._latch.clear()

    def ask_later(self, asked: Asked) -> None:
        """Put a command into the inbox, also before the session runs. On the loop's thread."""
        if self._over:
            _refuse(asked)
        else:
            self._inbox.put_nowait(asked)

    @property
    def waiting(self) -> int:
        """Commands at the inbox."""
        return self._inbox.qsize()

    def note(self, fact: Fact) -> None:
        """Take a fact that the shell itself has to tell, when its turn comes. On the loop's thread."""
        if self._over:
            return
        task = asyncio.get_running_loop().create_task(self._note(fact))
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)

    def _note_from_elsewhere(self, fact: Fact) -> None:
        self._loop.call_soon_threadsafe(self.note, fact)

    async def _note(self, fact: Fact) -> None:
        await self.take(fact)

    def stop(self, reason: str) -> None:
        """End the session in good order. On the loop's thread."""
        self._stop_reason = self._stop_reason or reason
        self._stopping.set()

    # --- the session's life ---------------------------------------------------------------------------------

    async def run(self, opened: Fact) -> None:
        """Open the session, take what comes until `stop`, close it.

        When the journal fails, the gate is shut for good and nothing is taken any more, but the session stays where
        it can be seen until it is told to stop; then JournalError is raised.
        """
        try:
            await self._open(opened)
            await self._work()
            self._over = True  # what comes from here on comes too late: the session's end is its last event
            await asyncio.gather(*self._notes, return_exceptions=True)
            await self.take(SessionClosed(self.engine.state.session.name, self._stop_reason))
        except JournalError as error:
            await self._stand_still(error)
            raise
        finally:
            self._over = True
            await self.execution.close()
            while not self._inbox.empty():
                _refuse(self._inbox.get_nowait())
        try:
            self._on_snapshot()
        except OSError as error:
            _log.error("no last snapshot (%s): the next start replays the journal instead", error)

    async def _open(self, opened: Fact) -> None:
        engine = self.engine
        await self.take(opened)
        risk = engine.state.risk
        if engine.doubt and risk.armed:
            await self.take(RiskChanged(False, risk.halted, risk.killed, engine.doubt, "engine"))
        await self.execution.open(self.turn)
        risk, books = engine.state.risk, engine.state.health.reconciliation
        if books.status != "green" and risk.armed:
            reason = unsettled(books)
            await self.take(RiskChanged(False, risk.halted, risk.killed, reason, "reconciliation"))

    async def _work(self) -> None:
        working: set[asyncio.Task[Any]] = {
            asyncio.create_task(self._bars(), name="feed"),
            asyncio.create_task(self._commands(), name="inbox"),
            asyncio.create_task(self.execution.work(self.turn), name="execution"),
            asyncio.create_task(self._stopping.wait(), name="stop"),
        }
        try:
            while not self._stopping.is_set():
                done, working = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()  # what a task raises ends the session
            async with self._turn:  # the group under way is finished first
                for task in working:
                    task.cancel()
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    async def _stand_still(self, error: JournalError) -> None:
        """The journal has failed: shut the gate, say so everywhere, and wait to be ended."""
        reason = f"the journal failed, nothing is traded any more: {error}"
        _log.critical("%s", reason)
        self.gate.kill(reason)
        self._alarm(reason)
        self._emergency("journal failed", error=str(error), seq=self.engine.state.seq)
        while not self._stopping.is_set():
            waiting = asyncio.ensure_future(self._inbox.get())
            stopping = asyncio.ensure_future(self._stopping.wait())
            done, _ = await asyncio.wait({waiting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if waiting in done:
                asked = waiting.result()
                self._emergency("command", name=asked.name, user=asked.user, args=asked.args)
                if asked.begin():
                    asked.answer.set_exception(RefusedError(reason, code="journal"))
                if asked.name == "stop":
                    self.stop(f"stopped by {asked.user}")
            waiting.cancel()
            stopping.cancel()

    async def _bars(self) -> None:
        feed = self._feed
        state = self.engine.state
        known = state.health.feeds.get(feed.name)
        if known is None or known.status != "running":
            await self.take(FeedStarted(feed.name, feed.source))
        async with contextlib.aclosing(
            feed.inputs(self._feed_after, lambda: self.engine.state.due())
        ) as inputs:
            async for ts, fact in inputs:
                await self.take(fact, ts)
        if self.engine.state.health.feeds[feed.name].status != "ended":
            await self.take(FeedEnded(feed.name, feed.ended))
        _log.info("feed ended; the session stays up")

    async def _commands(self) -> None:
        while not self._stopping.is_set():
            asked = await self._inbox.get()
            if not asked.begin():
                continue  # it expired in the queue
            try:
                await self._command(asked)
            except JournalError as error:
                asked.answer.set_exception(RefusedError(f"the journal failed: {error}", code="journal"))
                raise
            except asyncio.CancelledError:
                if not asked.taken:  # the session ended before its turn came
                    _refuse(asked)
                raise

    async def _command(self, asked: Asked) -> None:
        events = await self.take(CommandReceived(asked.id, asked.name, asked.args, asked.user))
        asked.taken = True
        if asked.name == "kill" and self._latch is not None:
            self._latch.clear()
        refused = next((e.data for e in events if isinstance(e.data, CommandRefused)), None)
        risk = self.engine.state.risk
        if not (risk.halted or risk.killed):
            self.gate.open(asked.shuts)  # not if somebody has shut it since
        if refused is not None:
            asked.answer.set_exception(RefusedError(refused.reason))
            return
        if asked.name == "reconcile":
            await self.execution.compare(self.turn)
        if asked.name == "snapshot":
            try:
                self._on_snapshot()
            except OSError as error:
                asked.answer.set_exception(RefusedError(f"the snapshot failed: {error}", code="snapshot"))
                return
        asked.answer.set_result(events[0].seq)
        if asked.name == "stop":
            self.stop(f"stopped by {asked.user}")

    # --- write, fold, tell, act -----------------------------------------------------------------------------

    async def take(self, fact: Fact, ts: int | None = None) -> list[Event]:
        """One fact from outside, and everything that follows from it until the broker has no more answers.

        `ts` [UTC ns] is session time now unless it is given.
        """
        return await self.turn(lambda: self.execution.take(fact, self.execution.now() if ts is None else ts))

    async def turn(self, work: Callable[[], list[Event]]) -> list[Event]:
        """Let the engine work, write what it tells, act on it; one at a time."""
        async with self._turn:
            events = await self._step(work)
            await self.execution.act(events, self._step)
            return events

    async def _step(self, work: Callable[[], list[Event]]) -> list[Event]:
        """Let the engine work, and write what it tells; nothing has been acted on when this returns."""
        self._watch.begin()
        events = work()
        took = self._watch.end()
        if took > self._deadline_s:
            events = events + self._too_slow(took)
        if events:
            await self._write(events)
        return events

    async def _write(self, events: list[Event]) -> None:
        """Durable first where it is critical; state and clients are fed from the journal's commit."""
        critical = any(event.data.CRITICAL for event in events)
        with self._appending():
            stored = await self._journal.append_async(events, critical=critical)
        self._tell(stored)

    def _too_slow(self, took: float) -> list[Event]:
        risk = self.engine.state.risk
        reason = f"a step took {took:.1f} s; {self._deadline_s:g} s are allowed (session.step_deadline_s)"
        _log.error("%s: halted", reason)
        self.gate.halt(reason)
        if risk.halted:
            return []
        halted = RiskChanged(risk.armed, True, risk.killed, reason, "watchdog")
        return self.execution.take(halted, self.execution.now())


def _refuse(asked: Asked) -> None:
    if asked.begin():
        asked.answer.set_exception(RefusedError("the session is not running any more", code="closed"))
