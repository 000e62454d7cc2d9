"""The plain HTTP answers on the bridge's port: `/health`, `/metrics` and the page at `/`.

Knows the source's promises and nothing of the WebSocket beside it.
"""

import base64
import functools
import hashlib
import http
import logging
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

import msgspec
from websockets.datastructures import Headers
from websockets.http11 import Response

from tradekit.bridge.source import Source
from tradekit.core.redact import secrets

__all__ = ["Pages", "respond"]

_log = logging.getLogger(__name__)
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Pages:
    """Answers GET requests; called on a worker thread, because a source may take its time."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def get(self, path: str, host: str, extra: Mapping[str, Any]) -> Response:
        """The answer for a path; `host` is the checked Host header, `extra` the bridge's own counts."""
        try:
            if path == "/health":
                return self._health(extra)
            if path == "/metrics":
                return respond(200, secrets.clean_bytes(self._source.metrics()), _METRICS_TYPE)
            if path == "/":
                return _page(host)
        except Exception:
            _log.exception("GET %s failed", path)
            return respond(500, b"failed; the session's log says why\n")
        return respond(404, b"there is /, /health, /metrics and the WebSocket at /ws\n")

    def _health(self, extra: Mapping[str, Any]) -> Response:
        health = {**self._source.health(), "bridge": extra}
        status = 200 if health.get("live", True) else 503
        return respond(status, secrets.clean_bytes(msgspec.json.encode(health)), "application/json")


def respond(
    status: int,
    body: bytes,
    kind: str = "text/plain; charset=utf-8",
    *,
    headers: dict[str, str] | None = None,
) -> Response:
    """An HTTP answer that no cache keeps, no frame embeds and no browser guesses the type of."""
    fields = {
        "Content-Type": kind,
        "Content-Length": str(len(body)),
        "Cache-Control": "no-store",
        "Connection": "close",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "no-referrer",
        **(headers or {}),
    }
    return Response(status, http.HTTPStatus(status).phrase, Headers(fields), body)


def _page(host: str) -> Response:
    body, script_hash = _page_source()
    policy = (
        f"default-src 'none'; script-src '{script_hash}'; style-src 'unsafe-inline'; "
        f"connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return respond(200, body, "text/html; charset=utf-8", headers={"Content-Security-Policy": policy})


@functools.cache
def _page_source() -> tuple[bytes, str]:
    body = resources.files("tradekit.bridge").joinpath("page.html").read_bytes()
    script = re.search(rb"<script>(.*?)</script>", body, re.DOTALL)
    digest = hashlib.sha256(script.group(1) if script else b"").digest()
    return body, f"sha256-{base64.b64encode(digest).decode()}"
