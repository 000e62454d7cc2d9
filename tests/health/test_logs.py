import io
import logging
import os
import re
import stat
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tradekit.core.redact import Redactor
from tradekit.core.redact import secrets as process_secrets
from tradekit.health.logs import Logs

SECRET = 'p@ss "word"/ü'
log = logging.getLogger("tradekit.tests.logs")


@pytest.fixture
def redactor() -> Redactor:
    redactor = Redactor()
    redactor.add(SECRET)
    return redactor


def test_a_secret_is_blotted_out_of_message_arguments_and_traceback(
    redactor: Redactor, tmp_path: Path
) -> None:
    stream, file = io.StringIO(), tmp_path / "session.log"
    with Logs(file=file, stream=stream, redactor=redactor):
        log.warning("token " + SECRET)
        log.warning("token %s in %r", SECRET, {"key": SECRET})
        log.warning("address ws://x/?t=%s", quote(SECRET, safe=""))
        log.warning('json {"t":"p@ss \\"word\\"/ü"}')
        try:
            raise ValueError(SECRET)
        except ValueError:
            log.exception("failed", stack_info=True)
    for said in (stream.getvalue(), file.read_text(encoding="utf-8")):
        assert said.count("***") >= 5
        assert "word" not in said.replace("SECRET = ", "")
        assert "Traceback" in said


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
        ("GET /x?api_key=abcdef123456&size=1", "GET /x?api_key=***&size=1"),
        ('{"apiKey": "abcdef123456", "n": 1}', '{"apiKey": "***", "n": 1}'),
        ("password='abcdef123456'", "password='***'"),
        ("a token file is missing: run it again", "a token file is missing: run it again"),
    ],
)
def test_what_is_given_under_a_secrets_name_is_blotted_out_unregistered(line: str, shown: str) -> None:
    stream = io.StringIO()
    with Logs(stream=stream, redactor=Redactor()):
        log.warning("%s", line)
    assert stream.getvalue().endswith(f"tests.logs: {shown}\n")


def test_the_process_has_one_list_of_secrets() -> None:
    process_secrets.add("a-token-of-this-test")
    assert process_secrets.clean("x a-token-of-this-test y") == "x *** y"


def test_a_line_has_utc_time_level_and_name_and_cannot_be_forged() -> None:
    stream = io.StringIO()
    with Logs(stream=stream):
        log.info("symbol %s", "BTC\n2026-01-01T00:00:00.000Z ERROR   tradekit: all sold\r")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    assert re.match(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO    tradekit\.tests\.logs: symbol BTC\\n", lines[0]
    )


def test_the_level_holds_until_the_end_and_no_longer(tmp_path: Path) -> None:
    root = logging.getLogger()
    before, handlers = root.level, list(root.handlers)
    stream = io.StringIO()
    with Logs(level="warning", stream=stream, file=tmp_path / "x.log"):
        log.info("quiet")
        log.warning("loud")
    assert "loud" in stream.getvalue()
    assert "quiet" not in stream.getvalue()
    assert (root.level, list(root.handlers)) == (before, handlers)


def test_the_file_is_its_owners_alone_and_is_added_to(tmp_path: Path) -> None:
    file = tmp_path / "session.log"
    for word in ("first", "second"):
        with Logs(stream=io.StringIO(), file=file):
            log.warning(word)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [line.rsplit(" ", 1)[1] for line in file.read_text().splitlines()] == ["first", "second"]


def test_a_large_file_is_turned_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradekit.health.logs._FILE_BYTES", 500)
    with Logs(stream=io.StringIO(), file=tmp_path / "x.log"):
        for n in range(20):
            log.warning("line %d %s", n, "x" * 100)
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == ["x.log", *(f"x.log.{n}" for n in range(1, 6))]
    assert all(file.stat().st_size <= 600 for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_log_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "x.log").symlink_to(tmp_path / "target")
    with Logs(stream=io.StringIO(), file=tmp_path / "x.log"):
        raise_errors = logging.raiseExceptions
        logging.raiseExceptions = False
        log.warning("line")
        logging.raiseExceptions = raise_errors
    assert not (tmp_path / "target").exists()


def test_what_is_printed_goes_into_the_file_and_counts_for_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradekit.health.logs._FILE_BYTES", 500)
    logs = Logs(file=tmp_path / "x.log")
    with logs:
        for n in range(40):
            print("printed", n, "x" * 100, file=logs.printed)
        log.warning("told")
    assert len(list(tmp_path.iterdir())) == 6
    assert "told" in (tmp_path / "x.log").read_text()
    assert "printed 39" in (tmp_path / "x.log").read_text() + (tmp_path / "x.log.1").read_text()


def test_a_stderr_that_was_led_into_the_file_goes_along_when_it_is_turned_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradekit.health.logs._FILE_BYTES", 300)
    file, before = tmp_path / "x.log", os.dup(2)
    with file.open("ab") as led:
        os.dup2(led.fileno(), 2)
    try:
        with Logs(file=file):
            for n in range(3):
                log.warning("line %d %s", n, "x" * 250)
            os.write(2, b"last words")
    finally:
        os.dup2(before, 2)
        os.close(before)
    assert file.read_text().endswith("last words")
    assert "line 0" not in file.read_text()


def test_without_a_file_what_is_printed_goes_to_stderr() -> None:
    assert Logs().printed is sys.stderr
