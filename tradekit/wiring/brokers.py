"""Where a session's orders go, as its configuration says: to the exchange in the house, or to a broker.

The one place that knows the brokers by name. Knows no journal and no loop.
"""

from collections.abc import Callable
from typing import TypeAlias

import msgspec

from tradekit.brokers.paper.venue import PaperVenue
from tradekit.config.schema import Config
from tradekit.core.clock import Clock
from tradekit.data.columns import BarColumns
from tradekit.errors import ConfigError, OrderError
from tradekit.run.cycle import Cycle
from tradekit.run.execution import Execution
from tradekit.run.gate import Gate
from tradekit.run.in_house import InHouse
from tradekit.sim.rules import Rules
from tradekit.sim.worded import rules_from
from tradekit.trading.clearing import Clearing
from tradekit.trading.engine import Engine
from tradekit.trading.reconcile.books import Practice

__all__ = ["executions"]

Make: TypeAlias = Callable[[Engine, Gate, str, Clock], Execution]  # of an engine, a gate and the journal's id


def executions(config: Config, columns: list[BarColumns]) -> Make:
    """What makes the session's execution; raises ConfigError for what cannot be made, before anything is touched."""
    venue = PaperVenue([one.spec for one in columns], rules=_rules(config))
    charged = config.broker
    clearing = Clearing(borrow_rate=charged.borrow_rate, interest_rate=charged.interest_rate)
    practice = _practice(config, flips=True, reduces=True)
    start = min((int(one.ts[0]) for one in columns if len(one)), default=0)

    def make(engine: Engine, gate: Gate, journal: str, clock: Clock) -> Execution:
        return InHouse(Cycle(engine, venue, clearing), gate, start=start, practice=practice)

    return make


def _practice(config: Config, **able: bool) -> Practice:
    """How the venue's books are compared, and what the venue can do."""
    try:
        practice = Practice(**msgspec.structs.asdict(config.reconciliation))
    except ConfigError as error:
        raise ConfigError(f"{config.file.name}: reconciliation.accept: {error}") from error
    return msgspec.structs.replace(practice, **able)


def _rules(config: Config) -> Rules:
    """The simulated exchange's fill rules; raises ConfigError that names the file and the key."""
    section = config.broker
    try:
        return rules_from(section.rules, fee=section.fee, slippage=section.slippage)
    except (ConfigError, OrderError) as error:
        raise ConfigError(f"{config.file.name}: broker: {error}") from error
