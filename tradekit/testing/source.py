"""A session as a bridge sees it, made of a list: for tests of the bridge and of what hangs on it.

Knows no engine: its state is the last value of each key.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import msgspec

from tradekit.bridge.protocol import Command
from tradekit.bridge.source import Page
from tradekit.core.codec import encode_event
from tradekit.core.event import Event, Unknown
from tradekit.errors import RefusedError

__all__ = ["FakeSource"]

Publish = Callable[[int, Sequence[bytes], Sequence[str]], None]


class FakeSource:
    """Events as `append` gives them: each is a value about a key, and the state is the values by key.

    `commands` are those it has taken; `refuse` maps a command's name to the reason for saying no; `hold` lets
    commands wait unanswered in `waiting`.
    """

    def __init__(self, journal: str = "fake", *, epoch: int = 1, reducer: int = 1) -> None:
        self.journal, self.epoch, self.reducer = journal, epoch, reducer
        self.values: dict[str, Any] = {}
        self.commands: list[Command] = []
        self.waiting: list[Future[int]] = []
        self.refuse: dict[str, str] = {}
        self.hold = False
        self.alarm = ""
        self.publish: Publish | None = None
        self._payloads: list[bytes] = []
        self._lock = threading.RLock()

    def append(self, *changes: tuple[str, Any], type: str = "value.changed") -> int:
        """Commit one event for each (key, value) as one batch and publish it; the last seq."""
        with self._lock:
            first = len(self._payloads) + 1
            batch = []
            for seq, (key, value) in enumerate(changes, start=first):
                data = msgspec.json.encode({"value": value})
                event = Event(seq, self.epoch, seq, seq, type, 1, 0, key, Unknown(msgspec.Raw(data)))
                batch.append(encode_event(event, data))
                self.values[key] = value
            self._payloads += batch
            if self.publish is not None:
                self.publish(first, batch, [f"{type}.{key}" for key, _ in changes])
            return len(self._payloads)

    def seq(self) -> int:
        """The last event."""
        return len(self._payloads)

    def snapshot(self) -> tuple[int, list[tuple[str, bytes]]]:
        """The values as the one path `values`."""
        with self._lock:
            return len(self._payloads), [("values", msgspec.json.encode(self.values))]

    def payloads(self, since: int, until: int) -> list[tuple[int, bytes]]:
        """The events since < seq <= until."""
        with self._lock:
            return list(enumerate(self._payloads[since:until], start=since + 1))

    def command(self, command: Command) -> "Future[int]":
        """Journal the command as an event and give its seq, or refuse."""
        self.commands.append(command)
        if command.name in self.refuse:
            raise RefusedError(self.refuse[command.name], code="state")
        outcome: Future[int] = Future()
        if self.hold:
            self.waiting.append(outcome)
        else:
            outcome.set_result(self.append((command.name, command.args), type="command.received"))
        return outcome

    def query(self, name: str, args: dict[str, Any]) -> "Future[Page]":
        """`events`: the envelopes after `cursor`, `limit` to a page."""
        if name != "events":
            raise RefusedError(f"there is no query {name!r}", code="unknown")
        start, limit = int(args.get("cursor", 0)), int(args.get("limit", 100))
        items = [payload for _, payload in self.payloads(start, start + limit)]
        answer: Future[Page] = Future()
        answer.set_result(Page(items, start + limit if start + limit < self.seq() else None))
        return answer

    def health(self) -> dict[str, Any]:
        """Always well."""
        return {"live": True, "ready": True, "reasons": []}

    def metrics(self) -> bytes:
        """One gauge."""
        return b"# TYPE fake_seq gauge\nfake_seq %d\n" % self.seq()
