"""A venue through ccxt, as a configuration names it: its broker, its feed, its instruments, what the doctor finds.

Secrets are read here, at the last moment. Knows no session and no journal.
"""

import asyncio
from collections.abc import Iterable

import msgspec

from tradekit.brokers.ccxt.checks import account, instruments, look
from tradekit.brokers.ccxt.client import Access, load_library
from tradekit.brokers.ccxt.feed import CcxtFeed
from tradekit.brokers.ccxt.orders import CcxtBroker
from tradekit.client.registry import runtime_folder
from tradekit.config.schema import Config
from tradekit.core.clock import Clock
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError
from tradekit.health.finding import Finding
from tradekit.model.instrument import Instrument

__all__ = ["ccxt_account", "ccxt_broker", "ccxt_feed", "ccxt_findings", "ccxt_instruments", "ccxt_where"]


def ccxt_broker(config: Config, instruments: Iterable[str], clock: Clock) -> CcxtBroker:
    """The broker of a configuration; raises ConfigError for a key that is not there, and without the library."""
    load_library()
    return CcxtBroker(_access(config), config.broker.market, instruments, clock=clock)


def ccxt_feed(config: Config, series: Iterable[tuple[str, str]], clock: Clock) -> CcxtFeed:
    """The feed of a configuration, by instrument and timeframe; it needs no key."""
    load_library()
    return CcxtFeed(_address(config), config.broker.market, series, clock=clock)


def ccxt_instruments(config: Config, clock: Clock) -> dict[str, Instrument]:
    """What is traded there of the configuration's instruments; raises ConnectionLostError without an answer."""
    load_library()
    wanted = [one.id for one in config.instruments]
    return asyncio.run(instruments(_address(config), config.broker.market, wanted, clock=clock))


def ccxt_account(config: Config, clock: Clock) -> str:
    """What the venue calls the account, with the venue and the market; raises what `account` of the package raises."""
    load_library()
    section = config.broker
    told = asyncio.run(account(_access(config), section.market, clock=clock))
    return " ".join((section.venue, section.market, *(("sandbox",) if section.sandbox else ()), told))


def ccxt_findings(config: Config, clock: Clock) -> list[Finding]:
    """What the doctor finds at a configuration's venue; raises ConfigError as `ccxt_broker` does.

    Where orders stay in the house no key is needed, and the account is looked at only if one is named.
    """
    wanted = [Instrument(id=one.id, tick=one.tick, lot=one.lot) for one in config.instruments]
    if not wanted:
        raise ConfigError(
            f"{config.file.name}: instruments: missing; list what is traded: [{{id: BTC-USDT}}]"
        )
    keyless = config.session.mode != "live" and config.broker.key_from is None
    access = _address(config) if keyless else _access(config)
    return asyncio.run(look(access, config.broker.market, wanted, clock=clock))


def ccxt_where(config: Config) -> str:
    """Where orders would go."""
    section = config.broker
    return f"{'the test exchange of ' if section.sandbox else ''}{section.venue} (ccxt, {section.market})"


def _access(config: Config) -> Access:
    found = {}
    for name, where in (("key", config.broker.key_from), ("secret", config.broker.secret_from)):
        if where is None:
            raise ConfigError(
                f"{config.file.name}: broker.{name}_from: missing; write where the {name} is: env:NAME, file:PATH or "
                f"keyring:SERVICE/NAME"
            )
        try:
            found[name] = Secret.read(where, root=config.root)
        except ConfigError as error:
            raise ConfigError(f"{config.file.name}: broker.{name}_from: {error}") from error
    return msgspec.structs.replace(_address(config), **found)


def _address(config: Config) -> Access:
    section = config.broker
    return Access(
        venue=section.venue, sandbox=section.sandbox, url=section.url or "", limits=runtime_folder()
    )
