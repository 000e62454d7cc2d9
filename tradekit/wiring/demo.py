"""`tradekit demo`: a paper session in a process of its own and its dashboard in this one, both gone at the end.

Knows processes, ports and folders; session and dashboard are the same as anybody's.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import IO, Any, NoReturn, cast

from tradekit.client.registry import entries
from tradekit.core.clock import Clock, SystemClock, new_id
from tradekit.errors import TradekitError

__all__ = ["free_port", "run_demo"]

_HOST = "127.0.0.1"
_START_S = 60.0  # a cold start on a slow machine: pandas and the compiled code of a first run
_STOP_S = 10.0
_KEPT = 5  # folders of earlier demos


def run_demo(
    *,
    port: int = 8765,
    dashboard_port: int = 5006,
    show: bool = False,
    say: Callable[[str], object] = print,
    clock: Clock | None = None,
) -> int:
    """Run the demo until Ctrl-C or SIGTERM; returns 0. A port that is in use is replaced by a free one, and said.

    Raises TradekitError when the session does not start, with what it said.
    """
    clock = clock or SystemClock()
    with _interruptible():
        config = _prepare(clock)
        say(f"a paper session on a real day of BTCUSDT, a minute each second; its files: {config.parent}")
        chosen = _port(port, "the session", say)
        with _session(config, chosen) as process:
            from tradekit.wiring.board import serve_dashboard  # Panel loads while the session starts

            told = _announced(process, config)
            address = _port(dashboard_port, "the dashboard", say)
            serve_dashboard(
                [told["session"]],
                host=_HOST,
                port=address,
                show=show,
                on_ready=lambda url: say(f"open {url} - Ctrl-C ends the demo"),
            )
    say("stopped")
    return 0


def free_port(wanted: int, *, host: str = _HOST) -> int:
    """The port wanted when nobody listens there, else a free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, wanted))
        except OSError:
            probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _port(wanted: int, whose: str, say: Callable[[str], object]) -> int:
    port = free_port(wanted)
    if port != wanted and wanted != 0:
        say(f"port {wanted} is in use; {whose} takes {port}")
    return port


def _prepare(clock: Clock) -> Path:
    """A fresh folder with the demo's configuration; the file's stem is the session's name. Old folders go."""
    from platformdirs import user_cache_path

    demos = user_cache_path("tradekit", appauthor=False) / "demo"
    running = entries()
    _prune(demos, {Path(one.folder) for one in running})
    moment = datetime.fromtimestamp(clock.now() / 1e9, UTC)
    folder = demos / f"{moment:%Y%m%d-%H%M%S}-{new_id(2)}"
    folder.mkdir(parents=True)
    taken = {one.name for one in running}
    names = ("demo", *(f"demo-{n}" for n in range(2, 1000)))
    config = folder / f"{next(name for name in names if name not in taken)}.yaml"
    config.write_bytes(files("tradekit.wiring").joinpath("demo.yaml").read_bytes())
    return config


def _prune(demos: Path, used: set[Path]) -> None:
    old = sorted(path for path in demos.glob("*") if path.is_dir())
    for folder in old[: -_KEPT + 1]:
        if not any(one.is_relative_to(folder) for one in used):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _session(config: Path, port: int) -> "Iterator[subprocess.Popen[str]]":
    """The session's process, in a group of its own: Ctrl-C reaches us alone, and we end it in good order."""
    command = [sys.executable, "-m", "tradekit", "run", str(config), "--json", "--port", str(port)]
    with config.with_suffix(".log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with _undisturbed():
            _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    cast(IO[str], process.stdout).close()


def _announced(process: "subprocess.Popen[str]", config: Path) -> dict[str, Any]:
    """What the session says once clients can attach."""
    stdout = cast(IO[str], process.stdout)
    ready, _, _ = select.select([stdout], [], [], _START_S)
    line = stdout.readline() if ready else ""
    if not line:
        said = config.with_suffix(".log").read_text(encoding="utf-8").strip().splitlines()
        raise TradekitError(f"the demo's session did not start: {said[-1] if said else 'it said nothing'}")
    told: dict[str, Any] = json.loads(line)
    return told


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM and a closed terminal end the demo as Ctrl-C does: by way of every `finally`.

    Under nohup a closed terminal is none of its business, and stays so.
    """

    def interrupt(number: int, frame: object) -> NoReturn:
        raise KeyboardInterrupt

    heeded = (
        number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) != signal.SIG_IGN
    )
    before = {number: signal.signal(number, interrupt) for number in heeded}
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """While the session is ended, another Ctrl-C waits."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
