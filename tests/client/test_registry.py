"""The registry of running sessions: who is in it, who is not any more, and whom it keeps out."""

import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from tradekit.client.registry import Entry, address, entries, find, register, runtime_folder
from tradekit.errors import ConfigError, NotFoundError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "run"


def entry(name: str = "paper", **changes: object) -> Entry:
    usual = Entry(
        name=name,
        uri="ws://127.0.0.1:8765/ws",
        pid=os.getpid(),
        started=1,
        journal="logs/events.log",
        token_file="logs/paper.token",
        mode="paper",
        folder="project",
    )
    return msgspec.structs.replace(usual, **changes)


HOLD = """
import sys, msgspec
from tradekit.client.registry import Entry, register
held = register(msgspec.json.decode(sys.argv[1], type=Entry))
print("in", flush=True)
sys.stdin.read()
"""


def elsewhere(one: Entry) -> "subprocess.Popen[str]":
    """A process that holds an entry until its stdin ends or it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, msgspec.json.encode(one).decode()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "in\n"
    return process


def test_a_session_is_found_by_its_name_while_it_runs() -> None:
    with register(entry()):
        assert find("paper") == entry()
        assert entries() == [entry()]
    assert entries() == []


def test_entries_are_sorted_by_name() -> None:
    with register(entry("b")), register(entry("a-2")), register(entry("a")):
        assert [one.name for one in entries()] == ["a", "a-2", "b"]


def test_files_and_folder_are_the_users_alone(folder: Path) -> None:
    old = os.umask(0)
    try:
        with register(entry()) as held:
            assert stat.S_IMODE(held.path.stat().st_mode) == 0o600
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    finally:
        os.umask(old)


@pytest.mark.process
def test_a_killed_session_is_dropped_and_its_file_removed(folder: Path) -> None:
    process = elsewhere(entry())
    assert find("paper").name == "paper"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert entries() == []
    assert list(folder.glob("*.json")) == []


def test_a_pid_that_lives_on_as_another_process_fools_nobody(folder: Path) -> None:
    """The file of a dead session that names a living pid, as after a reboot."""
    runtime_folder()
    (folder / "old.session.json").write_bytes(msgspec.json.encode(entry("old", pid=os.getpid())))
    assert entries() == []


@pytest.mark.process
def test_a_running_sessions_name_is_taken() -> None:
    process = elsewhere(entry(pid=4242))
    with pytest.raises(ConfigError, match=r"a session named 'paper' runs already \(pid 4242, ws://"):
        register(entry())
    process.communicate("")
    register(entry()).close()


def test_of_many_that_start_at_once_one_gets_the_name() -> None:
    def attempt(_: int) -> bool:
        try:
            held.append(register(entry()))
        except ConfigError:
            return False
        return True

    held: list[object] = []
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(32))) == 1


def test_leaving_twice_does_no_harm_to_a_successor() -> None:
    first = register(entry())
    first.close()
    with register(entry()) as second:
        first.close()
        assert second.path.exists()
        assert len(entries()) == 1


def test_leaving_spares_a_file_that_is_not_ones_own(folder: Path) -> None:
    first = register(entry())
    first.path.unlink()
    with register(entry()) as second:
        first.close()
        assert second.path.exists()


def test_an_unknown_name_says_what_runs_and_what_was_meant() -> None:
    with pytest.raises(NotFoundError, match="no session named 'paper' runs; no session runs on this machine"):
        find("paper")
    with (
        register(entry("breakout")),
        register(entry("paper")),
        pytest.raises(NotFoundError, match=r"did you mean 'paper'\?\); running: breakout, paper"),
    ):
        find("papr")


def test_a_file_of_another_version_is_read_where_it_can_be_and_left_where_not(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with register(entry()) as held:
        held.path.write_bytes(msgspec.json.encode({**msgspec.structs.asdict(entry()), "later": 1}))
        assert find("paper") == entry()
        held.path.write_bytes(b"{}")
        assert entries() == []
        assert "cannot be read" in caplog.text
        assert held.path.exists()


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    with register(entry()) as held:
        (folder / "evil.session.json").symlink_to(held.path)
        assert [one.name for one in entries()] == ["paper"]


def test_a_folder_that_others_may_write_is_refused(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ConfigError, match="others may write in the runtime directory"):
        entries()


def test_a_folder_of_another_user_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(ConfigError, match="belongs to another user"):
        register(entry())


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    folder.write_text("a file")
    with pytest.raises(ConfigError, match="cannot be used: File exists; set TRADEKIT_RUNTIME_DIR"):
        entries()


def test_without_a_choice_the_users_runtime_directory_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRADEKIT_RUNTIME_DIR")
    assert runtime_folder().is_relative_to(os.environ["XDG_RUNTIME_DIR"])


def test_without_a_runtime_directory_the_users_own_home_is_taken_and_nothing_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TRADEKIT_RUNTIME_DIR")
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr(os, "geteuid", lambda: 999_999_999)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match=f"{tmp_path}/tradekit/run belongs to another user"):
        runtime_folder()


def test_a_failed_write_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(OSError, match="No space left"):
            register(entry())
    assert [path.name for path in folder.iterdir()] == [".lock"]
    register(entry()).close()


@pytest.mark.process
def test_looking_needs_no_heavy_import() -> None:
    code = "import sys, tradekit.client.registry as r; r.entries(); print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "numpy", "websockets", "asyncio", "yaml", "param"} & set(done.stdout.split())


def test_a_session_that_does_not_listen_yet_has_its_name_and_is_not_listed() -> None:
    starting = entry("paper", uri="")
    with register(starting) as registration:
        assert entries() == []
        with pytest.raises(ConfigError, match=r"runs already \(pid .*, starting\)"):
            register(entry("paper"))
        registration.update(entry("paper"))
        assert entries() == [entry("paper")]
    registration.update(entry("paper"))  # it has left: nothing happens
    assert entries() == []


def test_an_address_is_where_the_session_is_now_and_while_it_is_gone_where_it_was() -> None:
    where = address("paper", "ws://127.0.0.1:1/ws")
    assert where() == "ws://127.0.0.1:1/ws"
    with register(entry()):
        assert where() == "ws://127.0.0.1:8765/ws"
    assert where() == "ws://127.0.0.1:8765/ws"
    with register(entry(uri="ws://127.0.0.1:9/ws")), register(entry("other")):
        assert where() == "ws://127.0.0.1:9/ws"
