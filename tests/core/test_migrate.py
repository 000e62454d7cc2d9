from collections.abc import Iterator
from typing import Any

import pytest

from tests.core.journal_contract import START, mark
from tradekit.core import event as registry
from tradekit.core import upcast
from tradekit.core.event import Event, Fact, fact
from tradekit.core.memory import MemoryJournal
from tradekit.core.migrate import Lift, Reading, readings
from tradekit.core.upcast import upcaster


class Seen(Fact, frozen=True, gc=False):
    price: float


class Counted(Fact, frozen=True, gc=False):
    number: int


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test registers is forgotten after it."""
    monkeypatch.setattr(upcast, "_register", dict(upcast._register))
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    yield
    Seen.TYPE, Seen.V = "", 1


def journal_of(*kinds: tuple[str, int, Fact]) -> MemoryJournal:
    journal = MemoryJournal()
    for seq, (tag, v, data) in enumerate(kinds, 1):
        journal.append([Event(seq, 0, START, 0, tag, v, 0, "X", data)], critical=True)
    return journal


def test_each_type_and_version_is_told_with_the_way_it_is_read() -> None:
    fact("test.seen", v=2)(Seen)

    @upcaster("test.seen", 1)
    def renamed(data: dict[str, Any]) -> dict[str, Any]:
        return {"price": float(data["number"])}

    journal = journal_of(
        ("mark.updated", 1, mark(1).data),
        ("test.seen", 1, Counted(5)),
        ("test.seen", 1, Counted(6)),
        ("test.seen", 2, Seen(1.5)),
        ("test.seen", 3, Seen(1.5)),
        ("plugin.heard", 7, Counted(1)),
    )
    found = readings(journal)
    assert found == [
        Lift("mark.updated", 1, 1, Reading.CURRENT, 1),
        Lift("plugin.heard", 7, 1, Reading.UNKNOWN, 7),
        Lift("test.seen", 1, 2, Reading.LIFTED, 2),
        Lift("test.seen", 2, 1, Reading.CURRENT, 2),
        Lift("test.seen", 3, 1, Reading.NEWER, 2),
    ]
    assert [lift.ok for lift in found] == [True, True, True, True, False]


def test_a_version_that_nothing_lifts_is_broken() -> None:
    fact("test.seen", v=2)(Seen)
    (lift,) = readings(journal_of(("test.seen", 1, Counted(5))))
    assert (lift.reading, lift.ok) == (Reading.BROKEN, False)
    assert "seq 1: test.seen of version 1 cannot be read: nothing lifts version 1 to 2" in lift.problem


def test_a_lift_that_fails_on_one_event_is_broken_from_there() -> None:
    fact("test.seen", v=2)(Seen)

    @upcaster("test.seen", 1)
    def partial(data: dict[str, Any]) -> dict[str, Any]:
        return {"price": 1 / data["number"]}

    journal = journal_of(("test.seen", 1, Counted(5)), ("test.seen", 1, Counted(0)))
    (lift,) = readings(journal)
    assert (lift.events, lift.reading) == (2, Reading.BROKEN)
    assert lift.problem.startswith("seq 2: ")
