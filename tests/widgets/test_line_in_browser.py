"""The page's own line in a real Chromium, against a real bridge: opened by ticket, kept, broken, and never guessed."""

import functools
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chromium import Browser
from tradekit.bridge.access import Tokens
from tradekit.bridge.protocol import SCOPES, Grant
from tradekit.bridge.server import Bridge
from tradekit.client.connection import Connection
from tradekit.testing.source import FakeSource

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

SOURCES = Path(__file__).parents[2] / "frontend" / "src"
TOKEN = "trader-" + "t" * 32
MODEL = """async (uri) => {
    const { lineOf } = await import("/line.js");
    window.sent = [];
    window.told = [];
    const heard = [];
    const model = {
        get: (name) => ({ hears: true, line: uri && JSON.stringify({ uri }) })[name],
        on: (_, run) => heard.push(run), off: (_, run) => heard.splice(heard.indexOf(run), 1),
        send: (message) => window.sent.push(message),
    };
    window.hand = (message) => heard.forEach((run) => run(message));
    window.listeners = () => heard.length;
    Object.assign(window, lineOf(model, () => {}));
}"""

ADDRESSES = """async ([uri, here, prefix]) => {
    const { addresses } = await import("/line.js");
    return addresses(uri, new URL(here), prefix);
}"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The panes' sources, served."""
    handler = functools.partial(Quiet, directory=str(SOURCES))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/line.js"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser, site: str) -> Any:
    """A page beside the sources."""
    browser.page.goto(site)
    return browser.page


@pytest.fixture
def source() -> FakeSource:
    return FakeSource()


@pytest.fixture
def serve(page: Any, source: FakeSource) -> Iterator[Callable[..., Bridge]]:
    """`serve(port=0, origins=...)`: a bridge that knows the page's origin unless it is told others."""
    bridges: list[Bridge] = []

    def start(*, port: int = 0, origins: list[str] | None = None) -> Bridge:
        known = [page.evaluate("location.origin")] if origins is None else origins
        tokens = Tokens({TOKEN: Grant("trader", frozenset(SCOPES))})
        bridges.append(Bridge(source, tokens=tokens, port=port, origins=known))
        bridges[-1].start()
        source.publish = bridges[-1].publish
        return bridges[-1]

    yield start
    for bridge in bridges:
        bridge.close()


def ticket(bridge: Bridge) -> str:
    """What a kernel would hand to the page."""
    ignored: Any = lambda *_: None  # noqa: E731
    with Connection(bridge.uri, TOKEN, on_snapshot=ignored, on_events=ignored) as line:
        line.wait_settled(30)
        minted: str = json.loads(line.query("ticket", {"scopes": ["operate"]}).items[0])["ticket"]
    return minted


def hand(page: Any, text: str) -> None:
    page.evaluate("(ticket) => hand({ op: 'ticket', ticket })", text)


def test_it_opens_by_ticket_and_gives_its_commands(
    page: Any, serve: Callable[..., Bridge], source: FakeSource
) -> None:
    bridge = serve()
    page.evaluate(MODEL, bridge.uri)
    assert page.evaluate("sent") == [{"op": "ticket"}]
    assert page.evaluate("line.why") == "waiting for the kernel to hand over a ticket"
    hand(page, ticket(bridge))
    page.wait_for_function("line.open")
    page.evaluate("line.command('kill', (came) => told.push(came))")
    page.wait_for_function("told.length === 1")
    came = page.evaluate("told[0]")
    assert (came["state"], came["name"], came["text"], came["seq"]) == ("ok", "kill", "killed", "#1")
    assert [(command.name, command.user) for command in source.commands] == [("kill", "trader")]

    source.refuse["halt"] = "the session has ended"
    page.evaluate("line.command('halt', (came) => told.push(came))")
    page.wait_for_function("told.length === 2")
    assert page.evaluate("told[1].text") == "halt refused: the session has ended"

    page.evaluate("done()")  # the last pane is gone: nothing listens and nothing is connected
    assert page.evaluate("listeners()") == 0
    assert page.evaluate("line.socket") is None


def test_a_ticket_that_was_shown_before_opens_nothing(page: Any, serve: Callable[..., Bridge]) -> None:
    bridge = serve()
    used = ticket(bridge)
    for time in range(2):
        page.evaluate(MODEL, bridge.uri)
        hand(page, used)
        page.wait_for_function(
            "line.open" if time == 0 else "line.why.startsWith('the session refused this page')"
        )


def test_a_page_that_the_session_does_not_know_is_told_what_is_missing(
    page: Any, serve: Callable[..., Bridge]
) -> None:
    bridge = serve(origins=["http://localhost:1"])
    page.evaluate(MODEL, bridge.uri)
    hand(page, ticket(bridge))
    page.wait_for_function("line.why.includes('allowed_origins lacks ' + location.origin)")
    assert not page.evaluate("line.open")


def test_a_broken_line_says_so_answers_what_waits_and_comes_back_with_the_next_ticket(
    page: Any, serve: Callable[..., Bridge], source: FakeSource
) -> None:
    bridge = serve()
    page.evaluate(MODEL, bridge.uri)
    hand(page, ticket(bridge))
    page.wait_for_function("line.open")
    source.hold = True
    page.evaluate("line.command('halt', (came) => told.push(came))")
    bridge.close()
    page.wait_for_function("told.length === 1 && !line.open")
    assert page.evaluate("told[0].state") == "silent"
    assert page.evaluate("line.why") == "the line to the session broke"
    assert page.evaluate("sent") == [{"op": "ticket"}, {"op": "ticket"}], "it asks for another at once"
    hand(page, ticket(serve(port=bridge.port)))
    page.wait_for_function("line.open")


def test_a_refused_ticket_is_told_and_a_served_page_has_no_line(page: Any) -> None:
    page.evaluate(MODEL, "ws://127.0.0.1:1/ws")
    page.evaluate("hand({ op: 'ticket', problem: 'this token lacks operate' })")
    assert "this token lacks operate" in page.evaluate("line.why")
    page.evaluate(MODEL, "")
    assert page.evaluate("line") is None


@pytest.mark.parametrize(
    ("here", "prefix", "tried"),
    [
        ("http://localhost:8888", "/", ["ws://127.0.0.1:8765/ws", "ws://localhost:8888/proxy/8765/ws"]),
        ("http://localhost:8888", "", ["ws://127.0.0.1:8765/ws"]),
        ("https://hub.desk/user/ann", "/user/ann/", ["wss://hub.desk/user/ann/proxy/8765/ws"]),
        ("https://hub.desk", "", []),
    ],
)
def test_a_far_page_never_tries_its_own_loopback(page: Any, here: str, prefix: str, tried: list[str]) -> None:
    found = page.evaluate(ADDRESSES, ["ws://127.0.0.1:8765/ws", here, prefix])
    assert found == tried


def test_a_session_elsewhere_is_reached_where_it_is(page: Any) -> None:
    found = page.evaluate(ADDRESSES, ["wss://desk.local:8765/ws", "http://localhost:1", "/"])
    assert found == ["wss://desk.local:8765/ws"]
