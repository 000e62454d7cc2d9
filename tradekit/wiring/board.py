"""The dashboard wired to sessions: one attached client a session and server process, pages for many viewers.

Knows how to find sessions; what a page looks like is `tradekit.apps`.
"""

import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tradekit.client import registry
from tradekit.client.session import SessionClient, read_token
from tradekit.wiring.configs import Configs

__all__ = ["PASSWORD", "Attached", "inline_dashboard", "serve_dashboard"]

PASSWORD = "TRADEKIT_DASHBOARD_PASSWORD"  # noqa: S105 - the variable's name
_KEPT = ("live", "connecting", "stale")  # a line that is, or will be, up by itself


class Attached:
    """The sessions that a dashboard shows: attached when they are first asked for, kept while they come and go.

    names  which ones; empty means every one that runs on this machine
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._names = tuple(names)
        self._clients: dict[str, SessionClient] = {}
        self._lock = threading.Lock()

    def __call__(self) -> list[SessionClient]:
        """The sessions now; one that has ended since stays, and says so itself."""
        with self._lock:
            for entry in registry.entries():
                if (not self._names or entry.name in self._names) and entry.uri:
                    self._attach(entry)
            return list(self._clients.values())

    def _attach(self, entry: registry.Entry) -> None:
        known = self._clients.get(entry.name)
        if known is not None and known.connection.status.name in _KEPT:
            return
        if known is not None:
            known.close()
        client = SessionClient(
            registry.address(entry.name, entry.uri),
            read_token(entry.token_file),
            name=entry.name,
            ca=entry.certificate or None,
        )
        client.connection.wait_settled(5.0)
        self._clients[entry.name] = client

    def close(self) -> None:
        """Detach from all of them."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()


def serve_dashboard(
    names: Sequence[str] = (),
    *,
    host: str = "127.0.0.1",
    port: int = 5006,
    show: bool = False,
    theme: str = "dark",
    data: Path | None = None,
    on_ready: Callable[[str], object] | None = None,
) -> None:
    """Serve the live page of the named sessions (default: all that run) until the process is interrupted.

    While none runs the page lists the project's configurations and starts one. The research page beside it offers the
    samples, the project's strategies and the CSV and Parquet files of the folder `data`.

    Where TRADEKIT_DASHBOARD_PASSWORD is set, every browser is asked for it; off loopback it must be.

    Raises NotFoundError for a name that does not run, ConfigError when the port is taken, the password is missing or
    `data` is no folder.
    """
    from tradekit.apps.serve import serve
    from tradekit.wiring.research import project_of

    for name in names:
        registry.find(name)
    attached = Attached(names)
    configs = Configs()
    try:
        serve(
            attached,
            port=port,
            address=host,
            show=show,
            theme=theme,
            on_ready=on_ready,
            starter=None if names else configs,
            research=project_of(configs, data=data),
            password=os.environ.get(PASSWORD, ""),
        )
    finally:
        attached.close()


def inline_dashboard(session: SessionClient, *, theme: str = "auto") -> Any:
    """The live page as something that a notebook cell shows."""
    from tradekit.apps.inline import show_inline

    return show_inline(session, theme=theme)
