"""Work beside this process: answered in turn, heard on the way, ended at once with all that it started."""

import multiprocessing
import os
import queue
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tradekit.errors import StrategyError
from tradekit.run.aside import Aside, Tell, in_words

pytestmark = pytest.mark.process

BOUND_S = 60.0  # a loaded machine starts a process slowly


class Counter:
    """Adds what it is asked for to what it keeps."""

    def __init__(self) -> None:
        self.sum = 0

    def __call__(self, request: Any, tell: Tell) -> Any:
        if request == "fail":
            raise StrategyError("no such thing")
        if request == "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if request == "secret":
            return lambda: None  # cannot be handed over
        self.sum += request
        tell(f"at {self.sum}")
        return self.sum


class Forever:
    """Never ends by itself, nor does the process that it starts."""

    def __call__(self, request: Any, tell: Tell) -> Any:
        child = multiprocessing.get_context("fork").Process(target=_spin)
        child.start()
        tell((os.getpid(), child.pid))
        _spin()


def _spin() -> None:
    while True:
        pass


@pytest.fixture
def asides() -> Iterator[Callable[..., tuple[Aside, "queue.SimpleQueue[Any]"]]]:
    made: list[Aside] = []

    def make(work: Any) -> tuple[Aside, "queue.SimpleQueue[Any]"]:
        heard: queue.SimpleQueue[Any] = queue.SimpleQueue()
        aside = Aside(work, lambda kind, value: heard.put((kind, value)))
        made.append(aside)
        return aside, heard

    yield make
    for one in made:
        one.end()


def gone(pid: int) -> bool:
    """Whether a process has ended (one that nobody has waited for yet has too)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def wait_until(holds: Callable[[], bool]) -> bool:
    until = time.monotonic() + BOUND_S
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_requests_are_answered_in_turn_by_one_process_that_keeps_what_it_keeps(asides: Any) -> None:
    aside, heard = asides(Counter())
    for n in (1, 10, "fail", 100):
        aside.ask(n)
    told = [heard.get(timeout=BOUND_S) for _ in range(7)]
    assert told == [
        ("news", "at 1"), ("done", 1), ("news", "at 11"), ("done", 11), ("failed", "no such thing"),
        ("news", "at 111"), ("done", 111),
    ]  # fmt: skip


def test_an_answer_that_cannot_be_handed_over_is_told_in_words(asides: Any) -> None:
    aside, heard = asides(Counter())
    aside.ask("secret")
    kind, why = heard.get(timeout=BOUND_S)
    assert kind == "failed"
    assert "cannot be handed over" in why


def test_one_that_dies_by_itself_is_told_of_and_hears_nothing_more(asides: Any) -> None:
    aside, heard = asides(Counter())
    aside.ask("crash")
    kind, why = heard.get(timeout=BOUND_S)
    assert kind == "gone"
    assert "exit code -9" in why
    aside.ask(1)
    aside.end()
    assert heard.empty()


def test_ending_it_ends_what_it_is_doing_and_what_it_has_started_at_once(asides: Any) -> None:
    aside, heard = asides(Forever())
    aside.ask("go")
    _, pids = heard.get(timeout=BOUND_S)
    assert aside.pid == pids[0]
    assert not any(map(gone, pids))
    aside.end()
    aside.end()
    assert wait_until(lambda: all(map(gone, pids)))
    assert heard.empty(), "nothing is heard of one that was ended"


def test_one_that_is_ended_before_it_is_there_does_not_stay(asides: Any) -> None:
    before = {child.pid for child in multiprocessing.active_children()}
    aside, heard = asides(Forever())
    aside.ask("go")
    aside.end()
    assert wait_until(lambda: {child.pid for child in multiprocessing.active_children()} <= before)
    assert heard.empty()


def test_when_the_one_who_asks_is_killed_it_goes_too_with_all_that_it_has_started(tmp_path: Path) -> None:
    owner = tmp_path / "owner.py"
    owner.write_text(
        textwrap.dedent(
            f"""
            import sys
            sys.path.insert(0, {str(Path(__file__).parents[2])!r})
            import threading
            from tests.run.test_aside import Forever
            from tradekit.run.aside import Aside

            if __name__ == "__main__":
                aside = Aside(Forever(), lambda kind, value: print(*value, flush=True))
                aside.ask("go")
                threading.Event().wait()
            """
        ),
        encoding="utf-8",
    )
    with subprocess.Popen([sys.executable, str(owner)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        assert len(pids) == 2
        assert not any(map(gone, pids))
        process.kill()
    assert wait_until(lambda: all(map(gone, pids)))


def test_an_error_names_the_line_of_the_users_own_code() -> None:
    def on_bar() -> None:
        int("x")

    def strategy() -> None:
        try:
            on_bar()
        except ValueError as error:
            raise StrategyError("Idea.on_bar raised ValueError") from error

    with pytest.raises(StrategyError) as caught:
        strategy()
    line = on_bar.__code__.co_firstlineno + 1
    assert in_words(caught.value) == f"Idea.on_bar raised ValueError (test_aside.py, line {line})"
    assert in_words(StrategyError("choose another")) == "choose another"
    with pytest.raises(ValueError, match="invalid literal") as plain:
        on_bar()
    assert in_words(plain.value).startswith("ValueError: invalid literal")
    assert in_words(plain.value).endswith(f"(test_aside.py, line {line})")
