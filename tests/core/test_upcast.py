from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.core.journal_contract import START
from tradekit.core import event as registry
from tradekit.core import upcast
from tradekit.core.codec import decode_event, decode_fact, encode_event
from tradekit.core.event import Event, Fact, Unknown, fact
from tradekit.core.open import open_journal, open_writer
from tradekit.core.upcast import lift, upcaster, upcasters
from tradekit.errors import JournalError, VersionError


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(upcast, "_register", dict(upcast._register))
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))


def quote_v1() -> type[Fact]:
    class QuoteSeen(Fact, frozen=True, gc=False):
        price: float

    return fact("quote.seen", v=1)(QuoteSeen)


def quote_v3() -> type[Fact]:
    class QuoteSeen(Fact, frozen=True, gc=False):
        bid: float
        ask: float
        venue: str

    registry._registered.pop("quote.seen", None)
    return fact("quote.seen", v=3)(QuoteSeen)


def lifts() -> None:
    @upcaster("quote.seen", 1)
    def one_price_becomes_two(data: dict[str, Any]) -> dict[str, Any]:
        return {"bid": data["price"], "ask": data["price"]}

    @upcaster("quote.seen", 2)
    def the_venue_is_named(data: dict[str, Any]) -> dict[str, Any]:
        return {**data, "venue": "unknown"}


def test_an_old_fact_is_lifted_step_by_step() -> None:
    cls = quote_v3()
    lifts()
    assert decode_fact("quote.seen", 1, b'{"price":1.5}') == cls(1.5, 1.5, "unknown")  # type: ignore[call-arg]
    assert decode_fact("quote.seen", 2, b'{"bid":1.0,"ask":2.0}') == cls(1.0, 2.0, "unknown")  # type: ignore[call-arg]


def test_a_fact_of_the_current_version_is_not_touched() -> None:
    quote_v3()
    lifts()
    payload = b'{"bid":1.0,"ask":2.0,"venue":"x"}'
    assert msgspec.json.encode(decode_fact("quote.seen", 3, payload)) == payload
    assert lift("quote.seen", 3, 3, {"same": 1}) == {"same": 1}


def test_a_lifted_event_says_its_new_version() -> None:
    old = encode_event(Event(1, 1, START, START, "quote.seen", 1, 0, "X", quote_v1()(1.5)))  # type: ignore[call-arg]
    quote_v3()
    lifts()
    event = decode_event(old)
    assert event.v == event.data.V == 3
    assert decode_event(encode_event(event)) == event


def test_a_fact_of_a_newer_version_survives_whole() -> None:
    quote_v1()
    payload = b'{"bid":1.0,"ask":2.0,"venue":"x"}'
    event = decode_event(
        b'{"seq":1,"epoch":1,"ts":1,"recorded":1,"type":"quote.seen","v":3,"cause":0,"key":"X","data":%b}'
        % payload
    )
    assert isinstance(event.data, Unknown)
    assert event.v == 3
    assert encode_event(event).endswith(b'"v":3,"cause":0,"key":"X","data":%b}' % payload)


def test_a_missing_step_is_named() -> None:
    quote_v3()
    with pytest.raises(VersionError, match="nothing lifts version 1 to 2"):
        decode_fact("quote.seen", 1, b'{"price":1.5}')


def test_a_step_that_fails_is_named() -> None:
    quote_v3()
    lifts()
    with pytest.raises(
        JournalError, match=r"quote.seen of version 1 could not be lifted: KeyError\('price'\)"
    ):
        decode_fact("quote.seen", 1, b"{}")


def test_a_step_is_registered_once() -> None:
    lifts()
    assert set(upcasters()) >= {("quote.seen", 1), ("quote.seen", 2)}
    with pytest.raises(TypeError, match="has an upcaster from version 1 already"):
        upcaster("quote.seen", 1)(dict)


@pytest.mark.shell
def test_a_journal_of_an_older_program_is_read_and_written_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with open_writer(path) as journal:
        journal.append([Event(1, 0, START, 0, "quote.seen", 1, 0, "X", quote_v1()(1.5))], critical=True)  # type: ignore[call-arg]
        before = dict(journal.payloads())
    cls = quote_v3()
    lifts()
    new = cls(1.0, 2.0, "x")  # type: ignore[call-arg]
    with open_writer(path) as journal:
        journal.append([Event(2, 0, START, 0, "quote.seen", 3, 0, "X", new)], critical=True)
    with open_journal(path) as reader:
        assert [e.data for e in reader.events(checked=True)] == [cls(1.5, 1.5, "unknown"), new]  # type: ignore[call-arg]
        assert dict(reader.payloads())[1] == before[1]  # what was written is never rewritten
        assert reader.verify().ok


@pytest.mark.shell
def test_an_older_program_refuses_to_write_a_journal_with_newer_events(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    new = quote_v3()(1.0, 2.0, "x")  # type: ignore[call-arg]
    with open_writer(path) as journal:
        journal.append([Event(1, 0, START, 0, "quote.seen", 3, 0, "X", new)], critical=True)
    registry._registered.pop("quote.seen")
    quote_v1()
    with pytest.raises(VersionError, match=r"quote.seen of version 3, this tradekit knows version 1"):
        open_writer(path)
    with open_journal(path) as reader:
        assert [type(e.data) for e in reader.events()] == [Unknown]
