"""Who may come in: tokens and what they allow, the file a token lives in, and the names a request may use.

Knows nothing of sockets: a request is its header values.
"""

import contextlib
import hmac
import ipaddress
import logging
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from tradekit.bridge.minted import MintedTokens, token_hash
from tradekit.bridge.protocol import SCOPES, Grant
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError

__all__ = ["Gate", "Tokens", "bearer_token", "is_loopback", "read_token_file", "write_token_file"]

_log = logging.getLogger(__name__)


class Tokens:
    """The tokens a bridge knows: its own, and those in the file of `minted` ones.

    Compared in constant time or by hash; never shown.
    """

    def __init__(
        self, grants: Mapping[str, Grant] | None = None, *, minted: MintedTokens | None = None
    ) -> None:
        self._grants: dict[bytes, Grant] = {}
        self._minted = minted
        for token, grant in (grants or {}).items():
            self.add(token, grant)

    def add(self, token: str, grant: Grant) -> None:
        """Admit a token; raises ConfigError if it is short or a scope is unknown."""
        if len(token) < 16:
            raise ConfigError("a token needs at least 16 characters; mint one with `tradekit token`")
        unknown = grant.scopes - SCOPES.keys()
        if unknown:
            raise ConfigError(f"scope {sorted(unknown)[0]!r} is none of {', '.join(SCOPES)}")
        if "read" not in grant.scopes:
            raise ConfigError("a token needs the scope 'read': whoever may act may look")
        self._grants = {**self._grants, token.encode(): grant}

    def check(self, token: str) -> Grant | None:
        """What a token allows, None if it is not known; takes as long either way."""
        found = None
        given = token.encode("utf-8", "surrogatepass")
        for known, grant in self._grants.items():
            if hmac.compare_digest(known, given):
                found = grant
        if found is None and self._minted is not None:
            try:
                found = self._minted.check(token_hash(token))
            except (ConfigError, OSError) as error:
                _log.error("no minted token is taken: %s", error)
        return found

    def still(self, grant: Grant) -> bool:
        """Whether what was granted holds: a minted token may have expired or been revoked since."""
        if not grant.minted or self._minted is None:
            return True
        try:
            known = self._minted.check(grant.minted)
        except (ConfigError, OSError):
            return False
        return known is not None and known.user == grant.user and grant.scopes <= known.scopes

    def __repr__(self) -> str:
        return f"Tokens({len(self._grants)})"


def bearer_token(values: Iterable[str]) -> str | None:
    """The token of the `Authorization` headers; "" if none can be read, None without a header."""
    headers = list(values)
    if not headers:
        return None
    kind, _, token = headers[0].partition(" ")
    return token.strip() if len(headers) == 1 and kind.lower() == "bearer" else ""


def write_token_file(path: Path, token: str) -> None:
    """Put a token where only this user can read it (0600), in one step: never half a file."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(fd, "w", encoding="ascii") as file:
            file.write(token + "\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise


def read_token_file(path: Path) -> str:
    """The token in a file; raises ConfigError if it is missing, empty, or others may read it."""
    return Secret.from_file(path, what="token file", hint="is the session running?").reveal()


def is_loopback(host: str) -> bool:
    """Whether a host is this machine only. A name other than localhost is not taken on trust."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


Address = tuple[str, str, int]
_PORTS = {"http": 80, "https": 443}
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|[0-9a-f:.]*:[0-9a-f:.]*")


class Gate:
    """The Host and Origin values that one port answers to, compared whole: scheme, host and port.

    Its own loopback names are always among them (with https where it has `tls`); `origins` ("http://localhost:8888")
    and `hosts` ("desk.local:8765") add others. A request without Origin passes here: its token is the gate.
    """

    def __init__(
        self, port: int, *, tls: bool = False, origins: Iterable[str] = (), hosts: Iterable[str] = ()
    ) -> None:
        own, scheme = ("127.0.0.1", "localhost", "[::1]"), "https" if tls else "http"
        self._hosts = {(name, port) for name in own} | {_configured_host(host) for host in hosts}
        self._origins = {(scheme, name, port) for name in own} | {
            _configured_origin(origin) for origin in origins
        }

    def host_allowed(self, values: Iterable[str]) -> bool:
        """Whether there is one Host header and it names this port."""
        headers = list(values)
        return len(headers) == 1 and _host(headers[0]) in self._hosts

    def origin_allowed(self, values: Iterable[str]) -> bool:
        """Whether there is no Origin header, or one that is allowed."""
        headers = list(values)
        return not headers or (len(headers) == 1 and _origin(headers[0]) in self._origins)


def _host(value: str) -> tuple[str, int] | None:
    parsed = _origin(f"http://{value}")
    return None if parsed is None else parsed[1:]


def _origin(value: str) -> Address | None:
    """The parts of `scheme://host[:port]` exactly as a browser writes it; None for anything else."""
    try:
        url = urlsplit(value)
        port = url.port
    except ValueError:
        return None
    host = url.hostname or ""
    name = f"[{host}]" if ":" in host else host
    if url.scheme not in _PORTS or not _NAME.fullmatch(host):
        return None
    shown = f"{url.scheme}://{name}" if port is None else f"{url.scheme}://{name}:{port}"
    if shown != value:  # upper case, user, path, spaces, a port like 08765: not what browsers send
        return None
    return url.scheme, name, _PORTS[url.scheme] if port is None else port


def _configured_origin(value: str) -> Address:
    parsed = _origin(value)
    if parsed is None:
        raise ConfigError(
            f"origin {value!r} is not scheme://host:port in lower case, such as http://localhost:8888"
        )
    return parsed


def _configured_host(value: str) -> tuple[str, int]:
    parsed = _host(value)
    if parsed is None:
        raise ConfigError(f"host {value!r} is not host:port in lower case, such as desk.local:8765")
    return parsed
