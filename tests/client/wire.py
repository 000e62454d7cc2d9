"""A replica that notes everything, for tests of the line beneath it."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from tradekit.bridge.access import Tokens
from tradekit.bridge.protocol import Grant
from tradekit.client.connection import Connection, Status

TOKEN, READ_TOKEN = "trader-" + "t" * 32, "reader-" + "r" * 32
TOKENS = Tokens(
    {
        TOKEN: Grant("trader", frozenset({"read", "operate", "trade"})),
        READ_TOKEN: Grant("reader", frozenset({"read"})),
    }
)
QUICK = {"reconnect_cap_s": 0.05}


class Replica:
    """Folds what its connection brings; notes everything."""

    def __init__(self, uri: str | Callable[[], str], token: Any = TOKEN, **options: Any) -> None:
        self.values: dict[str, Any] = {}
        self.seq = 0
        self.snapshots: list[tuple[str, int, int, int]] = []
        self.statuses: list[Status] = []
        self.gaps: list[tuple[int, int]] = []
        self.ticks: list[dict[str, Any]] = []
        self.fail_with: Exception | None = None
        self.connection = Connection(
            uri,
            token,
            on_snapshot=self._snapshot,
            on_events=self._events,
            on_ticks=lambda ts, items: self.ticks.extend(items),
            on_status=self.statuses.append,
            on_gap=lambda first, last: self.gaps.append((first, last)),
            **{**QUICK, **options},
        )

    def _snapshot(self, journal: str, epoch: int, reducer: int, seq: int, state: Mapping[str, bytes]) -> None:
        self.values, self.seq = msgspec.json.decode(state["values"]), seq
        self.snapshots.append((journal, epoch, reducer, seq))

    def _events(self, first: int, last: int, envelopes: Sequence[bytes]) -> None:
        if self.fail_with is not None:
            error, self.fail_with = self.fail_with, None
            raise error
        for envelope in envelopes:
            event = msgspec.json.decode(envelope)
            self.values[event["key"]] = event["data"]["value"]
        self.seq = last

    @property
    def names(self) -> list[str]:
        return [status.name for status in self.statuses]

    def is_at(self, seq: int) -> bool:
        return self.connection.status.name == "live" and self.seq == seq


def client_threads() -> list[threading.Thread]:
    """Those of connections that are not closed."""
    return [thread for thread in threading.enumerate() if thread.name == "tradekit-client"]
