"""A bridge from its configuration."""

import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.sessions import Project
from tradekit.config.load import load_config
from tradekit.config.schema import Config
from tradekit.core.clock import SystemClock
from tradekit.errors import ConfigError
from tradekit.testing.source import FakeSource
from tradekit.wiring.bridge import address, bridge_limits, make_bridge


def configured(project: Project, **websocket: Any) -> Config:
    project.write(websocket=websocket)
    return load_config(project.config)


def test_every_bound_of_the_bridge_can_be_configured(project: Project) -> None:
    limits = bridge_limits(
        configured(
            project, max_clients=3, ping_interval=7, limits={"requests_per_s": 50, "queue_bytes": 4096}
        )
    )
    assert (limits.clients, limits.ping_s, limits.requests_per_s, limits.queue_bytes) == (3, 7, 50, 4096)


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"request_per_s": 5}, r"limits\.request_per_s is unknown \(did you mean 'requests_per_s'\?\)"),
        ({"queue_bytes": 0}, r"limits\.queue_bytes is 0: give a number above zero"),
        ({"queue_bytes": 1.5}, r"limits: Expected `int`"),
    ],
)
def test_a_bound_that_is_none_is_named(project: Project, limits: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        bridge_limits(configured(project, limits=limits))


def test_a_certificate_opens_it_to_other_machines(project: Project) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("desk.local")
    issued.private_key_and_cert_chain_pem.write_to_path(project.root / "desk.pem")
    config = configured(
        project,
        host="0.0.0.0",  # noqa: S104
        port=8765,
        uri="wss://desk.local:8765/ws",
        tls_cert="desk.pem",
        tls_key="desk.pem",
    )
    bridge = make_bridge(config, FakeSource(), "t" * 32, clock=SystemClock())
    assert address(config, bridge) == "wss://desk.local:8765/ws"
    assert isinstance(bridge._tls, ssl.SSLContext)


def test_a_certificate_that_cannot_be_used_is_named(project: Project) -> None:
    Path(project.root / "desk.pem").write_text("nothing", encoding="ascii")
    config = configured(project, tls_cert="desk.pem", tls_key="desk.pem")
    with pytest.raises(ConfigError, match="tls_cert and tls_key cannot be used"):
        make_bridge(config, FakeSource(), "t" * 32, clock=SystemClock())


@pytest.mark.parametrize(
    ("websocket", "told"),
    [
        ({"tls_cert": "a.pem"}, "websocket.tls_key: missing; a certificate and its key come together"),
        ({"host": "0.0.0.0"}, "give tls_cert and tls_key, or use 127.0.0.1"),  # noqa: S104
        (
            {"uri": "ws://127.0.0.1:8765/ws", "tls_cert": "a", "tls_key": "a"},
            "should read wss://127.0.0.1:8765/ws",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(project: Project, websocket: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told.replace(".", r"\.")):
        configured(project, **websocket)
