"""Change notices of a session that is attached over a wire."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import flat
from tests.client.told import DAY, TellingSession
from tests.client.wire import TOKEN
from tests.sessions import wait_until
from tradekit.client.session import SessionClient
from tradekit.core.changes import Change
from tradekit.errors import ConfigError


@pytest.fixture
def session() -> Iterator[TellingSession]:
    with TellingSession() as made:
        yield made


@pytest.fixture
def client(session: TellingSession) -> Iterator[SessionClient]:
    with SessionClient.attach(session.bridge.uri, TOKEN, reconnect_cap_s=0.05) as made:
        yield made


def heard(client: SessionClient, pattern: str) -> list[Change]:
    changes: list[Change] = []
    client.subscribe(pattern, changes.append)
    return changes


def test_a_subscriber_hears_old_and_new_of_what_it_asked_for(
    client: SessionClient, session: TellingSession
) -> None:
    changes = heard(client, "marks.BTC.last")
    orders = heard(client, "orders.*.status")
    session.tell([flat(2, 120.0)])
    wait_until(lambda: changes)
    assert [(c.path, c.old, c.new) for c in changes] == [("marks.BTC.last", 110.0, 120.0)]
    assert changes[0].event is not None
    assert changes[0].event.seq == len(DAY) + 1
    assert orders == []


def test_what_changed_while_the_line_was_down_is_told_too(
    client: SessionClient, session: TellingSession
) -> None:
    changes = heard(client, "marks.BTC.last")
    snapshot = {
        name: b"{}" if name == "marks" else raw for name, raw in session.source.snapshot()[1]
    }  # as after a gap
    client.replica.on_snapshot("other", 1, 1, 99, snapshot)
    assert [(c.path, c.old, c.new, c.event) for c in changes] == [("marks.BTC.last", 110.0, None, None)]


def test_a_subscriber_that_fails_hears_on(
    client: SessionClient, session: TellingSession, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[Any] = []

    def fail(change: Change) -> None:
        calls.append(change)
        raise RuntimeError("mine")

    client.subscribe("marks.BTC.last", fail)
    for n, price in enumerate((120.0, 130.0), 2):
        session.tell([flat(n, price)])
        wait_until(lambda n=n: len(calls) == n - 1)
    assert "a subscriber of marks.BTC.last failed" in caplog.text
    assert client.status == "live"


def test_who_cancels_hears_no_more(client: SessionClient, session: TellingSession) -> None:
    changes: list[Change] = []
    watcher = client.subscribe("marks.BTC.last", changes.append)
    watcher.cancel()
    session.tell([flat(2, 120.0)])
    assert client.wait_for(lambda state: state.seq == len(DAY) + 1, 30)
    assert changes == []


@pytest.mark.parametrize(
    ("pattern", "told"),
    [("", "not understood"), ("a..b", "not understood"), ("order.x", "the state has no 'order'")],
)
def test_a_pattern_that_fits_nothing_is_refused(client: SessionClient, pattern: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        client.subscribe(pattern, print)


def test_a_client_pages_through_old_events_without_a_journal_file(client: SessionClient) -> None:
    assert [event.seq for event in client.events()] == list(range(1, len(DAY) + 1))
    fills = list(client.events("order.filled.*"))
    assert [event.type for event in fills] == ["order.filled", "order.filled"]
    assert [event.seq for event in client.events("order.>", since=5, until=7)] == [6, 7]
