import os
import stat
from pathlib import Path

import pytest

from tradekit.bridge.access import Gate, Tokens, bearer_token, is_loopback, read_token_file, write_token_file
from tradekit.bridge.protocol import Grant
from tradekit.errors import ConfigError

READ = Grant("ann", frozenset({"read"}))

HOSTILE_ORIGINS = [
    "http://evil.com",
    "http://127.0.0.1.evil.com:8765",
    "http://localhost.evil.com:8765",
    "http://evil-localhost:8765",
    "http://localhost:87650",
    "http://localhost:876",
    "http://localhost:8766",
    "http://localhost",
    "http://localhost:",
    "http://localhost:08765",
    "http://localhost:8765/",
    "http://localhost:8765/ws",
    "http://localhost:8765?x",
    "http://localhost:8765#x",
    "http://localhost:8765@evil.com",
    "http://localhost:8765@evil.com:8765",
    "http://user@localhost:8765",
    "http://user:pw@localhost:8765",
    "https://localhost:8765",
    "ws://localhost:8765",
    "file://localhost:8765",
    "HTTP://localhost:8765",
    "http://LOCALHOST:8765",
    "http://localhost.:8765",
    "http://127.1:8765",
    "http://2130706433:8765",
    "http://0.0.0.0:8765",
    "http://[::]:8765",
    "http://[::1%25lo]:8765",
    "http://xn--localhost-abc:8765",
    "http://l\u043ecalhost:8765",
    "http://localhost:8765 http://evil.com",
    " http://localhost:8765",
    "http://localhost:8765\t",
    "//localhost:8765",
    "localhost:8765",
    "null",
    "*",
    "",
    "http://[::1",
    "http://localhost:99999999",
]


@pytest.mark.parametrize("origin", HOSTILE_ORIGINS)
def test_an_origin_that_only_looks_like_ours_is_refused(origin: str) -> None:
    assert not Gate(8765).origin_allowed([origin])


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_the_ports_own_names_are_allowed(name: str) -> None:
    assert Gate(8765).origin_allowed([f"http://{name}:8765"])
    assert Gate(8765).host_allowed([f"{name}:8765"])
    assert Gate(80).host_allowed([name])


def test_a_configured_origin_is_allowed_as_it_is_written_and_in_no_other_way() -> None:
    gate = Gate(8765, origins=["http://localhost:8888", "https://desk.example"])
    assert gate.origin_allowed(["http://localhost:8888"])
    assert gate.origin_allowed(["https://desk.example"])
    assert gate.origin_allowed(["https://desk.example:443"])
    assert not gate.origin_allowed(["http://desk.example"])
    assert not gate.origin_allowed(["https://desk.example.evil.com"])


def test_no_origin_is_allowed_and_two_are_not() -> None:
    assert Gate(8765).origin_allowed([])
    assert not Gate(8765).origin_allowed(["http://localhost:8765", "http://localhost:8765"])


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["evil.com"],
        ["evil.com:8765"],
        ["localhost"],
        ["localhost:8766"],
        ["localhost:8765.evil.com"],
        ["localhost:8765@evil.com"],
        ["user@localhost:8765"],
        ["localhost.:8765"],
        ["LOCALHOST:8765"],
        ["localhost:8765/"],
        ["[::1]"],
        [""],
        ["localhost:8765", "localhost:8765"],
        ["localhost:8765", "evil.com"],
    ],
)
def test_a_host_that_is_not_exactly_ours_is_refused(values: list[str]) -> None:
    assert not Gate(8765).host_allowed(values)


def test_a_configured_host_is_allowed() -> None:
    assert Gate(8765, hosts=["desk.local:8765"]).host_allowed(["desk.local:8765"])


@pytest.mark.parametrize("value", ["localhost:8888", "http://LOCALHOST:1", "http://*", "http://x/y"])
def test_a_badly_written_origin_is_a_config_error(value: str) -> None:
    with pytest.raises(ConfigError, match=r"such as http://localhost:8888"):
        Gate(8765, origins=[value])


def test_a_badly_written_host_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"such as desk\.local:8765"):
        Gate(8765, hosts=["http://desk.local"])


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104
        ("::", False),
        ("192.168.1.2", False),
        ("desk.local", False),
        ("localhost.evil.com", False),
        ("", False),
    ],
)
def test_loopback_is_known_from_anywhere_else(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_a_token_is_known_whole_or_not_at_all() -> None:
    tokens = Tokens({"a" * 32: READ})
    assert tokens.check("a" * 32) == READ
    for wrong in ("a" * 31, "a" * 33, "A" * 32, "", "\udcff"):
        assert tokens.check(wrong) is None


def test_tokens_show_nothing() -> None:
    assert repr(Tokens({"a" * 32: READ})) == "Tokens(1)"


@pytest.mark.parametrize(
    ("token", "scopes", "message"),
    [
        ("short", {"read"}, "at least 16 characters"),
        ("a" * 32, {"read", "write"}, "'write' is none of read, operate, trade"),
        ("a" * 32, {"trade"}, "whoever may act may look"),
    ],
)
def test_a_token_that_makes_no_sense_is_refused(token: str, scopes: set[str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Tokens({token: Grant("ann", frozenset(scopes))})


@pytest.mark.parametrize(
    ("values", "token"),
    [
        ([], None),
        (["Bearer abc"], "abc"),
        (["bearer  abc "], "abc"),
        (["Basic abc"], ""),
        (["Bearer"], ""),
        (["Bearer abc", "Bearer abc"], ""),
    ],
)
def test_the_authorization_header_is_read_strictly(values: list[str], token: str | None) -> None:
    assert bearer_token(values) == token


def test_a_token_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "token"
    before = os.umask(0)
    try:
        write_token_file(path, "secret-token")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_token_file(path) == "secret-token"


def test_a_token_file_is_replaced_in_one_step_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("old\n")
    path.chmod(0o644)
    write_token_file(path, "new-token")
    assert read_token_file(path) == "new-token"
    assert os.listdir(tmp_path) == ["token"]


def test_a_token_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "token"
    target.write_text("mine")
    path.symlink_to(target)
    write_token_file(path, "new-token")
    assert target.read_text() == "mine"
    assert not path.is_symlink()


def test_a_token_file_that_others_may_read_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "token"
    write_token_file(path, "secret-token")
    path.chmod(0o640)
    with pytest.raises(ConfigError, match=r"mode 0640.*chmod 600"):
        read_token_file(path)


def test_a_missing_or_empty_token_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is the session running"):
        read_token_file(tmp_path / "none")
    path = tmp_path / "token"
    write_token_file(path, "")
    with pytest.raises(ConfigError, match="is empty"):
        read_token_file(path)
