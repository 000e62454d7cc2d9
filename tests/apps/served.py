"""A dashboard's server in a thread of this process, on a free port.

Knows no page.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

from tests.on_thread import OnThread

__all__ = ["Dashboard"]


class Dashboard(OnThread):
    """`with Dashboard(sessions) as dashboard`; `sessions` may change meanwhile, `options` as `open_server` has them."""

    url: str

    def __init__(self, sessions: Sequence[Any] | Any, **options: Any) -> None:
        super().__init__("dashboard")
        self.sessions = sessions
        self._options = options

    @property
    def session(self) -> Any:
        """The first of them."""
        return self.sessions[0]

    @contextlib.asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """Serve."""
        from tradekit.apps.serve import open_server

        shown = self.sessions if callable(self.sessions) else lambda: self.sessions
        server = open_server(shown, port=0, address="127.0.0.1", **self._options)
        server.start()
        self.url = f"http://127.0.0.1:{server.port}/"
        yield
        server.stop()
        await asyncio.sleep(0)  # what it has scheduled for its end
