from concurrent.futures import Future
from typing import Any

import msgspec
import pytest

from tests.sessions import Project
from tests.wiring.conftest import live, put_together
from tradekit.bridge.protocol import Command
from tradekit.core.codec import decode_event
from tradekit.core.journal import Journal
from tradekit.errors import RefusedError
from tradekit.health.metrics import SessionMetrics
from tradekit.model.session import CommandReceived
from tradekit.state.reducer import REDUCER
from tradekit.state.shape import State, fingerprint
from tradekit.strategy.declaration import declaration
from tradekit.wiring import source as module
from tradekit.wiring.build import Parts
from tradekit.wiring.source import SessionSource


@pytest.fixture
def parts(project: Project):  # type: ignore[no-untyped-def]
    """A session of a hundred bars, restored."""
    live(project, 100)
    with put_together(project) as made:
        yield made


@pytest.fixture
def source(parts: Parts):  # type: ignore[no-untyped-def]
    """The session as its bridge sees it."""
    made = SessionSource(parts.journal, parts.store, SessionMetrics())
    yield made
    made.close()


def pages(source: SessionSource, name: str, **args: Any) -> list[list[bytes]]:
    """Every page of an answer."""
    found = []
    while True:
        page = source.query(name, args).result(30)
        found.append(page.items)
        if page.next is None:
            return found
        args["cursor"] = page.next


def state_of(items: list[tuple[str, bytes]]) -> State:
    fields = {name: msgspec.Raw(raw) for name, raw in items}
    return msgspec.json.decode(msgspec.json.encode(fields), type=State)


def test_a_snapshot_is_the_whole_state_at_its_seq(source: SessionSource, parts: Parts) -> None:
    seq, items = source.snapshot()
    assert seq == source.seq() == parts.journal.last_seq
    assert fingerprint(state_of(items)) == parts.store.hash()
    assert (source.journal, source.epoch, source.reducer) == (parts.journal.id, 2, REDUCER)


def test_a_commit_is_folded_and_pushed_in_the_order_of_seq(source: SessionSource, parts: Parts) -> None:
    pushed: list[tuple[int, list[bytes], list[str]]] = []
    source.publish = lambda first, payloads, subjects: pushed.append((first, payloads, subjects))
    first = parts.journal.last_seq + 1
    told = CommandReceived("1", "halt", {}, "me")
    events = [*parts.execution.take(parts.opened, 1), *parts.execution.take(told, 2)]
    parts.journal.append(events, critical=True)
    assert source.seq() == first + 2
    assert parts.store.state.risk.halted
    payloads = [payload for _, some, _ in pushed for payload in some]
    assert pushed[0][0] == first
    assert [decode_event(raw).seq for raw in payloads] == [first, first + 1, first + 2]
    assert [name for _, _, names in pushed for name in names] == [
        "session.opened.paper", "command.received.halt", "risk.changed",
    ]  # fmt: skip
    assert [seq for seq, _ in source.payloads(first, first + 2)] == [first + 1, first + 2]


def test_events_come_in_pages_without_hole_or_overlap(
    source: SessionSource, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE_EVENTS", 7)
    monkeypatch.setattr(module, "_PAGE_BYTES", 1500)
    got = pages(source, "events")
    assert len(got) > 10
    assert [decode_event(raw) for page in got for raw in page] == list(parts.journal.events())
    bars = pages(source, "events", types=["bar.closed"], since=10, until=60)
    assert [decode_event(raw).seq for page in bars for raw in page] == [
        event.seq for event in parts.journal.events(10, 60, ["bar.closed"])
    ]


def test_the_running_strategy_s_declaration_is_asked_for(source: SessionSource, parts: Parts) -> None:
    assert pages(source, "parameters") == [[]]
    source.declared = lambda: declaration(parts.execution.engine.strategy)
    rows = [msgspec.json.decode(raw) for raw in pages(source, "parameters")[0]]
    assert rows == declaration(parts.execution.engine.strategy)
    assert {row["name"] for row in rows} == parts.opened.params.keys()


def test_a_moment_of_the_past_comes_path_by_path(
    source: SessionSource, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE_BYTES", 500)
    got = pages(source, "state_at", at=40)
    assert len(got) > 3
    decoded = [msgspec.json.decode(raw) for page in got for raw in page]
    state = state_of([(one["path"], msgspec.json.encode(one["value"])) for one in decoded])
    assert state.seq == 40
    assert fingerprint(state) == fingerprint(module.fold_until(parts.journal, 40))


def test_bars_of_one_series_come_in_pages(
    source: SessionSource, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PAGE_EVENTS", 30)
    got = pages(source, "bars", instrument="BTCUSDT", timeframe="1m")
    assert [len(page) for page in got] == [30, 30, 30, 10]
    times = [msgspec.json.decode(raw)["ts"] for page in got for raw in page]
    assert times == sorted(set(times))


@pytest.mark.parametrize(
    ("name", "args", "said"),
    [
        ("dance", {}, "no query 'dance'; there are events, state_at, bars"),
        ("state_at", {"at": 100_000}, "there is no event 100000"),
        ("events", {"since": "soon"}, "invalid literal"),
        ("bars", {"timeframe": "1m"}, "instrument"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(
    source: SessionSource, name: str, args: dict[str, Any], said: str
) -> None:
    with pytest.raises(RefusedError, match=said):
        source.query(name, args).result(30)


def test_a_command_before_the_session_opens_is_refused(source: SessionSource) -> None:
    answer = source.command(Command("1", "halt", {}, "me", 10.0))
    assert isinstance(answer, Future)
    with pytest.raises(RefusedError, match="has not opened yet"):
        answer.result(0)


def test_health_names_every_reason(source: SessionSource, parts: Parts) -> None:
    assert source.health()["ready"] is True
    told = CommandReceived("1", "halt", {"reason": "lunch"}, "me")
    parts.journal.append(parts.execution.take(told, 2), critical=True)
    source.stuck = "a step has been running for 3 s"
    health = source.health()
    assert (health["live"], health["ready"]) == (False, False)
    assert health["reasons"] == ["a step has been running for 3 s", "lunch"]
    assert isinstance(parts.journal, Journal)
