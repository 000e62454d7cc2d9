"""A session from the outside, over a real bridge."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.builders import flat
from tests.client.told import DAY, TellingSession, folded
from tests.client.wire import READ_TOKEN, TOKEN
from tests.sessions import wait_until
from tradekit.bridge.access import write_token_file
from tradekit.client.session import SessionClient, read_token
from tradekit.errors import ConfigError, ConnectionLostError, NotFoundError, RefusedError, VersionError
from tradekit.model.session import RiskChanged
from tradekit.state.shape import fingerprint

WAIT_S = 30.0


@pytest.fixture
def session() -> Iterator[TellingSession]:
    """A session that has told its day."""
    with TellingSession() as made:
        yield made


@pytest.fixture
def client(session: TellingSession) -> Iterator[SessionClient]:
    """One that is attached to it."""
    with SessionClient.attach(session.bridge.uri, TOKEN, reconnect_cap_s=0.05) as made:
        yield made


def test_an_attached_client_shows_the_state_at_once(client: SessionClient, session: TellingSession) -> None:
    assert client.status == "live"
    assert client.seq == len(DAY)
    with client.replica.lock:
        assert fingerprint(client.state) == session.store.hash() == fingerprint(folded())
    assert list(client.orders.index) == ["s-1", "s-2", "s-3"]
    assert repr(client) == "<Session test paper armed, live, #15, equity 10,009.50 USD>"
    assert client.name == "test"


def test_one_that_does_not_trade_says_why(client: SessionClient, session: TellingSession) -> None:
    session.tell(
        [RiskChanged(True, True, False, "the strategy failed in on_bar (line 5 of my.py)", "engine")]
    )
    assert client.wait_for(lambda state: state.risk.halted, WAIT_S)
    assert "paper halted (the strategy failed in on_bar (line 5 of my.py)), live" in repr(client)


def test_its_frames_are_current_whenever_they_are_read(
    client: SessionClient, session: TellingSession
) -> None:
    assert len(client.bars()) == 2
    session.tell(flat(n, 120.0) for n in range(2, 12))
    assert client.wait_for(lambda state: state.seq == 25, WAIT_S)
    assert len(client.bars()) == 12
    assert client.positions["unrealised"].iloc[0] == 20


@pytest.mark.parametrize(
    "when",
    [7, "2022-12-13 00:07:30", datetime(2022, 12, 13, 0, 7, 30, tzinfo=UTC)],
    ids=["seq", "text", "datetime"],
)
def test_it_can_look_back(client: SessionClient, when: int | str | datetime) -> None:
    past = client.at(when)
    assert past.seq == 7
    assert fingerprint(past.state) == fingerprint(folded(DAY[:7]))
    assert list(past.orders.index) == ["s-1"]


@pytest.mark.parametrize(
    ("when", "said"), [(99, "no event 99"), ("2022-12-12", "before"), ("soon", "no seq and no time")]
)
def test_a_moment_that_is_not_there_is_refused(client: SessionClient, when: int | str, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        client.at(when)


def test_waiting_in_vain_says_so(client: SessionClient) -> None:
    assert client.wait_for(lambda state: state.seq > 1_000, 0.05) is False


def test_a_lost_session_is_stale_and_its_numbers_stay(client: SessionClient, session: TellingSession) -> None:
    port = session.bridge.port
    session.bridge.close()
    wait_until(lambda: client.status == "stale")
    assert list(client.orders.index) == ["s-1", "s-2", "s-3"]
    with TellingSession([*DAY, flat(2, 130.0)], port=port):  # another journal
        wait_until(lambda: client.status == "live" and client.seq == 16)
        assert client.positions["mark"].iloc[0] == 130


def test_detaching_is_for_good(session: TellingSession) -> None:
    with SessionClient.attach(session.bridge.uri, TOKEN) as client:
        pass
    assert client.status == "closed"
    client.close()
    with pytest.raises(ConnectionLostError, match="is closed"):
        client.at(3)


def test_nobody_there_is_said_within_the_time() -> None:
    with pytest.raises(ConnectionLostError, match=r"no session answers at .*; `tradekit sessions` lists"):
        SessionClient.attach("ws://127.0.0.1:9", TOKEN, timeout_s=0.3)


def test_a_wrong_token_is_refused(session: TellingSession) -> None:
    with pytest.raises(RefusedError, match=r"refused the connection: .*does not know the token"):
        SessionClient.attach(session.bridge.uri, "made up")


def test_a_session_with_another_reducer_shows_no_numbers(
    session: TellingSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session.source, "reducer", 99)
    with pytest.raises(VersionError, match="99"):
        SessionClient.attach(session.bridge.uri, TOKEN)


# --- tokens ---------------------------------------------------------------------------------------------------


def test_a_token_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "paper.token"
    read = read_token(file)
    for token in ("first", "second"):
        write_token_file(file, token)
        assert read() == token


def test_it_tells_why_an_order_exists(client: SessionClient) -> None:
    story = client.why("s-1")
    assert [step.what for step in story.chapters[0].steps] == [
        "order submitted",
        "order accepted",
        "order filled",
    ]
    with pytest.raises(NotFoundError, match="no order 's-9'"):
        client.why("s-9")


def test_it_knows_what_its_token_allows(client: SessionClient, session: TellingSession) -> None:
    assert client.scopes == {"read", "operate", "trade"}
    with SessionClient.attach(session.bridge.uri, READ_TOKEN, reconnect_cap_s=0.05) as reader:
        assert reader.scopes == {"read"}


def test_it_asks_for_the_strategy_s_declaration(client: SessionClient, session: TellingSession) -> None:
    session.source.declared = lambda: [{"name": "fast", "kind": "integer"}]
    assert client.declaration() == [{"name": "fast", "kind": "integer"}]


def test_no_token_file_means_no_session(tmp_path: Path) -> None:
    with pytest.raises(ConnectionLostError, match=r"the session is not running: its token file .* is gone"):
        read_token(tmp_path / "gone.token")()


def test_a_token_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "paper.token"
    write_token_file(file, "secret")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read it"):
        read_token(file)()


def test_a_client_waits_for_a_session_that_has_not_written_its_token_yet(
    session: TellingSession, tmp_path: Path
) -> None:
    file = tmp_path / "paper.token"
    client = SessionClient(session.bridge.uri, read_token(file), reconnect_cap_s=0.05)
    try:
        wait_until(lambda: "not running" in client.replica.problem)
        assert client.status == "connecting"
        write_token_file(file, TOKEN)
        wait_until(lambda: client.status == "live")
    finally:
        client.close()


def test_a_ticket_is_asked_for_by_scope_and_is_another_each_time(
    client: SessionClient, session: TellingSession
) -> None:
    ticket = client.ticket("operate")
    with pytest.raises(RefusedError, match="does not know the token"):  # no header, as a token is
        SessionClient.attach(session.bridge.uri, ticket, timeout_s=5)
    with pytest.raises(RefusedError, match="none of read, operate, trade"):
        client.ticket("all")
    assert client.ticket("operate") != ticket
