"""A session's bridge from its configuration: who may come in, by which address, over what, within which bounds.

Knows no process and no trading.
"""

import ssl

import msgspec

from tradekit.bridge.access import Tokens
from tradekit.bridge.limits import Limits
from tradekit.bridge.minted import MintedTokens
from tradekit.bridge.protocol import SCOPES, Grant
from tradekit.bridge.server import Bridge
from tradekit.bridge.source import Source
from tradekit.config.schema import Config
from tradekit.core.clock import Clock
from tradekit.errors import ConfigError, did_you_mean

__all__ = ["address", "bridge_limits", "make_bridge"]


def make_bridge(config: Config, source: Source, token: str, *, clock: Clock) -> Bridge:
    """The bridge of a session; `token` is the one that may do everything. Raises ConfigError."""
    socket = config.websocket
    minted = MintedTokens(config.minted_file, clock=clock)
    return Bridge(
        source,
        tokens=Tokens({token: Grant("local", frozenset(SCOPES))}, minted=minted),
        host=socket.host,
        port=socket.port,
        origins=socket.allowed_origins,
        hosts=socket.allowed_hosts,
        tls=_certificate(config),
        limits=bridge_limits(config),
    )


def bridge_limits(config: Config) -> Limits:
    """The bridge's bounds; raises ConfigError for one that there is not, or that is none."""
    socket = config.websocket
    known = Limits.__struct_fields__
    for name, value in socket.limits.items():
        if name not in known:
            near = did_you_mean(name, known)
            raise ConfigError(
                f"{config.file}: websocket.limits.{name} is unknown{near}; known: {', '.join(known)}"
            )
        if value <= 0:
            raise ConfigError(f"{config.file}: websocket.limits.{name} is {value}: give a number above zero")
    said = {"clients": socket.max_clients, "per_ip": socket.max_per_ip, "ping_s": socket.ping_interval}
    try:
        return msgspec.convert({**said, **socket.limits}, Limits)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{config.file}: websocket.limits: {error}") from error


def _certificate(config: Config) -> ssl.SSLContext | None:
    """The server's side of TLS, None without; ConfigError when its files cannot be used."""
    cert, key = config.websocket.tls_cert, config.websocket.tls_key
    if cert is None or key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(config.path(cert), config.path(key))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"{config.file}: websocket.tls_cert and tls_key cannot be used ({error}); give PEM files that belong "
            f"together"
        ) from error
    return context


def address(config: Config, bridge: Bridge) -> str:
    """Where clients connect: with TLS the configured name may be another than the address listened on."""
    return config.websocket.uri if config.websocket.uri and config.websocket.port else bridge.uri
