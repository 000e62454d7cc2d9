"""The plain pages beside a session's WebSocket, `/health` and `/metrics`, fetched as this machine may.

Knows addresses and bytes; what the pages mean is `health.diagnosis`.
"""

import http.client
from pathlib import Path
from urllib.parse import urlsplit

from tradekit.client.trust import trust

__all__ = ["read_page"]


def read_page(uri: str, path: str, *, ca: str | Path | None = None, timeout_s: float = 3.0) -> str:
    """A page of the bridge at `uri` (ws:// or wss://), whatever its status says; no proxy is asked.

    ca  a PEM file that signed the session's certificate, for wss:// with one of your own

    Raises OSError or http.client.HTTPException when there is no answer.
    """
    where, tls = urlsplit(uri), trust(uri, ca)
    host, port = where.hostname or "", where.port
    connection = (
        http.client.HTTPConnection(host, port, timeout=timeout_s)
        if tls is None
        else http.client.HTTPSConnection(host, port, timeout=timeout_s, context=tls)
    )
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()
