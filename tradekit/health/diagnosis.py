"""What a running session's /health and /metrics mean: what is well, what is worth a note, what is wrong.

Pure: it is handed both pages. docs/metrics.md explains the numbers; the bounds are here.
"""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tradekit.health.finding import Finding, note, well, wrong

__all__ = ["diagnose", "read_metrics"]

_LATE_S, _TOO_LATE_S = 0.05, 0.5  # of an event loop
_QUEUE = 100
_OLD_SNAPSHOT_S = 3600.0
_STALE_BARS = 3  # so many intervals without a bar ...
_GRACE_S = 5.0  # ... and this
_SAMPLE = re.compile(r'^(\w+)(?:\{\w+="([^"]*)"\})? (\S+)$', re.MULTILINE)


def read_metrics(page: str) -> dict[str, float]:
    """The samples with at most one label: by name, or `name{label's value}`."""
    return {
        f"{name}{{{label}}}" if label else name: float(value) for name, label, value in _SAMPLE.findall(page)
    }


def diagnose(health: Mapping[str, Any], metrics: Mapping[str, float]) -> list[Finding]:
    """Findings on a session, the gravest subjects first. `metrics` may be empty: monitoring.metrics is false."""
    found = [_life(health), *_alerts(health)]
    if not metrics:
        return [*found, note("metrics", "off, so little can be said", "set monitoring.metrics to true")]
    got = _Numbers(metrics)
    return [
        *found,
        *_journal(got),
        *_feeds(health, got),
        *_orders(got),
        *_loops(got),
        *_clients(got),
        *_process(got),
    ]


class _Numbers:
    """Metrics by the name after `tradekit_`; absent ones are 0."""

    def __init__(self, metrics: Mapping[str, float]) -> None:
        self._metrics = metrics

    def __getitem__(self, name: str) -> float:
        return self._metrics.get(f"tradekit_{name}", self._metrics.get(name, 0.0))

    def events(self, type: str) -> int:
        return int(self[f"events_total{{{type}}}"])


def _life(health: Mapping[str, Any]) -> Finding:
    reasons = "; ".join(str(one) for one in health.get("reasons", ())) or "it does not say why"
    if not health.get("live"):
        return wrong(
            "session", reasons, "see its log; tradekit stop ends it, the next start verifies its journal"
        )
    if not health.get("ready"):
        return note(
            "session", f"alive, but nothing that adds risk goes out: {reasons}", "tradekit arm, once it may"
        )
    return well("session", f"{health.get('mode', '')} session at #{health.get('seq', 0):,}, armed")


def _alerts(health: Mapping[str, Any]) -> Iterator[Finding]:
    unreached: Mapping[str, str] = health.get("alerts", {})
    for place, reason in unreached.items():
        yield wrong(
            "alerts", f"{place} is not reached: {reason}", "tradekit doctor CONFIG --send tries each address"
        )


def _journal(got: _Numbers) -> Iterator[Finding]:
    if got["journal_failed"]:
        yield wrong(
            "journal",
            "a write has failed: nothing is recorded or traded any more",
            "see to the disk, restart",
        )
        return
    waiting = int(got["journal_seq"] - got["journal_durable_seq"])
    size = f"#{int(got['journal_seq']):,}, {got['journal_bytes'] / 2**20:,.1f} MB"
    if waiting > 1_000:
        yield wrong(
            "journal", f"{waiting:,} events are not on stable storage yet", "the disk is too slow or stuck"
        )
    else:
        yield well("journal", size)
    age_s = got["snapshot_age_seconds"]
    if math.isnan(age_s):
        yield note("snapshots", "none yet: a restart replays the whole journal")
    elif age_s > _OLD_SNAPSHOT_S and got["state_age_seconds{bars}"] < _OLD_SNAPSHOT_S:
        yield note(
            "snapshots", f"the newest is {_span(age_s)} old", "see the log: can its folder be written?"
        )
    else:
        yield well("snapshots", f"the newest is {_span(age_s)} old")


def _feeds(health: Mapping[str, Any], got: _Numbers) -> Iterator[Finding]:
    every_s, age_s = got["bar_interval_seconds"], got["state_age_seconds{bars}"]
    feeds: Mapping[str, Mapping[str, Any]] = health.get("feeds", {})
    for name, feed in feeds.items():
        if feed.get("status") != "running":
            yield note(f"feed {name}", f"{feed.get('status')}: no more bars come")
        elif every_s and age_s > _STALE_BARS * every_s + _GRACE_S:
            seen = (
                "there was none since the start" if math.isinf(age_s) else f"the last came {_span(age_s)} ago"
            )
            yield wrong(
                f"feed {name}", f"stale: a bar is due each {_span(every_s)}, {seen}", "is the source there?"
            )
        else:
            yield well(f"feed {name}", "running")


def _orders(got: _Numbers) -> Iterator[Finding]:
    failed = got.events("strategy.failed")
    if failed:
        yield wrong("strategy", f"it has raised {failed} times and was halted", "mend it, restart, arm")
    sent, filled = got.events("order.submitted"), got.events("order.filled")
    refused = {kind: got.events(f"order.{kind}") for kind in ("denied", "rejected")}
    told = f"{sent:,} sent, {filled:,} fills since the start"
    if any(refused.values()):
        both = " and ".join(f"{count:,} {kind}" for kind, count in refused.items() if count)
        yield note("orders", f"{told}; {both}", "see why: tradekit journal tail, or the dashboard's diary")
    else:
        yield well("orders", told)


def _loops(got: _Numbers) -> Iterator[Finding]:
    for subject, name in (("event loop", "loop_lag_seconds"), ("bridge", "bridge_lag_seconds")):
        late_s = got[name]
        said = f"late by {late_s * 1000:,.0f} ms at worst"
        if late_s > _TOO_LATE_S:
            yield wrong(subject, said, "something blocks it, or the machine is overloaded")
        else:
            yield note(subject, said, "watch it") if late_s > _LATE_S else well(subject, said)
    for subject, name in (("inbox", "inbox_depth"), ("bus", "bus_handovers")):
        if got[name] > _QUEUE:
            yield wrong(
                subject, f"{got[name]:,.0f} wait their turn", "steps take too long: see tradekit_step_seconds"
            )
    if got["subscriber_errors_total"]:
        yield note(
            "handlers",
            f"they have raised {got['subscriber_errors_total']:,.0f} times",
            "see error.handler events",
        )
    if got["redactions_total"]:
        yield note(
            "secrets",
            f"{got['redactions_total']:,.0f} texts had one blotted out",
            "find who tells it: look for ***",
        )


def _clients(got: _Numbers) -> Iterator[Finding]:
    gaps, stalled = got["bridge_gaps_total"], got["bridge_stalled_total"]
    told = f"{got['bridge_clients']:,.0f} attached"
    if gaps or stalled:
        yield note("clients", f"{told}; {gaps:,.0f} times one fell behind, {stalled:,.0f} were cut off")
    else:
        yield well("clients", told)


def _process(got: _Numbers) -> Iterator[Finding]:
    used, most = got["process_open_fds"], got["process_max_fds"]
    told = f"{got['process_resident_memory_bytes'] / 2**20:,.0f} MB, {used:,.0f} of {most:,.0f} open files"
    if most and used > 0.8 * most:
        yield wrong("process", told, "raise ulimit -n and restart; if it grows on, something leaks")
    else:
        yield well("process", told)


def _span(seconds: float) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} s" if seconds >= 1 else f"{seconds * 1000:,.0f} ms"
