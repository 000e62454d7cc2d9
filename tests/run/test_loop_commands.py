import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.run.desk import Desk, Doing, Quiet, bars, on_desk
from tradekit.core.event import Fact
from tradekit.errors import RefusedError
from tradekit.model.reconciliation import AlertRaised
from tradekit.model.session import CommandReceived
from tradekit.run.last_line import Wanted
from tradekit.run.latch import Killed, Latch
from tradekit.run.loop import Asked


def test_a_command_is_answered_with_the_seq_it_was_journaled_under() -> None:
    seqs: dict[str, int] = {}

    async def play(desk: Desk) -> None:
        for name in ("disarm", "arm", "halt", "arm", "snapshot", "cancel_all", "flatten", "kill"):
            seqs[name] = await desk.ask(name)
        assert desk.snapshots == 1

    desk = on_desk(Quiet(), play)
    received = {event.data.name: event for event in desk.events("command.received")}
    assert {name: event.seq for name, event in received.items()} == seqs
    assert isinstance(received["halt"].data, CommandReceived)
    assert received["halt"].data.user == "test"


@pytest.mark.parametrize(
    ("name", "args", "said"),
    [
        ("cancel", {"order_id": "s-9"}, "no working order 's-9'"),
        ("set_param", {"name": "fats", "value": 1}, "no parameter 'fats'"),
        ("dance", {}, "no command 'dance'"),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_refused_and_journaled(
    name: str, args: dict[str, object], said: str
) -> None:
    async def play(desk: Desk) -> None:
        with pytest.raises(RefusedError, match=said):
            await desk.ask(name, **args)

    desk = on_desk(Quiet(), play)
    assert said in desk.events("command.refused")[0].data.reason


def test_a_working_order_is_canceled_by_its_id() -> None:
    async def play(desk: Desk) -> None:
        await bars(desk, 1)
        await desk.ask("cancel", order_id="s-1")

    desk = on_desk(Doing(bar0=lambda s: s.buy(1, limit=50)), play)
    assert [event.data.id for event in desk.events("order.canceled")] == ["s-1"]


def test_a_command_given_twice_is_carried_out_once() -> None:
    async def play(desk: Desk) -> None:
        await desk.ask("halt", id="one")
        await desk.ask("arm", id="two")
        await desk.ask("halt", id="three", reason="really")
        await desk.ask("arm", id="two")
        assert desk.gate.reason == "really"
        await desk.ask("arm", id="four")
        await desk.ask("halt", id="one")
        assert desk.gate.reason == ""

    desk = on_desk(Quiet(), play)
    assert len(desk.events("risk.changed")) == 4
    assert not desk.engine.state.risk.halted


def test_a_command_that_nobody_waits_for_any_more_is_not_carried_out() -> None:
    async def play(desk: Desk) -> None:
        answer: Future[int] = Future()
        answer.cancel()
        desk.loop.ask(Asked("disarm", {}, "test", answer))
        await desk.ask("snapshot")

    desk = on_desk(Quiet(), play)
    assert [event.data.name for event in desk.events("command.received")] == ["snapshot"]


def test_stop_is_answered_before_the_session_closes() -> None:
    async def play(desk: Desk) -> None:
        await desk.ask("stop")
        assert desk.life is not None
        await desk.life

    desk = on_desk(Quiet(), play)
    assert desk.events()[-1].data.reason == "stopped by test"


def test_who_asks_a_session_that_is_closing_or_closed_is_told() -> None:
    late: list[Future[int]] = []

    async def play(desk: Desk) -> None:
        late.append(desk.asked("stop"))
        late.append(desk.asked("arm"))  # behind the stop in the inbox
        assert desk.life is not None
        await desk.life
        late.append(desk.asked("arm"))
        await asyncio.sleep(0)

    desk = on_desk(Quiet(), play)
    late.append(desk.asked("arm"))  # its event loop is closed
    assert late[0].done()
    for answer in late[1:]:
        with pytest.raises(RefusedError, match="not running any more"):
            answer.result(0)


def test_a_snapshot_that_fails_is_refused_and_at_the_end_only_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    async def play(desk: Desk) -> None:
        with pytest.raises(RefusedError, match="No space left"):
            await desk.ask("snapshot")

    desk = on_desk(Quiet(), play, snapshot=full)
    assert desk.events()[-1].type == "session.closed"
    assert "no last snapshot" in caplog.text


@pytest.mark.parametrize("name", ["halt", "kill"])
def test_what_has_shut_the_gate_expires_no_more(name: str) -> None:
    async def play(desk: Desk) -> None:
        answer = desk.asked(name, reason="now")
        assert not answer.cancel()  # its sender waits no longer; it is journaled all the same
        assert desk.loop.gate.reason == "now"
        await desk.until("command.received")

    desk = on_desk(Quiet(), play)
    assert desk.events("command.received")[0].key == name
    assert desk.engine.state.risk.halted


class Watching:
    """A last line that notes what it was asked to see to."""

    def __init__(self) -> None:
        self.seen: list[Wanted] = []

    def watch(self, wanted: Wanted, tell: Callable[[Fact], None]) -> None:
        self.seen.append(wanted)
        tell(AlertRaised("emergency", f"{wanted.name}, from another thread"))


def test_the_last_line_sees_to_what_ends_orders_and_tells_the_session() -> None:
    watching = Watching()

    async def play(desk: Desk) -> None:
        for name in ("halt", "cancel_all", "kill"):
            await desk.ask(name)
        await desk.until("alert.raised", count=2)

    on_desk(Quiet(), play, last_line=watching)
    assert [(one.name, one.taken) for one in watching.seen] == [("cancel_all", True), ("kill", True)]


def test_the_latch_is_set_with_the_switch_and_cleared_with_the_journal(tmp_path: Path) -> None:
    latch, between = Latch(tmp_path / "desk.killed"), []

    async def play(desk: Desk) -> None:
        answer = desk.asked("kill", reason="enough")
        between.append(latch.read())  # the loop has had no turn yet
        await asyncio.wrap_future(answer)

    on_desk(Quiet(), play, latch=latch)
    assert between == [Killed("test", "enough")]
    assert latch.read() is None
