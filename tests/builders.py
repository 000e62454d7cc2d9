"""Orders, bars and fills in one line each: what the tests of the trade's rooms are made of.

Knows no engine.
"""

import itertools
import os
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from tradekit.core.event import Event, Fact
from tradekit.data.columns import BarColumns
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar
from tradekit.model.order import OrderFilled, OrderSubmitted, OrderType, Side
from tradekit.model.session import Mode, SessionOpened

START = 1_670_889_600_000_000_000  # 2022-12-13 00:00 UTC [ns]
MINUTE = 60_000_000_000
FULL = os.environ.get("TRADEKIT_PROVE") == "full"
DAY = 86_400_000_000_000
BTC = Instrument(id="BTC", quote="USD")
_EXECUTIONS = itertools.count(1)

T = TypeVar("T")
Prices = tuple[float, float, float, float]  # open, high, low, close


def bar(
    number: int,
    prices: Prices,
    *,
    volume: float = 10.0,
    instrument: str = "BTC",
    timeframe: str = "1m",
    start: int = START,
) -> Bar:
    """The bar `number` of a series that begins at START."""
    opens = start + number * duration(timeframe)
    return Bar(instrument, timeframe, opens, *prices, volume)


def flat(number: int, price: float, **more: Any) -> Bar:
    """A bar that does not move."""
    return bar(number, (price, price, price, price), **more)


def columns(bars: Sequence[Bar], spec: Instrument | None = None) -> BarColumns:
    """The same bars as columns."""
    names = ("open", "high", "low", "close", "volume")
    return BarColumns(
        spec or Instrument(id=bars[0].instrument),
        bars[0].timeframe,
        ts=np.array([b.ts for b in bars], dtype=np.int64),
        **{name: np.array([getattr(b, name) for b in bars]) for name in names},
    )


def order(
    name: str,
    side: Side = Side.BUY,
    qty: object = 1,
    *,
    limit: object = None,
    stop: object = None,
    kind: OrderType | None = None,
    instrument: str = "BTC",
    strategy: str = "s",
    **terms: Any,
) -> OrderSubmitted:
    """An order; its type follows from its prices unless it is given. `trail` and `trail_pct` may be plain numbers."""
    if kind is None:
        kind = OrderType.STOP if stop is not None else OrderType.MARKET if limit is None else OrderType.LIMIT
    for distance in ("trail", "trail_pct"):
        if terms.get(distance) is not None:
            terms[distance] = Decimal(str(terms[distance]))
    return OrderSubmitted(
        name, instrument, strategy, "main", side, kind, Decimal(str(qty)),
        None if limit is None else Decimal(str(limit)), None if stop is None else Decimal(str(stop)), **terms,
    )  # fmt: skip


def bracket(parent: str, side: Side, qty: object, *, loss: object, target: object) -> list[OrderSubmitted]:
    """The stop and the target of an entry, as the engine words them; `side` is the exits' side."""
    shared: dict[str, Any] = {"parent": parent, "group": f"{parent}/exit", "reduce_only": True}
    return [
        order(f"{parent}.loss", side, qty, stop=loss, **shared),
        order(f"{parent}.target", side, qty, limit=target, **shared),
    ]


def filled(
    name: str,
    side: Side,
    qty: object,
    price: object,
    *,
    fee: object = 0,
    number: int | None = None,
    instrument: str = "BTC",
    strategy: str = "s",
    position: str = "",
    fee_currency: str = "USD",
    **more: Any,
) -> OrderFilled:
    """An execution; each is another one unless it is given its number."""
    execution = f"{name}.x{next(_EXECUTIONS)}" if number is None else f"{name}.{number}"
    return OrderFilled(
        name, instrument, strategy, "main", execution, side, Decimal(str(qty)), Decimal(str(price)),
        Decimal(str(fee)), fee_currency, position=position, **more,
    )  # fmt: skip


def event(fact: Fact, *, seq: int = 1, ts: int = START, cause: int = 0, epoch: int = 1) -> Event:
    """A fact in its envelope."""
    return Event(seq, epoch, ts, 0, fact.TYPE, fact.V, cause, fact.key, fact)


def opened(**changes: Any) -> SessionOpened:
    """The first fact of an armed session on BTC with 10,000 USD; `changes` replaces fields."""
    fields: dict[str, Any] = {
        "name": "test", "mode": Mode.PAPER, "account": "main", "currency": "USD", "cash": Decimal(10_000),
        "strategy": "s", "strategy_class": "tests:S", "params": {}, "source": "", "instruments": [BTC],
        "timeframes": ["1m"], "limits": {}, "armed": True, "program": "0", "reducer": 1,
    }  # fmt: skip
    return SessionOpened(**(fields | changes))


def law(examples: int) -> Callable[[T], T]:
    """A law of the code: tried on so many examples in the tests, on twenty times as many in the proofs.

    Laws are a part of the tests by themselves (`make laws`); how long one takes is no criterion.
    """
    size: Any = settings(
        max_examples=examples * (20 if FULL else 1),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )

    def declare(test: T) -> T:
        declared: T = pytest.mark.law(size(test))
        return declared

    return declare
