"""A disk that takes no more: nothing is acknowledged, nothing is traded, everybody is told, and the next start goes on.

The write that fails is a real one: the kernel refuses to let the session's files grow (RLIMIT_FSIZE).
"""

import json
import re
import resource
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sessions import Project, Running, opened_project, wait_until
from tradekit.core.open import open_journal
from tradekit.core.watermark import MarkState, read_mark
from tradekit.errors import RefusedError
from tradekit.state.shape import fingerprint
from tradekit.wiring.journals import fold_until
from tradekit.wiring.sessions import Session, connect

pytestmark = [pytest.mark.proof, pytest.mark.timeout(300)]

LADDER = f"{Path(__file__).parent / 'ladder.py'}:Ladder"
SAID = "the journal failed, nothing is traded any more"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A session that trades on nearly every bar."""
    for made in opened_project(
        tmp_path / "project",
        strategy={"class": LADDER},
        market_data={"bars": ["sample:BTCUSDT-1m"], "speed": 3_000},
    ):
        monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(made.runtime))
        yield made


def fill_the_disk(project: Project, running: Running) -> None:
    """From now on no file of the session grows."""
    size = project.journal.with_name(project.journal.name + "-wal").stat().st_size
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def health(running: Running) -> tuple[int, dict[str, Any]]:
    page = running.uri.replace("ws://", "http://").removesuffix("/ws")
    try:
        with urllib.request.urlopen(f"{page}/health", timeout=30) as answer:  # noqa: S310 - loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def cli(project: Project, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tradekit", *words]
    return subprocess.run(command, env=project.env, capture_output=True, text=True, timeout=60)


def refused(command: Callable[[], object]) -> str:
    with pytest.raises(RefusedError) as error:
        command()
    assert error.value.code == "journal"
    return str(error.value)


def test_a_full_disk_stops_the_session_where_it_can_be_seen_and_the_next_start_goes_on(
    project: Project, proof_size: Callable[..., int], proof_record: Callable[..., None]
) -> None:
    lives, told = proof_size(ci=2, full=10), 0  # all within one day of data
    for life in range(1, lives + 1):
        running = project.run()
        with connect("paper") as session:
            goal = session.seq + 60
            wait_until(lambda session=session, goal=goal: session.seq >= goal)
            fill_the_disk(project, running)
            alarm = wait_until(lambda session=session: session.replica.alarm)
            assert alarm.startswith(SAID)
            last = check_it_stands_still(project, running, session, life)
            check_it_ends(project, running, last, life)
            told += last
    with open_journal(project.journal) as journal:
        assert journal.verify().ok
    proof_record(
        "a failed commit stops the session: no ack, gate shut, alarm, emergency file; the next start goes on",
        size=f"{lives} full disks",
        result=f"0 events told that the journal lacks, of {told:,}; exit code 1 each time",
        note="the kernel refuses the write (RLIMIT_FSIZE)",
    )


def check_it_stands_still(project: Project, running: Running, session: Session, life: int) -> int:
    """Nothing is taken, told or traded any more, and all who look are told why; the last event there is."""
    last = session.seq
    for command in (session.halt, session.arm, session.kill, session.cancel_all):
        assert SAID in refused(command)
    code, page = health(running)
    assert (code, page["live"], page["ready"]) == (503, False, False)
    remembered = ["killed by local"] if life > 1 else []  # the kill that the life before could not journal
    assert [reason.partition(":")[0] for reason in page["reasons"]] == [SAID, *remembered]
    assert session.status == "live"  # its bridge beats on: that is how the alarm is seen
    assert (session.seq, page["seq"]) == (last, last)
    with open_journal(project.journal) as journal:
        assert journal.last_seq == last  # what was shown is what is there: nothing more, nothing less
        assert fingerprint(fold_until(journal, last)) == fingerprint(session.state)
    mark = read_mark(project.journal)
    assert mark is not None
    assert (mark.state, mark.seq) == (MarkState.FAILED, last)
    return last


def check_it_ends(project: Project, running: Running, last: int, life: int) -> None:
    """By `tradekit stop`, with exit code 1; and a file tells what the journal could not."""
    said = cli(project, "stop", "paper")
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("paper: stopping, though its journal has failed")
    assert running.process.wait(30) == 1
    log = running.log.read_text(encoding="utf-8")
    assert f"CRITICAL tradekit.session: {SAID}" in log
    assert re.search(r"^tradekit: error: the journal could not be written", log, re.MULTILINE)
    assert "Traceback" not in log
    assert not running.token_file.exists()
    emergency = project.journal.with_name("paper.emergency")
    notes = [json.loads(line) for line in emergency.read_text(encoding="utf-8").splitlines()]
    ours = notes[-6:]
    assert len(notes) == 6 * life
    assert [note["what"] for note in ours] == ["journal failed", *["command"] * 5]
    assert [note.get("name") for note in ours[1:]] == ["halt", "arm", "kill", "cancel_all", "stop"]
    assert ours[0]["seq"] >= last
