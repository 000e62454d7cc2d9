"""Interactive Brokers, as a configuration names it: its broker, its feed, its instruments, what the doctor finds.

There is no key: whoever reaches TWS trades on its login. Knows no session and no journal.
"""

import asyncio
from collections.abc import Iterable
from decimal import Decimal

from tradekit.brokers.ib.checks import account, instruments, look
from tradekit.brokers.ib.client import Access, load_library
from tradekit.brokers.ib.contracts import Terms, terms_of
from tradekit.brokers.ib.feed import IbFeed
from tradekit.brokers.ib.orders import IbBroker
from tradekit.config.schema import Config
from tradekit.core.clock import Clock
from tradekit.errors import ConfigError, DataError
from tradekit.health.finding import Finding
from tradekit.model.instrument import Instrument

__all__ = ["ib_account", "ib_broker", "ib_feed", "ib_findings", "ib_instruments", "ib_where"]

_FEED, _ASKING = 1, 2  # each connection has a client id of its own: so much above the broker's


def ib_broker(config: Config, instruments: Iterable[str], clock: Clock) -> IbBroker:
    """The broker of a configuration; raises ConfigError for a contract that is not told, and without the library."""
    wanted = set(instruments)
    return IbBroker(
        _access(config), {name: one for name, one in _terms(config).items() if name in wanted}, clock=clock
    )


def ib_feed(config: Config, series: Iterable[tuple[str, str]], clock: Clock) -> IbFeed:
    """The feed of a configuration, by instrument and timeframe; raises ConfigError for one that is not taken."""
    try:
        return IbFeed(_access(config, _FEED), _terms(config), series, clock=clock)
    except DataError as error:
        raise ConfigError(f"{config.file.name}: market_data.timeframes: {error}") from error


def ib_instruments(config: Config, clock: Clock) -> dict[str, Instrument]:
    """What IB knows of the configuration's instruments; raises ConnectionLostError without an answer."""
    return asyncio.run(instruments(_access(config, _ASKING), _terms(config), clock=clock))


def ib_account(config: Config, clock: Clock) -> str:
    """What the venue calls the account; raises what `account` of its package raises."""
    return asyncio.run(account(_access(config, _ASKING), clock=clock))


def ib_findings(config: Config, clock: Clock) -> list[Finding]:
    """What the doctor finds at TWS; raises ConfigError as `ib_broker` does."""
    terms = _terms(config)
    wanted = [
        Instrument(id=one.id, tick=one.tick, lot=one.lot, multiplier=one.multiplier or Decimal(1))
        for one in config.instruments
    ]
    return asyncio.run(look(_access(config, _ASKING), terms, wanted, clock=clock))


def ib_where(config: Config) -> str:
    """Where orders would go."""
    section = config.broker
    which = "its only account" if section.account is None else f"account {section.account}"
    return f"Interactive Brokers, through the TWS at {section.host}:{section.port}, {which}"


def _access(config: Config, above: int = 0) -> Access:
    load_library()
    section = config.broker
    return Access(
        host=section.host,
        port=section.port,
        client_id=section.client_id + above,
        account=section.account or "",
    )


def _terms(config: Config) -> dict[str, Terms]:
    """The contracts by the session's names; none is guessed."""
    if not config.instruments:
        example = '{id: AAPL, contract: "STK AAPL SMART USD"}'
        raise ConfigError(f"{config.file.name}: instruments: missing; list what is traded: [{example}]")
    made = {}
    for at, one in enumerate(config.instruments):
        where = f"{config.file.name}: instruments[{at}].contract"
        if one.contract is None:
            raise ConfigError(
                f'{where}: missing; say which one {one.id} is, for example "STK {one.id} SMART USD"'
            )
        try:
            made[one.id] = terms_of(one.contract)
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from error
    return made
