import http.client

import pytest

from tests.client.told import TellingSession
from tests.client.wire import TOKEN
from tradekit.client.pages import read_page
from tradekit.client.session import SessionClient
from tradekit.errors import ConnectionLostError


def test_the_pages_beside_the_socket_are_read_without_a_token() -> None:
    with TellingSession() as session:
        assert '"live":true' in read_page(session.bridge.uri, "/health")
        assert "tradekit_fold_seconds_count 15.0" in read_page(session.bridge.uri, "/metrics")


def test_nobody_there_is_an_error_of_the_system() -> None:
    with TellingSession() as session:
        uri = session.bridge.uri
    with pytest.raises((OSError, http.client.HTTPException)):
        read_page(uri, "/health", timeout_s=0.5)


def test_a_client_reads_how_its_session_s_process_is() -> None:
    with TellingSession() as session:
        client = SessionClient.attach(session.bridge.uri, TOKEN, reconnect_cap_s=0.05)
        health, metrics = client.vitals()
        assert (health["live"], health["seq"]) == (True, 15)
        assert metrics["tradekit_fold_seconds_count"] == 15
    with client, pytest.raises(ConnectionLostError, match="give no answer"):
        client.vitals(timeout_s=0.5)
