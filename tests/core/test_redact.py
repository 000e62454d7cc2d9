import html
import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.builders import event, flat, law, opened
from tradekit.core.codec import decode_event
from tradekit.core.event import Event, Unknown
from tradekit.core.memory import MemoryJournal
from tradekit.core.open import open_journal, open_writer
from tradekit.core.redact import Redactor
from tradekit.model.session import CommandReceived, SignalRaised

SECRET = 'p@ss "word"/ü+1'


@pytest.fixture
def redactor(monkeypatch: pytest.MonkeyPatch) -> Redactor:
    """One that knows SECRET, in the place of the process's own where journals look."""
    made = Redactor()
    made.add(SECRET)
    monkeypatch.setattr("tradekit.core.step.secrets", made)
    return made


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        msgspec.json.encode(SECRET).decode(),
        json.dumps(SECRET),
        repr(SECRET),
        ascii(SECRET),
        html.escape(SECRET),
    ],
)
def test_a_secret_is_blotted_out_in_every_form_it_takes(redactor: Redactor, shown: str) -> None:
    said = f"a {shown} b"
    assert "ss" not in redactor.clean(said)
    assert redactor.clean_bytes(said.encode()) == redactor.clean(said).encode()
    assert redactor.holds(said.encode())


def test_what_it_has_blotted_is_counted_and_never_shown(redactor: Redactor) -> None:
    assert redactor.clean("harmless") == "harmless"
    assert redactor.count == 0
    redactor.clean(SECRET)
    redactor.clean_bytes(SECRET.encode())
    assert redactor.count == 2
    assert SECRET not in repr(redactor)


def test_without_a_secret_nothing_is_even_looked_at() -> None:
    class Untouchable(msgspec.Struct):
        @property
        def anything(self) -> str:
            raise AssertionError

    empty, value = Redactor(), Untouchable()
    assert not empty
    assert empty.clean_value(value) is value
    assert not empty.holds(b"anything")


def test_a_short_value_is_no_secret(redactor: Redactor) -> None:
    for short in ("", "a", "12345"):
        redactor.add(short)
    assert redactor.clean("a banana at 12345") == "a banana at 12345"


def test_a_secret_within_another_leaves_nothing_of_the_longer() -> None:
    redactor = Redactor()
    redactor.add("inner-secret")
    redactor.add("an inner-secret indeed")
    assert redactor.clean("x an inner-secret indeed y") == "x *** y"


class Colour(Enum):
    RED = "red-red-red"


def test_texts_are_cleaned_wherever_they_are_and_nothing_else_is_touched() -> None:
    redactor = Redactor()
    for secret in ("red-red-red", "1000000", SECRET):
        redactor.add(secret)
    args = {
        "text": f"see {SECRET}",
        SECRET: [SECRET, 1_000_000, (SECRET, 1.5, None, True)],
        "cash": Decimal(1_000_000),
        "colour": Colour.RED,
        "raw": msgspec.Raw(msgspec.json.encode({"deep": SECRET})),
    }
    got: dict[str, Any] = redactor.clean_value(args)
    assert got["text"] == "see ***"
    assert got["***"] == ["***", 1_000_000, ("***", 1.5, None, True)]
    assert (got["cash"], got["colour"]) == (Decimal(1_000_000), Colour.RED)
    assert bytes(got["raw"]) == b'{"deep":"***"}'


def test_a_clean_fact_is_the_same_object(redactor: Redactor) -> None:
    bar = flat(1, 100.0)
    assert redactor.clean_value(bar) is bar


@given(text=some.text(max_size=40), before=some.text(max_size=10))
@law(100)
def test_no_text_ever_keeps_the_secret(text: str, before: str) -> None:
    redactor = Redactor()
    redactor.add(SECRET)
    fact = SignalRaised("s", "BTCUSDT", before + SECRET + text, 1.0, note=text + SECRET)
    cleaned = redactor.clean_value(fact)
    assert SECRET not in cleaned.name + cleaned.note
    assert not redactor.holds(msgspec.json.encode(cleaned))


# --- the journal's last line ----------------------------------------------------------------------------------


def told(seq: int) -> Event:
    args = {"reason": f"because of {SECRET}", "deep": [{SECRET: 1}]}
    return event(CommandReceived("1", SECRET, args, "local"), seq=seq)


def test_a_journal_keeps_and_tells_the_clean_event_alone(redactor: Redactor) -> None:
    journal = MemoryJournal()
    heard: list[Any] = []
    journal.on_commit(heard.extend)
    (stored,) = journal.append([told(1)], critical=True)
    assert heard == [stored]
    assert stored.event.data.args == {"reason": "because of ***", "deep": [{"***": 1}]}
    assert (stored.event.data.name, stored.event.key) == ("***", "***")
    assert decode_event(stored.payload) == stored.event
    assert next(journal.events()) == stored.event


@pytest.mark.shell
def test_no_byte_of_the_file_holds_it_and_the_chain_holds(redactor: Redactor, tmp_path: Path) -> None:
    path = tmp_path / "events.log"
    with open_writer(path) as journal:
        journal.append([event(opened()), told(2), told(3)], critical=True)
        assert not any(redactor.holds(file.read_bytes()) for file in tmp_path.iterdir())
    assert not any(redactor.holds(file.read_bytes()) for file in tmp_path.iterdir())
    with open_journal(path) as reader:
        assert reader.verify().ok
        assert [e.seq for e in reader.events(checked=True)] == [1, 2, 3]
    with closing(sqlite3.connect(path)) as connection:
        assert b"***" in b"".join(row[0] for row in connection.execute("SELECT payload FROM events"))


def test_a_fact_of_an_unknown_type_is_cleaned_too(redactor: Redactor) -> None:
    raw = msgspec.Raw(msgspec.json.encode({"key": SECRET, "n": [1, 2.5]}))
    unknown = Event(1, 0, 1, 0, "venue.spoke", 1, 0, "x", Unknown(raw))
    (stored,) = MemoryJournal().append([unknown], critical=True)
    assert b'"data":{"key":"***","n":[1,2.5]}' in stored.payload


def test_other_events_of_the_step_are_left_as_they_are(redactor: Redactor) -> None:
    plain, secret = event(flat(1, 100.0)), told(2)
    first, second = MemoryJournal().append([plain, secret], critical=True)
    assert first.event.data is plain.data
    assert second.event.data is not secret.data
