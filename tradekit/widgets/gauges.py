"""A session's metrics as small multiples: each number now, and its line over the last minutes.

Pure bookkeeping on the caller's clock; knows no page and no wire. docs/metrics.md explains the numbers.
"""

import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

__all__ = ["KEPT", "Gauges"]

KEPT = 150  # readings: five minutes of one each 2 s
_START = "process_start_time_seconds"

Part = dict[str, Any]
Metrics = Mapping[str, float]


class _Reading(NamedTuple):
    at: float
    metrics: Metrics


class _Card(NamedTuple):
    """One number. `read` is given this reading, the one before and the seconds between; None is no value."""

    label: str
    unit: str
    digits: int
    read: Callable[[Metrics, Metrics, float], float | None]
    title: str
    limit: float = math.inf  # what is above it is worth a look
    within: str = ""  # a histogram whose slowest hundredth is told too


class Gauges:
    """Takes readings, gives cards; another process (a restart) begins the lines anew."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._readings: deque[_Reading] = deque(maxlen=kept)
        self._lines: dict[str, deque[float | None]] = {key: deque(maxlen=kept) for key in _CARDS}

    def note(self, at: float, metrics: Metrics) -> None:
        """A reading at `at` [s on the caller's clock]."""
        last = self._readings[-1] if self._readings else None
        if last is not None and last.metrics.get(_START) != metrics.get(_START):
            self._readings.clear()
            for line in self._lines.values():
                line.clear()
            last = None
        if last is not None and at > last.at:
            for key, card in _CARDS.items():
                self._lines[key].append(_finite(card.read(metrics, last.metrics, at - last.at)))
        self._readings.append(_Reading(at, metrics))

    def cards(self) -> list[Part]:
        """Every card in its place; one without a value yet says so."""
        return [self._card(key, card) for key, card in _CARDS.items()] if self._readings else []

    def _card(self, key: str, card: _Card) -> Part:
        line = self._lines[key]
        value = next((one for one in reversed(line) if one is not None), None)
        return {
            "key": key,
            "label": card.label,
            "text": "none yet" if value is None else f"{value:,.{card.digits}f}",
            "unit": "" if value is None else card.unit,
            "more": self._slowest(card.within) if card.within else "",
            "tone": "warn" if value is not None and value > card.limit else "",
            "title": card.title,
            "points": list(line),
        }

    def _slowest(self, name: str) -> str:
        """Within what 99 of 100 were, of those in the readings kept: a bucket's bound."""
        first, last = self._readings[0].metrics, self._readings[-1].metrics
        if len(self._readings) < 2:
            first = {}
        prefix = f"{name}_bucket{{"
        found = {
            _bound(key): count - first.get(key, 0.0) for key, count in last.items() if key.startswith(prefix)
        }
        total = found.get(math.inf, 0.0)
        if not total:
            return ""
        bound = next(limit for limit in sorted(found) if found[limit] >= 0.99 * total)
        return f"99 % within {_span(bound)}" if math.isfinite(bound) else "1 % above all bounds"


def _bound(key: str) -> float:
    return float(key[key.index("{") + 1 : -1])


def _span(seconds: float) -> str:
    return f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _gauge(name: str, scale: float = 1.0) -> Callable[[Metrics, Metrics, float], float | None]:
    return lambda got, before, seconds: got[name] * scale if name in got else None


def _mean(name: str) -> Callable[[Metrics, Metrics, float], float | None]:
    """A histogram's mean since the reading before [ms], None when nothing happened."""

    def read(got: Metrics, before: Metrics, seconds: float) -> float | None:
        total, count = (
            got.get(f"{name}_{of}", 0.0) - before.get(f"{name}_{of}", 0.0) for of in ("sum", "count")
        )
        return 1000 * total / count if count else None

    return read


def _rate(
    of: Callable[[Metrics], float], scale: float = 1.0
) -> Callable[[Metrics, Metrics, float], float | None]:
    return lambda got, before, seconds: scale * (of(got) - of(before)) / seconds


def _behind(got: Metrics, before: Metrics, seconds: float) -> float | None:
    return got.get("tradekit_journal_seq", 0.0) - got.get("tradekit_journal_durable_seq", 0.0)


def _seq(got: Metrics) -> float:
    return got.get("tradekit_journal_seq", 0.0)


def _cpu(got: Metrics) -> float:
    return got.get("process_cpu_seconds_total", 0.0)


_MB = 2.0**-20
_CARDS: dict[str, _Card] = {
    "events": _Card("Events", "/s", 1, _rate(_seq), "events journaled a second"),
    "step": _Card(
        "Step", "ms", 2, _mean("tradekit_step_seconds"),
        "one step of the engine, the strategy's callbacks included", 100.0, "tradekit_step_seconds",
    ),
    "append": _Card(
        "Append", "ms", 2, _mean("tradekit_append_seconds"),
        "from asking the journal to having its word; for a critical event that is stable storage", 50.0,
        "tradekit_append_seconds",
    ),
    "fold": _Card(
        "Fold", "ms", 3, _mean("tradekit_fold_seconds"), "folding one event into the state", 5.0,
        "tradekit_fold_seconds",
    ),
    "loop": _Card(
        "Session's loop", "ms late", 1, _gauge("tradekit_loop_lag_seconds", 1000),
        "how late what is due runs: the worst of about the last second", 50.0,
    ),
    "bridge": _Card(
        "Bridge's loop", "ms late", 1, _gauge("tradekit_bridge_lag_seconds", 1000),
        "how late the bridge's own event loop is", 50.0,
    ),
    "inbox": _Card(
        "Inbox", "waiting", 0, _gauge("tradekit_inbox_depth"), "commands that wait for their turn", 10.0
    ),
    "bus": _Card(
        "Bus", "waiting", 0, _gauge("tradekit_bus_handovers"),
        "events of other threads that wait to be published", 100.0,
    ),
    "behind": _Card(
        "Not yet stable", "events", 0, _behind,
        "journaled and not yet on stable storage; none of them critical", 1000.0,
    ),
    "journal": _Card(
        "Journal", "MB", 1, _gauge("tradekit_journal_bytes", _MB),
        "on disk with its write-ahead log; 0 in memory",
    ),
    "snapshot": _Card(
        "Snapshot", "s old", 0, _gauge("tradekit_snapshot_age_seconds"),
        "since the newest snapshot was written", 3600.0,
    ),
    "bars": _Card("Last bar", "s ago", 1, _gauge("tradekit_state_age_seconds{bars}"), "since a bar closed last"),
    "clients": _Card(
        "Clients", "attached", 0, _gauge("tradekit_bridge_clients"), "notebooks, dashboards and scripts"
    ),
    "gaps": _Card(
        "Gaps", "since the start", 0, _gauge("tradekit_bridge_gaps_total"),
        "times a slow client lost events and got a snapshot instead", 0.0,
    ),
    "errors": _Card(
        "Handlers' errors", "since the start", 0, _gauge("tradekit_subscriber_errors_total"),
        "what subscribers on the bus have raised; below they are by handler", 0.0,
    ),
    "memory": _Card(
        "Memory", "MB", 0, _gauge("process_resident_memory_bytes", _MB),
        "resident memory of the session's process",
    ),
    "cpu": _Card("CPU", "%", 1, _rate(_cpu, 100.0), "of one core", 90.0),
    "files": _Card(
        "Open files", "", 0, _gauge("process_open_fds"), "file descriptors of the session's process"
    ),
}  # fmt: skip
