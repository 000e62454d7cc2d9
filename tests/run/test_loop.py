import asyncio
from concurrent.futures import Future
from typing import Any

import pytest

from tests.builders import START, flat
from tests.run.desk import BOUND_S, Desk, Doing, Quiet, bars, on_desk
from tradekit.core.event import Event
from tradekit.core.memory import MemoryJournal
from tradekit.errors import JournalError, RefusedError
from tradekit.model.market import FeedEnded
from tradekit.model.order import OrderDenied, OrderRejected
from tradekit.model.session import CommandReceived, HandlerFailed, RiskChanged, SessionClosed
from tradekit.run.cycle import Cycle
from tradekit.run.restore import restore

# --- the session's life -------------------------------------------------------------------------------------


def test_a_session_opens_takes_its_bars_says_that_they_ended_and_closes() -> None:
    async def play(desk: Desk) -> None:
        await bars(desk, 2)
        desk.feed.end()
        await desk.until("feed.ended")
        await desk.ask("halt", reason="it is still up")

    desk = on_desk(Quiet(), play)
    assert [event.type for event in desk.events()] == [
        "session.opened", "reconciliation.completed", "feed.started", "bar.closed", "bar.closed", "feed.ended",
        "command.received", "risk.changed", "session.closed",
    ]  # fmt: skip
    closed = desk.events()[-1].data
    assert isinstance(closed, SessionClosed)
    assert closed.reason == "the test is over"
    assert desk.snapshots == 1


def test_events_are_told_in_the_order_of_the_journal_after_they_are_in_it() -> None:
    told: list[tuple[int, int]] = []

    async def play(desk: Desk) -> None:
        desk.bus.subscribe(">", lambda event: told.append((event.seq, desk.journal.last_seq)))
        await bars(desk, 3)

    desk = on_desk(Doing(bar1=lambda s: s.buy(1)), play)
    assert [seq for seq, _ in told] == [event.seq for event in desk.events()]
    assert all(seq <= last for seq, last in told)


def test_no_order_reaches_the_broker_before_it_is_durable() -> None:
    async def play(desk: Desk) -> None:
        await bars(desk, 4)

    strategy = Doing(bar0=lambda s: s.buy(1, stop_loss=90, take_profit=120), bar2=lambda s: s.close())
    desk = on_desk(strategy, play)
    intents = {event.data.id: event.seq for event in desk.events("order.submitted")}
    assert len(intents) == 4
    assert set(desk.broker.reached) == set(intents)
    for name, durable in desk.broker.reached.items():
        assert durable >= intents[name]


def test_a_sudden_end_after_an_intent_is_answered_at_the_next_start() -> None:
    journal = MemoryJournal()

    async def first(desk: Desk) -> None:
        await bars(desk, 2)

    whole = on_desk(Doing(bar0=lambda s: s.buy(1)), first).events()
    intent = next(n for n, event in enumerate(whole) if event.type == "order.submitted")
    journal.append(whole[: intent + 1], critical=True)

    async def second() -> Desk:
        desk = Desk(Doing(bar0=lambda s: s.buy(1)), journal=journal)
        assert restore(Cycle(desk.engine, desk.broker), journal.events) is None
        desk.open()
        await desk.until("order.accepted")
        desk.feed.push(flat(1, 101))
        await desk.until("order.filled")
        await desk.close()
        return desk

    desk = asyncio.run(asyncio.wait_for(second(), BOUND_S))
    assert [event.data.id for event in desk.events("order.accepted")] == [whole[intent].data.id]
    assert len(desk.events("order.submitted")) == 1


# --- the gate and the watch ---------------------------------------------------------------------------------


def test_a_halt_stops_an_order_of_the_very_step_that_is_under_way() -> None:
    halted: list[Future[int]] = []

    async def play(desk: Desk) -> None:
        def halt_and_buy(strategy: Doing) -> None:
            halted.append(desk.asked("halt", reason="lunch"))  # as the bridge's thread does
            strategy.buy(1)

        desk.engine.strategy.todo["bar1"] = halt_and_buy
        await bars(desk, 3)
        await desk.until("risk.changed")

    desk = on_desk(Doing(), play)
    (rejected,) = desk.events("order.rejected")
    assert isinstance(rejected.data, OrderRejected)
    assert rejected.data.reason == "halted: lunch"
    assert desk.broker.reached == {}
    assert halted[0].result() == desk.events("command.received")[0].seq


def test_a_halt_lets_a_position_be_closed() -> None:
    async def play(desk: Desk) -> None:
        await bars(desk, 2)
        await desk.ask("halt")
        await bars(desk, 2, first=2)

    desk = on_desk(Doing(bar0=lambda s: s.buy(1), bar2=lambda s: s.close()), play)
    assert len(desk.events("order.filled")) == 2
    assert desk.engine.state.position("s", "BTC") == 0


def test_an_order_after_a_halt_is_denied_until_somebody_arms() -> None:
    async def play(desk: Desk) -> None:
        await desk.ask("halt", reason="lunch")
        await bars(desk, 1)
        await desk.ask("arm")
        await bars(desk, 2, first=1)

    desk = on_desk(Doing(bar0=lambda s: s.buy(1), bar1=lambda s: s.buy(1)), play)
    (denied,) = desk.events("order.denied")
    assert isinstance(denied.data, OrderDenied)
    assert (denied.data.rule, denied.data.value) == ("halted", "lunch")
    assert len(desk.events("order.filled")) == 1


def test_a_kill_cancels_what_works_and_lets_nothing_out() -> None:
    async def play(desk: Desk) -> None:
        await bars(desk, 1)
        await desk.ask("kill", reason="fire")
        await bars(desk, 2, first=1)

    desk = on_desk(Doing(bar0=lambda s: s.buy(1, limit=50), bar1=lambda s: s.buy(1)), play)
    assert [event.data.id for event in desk.events("order.canceled")] == ["s-1"]
    assert [event.data.rule for event in desk.events("order.denied")] == ["killed"]
    assert desk.gate.reason == "fire"


def test_an_arm_that_was_asked_before_a_halt_does_not_open_the_gate() -> None:
    reasons: list[str] = []

    async def play(desk: Desk) -> None:
        await desk.ask("halt", reason="first")
        arm = desk.asked("arm")
        arm.add_done_callback(lambda _: reasons.append(desk.gate.reason))
        await asyncio.wrap_future(desk.asked("halt", reason="second"))
        assert arm.done()

    desk = on_desk(Quiet(), play)
    assert reasons == ["second"]
    assert desk.engine.state.risk.halted


def test_a_halt_stops_a_change_that_is_under_way_and_lets_a_smaller_one_pass() -> None:
    async def play(desk: Desk) -> None:
        def halt_and_change(strategy: Doing) -> None:
            desk.asked("halt", reason="lunch")
            strategy.replace("s-1", limit=60)
            strategy.replace("s-2", qty=1)

        desk.engine.strategy.todo["bar1"] = halt_and_change
        await bars(desk, 3)
        await desk.until("risk.changed")

    desk = on_desk(Doing(bar0=lambda s: (s.buy(1, limit=50), s.buy(2, limit=51))), play)
    (rejected,) = desk.events("order.replace_rejected")
    assert (rejected.data.id, rejected.data.reason) == ("s-1", "halted: lunch")
    (replaced,) = desk.events("order.replaced")
    assert (replaced.data.id, replaced.data.qty) == ("s-2", 1)
    assert desk.engine.state.orders["s-1"].limit == 50


def test_a_sudden_end_after_a_requested_change_is_answered_at_the_next_start() -> None:
    journal = MemoryJournal()
    todo = {"bar0": lambda s: s.buy(1, limit=50), "bar1": lambda s: s.replace("s-1", limit=60)}

    async def first(desk: Desk) -> None:
        await bars(desk, 2)

    whole = on_desk(Doing(**todo), first).events()
    request = next(n for n, event in enumerate(whole) if event.type == "order.replace_requested")
    journal.append(whole[: request + 1], critical=True)

    async def second() -> Desk:
        desk = Desk(Doing(**todo), journal=journal)
        assert restore(Cycle(desk.engine, desk.broker), journal.events) is None
        desk.open()
        await desk.until("order.replaced")
        await desk.close()
        return desk

    desk = asyncio.run(asyncio.wait_for(second(), BOUND_S))
    assert desk.engine.state.orders["s-1"].limit == 60
    assert len(desk.events("order.replace_requested")) == 1


def test_a_slow_step_halts_and_its_orders_stay_here() -> None:
    async def play(desk: Desk) -> None:
        def slow(strategy: Doing) -> None:
            desk.watch.took = 2.5
            strategy.buy(1)

        desk.engine.strategy.todo["bar1"] = slow
        await bars(desk, 3)

    desk = on_desk(Doing(), play)
    (halted,) = desk.events("risk.changed")
    assert isinstance(halted.data, RiskChanged)
    assert (halted.data.halted, halted.data.user) == (True, "watchdog")
    assert "a step took 2.5 s; 1 s are allowed" in halted.data.reason
    assert desk.broker.reached == {}
    assert desk.events("order.rejected")[0].data.reason == f"halted: {halted.data.reason}"


def test_slow_steps_of_a_halted_session_are_not_told_again() -> None:
    async def play(desk: Desk) -> None:
        await desk.ask("halt")
        desk.watch.took = 2.5
        await bars(desk, 1)

    desk = on_desk(Quiet(), play)
    assert [event.data.user for event in desk.events("risk.changed")] == ["test"]


def test_a_failing_strategy_halts_and_says_where() -> None:
    def fail(strategy: Doing) -> None:
        raise ZeroDivisionError("by hand")

    async def play(desk: Desk) -> None:
        await bars(desk, 3)

    desk = on_desk(Doing(bar1=fail, bar2=lambda s: s.buy(1)), play)
    (failed,) = desk.events("strategy.failed")
    assert failed.data.where.startswith("on_bar")
    assert failed.data.error == "ZeroDivisionError: by hand"
    assert desk.engine.state.risk.halted
    assert [event.data.rule for event in desk.events("order.denied")] == ["halted"]


def test_a_failing_handler_is_told_once_for_each_failure_and_stops_nobody() -> None:
    heard: list[int] = []

    def fail(event: Event) -> None:
        raise ValueError("not my day")

    async def play(desk: Desk) -> None:
        desk.bus.subscribe("bar.closed.>", fail)
        desk.bus.subscribe("bar.closed.>", lambda event: heard.append(event.seq))
        await bars(desk, 2)
        await desk.until("error.handler", count=2)

    desk = on_desk(Quiet(), play)
    told = desk.events("error.handler")
    assert len(told) == len(heard) == 2
    assert isinstance(told[0].data, HandlerFailed)
    assert told[0].data.error == "not my day"
    assert told[0].data.subject.startswith("bar.closed.")
    assert desk.engine.state.health.errors == 2


# --- what goes wrong ----------------------------------------------------------------------------------------


class FailingJournal(MemoryJournal):
    """Fails at a command."""

    def append_async(self, events, *, critical):  # type: ignore[no-untyped-def]
        """Fail, or write."""
        if any(isinstance(event.data, CommandReceived) for event in events):
            raise JournalError("the disk is gone")
        return super().append_async(events, critical=critical)


def test_a_failing_journal_stops_all_trading_and_the_session_stays_to_be_seen() -> None:
    said: list[str] = []
    written: list[tuple[str, dict[str, Any]]] = []

    async def play() -> None:
        desk = Desk(
            Quiet(),
            journal=FailingJournal(),
            alarm=said.append,
            emergency=lambda what, **details: written.append((what, details)),
        )
        desk.open()
        await desk.until("feed.started")
        with pytest.raises(RefusedError, match="the disk is gone"):
            await desk.ask("arm")
        assert desk.life is not None
        with pytest.raises(RefusedError, match="nothing is traded any more"):
            await desk.ask("kill")
        assert not desk.life.done()
        assert "the disk is gone" in desk.loop.gate.reason
        with pytest.raises(RefusedError, match="nothing is traded any more"):
            await desk.ask("stop")
        with pytest.raises(JournalError, match="the disk is gone"):
            await desk.life
        told = ["session.opened", "reconciliation.completed", "feed.started"]
        assert [event.type for event in desk.events()] == told
        assert len(said) == 1
        assert "the disk is gone" in said[0]
        assert [what for what, _ in written] == ["journal failed", "command", "command"]
        assert [details.get("name") for _, details in written] == [None, "kill", "stop"]

    asyncio.run(asyncio.wait_for(play(), BOUND_S))


def test_a_journal_that_replays_otherwise_leaves_the_session_disarmed() -> None:
    async def before(desk: Desk) -> None:
        await bars(desk, 2)

    journal = MemoryJournal()
    journal.append(on_desk(Doing(bar0=lambda s: s.buy(1)), before).events(), critical=True)

    async def after() -> Desk:
        desk = Desk(Doing(bar0=lambda s: s.buy(2)), journal=journal)
        assert restore(Cycle(desk.engine, desk.broker), journal.events) is not None
        desk.open()
        with pytest.raises(RefusedError, match=r"cannot be armed: .* the replay gave"):
            await desk.ask("arm")
        await desk.close()
        return desk

    desk = asyncio.run(asyncio.wait_for(after(), BOUND_S))
    risk = desk.engine.state.risk
    assert not risk.armed
    assert "the journal cannot be replayed" in risk.reason
    assert "restore_on_startup: false" in risk.reason


def test_a_feed_that_ended_says_so_again_only_when_it_went_on() -> None:
    async def play(desk: Desk) -> None:
        desk.feed.end()
        await desk.until("feed.ended")

    desk = on_desk(Quiet(), play)
    (ended,) = desk.events("feed.ended")
    assert isinstance(ended.data, FeedEnded)
    assert ended.ts == START


def test_the_sessions_end_is_its_last_event_whatever_fails_at_it() -> None:
    async def play(desk: Desk) -> None:
        desk.bus.subscribe("session.closed.>", lambda event: 1 / 0)
        await bars(desk, 1)

    assert on_desk(Quiet(), play).events()[-1].type == "session.closed"


def test_what_was_noted_before_the_end_is_in_the_journal() -> None:
    async def play(desk: Desk) -> None:
        await bars(desk, 1)
        desk.loop.note(HandlerFailed("mine", "bar.closed", "it came to nothing"))
        desk.loop.stop("the test is over")

    assert [event.type for event in on_desk(Quiet(), play).events()[-2:]] == [
        "error.handler", "session.closed",
    ]  # fmt: skip


def test_a_command_whose_turn_does_not_come_before_the_end_is_refused() -> None:
    answers: list[Future[int]] = []

    async def play(desk: Desk) -> None:
        await bars(desk, 1)
        async with desk.loop._turn:
            desk.loop.stop("the test is over")
            await asyncio.sleep(0)  # it asks for the last turn
            await asyncio.sleep(0)
            answers.append(desk.asked("disarm"))
            await asyncio.sleep(0)  # it is at the inbox
            while desk.loop.waiting:  # noqa: ASYNC110 - it is taken from the inbox, and told nowhere
                await asyncio.sleep(0)

    on_desk(Quiet(), play)
    with pytest.raises(RefusedError, match="not running any more"):
        answers[0].result(0)
