import asyncio
import errno
import socket

import pytest

from tradekit.apps import serve
from tradekit.apps.serve import open_server
from tradekit.errors import ConfigError


@pytest.fixture
def loop() -> object:
    found = asyncio.new_event_loop()
    asyncio.set_event_loop(found)
    yield found
    asyncio.set_event_loop(None)
    found.close()


def test_a_taken_port_is_said_with_what_to_do(loop: object) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(ConfigError, match="choose another with --port"):
            open_server([], port=taken.getsockname()[1], address="127.0.0.1")


def test_port_0_takes_a_free_one_and_tells_its_pages_the_right_one(loop: object) -> None:
    server = open_server([], port=0, address="127.0.0.1")
    try:
        assert server.port > 0
        with socket.socket() as caller:
            caller.connect(("127.0.0.1", server.port))
    finally:
        server.stop()


def test_an_unknown_theme_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(ConfigError, match="dark, light"):
        open_server([], port=1, address="127.0.0.1", theme="blue")


@pytest.mark.parametrize("address", ["0.0.0.0", "192.0.2.7", "desk.example"])  # noqa: S104 - refused
def test_beyond_loopback_nothing_is_served_without_a_password(address: str) -> None:
    with pytest.raises(ConfigError, match="set TRADEKIT_DASHBOARD_PASSWORD"):
        open_server([], port=1, address=address)


def test_a_free_port_that_somebody_takes_first_is_left_to_him(
    loop: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    listen, tried = serve.pn.serve, list[int]()

    def taken_first(pages: object, *, port: int, **options: object) -> object:
        tried.append(port)
        if len(tried) == 1:
            raise OSError(errno.EADDRINUSE, "Address already in use")
        return listen(pages, port=port, **options)

    monkeypatch.setattr(serve.pn, "serve", taken_first)
    server = open_server([], port=0, address="127.0.0.1")
    server.stop()
    assert tried[1] == server.port
    assert len(tried) == 2
    tried.clear()
    with pytest.raises(ConfigError, match="choose another with --port"):
        open_server([], port=server.port, address="127.0.0.1")
