"""A journal that cannot be trusted or read starts no session: exit code 2, a reason, and not a byte of it changed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.sessions import Project
from tests.wiring.conftest import live
from tradekit.cli.main import main


def flip(file: Path) -> None:
    body = bytearray(file.read_bytes())
    at = body.rindex(b'"bar.closed"')
    body[at + 20] ^= 1
    file.write_bytes(body)


def shorten(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("DELETE FROM events WHERE seq > 20")


def from_the_future(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE types SET v = 99 WHERE type = 'bar.closed'")


def another_schema(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE manifest SET value = 99 WHERE name = 'schema'")


def no_journal(file: Path) -> None:
    file.write_text("dear diary\n" * 400, encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (flip, "chain"),
        (shorten, "shorter|20 of|ends at"),
        (from_the_future, "a newer one wrote it; update tradekit"),
        (another_schema, "update tradekit"),
        (no_journal, "not a tradekit journal|no journal|not a database"),
    ],
)
def test_it_is_refused_and_left_as_it_is(
    project: Project, capsys: pytest.CaptureFixture[str], spoil: Callable[[Path], None], said: str
) -> None:
    live(project, 60)
    spoil(project.journal)
    before = project.journal.read_bytes()
    assert main(["run", str(project.config)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "tradekit: error:" in told.err
    assert any(word in told.err for word in said.split("|")), told.err
    assert "Traceback" not in told.err
    assert project.journal.read_bytes() == before
