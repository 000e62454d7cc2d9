"""A source made of a list, bridges that serve it, and replicas that follow them; all closed after the test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.client.wire import TOKENS, Replica, client_threads
from tests.sessions import wait_until
from tradekit.bridge.access import Tokens
from tradekit.bridge.limits import Limits
from tradekit.bridge.server import Bridge
from tradekit.testing.source import FakeSource


@pytest.fixture
def source() -> FakeSource:
    source = FakeSource()
    source.append(("a", 1), ("b", 2))
    return source


@pytest.fixture
def serve(source: FakeSource) -> Iterator[Callable[..., Bridge]]:
    bridges: list[Bridge] = []

    def start(of: FakeSource = source, *, port: int = 0, tokens: Tokens = TOKENS, **limits: Any) -> Bridge:
        bridge = Bridge(of, tokens=tokens, port=port, limits=Limits(**{"beat_s": 0.1, **limits}))
        bridge.start()
        of.publish = bridge.publish
        bridges.append(bridge)
        return bridge

    yield start
    for bridge in bridges:
        bridge.close()


@pytest.fixture
def follow() -> Iterator[Callable[..., Replica]]:
    replicas: list[Replica] = []

    def start(bridge: Bridge | str | Callable[[], str], *args: Any, **options: Any) -> Replica:
        replica = Replica(bridge.uri if isinstance(bridge, Bridge) else bridge, *args, **options)
        replicas.append(replica)
        replica.connection.start()
        return replica

    yield start
    for replica in replicas:
        replica.connection.close()
    wait_until(lambda: not client_threads())
