"""What the bridge is told of a session: its events as they are committed, its state, its answers, its ear.

Stands between threads: the journal's commits come in on one, the bridge asks on others.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import msgspec

from tradekit.bridge.protocol import Command
from tradekit.bridge.source import Page
from tradekit.bridge.topics import Topics
from tradekit.core.codec import encode
from tradekit.core.journal import Journal, Stored
from tradekit.core.store import Store
from tradekit.errors import RefusedError, TradekitError
from tradekit.health.metrics import SessionMetrics
from tradekit.run.loop import Asked, Loop
from tradekit.state.reducer import REDUCER
from tradekit.state.shape import State
from tradekit.wiring.journals import fold_until, seq_at

__all__ = ["SessionSource"]

_PAGE_BYTES = 256 * 1024
_PAGE_EVENTS = 2_000


class SessionSource:
    """The session as its bridge sees it."""

    reducer = REDUCER

    def __init__(
        self, journal: Journal, store: Store[State], metrics: SessionMetrics, *, measured: bool = True
    ) -> None:
        self.journal = journal.id
        self.epoch = journal.epoch
        self.loop: Loop | None = None
        self.publish: Callable[[int, list[bytes], list[str]], None] | None = None
        self.failed = ""  # why the session can trade no more
        self.stuck = ""  # that a step has been running for too long
        self.declared: Callable[[], list[dict[str, Any]]] = list  # the strategy's parameters
        self.studied: Callable[[], list[dict[str, Any]]] = list  # and its indicators
        self.unreached: Callable[[], dict[str, str]] = (
            dict  # targets of alerts that cannot be reached, and why
        )
        self._journal = journal
        self._store = store
        self._metrics = metrics
        self._measured = measured  # whether the metrics are shown
        self._pool = ThreadPoolExecutor(1, "tradekit-query")
        self._queries: dict[str, Callable[[dict[str, Any]], Page]] = {
            "events": self._events,
            "state_at": self._state_at,
            "bars": self._bars,
            "parameters": self._parameters,
            "indicators": self._indicators,
        }
        journal.on_commit(self._committed)

    # --- fed by the journal ---------------------------------------------------------------------------------

    def _committed(self, stored: tuple[Stored, ...]) -> None:
        """Fold and push what has just become durable. On the thread that committed, in the order of seq."""
        for one in stored:
            with self._metrics.folding():
                self._store.apply(one.event)
        if self.publish is not None:
            self.publish(stored[0].event.seq, [s.payload for s in stored], [s.event.subject for s in stored])

    def fail(self, reason: str) -> None:
        """The session can trade no more; every screen says so."""
        self.failed = reason

    @property
    def alarm(self) -> str:
        """What is wrong with the session itself, "" when nothing is."""
        return self.failed or self.stuck

    # --- asked by the bridge --------------------------------------------------------------------------------

    def seq(self) -> int:
        """The last committed event."""
        return self._store.seq

    def snapshot(self) -> tuple[int, list[tuple[str, bytes]]]:
        """The state's top-level paths, encoded, at one seq."""
        with self._store.lock:
            state = self._store.state
            return state.seq, [(name, encode(getattr(state, name))) for name in state.__struct_fields__]

    def payloads(self, since: int, until: int) -> list[tuple[int, bytes]]:
        """Events from the journal, for a client that has been away."""
        return list(self._journal.payloads(since, until))

    def command(self, command: Command) -> "Future[int]":
        """Hand a command to the session's inbox."""
        answer: Future[int] = Future()
        if self.loop is None:
            answer.set_exception(RefusedError("the session has not opened yet", code="closed"))
        else:
            self.loop.ask(Asked(command.name, command.args, command.user, answer, command.id))
        return answer

    def query(self, name: str, args: dict[str, Any]) -> "Future[Page]":
        """Answer a question from the journal, off the engine's thread."""
        answer = self._queries.get(name)
        if answer is None:
            raise RefusedError(f"no query {name!r}; there are {', '.join(self._queries)}", code="unknown")
        return self._pool.submit(self._answered, answer, args)

    def health(self) -> dict[str, Any]:
        """Whether the session lives and may trade, and why not."""
        with self._store.lock:
            state = self._store.state
            reasons = [self.alarm] if self.alarm else []
            if self._journal.failure is not None and not self.failed:
                reasons.append(f"journal: {self._journal.failure}")
            if state.risk.killed or state.risk.halted or not state.risk.armed:
                reasons.append(state.risk.reason or "disarmed")
            live = self._journal.failure is None and not self.alarm
            return {
                "live": live,
                "ready": live and not reasons,
                "reasons": reasons,
                "session": state.session.name,
                "mode": state.session.mode,
                "seq": state.seq,
                "time": state.time,
                "feeds": msgspec.to_builtins(state.health.feeds),
                "alerts": self.unreached(),
            }

    def metrics(self) -> bytes:
        """Prometheus text."""
        return self._metrics.render() if self._measured else b"# off: monitoring.metrics is false\n"

    def close(self) -> None:
        """Answer no more questions."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    # --- queries --------------------------------------------------------------------------------------------

    def _answered(self, answer: Callable[[dict[str, Any]], Page], args: dict[str, Any]) -> Page:
        try:
            return answer(args)
        except KeyError as error:
            raise RefusedError(f"the question needs {error}", code="query") from error
        except (TradekitError, TypeError, ValueError) as error:
            raise RefusedError(str(error), code="query") from error

    def _events(self, args: dict[str, Any]) -> Page:
        """Envelopes in the order of seq. args: since (exclusive), until, types, subject (a pattern), cursor."""
        since = int(args.get("cursor") or args.get("since") or 0)
        until = min(int(args.get("until") or self._journal.durable_seq), self._journal.durable_seq)
        types, subject = args.get("types"), args.get("subject")
        wanted = None if subject in (None, ">") else Topics([str(subject)])
        items: list[bytes] = []
        size, last = 0, since
        for seq, payload in self._journal.payloads(since, until):
            if not _fits(payload, types, wanted):
                continue
            if items and (size + len(payload) > _PAGE_BYTES or len(items) >= _PAGE_EVENTS):
                return Page(items, last)
            items.append(payload)
            size, last = size + len(payload), seq
        return Page(items)

    def _state_at(self, args: dict[str, Any]) -> Page:
        """The state as it was, an item {"path", "value"} a top-level path. args: at (seq or time), cursor."""
        state = fold_until(self._journal, seq_at(self._journal, args.get("at")))
        names = list(state.__struct_fields__)
        first = int(args.get("cursor") or 0)
        items: list[bytes] = []
        size = 0
        for n, name in enumerate(names[first:], first):
            item = b'{"path":"%b","value":%b}' % (name.encode(), encode(getattr(state, name)))
            if items and size + len(item) > _PAGE_BYTES:
                return Page(items, n)
            items.append(item)
            size += len(item)
        return Page(items)

    def _bars(self, args: dict[str, Any]) -> Page:
        """Closed bars of one series, as the events told them. args: instrument, timeframe, cursor."""
        wanted = f"{args['instrument']}.{args['timeframe']}"
        since = int(args.get("cursor") or 0)
        items: list[bytes] = []
        last = since
        for event in self._journal.events(since, types=["bar.closed"]):
            if event.key == wanted:
                if len(items) >= _PAGE_EVENTS:
                    return Page(items, last)
                items.append(encode(event.data))
            last = event.seq
        return Page(items)

    def _parameters(self, args: dict[str, Any]) -> Page:
        """What the running strategy declares, an item a parameter; see `strategy.declaration`. No args."""
        return Page([encode(row) for row in self.declared()])

    def _indicators(self, args: dict[str, Any]) -> Page:
        """The running strategy's indicators that can be drawn, an item each; see `Series.studies`. No args."""
        return Page([encode(row) for row in self.studied()])


class _About(msgspec.Struct):
    type: str
    key: str = ""


_about = msgspec.json.Decoder(_About)


def _fits(payload: bytes, types: list[str] | None, wanted: Topics | None) -> bool:
    """Whether an envelope is of one of `types` and of a wanted subject."""
    if not types and wanted is None:
        return True
    about = _about.decode(payload)
    subject = f"{about.type}.{about.key}" if about.key else about.type
    return (not types or about.type in types) and (wanted is None or wanted.match(subject))
