"""The kill switch: 50 ms after it nothing that adds risk leaves, whatever the session is at, and it outlives it.

Under full load, while the strategy never returns, with a line that is down, and in the middle of a start.
"""

import asyncio
import contextlib
import json
import random
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders import flat
from tests.proofs.flooded import Flooded
from tests.run.line import Line, on_line
from tradekit.core.open import open_journal
from tradekit.errors import RefusedError
from tradekit.model.market import Bar
from tradekit.run.latch import Killed, Latch
from tradekit.state.reducer import apply
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy
from tradekit.testing.faults import Faults

pytestmark = [pytest.mark.proof, pytest.mark.timeout(3_600), pytest.mark.usefixtures("quiet")]
Record = Callable[..., None]
Size = Callable[..., int]


def wait_for(what: Callable[[Flooded], bool], session: Flooded, bound_s: float = 20.0) -> float:
    """Wait until something is so of a session; how long that took [s]."""
    began = time.monotonic()
    while not what(session):
        assert time.monotonic() - began < bound_s, "it did not come to it"
        time.sleep(0.002)
    return time.monotonic() - began


def state_of(journal: Path) -> State:
    state = State()
    with open_journal(journal) as read:
        for event in read.events():
            apply(state, event)
    return state


def test_under_full_load_nothing_leaves_50_ms_after_it(
    tmp_path: Path, proof_size: Size, proof_record: Record
) -> None:
    rounds, sent, worst = proof_size(ci=3, full=100), 0, 0.0
    for n in range(rounds):
        chance = random.Random(n)
        folder = tmp_path / str(n)
        folder.mkdir()
        session = Flooded(folder, seed=n, faults=Faults(delay_s=0.004)).start()
        session.line.rough()
        try:
            wait_for(lambda one: len(one.line.sent) > 20, session)
            time.sleep(chance.uniform(0, 0.2))
            session.kill().result(30)
            wait_for(lambda one: not one.working and not one.open, session)
        finally:
            session.end()
        assert session.late == []
        sent += len(session.line.sent)
        worst = max(worst, *((at - session.killed_at) / 1e6 for _, at in session.line.sent))
        state = state_of(folder / "journal")
        assert state.risk.killed
        assert [one.id for one in state.orders.values() if one.working] == []
        assert session.latch.read() is None, "the journal says it"
    proof_record(
        "kill switch under full load", size=f"{rounds} kills, {sent:,} orders sent",
        result=f"none left more than 50 ms after it; the last one {max(worst, 0):.1f} ms after",
    )  # fmt: skip


def test_while_the_strategy_never_returns_the_orders_end_at_the_venue(
    tmp_path: Path, proof_size: Size, proof_record: Record
) -> None:
    rounds, ended, took = proof_size(ci=3, full=60), 0, []
    for n in range(rounds):
        folder = tmp_path / str(n)
        folder.mkdir()
        faults = Faults(delay_s=0.004, lost_request=0.2, lost_reply=0.2, reject=0.1, timeout_s=0.2)
        session = Flooded(folder, seed=n, faults=faults).start()
        try:
            wait_for(lambda one: len(one.working) >= 10, session)
            session.hold()
            ended += len(session.working)
            answer = session.kill()
            took.append(wait_for(lambda one: not one.working, session))
            assert not answer.done(), "the session has answered: it was not held"
            assert session.latch.read() == Killed("trader", "enough")
            lines = [json.loads(line) for line in session.emergency.read_text().splitlines()]
            assert lines[0]["command"] == "kill"
            assert any(one.get("cancels") for one in lines)
        finally:
            session.end()
        assert session.late == []
        with contextlib.suppress(RefusedError):
            answer.result(30)
        state = state_of(folder / "journal")
        assert state.risk.killed, "what was done past the session stands in its journal afterwards"
        assert session.latch.read() is None
    proof_record(
        "kill switch while the strategy never returns", size=f"{rounds} kills, {ended} working orders",
        result=f"all ended at the venue, the slowest {max(took):.2f} s after the switch",
        note="a tenth of cancels refused, a third of requests and answers lost; written to the emergency file first",
    )  # fmt: skip


def test_a_process_that_ends_before_it_could_journal_the_kill_starts_killed(tmp_path: Path) -> None:
    session = Flooded(tmp_path).start()
    again = tmp_path / "again"
    again.mkdir()
    try:
        wait_for(lambda one: len(one.working) >= 5, session)
        session.hold()
        session.kill()
        wait_for(lambda one: one.latch.read() is not None, session)
        for file in tmp_path.glob("journal*"):  # what a process that is killed now leaves behind
            shutil.copy(file, again)
        shutil.copy(tmp_path / "flooded.killed", again)
    finally:
        session.end()
    assert not state_of(again / "journal").risk.killed
    assert Latch(again / "flooded.killed").read() == Killed("trader", "enough")


class Sends(Strategy):
    """One order that rests with each bar."""

    def on_bar(self, bar: Bar) -> None:
        self.buy(1, limit=90)


async def until_killed(line: Line, chance: random.Random, *, down: bool) -> tuple[int, "asyncio.Task[int]"]:
    """Bars come, the line is down or up, and somebody kills: when, and the command's answer."""
    for n in range(chance.randint(3, 9)):
        line.feed.push(flat(n, 110.0))
        await asyncio.sleep(chance.uniform(0.05, 1.5))
    if down:
        line.line.cut()
        await asyncio.sleep(chance.choice([0, 0.01, 2, 15]))
    at = line.clock.now()
    return at, asyncio.ensure_future(line.ask("kill"))


def test_in_the_middle_of_a_reconnect(proof_size: Size, proof_record: Record) -> None:
    seeds = proof_size(ci=40, full=1_000)
    for seed in range(seeds):
        chance = random.Random(seed)

        async def play(chance: random.Random = chance) -> Line:
            line = Line(Sends(), faults=Faults(delay_s=chance.choice([0, 0.02, 1])))
            await asyncio.sleep(1)
            at, asked = await until_killed(line, chance, down=True)
            line.feed.push(*(flat(n, 110.0) for n in range(20, 23)))
            await asyncio.sleep(chance.uniform(0.1, 40))
            line.line.heal()
            await asyncio.sleep(130)  # an order that was lost on its way is looked for over a minute
            assert [one for one in line.line.sent if one[1] > at + 50_000_000] == []
            assert line.paper.working == []
            await asked
            await line.close()
            return line

        state = on_line(play).engine.state
        assert state.risk.killed
        assert not any(one.working for one in state.orders.values())
    proof_record(
        "kill switch in the middle of a reconnect", size=f"{seeds} seeds, virtual time",
        result="nothing left after it; every order was canceled once the line was back",
    )  # fmt: skip


def test_in_the_middle_of_a_restart(proof_size: Size, proof_record: Record) -> None:
    seeds = proof_size(ci=40, full=1_000)
    for seed in range(seeds):
        chance = random.Random(seed)

        async def play(chance: random.Random = chance) -> Line:
            faults = Faults(delay_s=chance.choice([0, 0.02, 1]))
            first = Line(Sends(), faults=faults)
            await asyncio.sleep(1)
            before = chance.random() < 0.5
            if before:  # the kill is in the journal, its cancels are not answered
                at, _ = await until_killed(first, chance, down=False)
                await asyncio.sleep(0)
            else:
                for n in range(4):
                    first.feed.push(flat(n, 110.0))
                    await asyncio.sleep(1)
            await first.die()
            again = Line(Sends(), before=first, faults=faults, rearms=True)
            killed = again.engine.state.risk.killed
            if killed:
                again.gate.kill(again.engine.state.risk.reason)
            await asyncio.sleep(chance.choice([0, 0.001, 0.5, 3]))
            if not killed:
                at = again.clock.now()
                await again.ask("kill")
            again.feed.push(*(flat(n, 110.0) for n in range(20, 23)))
            await asyncio.sleep(90)
            assert [one for one in again.line.sent if one[1] > at + 50_000_000] == []
            assert again.paper.working == []
            with pytest.raises(RefusedError, match="kill"):
                await again.ask("submit", side="buy", qty=1, limit=90)
            await again.close()
            return again

        assert on_line(play).engine.state.risk.killed
    proof_record(
        "kill switch in the middle of a restart", size=f"{seeds} seeds, virtual time",
        result="the next life starts killed, sends nothing, and cancels what works",
    )  # fmt: skip


def test_threads_end_with_their_session(tmp_path: Path) -> None:
    Flooded(tmp_path).start().end()
    assert not [one for one in threading.enumerate() if one.name == "tradekit-broker"]
