"""Addresses made into ways out, with the real library, against a server on loopback."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.health.ways import Letterbox, letterbox
from tradekit.core.redact import secrets
from tradekit.core.secret import Secret
from tradekit.errors import ConfigError
from tradekit.health.apprised import sender_of
from tradekit.health.messenger import Send
from tradekit.health.rationing import Letter

LETTER = Letter(7, 2, "margin_call", "equity 5 is below", 1)


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets of a test are no secrets of the next."""
    monkeypatch.setattr(secrets, "_forms", secrets._forms)
    monkeypatch.setattr(secrets, "_bytes", secrets._bytes)


@pytest.fixture
def box() -> Iterator[Letterbox]:
    with letterbox() as made:
        yield made


def made(address: str) -> Send:
    return sender_of(Secret(address, source="env:PLACE"), heading="[paper] idea")


def test_a_letter_arrives_with_its_title_its_text_and_its_grade(box: Letterbox) -> None:
    assert made(box.address)(LETTER) == ""
    (letter,) = box.letters
    assert (letter["title"], letter["message"], letter["type"]) == (
        "[paper] idea: margin call", "equity 5 is below", "failure",
    )  # fmt: skip
    assert box.paths[0].startswith("/t0ken-in-the-path")


@pytest.mark.parametrize(("rank", "word"), [(0, "info"), (1, "warning"), (2, "failure")])
def test_a_grade_is_the_librarys_word_for_it(box: Letterbox, rank: int, word: str) -> None:
    made(box.address)(Letter(0, rank, "x", "y", 1))
    assert box.letters[0]["type"] == word


def test_a_place_that_refuses_says_why_and_shows_no_part_of_the_address(
    box: Letterbox,
) -> None:
    send = made(box.address)
    box.status = 503
    reason = send(LETTER)
    assert "503" in reason or "Unavailable" in reason
    for part in ("hunter2", "t0ken-in-the-path"):
        assert part not in reason
    assert not logging.getLogger("apprise").propagate  # the library's own lines have the address in them


def test_a_place_where_nobody_listens_is_a_reason_too(box: Letterbox) -> None:
    send = made(f"json://127.0.0.1:{_closed_port()}/")
    assert "Connection error" in send(LETTER)


def _closed_port() -> int:
    with letterbox() as gone:
        return gone.port


def test_passwords_and_tokens_of_an_address_are_secrets_by_themselves() -> None:
    made("json://trader:hunter2hunter2@127.0.0.1:9/s3cr3t-pa%74h?key=AbCdEfGh12&format=markdown")
    told = secrets.clean("hunter2hunter2 s3cr3t-pa%74h s3cr3t-path AbCdEfGh12 markdown trader 127.0.0.1")
    assert told == "*** *** *** *** markdown trader 127.0.0.1"


def test_a_token_in_the_place_of_a_host_is_one_too() -> None:
    made("tgram://123456789:abcdefg_hijklmnop/12315544/")
    assert "hijklmnop" not in secrets.clean("bot 123456789:abcdefg_hijklmnop")


@pytest.mark.parametrize("address", ["https-nothing", "bogus://token-of-mine-123", "slack://t0ken-of-mine"])
def test_what_is_no_address_is_refused_without_being_repeated(address: str) -> None:
    with pytest.raises(ConfigError, match="env:PLACE holds no address that Apprise knows") as refused:
        made(address)
    assert address not in str(refused.value)


def test_two_addresses_in_one_place_are_refused() -> None:
    with pytest.raises(ConfigError, match="env:PLACE holds 2 addresses; name a place for each"):
        made("json://localhost\njson://127.0.0.1")


def test_without_the_library_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"pip install 'tradekit\[alerts\]'"):
        made("json://localhost")


def test_the_library_is_loaded_by_nobody_else() -> None:
    named = [
        file
        for file in (Path(__file__).resolve().parents[2] / "tradekit").rglob("*.py")
        if "import apprise" in file.read_text(encoding="utf-8")
    ]
    assert [file.name for file in named] == ["apprised.py"]
