"""What one key alone cannot say: addresses that agree, timeframes that parse, modes that can run.

Knows no strategy, no source of data and no risk rule; whoever builds the session asks those.
"""

import ipaddress
import re
from collections.abc import Iterator
from decimal import Decimal
from urllib.parse import urlsplit

from tradekit.config.brokers import unknown_broker, unknown_source
from tradekit.config.schema import Config, WebsocketSection
from tradekit.errors import ConfigError

__all__ = ["check_runnable", "problems"]

_TIMEFRAME = re.compile(r"^[1-9][0-9]*[smhDW]$")  # what model.instrument.duration reads; a test compares them
_INSTRUMENT = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_/:-]*$")
_CURRENCY = re.compile(r"^[A-Z0-9]{2,10}$")
_LOCAL = ("localhost", "127.0.0.1")

Problem = tuple[str, str]  # the key's dotted path, what is wrong and what to do


def problems(config: Config) -> Iterator[Problem]:
    """Every contradiction and every value that can have no meaning."""
    yield from _money(config)
    yield from _instruments(config)
    yield from _market_data(config)
    yield from _websocket(config.websocket)
    if config.dead_man.clients is not None and not config.websocket.enabled:
        yield "dead_man.clients", "nobody can connect while websocket.enabled is false; leave the rule out"
    if config.reconciliation.cash < 0:
        yield "reconciliation.cash", f"{config.reconciliation.cash} is no difference; give 0 or more"
    if config.journal in (config.log_file, config.token_file):
        yield "event_bus.event_log_file", "the session writes its log or its token there; name another file"
    if not _is_loopback(config.dashboard.host):
        yield "dashboard.host", _not_here(config.dashboard.host, "the dashboard")
    if config.monitoring.daily_report is not None and config.journal is None:
        yield (
            "monitoring.daily_report",
            "a report is made from the journal; set event_bus.persist_events to true",
        )
    if config.session.mode == "live" and not config.event_bus.persist_events:
        yield (
            "event_bus.persist_events",
            "false keeps no journal on disk; live trading is refused without one",
        )


def check_runnable(config: Config) -> None:
    """Raise ConfigError for a sound configuration that cannot be run as a session; says what is missing."""
    for path, problem in _unrunnable(config):
        raise ConfigError(f"{config.file}: {path}: {problem}")


def _unrunnable(config: Config) -> Iterator[Problem]:
    if not config.event_bus.enabled:
        yield "event_bus.enabled", "false is for backtests only: a session is nothing without its events"
    if not config.state_store.enabled:
        yield "state_store.enabled", "false is for backtests only: a session is nothing without its state"
    if wrong := unknown_broker(config.broker.name):
        yield "broker.name", wrong
    if wrong := unknown_source(config.market_data.source):
        yield "market_data.source", wrong
    if config.strategy.class_path is None:
        yield "strategy.class", "missing; write module:Class, for example tradekit.strategy.library:SmaCross"
    yield from {"paper": _paper, "shadow": _shadow, "live": _live}[config.session.mode](config)
    yield from {"replay": _replayed, "tail": _tailed}.get(config.market_data.source, _told_live)(config)


def _paper(config: Config) -> Iterator[Problem]:
    name = config.broker.name
    if name != "paper":
        yield (
            "broker.name",
            f"mode paper sends nothing to {name!r}: write name: paper, or session.mode: shadow (a rehearsal on its "
            f"prices) or live",
        )


def _shadow(config: Config) -> Iterator[Problem]:
    """Orders stay here whatever the broker is called, so a live configuration is rehearsed by its mode alone."""
    name, source = config.broker.name, config.market_data.source
    if source == "replay":
        yield (
            "market_data.source",
            "shadow needs a live feed: name a venue's, such as ccxt; for recorded bars there is mode paper",
        )
    elif name not in ("paper", source):
        yield "broker.name", f"{name!r} is not where the bars come from ({source!r}); name one venue"


def _live(config: Config) -> Iterator[Problem]:
    name, source = config.broker.name, config.market_data.source
    if name == "paper":
        yield (
            "broker.name",
            "live needs a broker that sends orders to a venue, such as ccxt; paper sends none",
        )
    if source == "replay":
        yield "market_data.source", f"live needs the venue's own bars: write {name}; a replay is of the past"
    elif source != name:
        yield "market_data.source", f"{source!r} is not where orders go ({name!r}); name one venue"
    if not config.websocket.enabled:
        yield (
            "websocket.enabled",
            "live needs its bridge: nobody could arm, halt or kill the session without it",
        )
    if config.session.armed:
        yield (
            "session.armed",
            f"true is for paper: a live session is armed by a human, tradekit arm {config.session.name}",
        )


def _replayed(config: Config) -> Iterator[Problem]:
    if not config.market_data.bars:
        yield "market_data.bars", "missing; list samples or files, for example [sample:BTCUSDT-1m]"


def _tailed(config: Config) -> Iterator[Problem]:
    bars = config.market_data.bars
    if not bars:
        yield (
            "market_data.bars",
            "missing; list the CSV files that grow, one instrument each: [data/BTCUSDT.csv]",
        )
    for i, one in enumerate(bars):
        if not one.endswith(".csv"):
            yield f"market_data.bars[{i}]", f"{one!r} cannot grow line by line; source tail reads .csv files"
    yield from _as_it_comes(config)


def _told_live(config: Config) -> Iterator[Problem]:
    """What has a meaning for recorded bars alone is not left out in silence."""
    data = config.market_data
    if not config.instruments:
        yield "instruments", "missing; list what is traded at the venue, for example [{id: BTC-USDT}]"
    if data.bars:
        yield (
            "market_data.bars",
            f"recorded bars are for source replay; {data.source} tells its own: leave it out",
        )
    yield from _as_it_comes(config)


def _as_it_comes(config: Config) -> Iterator[Problem]:
    data = config.market_data
    if data.speed != 1.0:
        yield "market_data.speed", "a live market has the speed that it has: leave it out"
    if config.broker.drill is not None:
        yield (
            "broker.drill",
            "a drill is for recorded bars: leave it out, or write market_data.source: replay",
        )


def _money(config: Config) -> Iterator[Problem]:
    if not _finite(config.session.cash) or config.session.cash <= 0:
        yield "session.cash", f"{config.session.cash} is no opening balance; give a number above zero"
    if config.session.currency is not None and not _CURRENCY.match(config.session.currency):
        yield "session.currency", f"{config.session.currency!r} is no currency; write capitals, such as USDT"
    for name in ("fee", "slippage", "borrow_rate", "interest_rate"):
        value = getattr(config.broker, name)
        if not isinstance(value, dict) and (not _finite(value) or not 0 <= value < 1):
            yield f"broker.{name}", f"{value} is no fraction; write 0.001 for 0.1 %"


def _instruments(config: Config) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, one in enumerate(config.instruments):
        path = f"instruments[{i}]"
        if not _INSTRUMENT.match(one.id):
            yield f"{path}.id", f"{one.id!r} is no instrument's name; use letters, digits and - _ / :"
        if one.id in seen:
            yield f"{path}.id", f"{one.id} is listed twice; keep one"
        seen.add(one.id)
        if one.quote is not None and not _CURRENCY.match(one.quote):
            yield f"{path}.quote", f"{one.quote!r} is no currency; write capitals, such as USDT"
        for name in ("tick", "lot", "multiplier"):
            value = getattr(one, name)
            if value is not None and (not _finite(value) or value <= 0):
                yield f"{path}.{name}", f"{value} is no step; give a number above zero, or leave it out"


def _market_data(config: Config) -> Iterator[Problem]:
    data = config.market_data
    if isinstance(data.speed, str):
        if data.speed != "max":
            yield "market_data.speed", f"{data.speed!r} is not understood; give a number above zero, or max"
    elif data.speed <= 0:
        yield "market_data.speed", f"{data.speed:g} would stand still; give a number above zero, or max"
    for i, timeframe in enumerate(data.timeframes):
        if not _TIMEFRAME.match(timeframe):
            told = "write a number and one of s, m, h, D, W: 15m, 1h"
            yield f"market_data.timeframes[{i}]", f"{timeframe!r} is not understood; {told}"


def _websocket(websocket: WebsocketSection) -> Iterator[Problem]:
    if (websocket.tls_cert is None) != (websocket.tls_key is None):
        missing = "tls_key" if websocket.tls_key is None else "tls_cert"
        yield f"websocket.{missing}", "missing; a certificate and its key come together"
    if not _is_loopback(websocket.host) and websocket.tls_cert is None:
        yield (
            "websocket.host",
            f"{websocket.host!r} is reachable from other machines, and tokens would cross the network in clear: give "
            "tls_cert and tls_key, or use 127.0.0.1 and an SSH tunnel or a TLS proxy on this machine",
        )
    if websocket.uri is None:
        return
    try:
        uri = urlsplit(websocket.uri)
        host, port = uri.hostname, uri.port
    except ValueError as error:
        yield "websocket.uri", f"{websocket.uri!r} is no address: {error}"
        return
    if (
        uri.scheme != websocket.scheme
        or uri.path != "/ws"
        or uri.username is not None
        or uri.query
        or uri.fragment
    ):
        yield (
            "websocket.uri",
            f"{websocket.uri!r} should read {websocket.scheme}://{websocket.host}:{websocket.port}/ws",
        )
    elif port != websocket.port or not (websocket.tls_cert or _same_host(host or "", websocket.host)):
        here = f"{websocket.host}:{websocket.port}"
        yield "websocket.uri", f"{websocket.uri!r} disagrees with host and port, {here}; leave uri out"


def _same_host(one: str, other: str) -> bool:
    return one == other or (one in _LOCAL and other in _LOCAL)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _not_here(host: str, what: str) -> str:
    return (
        f"{host!r} is reachable from other machines, and {what} has no TLS of its own yet; use 127.0.0.1 "
        "and an SSH tunnel or a TLS proxy on this machine"
    )


def _finite(value: Decimal) -> bool:
    return value.is_finite()
