"""The venues by name, and what each offers a session: a broker, a feed, its instruments, what the doctor finds.

The one table that knows them. A venue NAME is a module beside this one with `NAME_broker`, `NAME_feed`,
`NAME_instruments`, `NAME_account`, `NAME_findings` and `NAME_where`; it is imported when it is named and not before,
for client libraries are slow to load and not everybody has them. Knows no session.
"""

import importlib
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

from tradekit.config.brokers import unknown_broker
from tradekit.config.schema import Config
from tradekit.core.clock import Clock
from tradekit.errors import ConfigError
from tradekit.health.finding import Finding
from tradekit.model.instrument import Instrument
from tradekit.run.live_feed import Key, MarketStream
from tradekit.trading.broker import Broker

__all__ = ["VENUES", "Venue", "venue"]

VENUES: dict[str, str] = {
    "ccxt": "tradekit.wiring.ccxt",
    "alpaca": "tradekit.wiring.alpaca",
    "ib": "tradekit.wiring.ib",
}

MakeBroker: TypeAlias = Callable[[Config, Iterable[str], Clock], Broker]
MakeFeed: TypeAlias = Callable[[Config, Iterable[Key], Clock], MarketStream]
LookUp: TypeAlias = Callable[[Config, Clock], dict[str, Instrument]]
Examine: TypeAlias = Callable[[Config, Clock], list[Finding]]
Identify: TypeAlias = Callable[[Config, Clock], str]
Locate: TypeAlias = Callable[[Config], str]


class Venue(NamedTuple):
    """What one module offers. Each raises ConfigError for what the configuration lacks, and without its library.

    broker       of these instruments, by the session's names; made before the loop runs, and connected on it
    feed         of these series (instrument, timeframe); likewise
    instruments  those that the configuration lists, by name, with the steps that the venue keeps; asks the venue, and
                 raises ConnectionLostError where it gives no answer
    account      which account orders would go to, as the venue itself calls it, whatever it is reached with; asks the
                 venue, raises ConnectionLostError where it gives no answer, BrokerError where it refuses one
    findings     what `tradekit doctor` says of the venue; asks it too
    where        where orders would go, in words for a human who has to say yes to it; no secret is in them
    """

    broker: MakeBroker
    feed: MakeFeed
    instruments: LookUp
    account: Identify
    findings: Examine
    where: Locate


def venue(name: str) -> Venue:
    """What a venue offers; raises ConfigError for a name that is none, and where its module needs what is not here."""
    if name not in VENUES:
        raise ConfigError(unknown_broker(name) or f"{name} is in the house, and no venue")
    module = importlib.import_module(VENUES[name])
    return Venue(*(getattr(module, f"{name}_{what}") for what in Venue._fields))
