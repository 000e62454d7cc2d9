import copy
import json
import os
import pickle
import sys
import traceback
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from tradekit.core.redact import secrets
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError

VALUE = "s3cret-value-of-this-test"


def test_it_reads_as_stars_however_it_is_shown() -> None:
    secret = Secret(VALUE)
    shown = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>8}",
        "%s" % secret,  # noqa: UP031 - as an older library may write it
        repr([secret]),
        repr({1: secret}),
    ]
    assert [text.strip(" []{}1:") for text in shown] == ["***"] * len(shown)
    assert secret.reveal() == VALUE


def test_it_equals_the_same_secret_and_nothing_else() -> None:
    assert Secret(VALUE) == Secret(VALUE, source="elsewhere")
    assert Secret(VALUE) != Secret(VALUE + "x")
    assert Secret(VALUE) != VALUE
    assert len({Secret(VALUE), Secret(VALUE)}) == 1


def test_it_can_be_copied_and_never_written_down() -> None:
    secret = Secret(VALUE)
    assert copy.copy(secret) is secret
    assert copy.deepcopy({"key": secret})["key"] == secret
    for write in (pickle.dumps, msgspec.json.encode, msgspec.to_builtins, msgspec.msgpack.encode, json.dumps):
        with pytest.raises(TypeError, match=r"Secret") as refused:
            write(secret)
        assert VALUE not in str(refused.value)
    assert not hasattr(secret, "__dict__")


def test_once_made_its_value_is_known_to_the_process() -> None:
    Secret("a-secret-nobody-had-before")
    assert secrets.clean("x a-secret-nobody-had-before y") == "x *** y"


def test_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRADEKIT_TEST_KEY", f" {VALUE}\n")
    secret = Secret.read("env:TRADEKIT_TEST_KEY")
    assert (secret.reveal(), secret.source) == (VALUE, "env:TRADEKIT_TEST_KEY")
    monkeypatch.delenv("TRADEKIT_TEST_KEY")
    with pytest.raises(ConfigError, match="TRADEKIT_TEST_KEY is not set"):
        Secret.read("env:TRADEKIT_TEST_KEY")


def test_an_environment_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "TRADEKIT_TEST_KEY", "\udcff" * 8)
    with pytest.raises(ConfigError, match="is not text"):
        Secret.from_env("TRADEKIT_TEST_KEY")


def test_from_a_private_file_whose_path_starts_at_the_root(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(VALUE + "\n")
    file.chmod(0o600)
    assert Secret.read("file:key", root=tmp_path).reveal() == VALUE


def test_a_file_that_others_may_read_is_refused_and_its_value_guarded_all_the_same(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("a-secret-in-an-open-file")
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="mode 0640: others may read it; run: chmod 600"):
        Secret.from_file(file)
    assert secrets.clean("a-secret-in-an-open-file") == "***"


def test_a_file_without_a_secret_is_refused(tmp_path: Path) -> None:
    empty, binary, pipe = tmp_path / "empty", tmp_path / "binary", tmp_path / "pipe"
    empty.touch(0o600)
    binary.write_bytes(b"\xff\xfe\xfd")
    os.mkfifo(pipe, 0o600)
    for path, said in [
        (empty, "is empty"),
        (binary, "not text"),
        (pipe, "is empty"),
        (tmp_path, "cannot be read"),
    ]:
        with pytest.raises(ConfigError, match=said):
            Secret.from_file(path)
    with pytest.raises(ConfigError, match="No such file or directory; is it mounted"):
        Secret.from_file(tmp_path / "none", hint="is it mounted")


def test_from_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    keyring = ModuleType("keyring")
    kept = {("binance", "key"): VALUE}
    keyring.get_password = lambda service, name: kept.get((service, name))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    assert Secret.read("keyring:binance/key").reveal() == VALUE
    with pytest.raises(ConfigError, match="no binance/other; put it there: keyring set binance other"):
        Secret.read("keyring:binance/other")


def test_a_keyring_that_fails_is_told_without_what_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(service: str, name: str) -> str:
        raise RuntimeError(f"locked with {VALUE}")

    keyring = ModuleType("keyring")
    keyring.get_password = locked  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    with pytest.raises(ConfigError, match="RuntimeError; unlock it") as failed:
        Secret.read("keyring:binance/key")
    assert VALUE not in "".join(traceback.format_exception(failed.value))


def test_without_the_package_the_other_ways_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match="pip install keyring; or use env: or file:"):
        Secret.read("keyring:binance/key")


@pytest.mark.parametrize("where", [VALUE, "", "env:", "keyring:binance", "vault:x"])
def test_a_place_that_is_none_is_refused_and_not_repeated(where: str) -> None:
    with pytest.raises(
        ConfigError, match="write env:NAME, file:PATH, keyring:SERVICE/NAME or credential:NAME"
    ) as refused:
        Secret.read(where)
    assert VALUE not in str(refused.value)


def test_nothing_is_no_secret() -> None:
    with pytest.raises(ConfigError, match="is empty"):
        Secret("", source="env:X")


def test_a_credential_is_what_systemd_hands_to_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "venue-secret").write_text("from systemd 12345\n", encoding="utf-8")
    (tmp_path / "venue-secret").chmod(0o440)  # as systemd leaves it: who may read it is its own business
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    found = Secret.read("credential:venue-secret")
    assert (found.reveal(), found.source) == ("from systemd 12345", "credential:venue-secret")
    with pytest.raises(ConfigError, match="the credential other cannot be read: No such file"):
        Secret.read("credential:other")


@pytest.mark.parametrize("name", ["../shadow", "a/b", ""])
def test_a_credentials_name_leads_nowhere_else(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/etc")
    with pytest.raises(ConfigError, match="no place of a secret"):
        Secret.read(f"credential:{name}")


def test_outside_of_a_service_there_are_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ConfigError, match="only in a service of systemd"):
        Secret.read("credential:x")
