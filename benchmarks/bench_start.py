"""How long a live session takes until it is ready: replay its journal, compare every book with the venue, be armable.

In a process of its own, without a snapshot, against a local venue through the real client library; beside the same
start with an empty journal, which is what Python, the libraries and the venue's answers cost. Knows no strategy.
"""

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.stopwatch import Duel, Took
from tradekit.config.load import load_config
from tradekit.core.clock import SystemClock
from tradekit.core.event import Fact
from tradekit.model.account import AccountAdopted
from tradekit.model.market import Bar, MarkUpdated
from tradekit.model.order import OrderSubmitted
from tradekit.model.said import FillSaid, OrderSaid, What
from tradekit.model.session import RiskChanged
from tradekit.run.at_broker import AtBroker
from tradekit.state.shape import State
from tradekit.testing.binance.venue import Venue
from tradekit.wiring.build import Parts, build
from tradekit.wiring.sessions import connect

__all__ = ["main"]

EVENTS, ROUNDS = 100_000, 3
MARKS = 4  # between two bars
MINUTE = 60_000_000_000
Row = dict[str, Any]


@contextlib.contextmanager
def served() -> Iterator[tuple[Venue, asyncio.AbstractEventLoop]]:
    """A local venue on a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    venue = Venue("spot", cash={"USDT": Decimal(1_000_000), "BTC": Decimal(0)})
    asyncio.run_coroutine_threadsafe(venue.open(), loop).result(10)
    try:
        yield venue, loop
    finally:
        asyncio.run_coroutine_threadsafe(venue.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def written(root: Path, name: str, venue: Venue) -> Path:
    """A live configuration at the venue, under a name of its own."""
    file = root / "config" / f"{name}.yaml"
    file.parent.mkdir(exist_ok=True)
    config = {
        "session": {"name": name, "mode": "live", "currency": "USDT"},
        "strategy": {
            "class": "tradekit.strategy.library:SmaCross",
            "params": {"fast": 5, "slow": 20, "qty": 0.01},
        },
        "instruments": [{"id": "BTC-USDT"}],
        "market_data": {"source": "ccxt", "timeframes": ["1m", "15m"], "warmup_bars": 0},
        "broker": {
            "name": "ccxt",
            "url": venue.url,
            "key_from": "env:DESK_KEY",
            "secret_from": "env:DESK_SECRET",
        },
        "event_bus": {"event_log_file": f"logs/{name}.log"},
        "state_store": {"snapshot_dir": f"data/{name}"},
        "websocket": {"port": 0},
    }
    file.write_text(json.dumps(config), encoding="utf-8")
    return file


def lived(parts: Parts) -> State:
    """A life of a session in its journal: bars with marks between them, and what the strategy made of them."""
    execution = parts.execution
    assert isinstance(execution, AtBroker)
    engine, office = execution.engine, execution.office
    start = SystemClock().now() // MINUTE * MINUTE - (EVENTS // (MARKS + 1) + 10) * MINUTE
    group: list[Any] = []

    def take(fact: Fact, ts: int) -> None:
        group.extend(execution.take(fact, ts))
        while office.requests:
            request = office.requests.pop(0)
            if isinstance(request, OrderSubmitted):
                price = Decimal(str(engine.state.marks["BTC-USDT"].last))
                name, there = request.id, f"v-{request.id}"
                new = OrderSaid(what=What.NEW, instrument="BTC-USDT", order=name, venue_id=there)
                fill = FillSaid(exec_id=f"t-{name}", qty=request.qty, price=price, order=name, venue_id=there)
                group.extend([*office.hear(new, ts), *office.hear(fill, ts)])
        office.asks.clear()
        if len(group) >= 500:
            parts.journal.append(group, critical=False)
            group.clear()

    take(msgspec.structs.replace(parts.opened, warm_until=0), start)
    take(AccountAdopted("paper", {"USDT": Decimal(1_000_000)}, {}), start)
    take(RiskChanged(True, False, False, "", "bench"), start)
    n = 0
    while engine.state.seq < EVENTS:
        price = 50_000.0 + (n % 60 if n % 120 < 60 else 60 - n % 60) * 10
        ts = start + n * MINUTE
        for at in range(MARKS):
            take(MarkUpdated("BTC-USDT", price + at), ts + at * MINUTE // MARKS)
        take(Bar("BTC-USDT", "1m", ts, price, price + 5, price - 5, price, 3.0), ts + MINUTE)
        n += 1
    parts.journal.append(group, critical=True)
    return engine.state


def began(file: Path, env: dict[str, str], life: int) -> Took:
    """What it takes from the start of the process until the session has compared every book and may be armed."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "tradekit", "run", str(file), "--json", "--i-understand"]
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        with connect(told["uri"], token_file=told["token_file"]) as session:
            assert session.wait_for(
                lambda state: state.session.epoch == life and state.health.reconciliation.status == "green",
                60,
            )
            return Took(time.perf_counter() - begin, _core_s(process.pid))
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _core_s(pid: int) -> float:
    """The time that a process has had on a core so far [s]."""
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def main() -> list[Row]:
    """The rows for the table."""
    with tempfile.TemporaryDirectory() as name, served() as (venue, _):
        root = Path(name)
        os.environ |= {"DESK_KEY": venue.key, "DESK_SECRET": venue.secret, "TRADEKIT_RUNTIME_DIR": str(root / "run"),
                       "TRADEKIT_STATE_DIR": str(root / "state")}  # fmt: skip
        full, empty = written(root, "full", venue), written(root, "empty", venue)
        parts = build(load_config(full), clock=SystemClock())
        state = lived(parts)
        parts.journal.close()
        events, fills = parts.journal.last_seq, len(state.fills)
        held = sum((one.qty for one in state.positions.values()), start=Decimal(0))
        venue.account.cash |= {"USDT": state.account.cash["USDT"], "BTC": held}
        made = Duel([], [])
        for life in range(ROUNDS + 1):
            sides = (began(full, dict(os.environ), life + 2), began(empty, dict(os.environ), life + 1))
            if life:  # the first fills the system's caches
                made.ours.append(sides[0])
                made.limit.append(sides[1])
        ours, limit = (min(took.cpu for took in side) for side in made[:2])
        wall, bare = (min(took.wall for took in side) for side in made[:2])
        told = (
            f"start: {events:,} events, {fills} fills: {ours:.2f} s of core time, {wall:.2f} s by the clock"
        )
        print(f"{told}; with none {limit:.2f} s and {bare:.2f} s", flush=True)
    return [
        {
            "name": "live start: replay, compare every book, armable",
            "size": f"{events:,} events",
            "ours": f"{ours:.2f} s of core time",
            "limit": f"empty journal {limit:.2f} s",
            "ratio": made.ratio,
            "aim": "< 5 s",
        }
    ]
