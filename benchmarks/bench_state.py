"""A state that is folded for a very long time: its memory and its encoded size after one and after ten million events.

The events are made as they are folded, orders with their whole life among them. Knows the reducer, no journal.
"""

import gc
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from benchmarks.stopwatch import resident_mb
from tradekit.core.codec import encode
from tradekit.core.event import Event, Fact
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar, MarkUpdated
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRequested,
    OrderFilled,
    OrderSubmitted,
    OrderType,
    Side,
)
from tradekit.model.session import Mode, SessionOpened, SignalRaised
from tradekit.state.reducer import REDUCER, apply
from tradekit.state.shape import State

__all__ = ["main"]

EARLY, LATE = 1_000_000, 10_000_000  # events after which is measured
ROUND_NS = 900_000_000_000  # a round's bars: the days' limit, too, is passed before the first look
START = 1_600_000_000_000_000_000
NAMES = tuple(f"I{n}" for n in range(4))
ONE, FEE = Decimal(1), Decimal("0.05")
Row = dict[str, Any]


def opening() -> SessionOpened:
    """A session on some instruments."""
    return SessionOpened(
        "long", Mode.BACKTEST, "main", "USD", Decimal(1_000_000), "s", "", {}, "",
        [Instrument(id=name) for name in NAMES], ["15m"], {}, True, "", REDUCER,
    )  # fmt: skip


def market(number: int) -> Iterator[Fact]:
    """The market's part of a round: a bar of each instrument, made known by a few marks."""
    price = 100.0 + number % 37
    for name in NAMES:
        for step in range(3):
            yield MarkUpdated(name, price + step, price + step - 0.5, price + step + 0.5)
        yield Bar(name, "15m", START + number * ROUND_NS, price, price + 3, price - 1, price + 2, 7.0)


def dealing(number: int) -> Iterator[Fact]:
    """What a strategy and its venue say every eighth round: an opinion, one order that fills, one that is canceled."""
    name, side = NAMES[number // 16 % len(NAMES)], Side.BUY if number // 8 % 2 else Side.SELL
    filling, waiting = f"s-{2 * number}", f"s-{2 * number + 1}"
    price = Decimal(100 + number % 37)
    yield SignalRaised("s", name, "cross", float(side.sign), float(price))
    yield OrderSubmitted(filling, name, "s", "main", side, OrderType.MARKET, ONE)
    yield OrderAccepted(filling, name, f"v-{filling}")
    yield OrderFilled(
        filling, name, "s", "main", f"{filling}.1", side, ONE, price, FEE, "USD", "market.next_open"
    )
    yield OrderSubmitted(waiting, name, "s", "main", side.opposite, OrderType.LIMIT, ONE, limit=price * 2)
    yield OrderAccepted(waiting, name, f"v-{waiting}")
    yield OrderCancelRequested(waiting, name)
    yield OrderCanceled(waiting, name, "asked for")


def facts() -> Iterator[tuple[int, Fact]]:
    """Without an end: an opening, then round after round, each with its moment [UTC ns]."""
    yield START, opening()
    number = 0
    while True:
        ts = START + (number + 1) * ROUND_NS
        for fact in market(number):
            yield ts, fact
        if number % 8 == 0:
            for fact in dealing(number):
                yield ts, fact
        number += 1


def fold(state: State, told: Iterator[tuple[int, Fact]], until: int) -> None:
    """Fold events until the state stands at `until`."""
    for seq, (ts, fact) in zip(range(state.seq + 1, until + 1), told, strict=False):
        apply(state, Event(seq, 1, ts, 0, fact.TYPE, fact.V, 0, fact.key, fact))


def sizes(state: State) -> tuple[float, float]:
    """Memory of this process [MB] and the encoded state's size [KB]."""
    gc.collect()
    return resident_mb(), len(encode(state)) / 1024


def main() -> list[Row]:
    """The rows for the table."""
    state, told = State(), facts()
    began = time.perf_counter()
    fold(state, told, EARLY)
    sizes(state)  # what encoding needs for itself is taken before the first look
    memory, encoded = sizes(state)
    fold(state, told, LATE)
    later_memory, later_encoded = sizes(state)
    took = time.perf_counter() - began
    size = f"{LATE:,} events in {took:.0f} s"
    return [
        {
            "name": "memory of a process that folds, late beside early",
            "size": size,
            "ours": f"{later_memory:.1f} MB",
            "limit": f"{memory:.1f} MB after {EARLY:,}",
            "ratio": later_memory / memory,
            "aim": "<= 1.02x",
        },
        {
            "name": "the encoded state, late beside early",
            "size": size,
            "ours": f"{later_encoded:.0f} KB",
            "limit": f"{encoded:.0f} KB after {EARLY:,}",
            "ratio": later_encoded / encoded,
            "aim": "<= 1.02x",
        },
    ]
