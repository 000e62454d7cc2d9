"""What every test stands on: a home of its own, a browser where it asks for one, and the book of proofs.

Knows nothing of the rooms: their builders and fakes live in tradekit.testing.
"""

import gc
import json
import os
import shutil
import signal
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

# contracts' asserts show their values too; said before anybody imports them
pytest.register_assert_rewrite(*(f"tradekit.testing.{name}" for name in ("brokers", "journals", "talk")))

from tests.chromium import browser, chromium  # noqa: E402
from tests.inward import kept_inward  # noqa: E402
from tests.parts import PARTS, by_room, needed, unnamed  # noqa: E402
from tradekit.core.redact import secrets  # noqa: E402

__all__ = ["browser", "chromium"]

FULL = os.environ.get("TRADEKIT_PROVE") == "full"
PROOFS_FILE = os.environ.get("TRADEKIT_PROOFS_FILE")  # JSON lines; set by tools/prove.py
HOME_VARIABLES = ("XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
_BOOK = pytest.StashKey["ProofBook"]()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A part of the tests (`-m`) imports no file that holds none of it."""
    wanted = config.option.markexpr
    if not wanted or not (collection_path.is_dir() or collection_path.match("test_*.py")):
        return None
    return None if needed(collection_path, wanted) else True


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, else in the order that chance gave."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_itemcollected(item: pytest.Item) -> None:
    """A test is of the part of its room; one whose part is named nowhere would be missed when that is run alone."""
    for part in by_room(item.path):
        item.add_marker(part)
    missed = unnamed(item.path, (mark.name for mark in item.iter_markers()))
    if missed:
        raise pytest.UsageError(
            f"{item.nodeid} is marked {', '.join(missed)}, which {item.path.name} does not name"
        )


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and collected stays to the end: no search for garbage looks through it again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """What is of no other part is of the unit part, which does no I/O but on files."""
    if PARTS.intersection(mark.name for mark in item.iter_markers()):
        return (yield)
    with kept_inward(item.nodeid):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees the user's sessions, tokens or settings, nor leaves any there."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in HOME_VARIABLES:
            folder = home / name.lower()
            folder.mkdir(mode=0o700)
            patch.setenv(name, str(folder))
        yield


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c() -> Iterator[None]:
    """A script's `make test &` ignores Ctrl-C, and so would each program that a test starts and interrupts."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def _secrets() -> Iterator[None]:
    """What one test registers as a secret is no secret in the next."""
    before = vars(secrets).copy()
    yield
    vars(secrets).update(before)


@dataclass
class ProofBook:
    """Collects what one proof test shows; it is written down when the test's outcome is known."""

    records: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, name: str, *, size: object = "", result: object = "", note: str = "") -> None:
        """State one result: `proof_record("no acked fill lost", size="200 kills", result="0 of 31,044")`."""
        self.records.append({"name": name, "size": str(size), "result": str(result), "note": note})


@pytest.fixture
def proof_record(request: pytest.FixtureRequest) -> ProofBook:
    """The book to record in. If the test then fails, its records are listed as failed."""
    return request.node.stash.setdefault(_BOOK, ProofBook())


@pytest.fixture
def proof_size() -> Callable[..., int]:
    """`proof_size(ci=20, full=200)`: how many times to try, by how the proofs were called."""

    def choose(*, ci: int, full: int) -> int:
        return full if FULL else ci

    return choose


@pytest.fixture
def proof_needs(proof_record: ProofBook) -> Callable[..., None]:
    """`proof_needs("root", "loop", "mkfs.ext4")`: where one is missing the proof is listed as not proved.

    It is skipped then, never passed. Besides `root` and `loop` (loop devices) a need is
    the name of a program on PATH.
    """

    def need(*needs: str) -> None:
        missing = [name for name in needs if not _has(name)]
        if missing:
            pytest.skip("not proved here: needs " + " and ".join(missing))

    return need


def _has(need: str) -> bool:
    if need == "root":
        return os.geteuid() == 0
    if need == "loop":
        return Path("/dev/loop-control").exists() and os.access("/dev/loop-control", os.W_OK)
    return shutil.which(need) is not None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write a proof's lines down once, when its outcome is known (its call, or a set-up that ended it).

    And send no keywords: nobody reads them, and they were a fourth of what it cost to send a report.
    """
    report = yield
    report.keywords = {}
    if (
        PROOFS_FILE
        and item.get_closest_marker("proof")
        and (report.when == "call" or (report.when == "setup" and not report.passed))
    ):
        _write(item, report, PROOFS_FILE)
    return report


def _write(item: pytest.Item, report: pytest.TestReport, proofs_file: str) -> None:
    recorded = item.stash.get(_BOOK, ProofBook()).records
    records = recorded or [{"name": item.name, "size": "", "result": "", "note": ""}]
    outcome: dict[str, Any] = {
        "outcome": report.outcome,
        "why": report.longrepr[2] if report.skipped and isinstance(report.longrepr, tuple) else "",
        "seconds": round(report.duration, 1),
        "full": FULL,
        "test": item.nodeid,
    }
    with Path(proofs_file).open("a", encoding="utf-8") as book:
        for record in records:
            book.write(json.dumps(record | outcome) + "\n")
