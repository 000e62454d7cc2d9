"""The command line as its user meets it: words in; exit code, stdout and stderr out."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tradekit.bridge.access import Tokens, write_token_file
from tradekit.bridge.protocol import Grant
from tradekit.bridge.server import Bridge
from tradekit.cli.main import main
from tradekit.client.registry import Entry, Registration, register
from tradekit.core.clock import SystemClock, new_token
from tradekit.core.open import open_writer
from tradekit.data.load import load_bars
from tradekit.run.backtest import backtest
from tradekit.strategy.library import SmaCross
from tradekit.testing.source import FakeSource


@dataclass
class Said:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout as the one JSON value that it must be."""
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A registry of this test's own."""
    folder = tmp_path / "runtime"
    monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """`cli("journal", "info", file)`: run one command in this process."""

    def run(*words: object) -> Said:
        capsys.readouterr()
        code = main([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    return run


@dataclass
class Session:
    """A session that only a bridge and a register know of."""

    source: FakeSource
    bridge: Bridge
    registration: Registration


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Callable[..., Session]]:
    """`session("paper")`: a bridge that takes commands, registered under that name."""
    made: list[Session] = []

    def start(name: str, *, pid: int = 1, scopes: tuple[str, ...] = ("read", "operate", "trade")) -> Session:
        token, token_file, source = new_token(), tmp_path / f"{name}.token", FakeSource()
        write_token_file(token_file, token)
        bridge = Bridge(source, tokens=Tokens({token: Grant("local", frozenset(scopes))}), port=0)
        bridge.start()
        source.publish = bridge.publish
        entry = Entry(
            name=name,
            uri=bridge.uri,
            pid=pid,
            started=SystemClock().now(),
            journal=str(tmp_path / "events.log"),
            token_file=str(token_file),
            mode="paper",
            folder=str(tmp_path),
        )
        made.append(Session(source, bridge, register(entry)))
        return made[-1]

    yield start
    for one in made:
        one.registration.close()
        one.bridge.close()


@pytest.fixture(scope="session")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of three hours of bars, with orders and fills in it. Read it only."""
    bars = load_bars("sample:BTCUSDT-1m").iloc[:180]
    file = tmp_path_factory.mktemp("journal") / "events.log"
    with open_writer(file) as writer:
        for event in backtest(SmaCross(fast=5, slow=15, qty=0.5), bars, cash=100_000, fee=0.0005).events():
            writer.append([event], critical=False)
    return file
