"""What was ever written is read: golden files of every event type, golden journals of every release."""

import ast
import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.journal_contract import mark
from tests.golden import write
from tests.golden.write import FOLDER, golden_file
from tests.golden.write_journal import FOLDER as JOURNALS
from tests.golden.write_journal import told
from tradekit.core import event as registry
from tradekit.core import upcast
from tradekit.core.codec import decode_event, encode_event
from tradekit.core.event import Fact, Unknown, fact, fact_types
from tradekit.core.open import open_journal, open_writer
from tradekit.core.upcast import upcaster, upcasters
from tradekit.errors import VersionError
from tradekit.testing.upcasters import check_upcaster

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parents[2]
VERSIONS = [(tag, v) for tag, cls in sorted(fact_types().items()) for v in range(1, cls.V + 1)]
RELEASES = sorted(path.name for path in JOURNALS.iterdir() if path.is_dir())


def lines(tag: str, v: int) -> list[bytes]:
    return golden_file(tag, v).read_bytes().splitlines()


def missing() -> list[str]:
    """The golden files that should be there and are not."""
    wanted = (golden_file(tag, v) for tag, cls in fact_types().items() for v in range(1, cls.V + 1))
    return sorted(path.name for path in wanted if not path.exists())


def changed(tag: str) -> list[bytes]:
    """Golden lines of the current version that this program would write otherwise."""
    return [line for line in lines(tag, fact_types()[tag].V) if encode_event(decode_event(line)) != line]


def test_every_type_in_the_source_is_registered_here() -> None:
    declared = set()
    for path in (ROOT / "tradekit").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for call in node.decorator_list if isinstance(node, ast.ClassDef) else ():
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "fact":
                    declared.add(ast.literal_eval(call.args[0]))
    assert declared <= set(fact_types()), f"import these in {write.__name__}"
    assert declared


def test_every_version_of_every_type_has_its_golden_file(proof_record: Callable[..., None]) -> None:
    assert missing() == [], "write them with: python -m tests.golden.write"
    proof_record(
        "every version of every event type is read as its golden file says",
        size=f"{len(list(FOLDER.iterdir()))} files",
    )


@pytest.mark.parametrize("tag", sorted(fact_types()))
def test_a_type_is_written_as_its_golden_file_says(tag: str) -> None:
    assert changed(tag) == [], (
        f"{tag} is written otherwise than in {golden_file(tag, fact_types()[tag].V).name}: give it a new version and "
        f"an upcaster, or, before its first release, write the file anew: python -m tests.golden.write {tag}"
    )


@pytest.mark.parametrize(("tag", "v"), VERSIONS)
def test_every_golden_version_is_read_as_the_current_one(tag: str, v: int) -> None:
    for line in lines(tag, v):
        event = decode_event(line)
        assert (event.type, event.v) == (tag, fact_types()[tag].V)
        assert type(event.data) is fact_types()[tag]


def test_no_golden_file_is_of_a_type_that_is_gone() -> None:
    known = {golden_file(tag, v).name for tag, v in VERSIONS}
    assert {path.name for path in FOLDER.iterdir()} <= known


def test_every_registered_upcaster_is_pure_and_total() -> None:
    for (tag, v), step in upcasters().items():
        check_upcaster(step, [msgspec.json.decode(line)["data"] for line in lines(tag, v)])


# -- a made-up second version ---------------------------------------------------------------------------------


@pytest.fixture
def marks_v2(monkeypatch: pytest.MonkeyPatch) -> type[Fact]:
    return second_version(monkeypatch)


def second_version(patch: pytest.MonkeyPatch) -> type[Fact]:
    """`mark.updated` with a spread instead of bid and ask, and the step that lifts version 1."""
    patch.setattr(upcast, "_register", dict(upcast._register))
    patch.setattr(registry, "_registered", dict(registry._registered))
    del registry._registered["mark.updated"]

    @fact("mark.updated", v=2)
    class MarkUpdated(Fact, frozen=True, gc=False):
        instrument: str
        last: float
        spread: float | None

    @upcaster("mark.updated", 1)
    def one_spread(data: dict[str, Any]) -> dict[str, Any]:
        bid, ask = data.get("bid"), data.get("ask")
        spread = None if bid is None or ask is None else ask - bid
        return {"instrument": data["instrument"], "last": data["last"], "spread": spread}

    return MarkUpdated


PRICE = st.none() | st.floats(-1e300, 1e300)


def test_a_second_version_without_a_golden_file_is_seen(marks_v2: type[Fact]) -> None:
    assert missing() == ["mark.updated.v2.jsonl"]


def test_a_changed_encoding_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    del registry._registered["mark.updated"]

    @fact("mark.updated")
    class MarkUpdated(Fact, frozen=True, gc=False):
        instrument: str
        last: float
        bid: float | None = None
        ask: float | None = None
        venue: str = ""

    assert len(changed("mark.updated")) == 2


def test_the_golden_first_version_is_read_as_the_second(marks_v2: type[Fact]) -> None:
    full, bare = (decode_event(line) for line in lines("mark.updated", 1))
    assert (full.v, full.data) == (2, marks_v2("instrument é", 100.25, 0.0))  # type: ignore[call-arg]
    assert bare.data == marks_v2("instrument", 1e-08, None)  # type: ignore[call-arg]


@settings(max_examples=100, deadline=None)
@given(
    last=st.floats(-1e300, 1e300),
    bid=PRICE,
    ask=PRICE,
    extra=st.dictionaries(st.text(), st.none(), max_size=2),
)
def test_the_made_up_step_takes_every_payload_of_version_1(
    last: float, bid: float | None, ask: float | None, extra: dict[str, None]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        second_version(patch)
        step = upcasters()["mark.updated", 1]
        check_upcaster(step, [{**extra, "instrument": "X", "last": last, "bid": bid, "ask": ask}])


# -- golden journals ------------------------------------------------------------------------------------------


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a release's golden journal."""
    return Path(shutil.copytree(JOURNALS / request.param, tmp_path / request.param))


def test_there_is_a_golden_journal() -> None:
    assert RELEASES


def test_a_journal_of_every_release_is_read_whole(release: Path, proof_record: Callable[..., None]) -> None:
    with open_journal(release / "events.log") as journal:
        verdict = journal.verify()
        assert (verdict.ok, verdict.problems, verdict.missing) == (True, [], [])
        assert told(journal) == json.loads((release / "told.json").read_text(encoding="utf-8"))
        (unknown,) = journal.events(types=["plugin.heard"])
        assert isinstance(unknown.data, Unknown)
    proof_record(f"the journal of release {release.name} is read whole", size=f"{verdict.events} events")


def test_a_journal_of_every_release_is_written_on(release: Path) -> None:
    with open_writer(release / "events.log") as journal:
        journal.append([mark(journal.last_seq + 1)], critical=True)
        assert journal.verify().ok


def test_a_journal_of_every_release_is_read_by_a_program_with_a_second_version(
    release: Path, marks_v2: type[Fact]
) -> None:
    with open_writer(release / "events.log") as journal:
        new = marks_v2("X", 1.0, None)  # type: ignore[call-arg]
        seq = journal.last_seq + 1
        journal.append([registry.Event(seq, 0, 0, 0, "mark.updated", 2, 0, "X", new)], critical=True)
        assert next(journal.events(seq - 1)).data == new


def test_an_older_program_refuses_a_newer_journal(release: Path) -> None:
    file = release / "events.log"
    with sqlite3.connect(file) as base:
        base.execute("UPDATE manifest SET value = value + 1 WHERE name = 'schema'")
    base.close()
    before = file.read_bytes()
    for open_it in (open_journal, open_writer):
        with pytest.raises(VersionError, match="update tradekit"):
            open_it(file)
    assert file.read_bytes() == before
