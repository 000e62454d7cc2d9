"""The backtest of a session: the same strategy on the simulated exchange, over what the session's market told.

The engine and the order of things are those of every backtest (`run.cycle`). Knows no journal and compares nothing.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any

import msgspec

from tradekit.core.event import Event, Fact
from tradekit.errors import ConfigError, OrderError
from tradekit.model.market import TimerFired
from tradekit.model.session import Mode, SessionOpened
from tradekit.run.cycle import Cycle
from tradekit.run.parity.inputs import Item
from tradekit.sim.rules import Rules
from tradekit.sim.venue import SimulatedVenue, exchange_for
from tradekit.sim.worded import rules_from
from tradekit.strategy.base import Strategy
from tradekit.trading.clearing import Clearing
from tradekit.trading.engine import Engine

__all__ = ["Terms", "reference"]


class Terms(msgspec.Struct):
    """How the simulated exchange fills and charges.

    flips  whether one order may lead through zero, as at the session's venue
    said   whether the journal says so itself
    """

    rules: Rules
    clearing: Clearing
    flips: bool = True
    said: bool = True

    @classmethod
    def of(
        cls, opened: SessionOpened, *, fee: object = None, slippage: object = None, rules: Rules | None = None
    ) -> "Terms":
        """Those that the session was opened with, others where they are given; raises ConfigError for what is none."""
        said: dict[str, Any] = opened.terms
        try:
            told = rules_from(said.get("rules", {}), fee=said.get("fee", 0), slippage=said.get("slippage", 0))
            clearing = Clearing(
                borrow_rate=said.get("borrow_rate", 0), interest_rate=said.get("interest_rate", 0)
            )
        except (ConfigError, OrderError) as error:
            raise ConfigError(f"the terms that the session was opened with: {error}") from error
        return cls(
            Rules.of(told if rules is None else rules, fee=fee, slippage=slippage), clearing,
            bool(said.get("flips", True)), bool(said),
        )  # fmt: skip


def reference(
    opened: SessionOpened,
    inputs: Iterable[Item],
    strategy: Strategy,
    terms: Terms,
    *,
    cash: Decimal,
    fired: Iterable[tuple[str, int]] = (),
    clean: Callable[[Fact], Fact] | None = None,
) -> Iterator[tuple[int, Event]]:
    """Every event of the backtest, in its order, each with the place of the input that it was told under.

    cash   what the account began with
    fired  the session's timers by name and moment [UTC ns]: they come where they came in the session
    """
    exchange = exchange_for(terms.rules, list(opened.instruments), cash)
    engine = Engine(strategy, clean=clean)
    engine.dealing.flips = terms.flips
    cycle = Cycle(engine, SimulatedVenue(exchange), terms.clearing)
    expected = set(fired)
    for item in inputs:
        for ts, own in _due(engine, item.ts, expected):
            yield from _told(cycle, own, ts, item.place)
        fact = item.fact
        if isinstance(fact, TimerFired):
            expected.discard((fact.name, item.ts))
            timer = engine.state.timers.get(fact.name)
            if timer is None or timer.due > item.ts:
                continue
        if isinstance(fact, SessionOpened):
            fact = msgspec.structs.replace(
                fact, mode=Mode.BACKTEST, armed=True, cash=cash, warm_until=opened.warm_until
            )
        yield from _told(cycle, fact, item.ts, item.place)


def _told(cycle: Cycle, fact: Fact, ts: int, place: int) -> Iterator[tuple[int, Event]]:
    return ((place, event) for event in cycle.settle(cycle.take(fact, ts)))


def _due(engine: Engine, now: int, fired: set[tuple[str, int]]) -> Iterator[tuple[int, TimerFired]]:
    """The timers of the backtest alone that have come due before `now` [UTC ns]."""
    while (timer := engine.state.due()) is not None and timer[0] < now and (timer[1], timer[0]) not in fired:
        yield timer[0], TimerFired(timer[1])
