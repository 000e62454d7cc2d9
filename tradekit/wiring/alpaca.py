"""Alpaca, as a configuration names it: its broker, its feed, its stocks, what the doctor finds.

Secrets are read here, at the last moment. Knows no session and no journal.
"""

import asyncio
from collections.abc import Iterable

from tradekit.brokers.alpaca.checks import account, instruments, look
from tradekit.brokers.alpaca.client import Access, load_library
from tradekit.brokers.alpaca.feed import AlpacaFeed
from tradekit.brokers.alpaca.orders import AlpacaBroker
from tradekit.config.schema import Config
from tradekit.core.clock import Clock
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError
from tradekit.health.finding import Finding
from tradekit.model.instrument import Instrument

__all__ = [
    "alpaca_account",
    "alpaca_broker",
    "alpaca_feed",
    "alpaca_findings",
    "alpaca_instruments",
    "alpaca_where",
]


def alpaca_broker(config: Config, instruments: Iterable[str], clock: Clock) -> AlpacaBroker:
    """The broker of a configuration; raises ConfigError for a key that is not there, and without the library."""
    return AlpacaBroker(_access(config), instruments, clock=clock)


def alpaca_feed(config: Config, series: Iterable[tuple[str, str]], clock: Clock) -> AlpacaFeed:
    """The feed of a configuration, by instrument and timeframe; the venue tells nothing without a key."""
    return AlpacaFeed(_access(config), series, clock=clock)


def alpaca_instruments(config: Config, clock: Clock) -> dict[str, Instrument]:
    """What is traded there of the configuration's stocks; raises ConnectionLostError without an answer."""
    wanted = [one.id for one in config.instruments]
    return asyncio.run(instruments(_access(config), wanted, clock=clock))


def alpaca_account(config: Config, clock: Clock) -> str:
    """What the venue calls the account; raises what `account` of its package raises."""
    return asyncio.run(account(_access(config), clock=clock))


def alpaca_findings(config: Config, clock: Clock) -> list[Finding]:
    """What the doctor finds at the venue; raises ConfigError as `alpaca_broker` does."""
    wanted = [Instrument(id=one.id, tick=one.tick, lot=one.lot) for one in config.instruments]
    if not wanted:
        raise ConfigError(f"{config.file.name}: instruments: missing; list what is traded: [{{id: AAPL}}]")
    return asyncio.run(look(_access(config), wanted, clock=clock))


def alpaca_where(config: Config) -> str:
    """Where orders would go."""
    return "Alpaca's paper exchange" if config.broker.sandbox else "Alpaca, with real money"


def _access(config: Config) -> Access:
    load_library()
    section = config.broker
    found = {}
    for name, where in (("key", section.key_from), ("secret", section.secret_from)):
        if where is None:
            raise ConfigError(
                f"{config.file.name}: broker.{name}_from: missing; write where the {name} is: env:NAME, file:PATH or "
                f"keyring:SERVICE/NAME (Alpaca tells its market to those with a key)"
            )
        try:
            found[name] = Secret.read(where, root=config.root)
        except ConfigError as error:
            raise ConfigError(f"{config.file.name}: broker.{name}_from: {error}") from error
    return Access(
        key=found["key"], secret=found["secret"], paper=section.sandbox, tape=config.market_data.tape,
        url=section.url or "",
    )  # fmt: skip
