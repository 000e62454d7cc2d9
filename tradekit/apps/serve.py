"""The dashboard's server: every session of a set at one address, a page for each viewer.

Knows no config and starts no session; whoever calls says which sessions there are, now or at each page load.
"""

import asyncio
import errno
import signal
import socket
import webbrowser
from collections.abc import Callable, Sequence
from typing import Any

import panel as pn
from tornado.websocket import WebSocketClosedError

from tradekit.apps.live import PAGES, THEMES, build_page, empty_page, list_page, start_page
from tradekit.apps.research.project import Project
from tradekit.apps.starting import Starter
from tradekit.apps.wire import at_once
from tradekit.bridge.access import is_loopback
from tradekit.core.clock import new_token
from tradekit.core.redact import secrets
from tradekit.errors import ConfigError, TradekitError

__all__ = ["PORT", "open_server", "serve"]

PORT = 5006
_TRIES = 10  # free ports that others may take before they are listened on
_ABROAD = (
    "sessions are started only from a dashboard that listens on this machine alone (--address 127.0.0.1)"
)
Sessions = Sequence[Any] | Callable[[], Sequence[Any]]


def serve(
    sessions: Sessions,
    *,
    port: int = PORT,
    address: str = "127.0.0.1",
    show: bool = False,
    theme: str = "dark",
    origins: Sequence[str] = (),
    starter: Starter | None = None,
    research: Project | None = None,
    password: str = "",
    on_ready: Callable[[str], object] | None = None,
) -> None:
    """Serve the live page until the process is interrupted (Ctrl-C or SIGTERM ends it cleanly).

    sessions  attached sessions (`tk.connect`), or a function that gives them, asked at each page load
    address   where to listen; anything but loopback wants a password, and TLS in front of it
    origins   further host:port pairs from which browsers may connect, compared whole
    starter   starts sessions from the page while none runs; on loopback only, whoever may open a page there may
    research  what the research page (`?page=research`) works on; None leaves it out
    password  what every browser is asked for, "" for nothing
    on_ready  called with the page's address once the port is open

    Raises ConfigError when the port is taken, the theme is unknown, or a password is missing.
    """
    server = open_server(
        sessions, port=port, address=address, theme=theme, origins=origins, starter=starter, research=research,
        password=password,
    )  # fmt: skip
    server.start()
    signal.signal(signal.SIGTERM, lambda *_: server.io_loop.add_callback_from_signal(server.io_loop.stop))
    url = f"http://{address}:{server.port}/"
    try:
        if on_ready is not None:
            on_ready(url)
        if show:
            webbrowser.open(url)
        server.io_loop.start()
    except KeyboardInterrupt:
        pass
    finally:
        server.stop()


def open_server(
    sessions: Sessions,
    *,
    port: int,
    address: str,
    theme: str = "dark",
    origins: Sequence[str] = (),
    starter: Starter | None = None,
    research: Project | None = None,
    password: str = "",
) -> Any:
    """The same server, listening and not yet started, on the calling thread's loop (`server.io_loop`)."""
    if theme not in THEMES:
        raise ConfigError(f"theme {theme!r} is unknown; write one of {', '.join(THEMES)}")
    here = is_loopback(address)
    if not here and not password:
        raise ConfigError(
            f"the dashboard would listen on {address} and let everybody there trade: set TRADEKIT_DASHBOARD_PASSWORD, "
            "or listen on 127.0.0.1 and use an SSH tunnel"
        )
    off = "" if here else _ABROAD

    def listening(port: int) -> Any:
        hosts = [f"{host}:{port}" for host in dict.fromkeys((address, "127.0.0.1", "localhost"))]
        return pn.serve(  # type: ignore[no-untyped-call]  # panel ships no types here
            {"/": lambda: _at_once(_page(sessions, theme, starter, research, off))},
            port=port,
            address=address,
            show=False,
            start=False,
            verbose=False,
            websocket_origin=[*hosts, *origins],
            title="tradekit",
            **_guard(password),
        )

    server = _on_port(listening, address, port)
    server.io_loop.asyncio_loop.set_exception_handler(_unless_left)
    return server


def _guard(password: str) -> dict[str, Any]:
    """What has Panel ask for a password; its cookie is good for this server's life."""
    if not password:
        return {}
    secrets.add(password)
    return {
        "basic_auth": password,
        "cookie_secret": new_token(),
        "basic_login_template": str(PAGES / "login.html"),
    }


def _on_port(listening: Callable[[int], Any], address: str, port: int) -> Any:
    """A server on the port; on a free one for 0, and on another where somebody has taken that just before it."""
    for _ in range(_TRIES):
        try:
            return listening(_free(address, port))
        except OSError as error:
            if port or error.errno != errno.EADDRINUSE:
                raise _unopened(address, port, error) from error
    raise ConfigError(f"no port on {address} stays free for long enough; choose one with --port")


def _free(address: str, port: int) -> int:
    """The port, any free one for 0; one that is taken is refused before the server half opens it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise _unopened(address, port, error) from error


def _unopened(address: str, port: int, error: OSError) -> ConfigError:
    return ConfigError(
        f"port {port} on {address} cannot be opened ({error.strerror or error}); "
        "choose another with --port, or stop what listens there"
    )


def _unless_left(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A viewer who leaves while something is on its way to him is no failure."""
    if not isinstance(context.get("exception"), WebSocketClosedError):
        loop.default_exception_handler(context)


def _at_once(page: pn.Template) -> pn.Template:
    doc = pn.state.curdoc
    if doc is not None:
        pn.state.onload(lambda: at_once(doc))
    return page


def _page(
    sessions: Sessions, theme: str, starter: Starter | None, research: Project | None, off: str
) -> pn.Template:
    asked = _argument("theme") or theme
    if research is not None and _argument("page") == "research":
        from tradekit.apps.research.page import research_page

        return research_page(research, theme=asked, off=off)
    try:
        found = list(sessions() if callable(sessions) else sessions)
    except TradekitError as error:
        return empty_page(theme=asked, problem=str(error))
    wanted = _argument("session")
    for session in found:
        if len(found) == 1 or session.name == wanted:
            return build_page(session, theme=asked, view=_argument("page"))
    if found:
        return list_page(found, theme=asked)
    if starter is not None:
        return start_page(starter, theme=asked, off=off)
    return empty_page(theme=asked)


def _argument(name: str) -> str:
    values = (pn.state.session_args or {}).get(name) or [b""]
    return bytes(values[0]).decode("utf-8", "replace")
