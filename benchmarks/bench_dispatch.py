"""Dispatch of one event to its subscribers, history on, beside a bare loop and the event libraries people use.

Knows no trade. A library that is not installed has a row without a figure: `pip install 'tradekit[bench]'`.
"""

import importlib
import statistics
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from benchmarks.bench_journal import event
from tradekit.core.bus import Bus
from tradekit.core.event import Event

__all__ = ["main"]

CALLS, ROUNDS = 100_000, 9
Row = dict[str, Any]
Publish = Callable[[Event], object]


def hear(event: Event) -> None:
    """Do nothing with it."""


def bare(subscribers: int) -> Publish:
    """A loop over a dict of lists."""
    history = deque[Event](maxlen=1_000)
    handlers = {event(1).subject: [hear] * subscribers}
    subject = event(1).subject

    def publish(event: Event) -> None:
        history.append(event)
        for handler in handlers[subject]:
            handler(event)

    return publish


def ours(subscribers: int) -> Publish:
    """The bus, by pattern."""
    bus = Bus()
    for _ in range(subscribers):
        bus.subscribe("bar.closed.>", hear)
    return bus.publish


def eventkit(module: Any, subscribers: int) -> Publish:
    """eventkit.Event.emit."""
    source = module.Event("bars")
    for _ in range(subscribers):
        source.connect(hear)
    emit: Publish = source.emit
    return emit


def pyee(module: Any, subscribers: int) -> Publish:
    """pyee.EventEmitter.emit, by name; it keeps one of equal handlers, so each is its own."""
    emitter = module.EventEmitter()
    for _ in range(subscribers):
        emitter.add_listener("bar", lambda event: hear(event))
    return lambda event: emitter.emit("bar", event)


def blinker(module: Any, subscribers: int) -> Publish:
    """blinker.Signal.send; it keeps one of equal handlers, so each is its own."""
    signal = module.Signal()
    for _ in range(subscribers):
        signal.connect(lambda event: hear(event), weak=False)
    send: Publish = signal.send
    return send


def nanoseconds(publish: Publish, calls: int) -> float:
    """How long one call takes."""
    published = event(1)
    began = time.perf_counter_ns()
    for _ in range(calls):
        publish(published)
    return (time.perf_counter_ns() - began) / calls


def row(name: str, subscribers: int, mine: Publish, other: Publish | None, aim: str) -> Row:
    """Ours and another in turns: both at their best, and the median of the rounds' ratios."""
    size, calls = f"{subscribers} subscribers", CALLS // subscribers
    if other is None:
        told, ratio = f"{name}: not installed", None
        best = min(nanoseconds(mine, calls) for _ in range(ROUNDS))
    else:
        rounds = [(nanoseconds(mine, calls), nanoseconds(other, calls)) for _ in range(ROUNDS)]
        best, theirs = (min(times) for times in zip(*rounds, strict=True))
        told, ratio = f"{name} {theirs:,.0f} ns", statistics.median(one / two for one, two in rounds)
    return {
        "name": "dispatch of one event", "size": size, "ours": f"{best:,.0f} ns", "limit": told, "ratio": ratio,
        "aim": aim,
    }  # fmt: skip


def main() -> list[Row]:
    """The rows for the table."""
    rows = [
        row("bare loop", count, ours(count), bare(count), "<= 1.7x" if count == 1 else "<= 1.3x")
        for count in (1, 10, 100)
    ]
    for name, build in (("eventkit", eventkit), ("pyee", pyee), ("blinker", blinker)):
        try:
            module = importlib.import_module(name)
        except ImportError:
            rows.append(row(name, 1, ours(1), None, "< 1x"))
        else:
            rows += [row(name, count, ours(count), build(module, count), "< 1x") for count in (1, 10)]
    return rows
