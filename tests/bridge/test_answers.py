import asyncio
from concurrent.futures import Future
from typing import Any

import msgspec
import pytest

from tradekit.bridge.answers import Answers
from tradekit.bridge.limits import Limits
from tradekit.bridge.protocol import Command
from tradekit.core.clock import SystemClock
from tradekit.testing.source import FakeSource

CLOCK = SystemClock()


def command(
    id: str = "1", name: str = "halt", *, user: str = "ann", within_s: float = 5.0, **args: Any
) -> Command:
    return Command(id, name, args, user, CLOCK.monotonic() + within_s)


async def ask(answers: Answers, *commands: Command) -> list[dict[str, Any]]:
    return [msgspec.json.decode(frame) for frame in await asyncio.gather(*map(answers.answer, commands))]


def test_a_command_is_acknowledged_with_the_seq_it_is_journaled_at() -> None:
    source = FakeSource()
    answers = Answers(source, Limits(), CLOCK)
    assert asyncio.run(ask(answers, command())) == [{"op": "ack", "id": "1", "seq": 1}]


def test_the_same_id_is_carried_out_once_and_answered_each_time() -> None:
    source = FakeSource()
    answers = Answers(source, Limits(), CLOCK)
    first, second = asyncio.run(ask(answers, command(), command()))
    third = asyncio.run(ask(answers, command()))[0]
    assert first == second == third
    assert len(source.commands) == 1


def test_a_refusal_is_remembered_too() -> None:
    source = FakeSource()
    source.refuse["halt"] = "not now"
    answers = Answers(source, Limits(), CLOCK)
    assert asyncio.run(ask(answers, command())) == [
        {"op": "error", "id": "1", "code": "state", "message": "not now"}
    ]
    source.refuse.clear()
    assert asyncio.run(ask(answers, command()))[0]["op"] == "error"
    assert len(source.commands) == 1


def test_an_id_names_one_command_of_one_user() -> None:
    source = FakeSource()
    answers = Answers(source, Limits(), CLOCK)
    replies = asyncio.run(
        ask(answers, command(), command(name="arm"), command(reason="other"), command(user="bob", name="arm"))
    )
    assert [reply.get("code", "ok") for reply in replies] == ["ok", "id", "id", "ok"]
    assert [taken.name for taken in source.commands] == ["halt", "arm"]


def test_the_oldest_finished_command_is_forgotten_first() -> None:
    source = FakeSource()
    answers = Answers(source, Limits(answers=2), CLOCK)
    asyncio.run(ask(answers, command("1"), command("2"), command("3")))
    asyncio.run(ask(answers, command("3"), command("2")))
    assert len(source.commands) == 3
    asyncio.run(ask(answers, command("1")))
    assert len(source.commands) == 4


def test_a_command_nobody_takes_up_expires_and_can_never_act() -> None:
    source = FakeSource()
    source.hold = True
    answers = Answers(source, Limits(), CLOCK)
    reply = asyncio.run(ask(answers, command(within_s=0.02)))[0]
    assert reply["code"] == "expired"
    assert not source.waiting[0].set_running_or_notify_cancel()


def test_a_command_expires_even_if_its_sender_has_gone() -> None:
    async def asked_and_gone(answers: Answers) -> None:
        asking = asyncio.create_task(answers.answer(command(within_s=0.05)))
        await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.sleep(0.1)

    source = FakeSource()
    source.hold = True
    asyncio.run(asked_and_gone(Answers(source, Limits(), CLOCK)))
    assert not source.waiting[0].set_running_or_notify_cancel()


def test_a_command_that_has_begun_is_waited_for_a_second_time() -> None:
    class Slow(FakeSource):
        def command(self, command: Command) -> "Future[int]":
            outcome: Future[int] = Future()
            outcome.set_running_or_notify_cancel()
            asyncio.get_running_loop().call_later(0.05, outcome.set_result, 7)
            return outcome

    answers = Answers(Slow(), Limits(), CLOCK)
    assert asyncio.run(ask(answers, command(within_s=0.01))) == [{"op": "ack", "id": "1", "seq": 7}]


def test_a_command_that_begins_and_never_ends_is_neither_done_nor_not_done() -> None:
    class Stuck(FakeSource):
        def command(self, command: Command) -> "Future[int]":
            outcome: Future[int] = Future()
            outcome.set_running_or_notify_cancel()
            return outcome

    answers = Answers(Stuck(), Limits(expires_s=0.02), CLOCK)
    assert asyncio.run(ask(answers, command(within_s=0.01)))[0]["code"] == "unanswered"


def test_an_error_inside_the_session_shows_no_inside(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(FakeSource):
        def command(self, command: Command) -> "Future[int]":
            raise KeyError("secret detail")

    reply = asyncio.run(ask(Answers(Broken(), Limits(), CLOCK), command()))[0]
    assert reply["code"] == "failed"
    assert "secret detail" not in reply["message"]
    assert "secret detail" in caplog.text
