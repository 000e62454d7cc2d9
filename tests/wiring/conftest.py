"""A project with a registry of its own, lives of its session without any process, and sessions hosted in this one."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.builders import flat
from tests.sessions import Project, opened_project
from tradekit.config.load import load_config
from tradekit.core.clock import SystemClock
from tradekit.core.codec import encode
from tradekit.core.event import Fact
from tradekit.errors import ConnectionLostError, RefusedError
from tradekit.model.session import SessionClosed
from tradekit.run.feed import position_of
from tradekit.run.timeline import merged
from tradekit.wiring.build import Parts, build
from tradekit.wiring.host import run_session
from tradekit.wiring.sessions import Session, connect

T = TypeVar("T")
BARS = 240


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A paper session of SmaCross on four hours of bars, its registry in the test's folder."""
    for made in opened_project(tmp_path / "project"):
        monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(made.runtime))
        monkeypatch.setenv("TRADEKIT_STATE_DIR", str(made.understood))
        made.write(market_data={"bars": [str(bars_file(tmp_path))], "speed": "max"})
        yield made


def bars_file(folder: Path, count: int = BARS) -> Path:
    """Bars that swing, so that averages cross."""
    path = folder / "BTCUSDT.csv"
    rows = ["ts,open,high,low,close,volume"]
    for n in range(count):
        price = 100 + (n % 40 if n % 80 < 40 else 40 - n % 40) / 4
        bar = flat(n, price)
        rows.append(f"{bar.ts},{price},{price + 0.5},{price - 0.5},{price},{10 + n % 7}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@contextlib.contextmanager
def put_together(project: Project, **overrides: Any) -> Iterator[Parts]:
    """The parts of the project's session, restored; closed at the end."""
    parts = build(load_config(project.config, overrides=_dotted(overrides)), clock=SystemClock())
    try:
        yield parts
    finally:
        parts.journal.close()


def live(
    project: Project,
    count: int = BARS,
    *,
    snapshot_at: int | None = None,
    clean: bool = False,
    **overrides: Any,
) -> Parts:
    """One life of the session that takes `count` bars, without loop and bridge; its parts, closed.

    `snapshot_at` writes a snapshot after so many bars; `clean` closes the session in good order with one.
    """
    with put_together(project, **overrides) as parts:
        state, start = parts.execution.engine.state, int(parts.columns[0].ts[0])
        _take(parts, parts.opened, state.time or start)
        for n, (ts, bar) in enumerate(merged(parts.columns, position_of(state)), start=1):
            if n > count:
                break
            _take(parts, bar, ts)
            if n == snapshot_at:
                write_snapshot(parts)
        if clean:
            _take(parts, SessionClosed("paper", "in good order"), parts.execution.engine.state.time)
            write_snapshot(parts)
        return parts


def write_snapshot(parts: Parts) -> Path:
    """What the host writes."""
    parts.journal.flush()
    parts.store.fold(parts.journal.events(parts.store.seq))
    return parts.snapshots.write(parts.store.seq, encode(parts.store.state))


def _take(parts: Parts, fact: Fact, ts: int) -> None:
    group = parts.execution.take(fact, ts)
    while group:
        parts.journal.append(group, critical=False)
        group = parts.execution.cycle.report(parts.execution.cycle.act(group))


def _dotted(overrides: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("__", "."): value for name, value in overrides.items()}


Host = Callable[..., Any]


@pytest.fixture
def host(project: Project) -> Iterator[Host]:
    """`host(play)`: the whole session in this thread, while `play(session)` attaches from another; what play returns.

    `host.code` is the exit code then. The session is stopped by command, or by SIGTERM where play has failed.
    """
    interval = sys.getswitchinterval()

    def run(play: Callable[[Session], T], **overrides: Any) -> T:
        config = load_config(project.config, overrides=_dotted(overrides))
        played: list[Future[T]] = []
        with ThreadPoolExecutor(1) as pool:
            run.code = run_session(
                config, announce=lambda told: played.append(pool.submit(_visit, told, play))
            )
        return played[0].result()

    yield run
    sys.setswitchinterval(interval)


def _visit(told: dict[str, Any], play: Callable[[Session], T]) -> T:
    stopped = False
    try:
        with connect(told["uri"], token_file=told["token_file"]) as session:
            value = play(session)
            with contextlib.suppress(RefusedError, ConnectionLostError):  # play may have stopped it
                session.stop("the test is over")
            stopped = True
            return value
    finally:
        if not stopped:
            os.kill(os.getpid(), signal.SIGTERM)
