"""Where a session's orders go, as its configuration says: to the exchange in the house, or to a venue.

Only mode live makes a broker: in every other mode there is nothing that an order could leave by. Knows no journal and
no loop.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import TypeAlias

import msgspec

from tradekit.brokers.paper.broker import PaperBroker
from tradekit.brokers.paper.venue import PaperVenue
from tradekit.config.schema import Config
from tradekit.core.clock import Clock
from tradekit.errors import ConfigError, OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.money import exact
from tradekit.run.at_broker import AtBroker
from tradekit.run.cycle import Cycle
from tradekit.run.execution import Execution
from tradekit.run.gate import Gate
from tradekit.run.in_house import InHouse
from tradekit.run.now import ReplayTime, WallTime
from tradekit.run.own_thread import OwnThread
from tradekit.sim.rules import Rules
from tradekit.sim.worded import rules_from
from tradekit.testing.faults import Seeded, faults_of
from tradekit.testing.faulty import FaultyBroker
from tradekit.trading.broker import Abilities
from tradekit.trading.clearing import Clearing
from tradekit.trading.dead_man import DeadMan
from tradekit.trading.engine import Engine
from tradekit.trading.names import Names
from tradekit.trading.office import Office
from tradekit.trading.reconcile.books import Practice
from tradekit.wiring.drill import Drill
from tradekit.wiring.market import Market
from tradekit.wiring.venues import venue

__all__ = ["executions"]

_SEEN_TO = ("flips", "replaces", "reduces", "groups", "types")  # by the venue; else it is done here
_AT_MOST = 60.0  # how fast a drill's clock goes between the bars of a replay that waits for nothing
Make: TypeAlias = Callable[[Engine, Gate, str, Clock], Execution]  # of an engine, a gate and the journal's id


def executions(config: Config, market: Market, clock: Clock) -> Make:
    """What makes the session's execution; raises ConfigError for what cannot be made, before anything is touched."""
    if config.session.mode == "live":
        return _live(config, market, clock)
    if config.broker.drill is not None:
        return _drill(config, market.instruments, market.start)
    simulated = PaperVenue(market.instruments, rules=_rules(config))
    charged = config.broker
    clearing = Clearing(borrow_rate=charged.borrow_rate, interest_rate=charged.interest_rate)
    practice = _practice(config, PaperBroker.abilities)

    def make(engine: Engine, gate: Gate, journal: str, clock: Clock) -> Execution:
        time = WallTime(clock) if market.live else None
        cycle = Cycle(engine, simulated, clearing)
        return InHouse(cycle, gate, start=market.start, practice=practice, time=time)

    return make


def _live(config: Config, market: Market, clock: Clock) -> Make:
    """The account at the venue. What is in doubt is looked for at least as long as the venue may take to show it."""
    broker = venue(config.broker.name).broker(config, [one.id for one in market.instruments], clock)
    able = broker.abilities
    practice = _practice(config, able)
    practice = msgspec.structs.replace(practice, span_s=max(practice.span_s, able.delay_s))
    rearms = config.session.rearm == "auto"

    def make(engine: Engine, gate: Gate, journal: str, clock: Clock) -> Execution:
        time = WallTime(clock)
        office = Office(engine, practice, now=time.now(), adopts=True)
        names = Names(journal, lambda: engine.state, longest=able.longest_id)
        line = OwnThread(broker)  # a strategy that never returns does not hold the line up
        return AtBroker(engine, office, line, gate, names, time=time, clock=clock, rearms=rearms)

    return make


def _drill(config: Config, instruments: list[Instrument], start: int) -> Make:
    """Paper behind a bad line; the venue's books live as long as the process, so the journal has to be new."""
    said = dict(config.broker.drill or {})
    seed = said.pop("seed", 0)
    try:
        faults = faults_of(said)
    except ConfigError as error:
        raise ConfigError(f"{config.file.name}: broker.drill: {error}") from error
    rules = _rules(config)
    speed = config.market_data.speed
    rate = _AT_MOST if isinstance(speed, str) else float(speed)
    currency = config.session.currency or instruments[0].currency

    def make(engine: Engine, gate: Gate, journal: str, clock: Clock) -> Execution:
        time = ReplayTime(clock, start=start, speed=rate)

        async def pause(seconds: float) -> None:
            await time.until(time.now() + int(seconds * 1e9))

        paper = PaperBroker(
            instruments, cash=exact(config.session.cash), currency=currency, now=time.now, rules=rules
        )  # fmt: skip
        line = FaultyBroker(
            paper, faults, Seeded(faults, str(seed)), now=time.now, pause=pause, bust=paper.bust,
            foreign=(instruments[0].id, instruments[0].lot or Decimal(1)),
        )  # fmt: skip
        able = paper.abilities
        practice = _practice(config, able)
        office = Office(engine, practice, now=start)
        names = Names(journal, lambda: engine.state, longest=able.longest_id)
        return Drill(engine, office, paper, line, gate, names, time=time, clock=clock)

    return make


def _practice(config: Config, able: Abilities) -> Practice:
    """How the venue's books are compared, what the venue can do, and the dead man's rules."""
    try:
        practice = Practice(**msgspec.structs.asdict(config.reconciliation))
    except ConfigError as error:
        raise ConfigError(f"{config.file.name}: reconciliation.accept: {error}") from error
    rules = msgspec.convert(msgspec.to_builtins(config.dead_man), DeadMan)
    return msgspec.structs.replace(
        practice, dead_man=rules, **{name: getattr(able, name) for name in _SEEN_TO}
    )


def _rules(config: Config) -> Rules:
    """The simulated exchange's fill rules; raises ConfigError that names the file and the key."""
    section = config.broker
    try:
        return rules_from(section.rules, fee=section.fee, slippage=section.slippage)
    except (ConfigError, OrderError) as error:
        raise ConfigError(f"{config.file.name}: broker: {error}") from error
