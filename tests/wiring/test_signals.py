"""SIGTERM and Ctrl-C: a stop in good order, and an end where a step hangs and takes none."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import tradekit as tk
from tests.sessions import Project, opened_project, wait_until
from tradekit.core.clock import ManualClock
from tradekit.wiring.sessions import connect
from tradekit.wiring.signals import Signals

HANGS = """\
import tradekit as tk

class Hangs(tk.Strategy):
    def on_bar(self, bar):
        while True:
            pass
"""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Signals that this process would have sent to itself."""
    made: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: made.append(number))
    return made


async def _asked(signals: Signals, *numbers: int) -> list[str]:
    """The session was told to stop by these; what its loop has taken."""
    told: list[str] = []
    with signals.heard(told.append):
        for number in numbers:
            signal.raise_signal(number)
        await asyncio.sleep(0)
    return told


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_the_loop_to_stop_and_the_handlers_before_come_back(number: int) -> None:
    before = signal.getsignal(number)
    assert asyncio.run(_asked(Signals(ManualClock()), number)) == [signal.Signals(number).name]
    assert signal.getsignal(number) is before


def test_a_step_that_hangs_is_given_its_time_and_then_the_process_ends_by_the_signal(
    sent: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    clock = ManualClock()
    signals = Signals(clock, grace_s=5)
    signals.hangs(2.0)
    asyncio.run(_asked(signals, signal.SIGTERM))
    for _ in range(3):
        clock.advance(2.5)
        signals.hangs(4.5)
    assert sent == [signal.SIGTERM]
    assert "ends this process though a step hangs" in caplog.text


def test_nothing_ends_a_process_whose_step_comes_back_or_that_nobody_asked(sent: list[int]) -> None:
    clock = ManualClock()
    signals = Signals(clock, grace_s=5)
    signals.hangs(60.0)
    asyncio.run(_asked(signals, signal.SIGTERM))
    signals.hangs(0.0)
    clock.advance(60)
    signals.hangs(0.0)
    assert sent == []


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    for made in opened_project(tmp_path / "project"):
        monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(made.runtime))
        yield made


@pytest.mark.process
def test_a_session_that_hangs_says_where_and_ends_at_the_second_signal(project: Project) -> None:
    file = project.root / "strategies" / "hangs.py"
    file.parent.mkdir()
    file.write_text(HANGS, encoding="utf-8")
    project.write(
        strategy={"class": "strategies/hangs.py:Hangs"}, session={"name": "paper", "step_deadline_s": 0.1}
    )
    running = project.run()
    with connect("paper") as session:
        wait_until(lambda: "a step has been running" in repr(session))
        shown = tk.widgets.Positions(session)
        assert repr(shown).startswith("a step has been running")
        shown.close()
    running.process.terminate()
    wait_until(lambda: "it is given 5 s more" in running.log.read_text(encoding="utf-8"))
    running.process.terminate()
    assert running.process.wait(30) == -signal.SIGTERM
    assert 'hangs.py", line' in running.log.read_text(encoding="utf-8")
