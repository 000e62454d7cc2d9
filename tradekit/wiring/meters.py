"""A session's metrics, hung where they can be read: docs/metrics.md explains each of them.

Knows where the numbers are; when to worry about one is for `health.diagnosis` to say.
"""

import contextlib
import math
from collections.abc import Callable

from tradekit.bridge.server import Bridge
from tradekit.bridge.service import BridgeStats
from tradekit.core.bus import Bus
from tradekit.core.clock import Clock
from tradekit.core.redact import secrets
from tradekit.health.metrics import SessionMetrics
from tradekit.health.watchdog import LoopLag
from tradekit.model.instrument import duration
from tradekit.run.loop import Loop
from tradekit.wiring.build import Parts
from tradekit.wiring.snapshots import journal_bytes

__all__ = ["hang_meters"]

_MOMENT = ("seq", "time")  # of the state as a whole: as old as whatever is youngest


def hang_meters(
    metrics: SessionMetrics,
    parts: Parts,
    bus: Bus,
    loop: Loop,
    lag: LoopLag,
    bridge: Bridge | None,
    clock: Clock,
) -> None:
    """Show everything that is not counted where it happens."""
    metrics.gauge("loop_lag_seconds", "How late the session's event loop is", lambda: lag.worst_s)
    metrics.gauge("inbox_depth", "Commands that wait at the inbox", lambda: loop.waiting)
    metrics.gauge("bus_handovers", "Events from other threads that wait to be published", lambda: bus.waiting)
    metrics.counter("subscriber_errors", "What the bus's handlers have raised", lambda: bus.errors)
    metrics.counter("redactions", "Texts that a secret was blotted out of", lambda: secrets.count)
    _journal(metrics, parts)
    _state(metrics, parts, clock)
    if bridge is not None:
        _bridge(metrics, bridge.stats)


def _journal(metrics: SessionMetrics, parts: Parts) -> None:
    journal, file = parts.journal, parts.config.journal
    metrics.gauge("journal_seq", "The journal's last event", lambda: journal.last_seq)
    metrics.gauge("journal_durable_seq", "The last event on stable storage", lambda: journal.durable_seq)
    metrics.gauge("journal_failed", "1 once a write has failed, else 0", lambda: journal.failure is not None)
    metrics.gauge(
        "journal_bytes", "The journal on disk, its write-ahead log included", lambda: journal_bytes(file)
    )


def _state(metrics: SessionMetrics, parts: Parts, clock: Clock) -> None:
    store, snapshots, speed = parts.store, parts.snapshots, parts.config.market_data.speed
    finest = min(map(duration, parts.market.timeframes), default=0)
    every_s = 0.0 if isinstance(speed, str) else finest / 1e9 / speed

    def age_s() -> float:
        for newest in snapshots.files():
            with contextlib.suppress(FileNotFoundError):  # newer ones have taken its place just now
                return clock.now() / 1e9 - newest.stat().st_mtime
        return math.nan

    metrics.gauge("snapshot_age_seconds", "Since the newest snapshot was written; NaN without one", age_s)
    metrics.gauge("state_seq", "The last event that is folded into the state", lambda: store.seq)
    metrics.gauges(
        "state_age_seconds",
        "Since a top-level path of the state was last touched; +Inf if not since the start",
        "path",
        lambda: {name: store.age(name) for name in store.state.__struct_fields__ if name not in _MOMENT},
    )
    metrics.gauge(
        "bar_interval_seconds", "How far apart bars should come; 0 for as fast as can be", lambda: every_s
    )


def _bridge(metrics: SessionMetrics, stats: Callable[[], BridgeStats]) -> None:
    metrics.gauge("bridge_clients", "Clients connected", lambda: stats()["clients"])
    metrics.gauge(
        "bridge_lag_seconds", "How late the bridge's event loop is", lambda: stats()["lag_ms"] / 1000
    )
    metrics.counter("bridge_gaps", "Gaps told to slow clients", lambda: stats()["gaps"])
    metrics.counter("bridge_stalled", "Clients cut off because they took nothing", lambda: stats()["stalled"])
    metrics.counter("bridge_snapshots", "Snapshots sent to clients", lambda: stats()["snapshots"])
