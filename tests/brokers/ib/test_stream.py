"""The line to TWS: told when it is up and when it is not, looked over before it is used, and never taken for sound."""

import asyncio
import struct
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.brokers.ib.bench import IbBench, access_to
from tests.brokers.ib.play import play, until
from tradekit.brokers.ib.contracts import terms_of
from tradekit.brokers.ib.errors import Unanswered
from tradekit.brokers.ib.line import Line
from tradekit.brokers.ib.orders import IbBroker
from tradekit.core.clock import SystemClock
from tradekit.errors import BrokerError
from tradekit.model.said import Ask, BalanceSaid, Failed, LinkSaid, Question, Said, Unknown
from tradekit.testing.ib import shapes
from tradekit.testing.ib.account import AAPL, Contract
from tradekit.testing.ib.gateway import Gateway
from tradekit.testing.ib.wire import framed
from tradekit.testing.talk import Talk


def ends(told: list[Said]) -> list[bool]:
    """Whether the link was up, each time that it was told."""
    return [one.up for one in told if isinstance(one, LinkSaid)]


def open_files() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def back(talk: Talk) -> None:
    """Wait until the line was lost, and is there again."""
    while ends(talk.heard)[-2:] != [False, True]:  # noqa: ASYNC110 - the stream has no event for two
        await asyncio.sleep(0.01)


def test_a_line_that_breaks_is_told_and_made_again() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.drop()
        await back(talk)
        await talk.rests()

    assert ends(play(script)) == [True, False, True]


def test_lines_that_were_lost_leave_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradekit.brokers.stream._FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr("tradekit.brokers.stream._LONGEST_PAUSE_S", 0.001)
    seen: list[tuple[int, int]] = []

    async def script(bench: IbBench, talk: Talk) -> None:
        for lost in range(1, 31):
            bench.gateway.drop()
            await until(lambda lost=lost: ends(talk.heard).count(True) > lost)  # type: ignore[misc]
            seen.append((open_files(), len(asyncio.all_tasks())))

    play(script)
    assert seen[-1] == seen[9]


BROKEN = [
    framed(5, "an order"),  # too short
    framed(59, 1, "exec-1", "a dollar", "USD", "", "", ""),
    framed("what"),
    struct.pack(">I", 3) + b"\0\0\0",
    framed() + framed(8, 1, "10:00"),
]


@pytest.mark.parametrize("message", BROKEN)
def test_a_message_that_cannot_be_read_is_a_line_that_was_lost(message: bytes) -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.say(message)
        await back(talk)

    told = [one for one in play(script) if isinstance(one, LinkSaid)]
    assert "read" in told[1].reason or "message" in told[1].reason


def test_bytes_that_make_no_message_while_it_is_let_in_end_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradekit.testing.ib.requests.Requests.start", lambda self: [framed("what", 1, 2)])

    async def whole() -> str:
        gateway = Gateway()
        await gateway.open()
        line = Line(access_to(gateway, timeout_s=5), SystemClock(), lambda *_: None)
        try:
            with pytest.raises(Unanswered) as caught:
                await line.open()
        finally:
            await line.close()
            await gateway.close()
        return str(caught.value)

    assert "its bytes make no message" in asyncio.run(whole())


def test_a_kind_of_message_that_nobody_asked_for_is_left_alone() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.say(framed(4711, "news"), framed(8, 1, "10:00"))
        await talk.rests()

    assert ends(play(script)) == [True]


def test_without_interactive_brokers_behind_it_the_line_is_down_and_nothing_is_sent() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.lose_interactive_brokers()
        await until(lambda: ends(talk.heard)[-1] is False)
        (said,) = await talk.broker.submit(talk.order())
        assert isinstance(said, Failed)
        assert "has been lost" in said.reason
        assert not [sent for sent in bench.gateway.requests if sent[0] == "3"]
        bench.gateway.find_interactive_brokers()
        await back(talk)
        await talk.rests()
        assert len(bench.gateway.clients) == 1

    assert ends(play(script)) == [True, False, True]


@pytest.mark.parametrize("code", [1101, 1102])
def test_a_loss_and_a_return_that_are_heard_at_once_are_told_as_both(code: int) -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        lost = shapes.error(-1, 1100, "Connectivity between IBKR and Trader Workstation has been lost.")
        bench.gateway.say(lost, shapes.error(-1, code, "Connectivity has been restored."))
        await back(talk)
        await talk.rests()
        assert len(bench.gateway.clients) == 1

    assert ends(play(script)) == [True, False, True]


def test_a_tws_that_has_not_found_interactive_brokers_yet_is_not_up() -> None:
    async def whole() -> list[Said]:
        bench = IbBench()
        bench.gateway.away = "Connectivity between IBKR and Trader Workstation has been lost."
        await bench.gateway.open()
        bench.broker = bench.made()
        talk = Talk(bench)
        listening = asyncio.create_task(talk.listen())
        async with asyncio.timeout(30):
            await talk.hears(LinkSaid)
            bench.gateway.away = ""
            await talk.hears(LinkSaid, lambda one: one.up)
        await bench.broker.close()
        await listening
        await bench.gateway.close()
        return talk.heard

    first, *_ = told = asyncio.run(whole())
    assert ends(told) == [False, True]
    assert "has been lost. (1100)" in first.reason  # type: ignore[union-attr]


def test_a_tws_that_does_not_find_interactive_brokers_again_is_connected_to_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tradekit.brokers.ib.stream._AWAY_S", 0.1)

    async def script(bench: IbBench, talk: Talk) -> None:
        starts = len([sent for sent in bench.gateway.requests if sent[0] == "49"])
        bench.gateway.lose_interactive_brokers()
        await until(lambda: len([sent for sent in bench.gateway.requests if sent[0] == "49"]) > starts)
        bench.gateway.find_interactive_brokers()
        await back(talk)

    play(script)


def test_a_line_that_is_half_open_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradekit.brokers.ib.line._BEAT_S", 0.05)

    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.lose_answer()
        await until(lambda: ends(talk.heard)[-1] is False)

    told = [one for one in play(script, access={"timeout_s": 0.2}) if isinstance(one, LinkSaid)]
    assert "gives no sign" in told[1].reason


def test_a_question_whose_answer_stays_out_is_not_answered_by_the_next_one() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.lose_answer()
        (first,) = await talk.broker.ask(Ask(Question.OPEN_ORDERS))
        (second,) = await talk.broker.ask(Ask(Question.OPEN_ORDERS))
        assert isinstance(first, Unknown)
        assert isinstance(second, Unknown)
        await back(talk)
        await talk.book(Question.OPEN_ORDERS)

    play(script)


def test_a_late_answer_is_taken_for_what_it_is() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.lose_answer()
        (first,) = await talk.broker.ask(Ask(Question.OPEN_ORDERS))
        assert isinstance(first, Unknown)
        bench.gateway.say(framed(53, 1))
        await asyncio.sleep(0.05)
        order = await talk.rests()
        assert await talk.open_order(order.client_id) is not None

    assert ends(play(script)) == [True]


def test_cash_is_told_by_currency_and_the_sum_of_all_is_none() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.account.cash["EUR"] = Decimal("-12.50")
        items = (await talk.book(Question.BALANCES)).items
        assert set(items) == {
            BalanceSaid(currency="USD", total=Decimal(100_000)),
            BalanceSaid(currency="EUR", total=Decimal("-12.5")),
        }

    play(script)


def test_an_account_without_a_word_of_cash_is_not_one_without_cash() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        bench.gateway.account.name = "DU9"  # the ledger is another account's
        (said,) = await talk.broker.ask(Ask(Question.BALANCES))
        assert isinstance(said, Unknown)
        assert "no cash of account DU123456" in said.reason

    play(script)


def refused(prepare: Callable[[Gateway], Any], terms: str = "STK AAPL SMART USD", **access: Any) -> str:
    """Why a broker gives up at a TWS that was prepared."""

    async def whole() -> str:
        gateway = Gateway(
            [AAPL, Contract(id=1, symbol="TWO", home="NYSE"), Contract(id=2, symbol="TWO", home="LSE")]
        )
        prepare(gateway)
        await gateway.open()
        broker = IbBroker(access_to(gateway, **access), {"A": terms_of(terms)})
        try:
            with pytest.raises(BrokerError) as caught:
                async with asyncio.timeout(30):
                    _ = [said async for said in broker.reports()]
        finally:
            await broker.close()
            await gateway.close()
        return str(caught.value)

    return asyncio.run(whole())


def nothing(gateway: Gateway) -> None:
    """Leave it as it is."""


def test_what_no_waiting_mends_ends_the_stream_with_what_to_do() -> None:
    assert "Untick Read-Only API" in refused(lambda gateway: setattr(gateway, "read_only", True))
    assert "several accounts: DU123456, DU7" in refused(lambda gateway: setattr(gateway, "others", "DU7"))
    assert "account U99 is not among those of this login: DU123456" in refused(nothing, account="U99")
    assert "STK NONE SMART is not known" in refused(nothing, "STK NONE SMART USD")
    assert "is 2 contracts at Interactive Brokers (LSE, NYSE)" in refused(nothing, "STK TWO SMART USD")


def test_a_client_id_that_is_in_use_is_said_at_once() -> None:
    async def script(bench: IbBench, talk: Talk) -> None:
        second = bench.made()
        with pytest.raises(BrokerError, match=r"client id 1 is in use at TWS; give this session another"):
            async with asyncio.timeout(30):
                _ = [said async for said in second.reports()]
        await second.close()

    play(script)


def test_a_tws_that_is_away_at_the_start_is_told_once_and_waited_for() -> None:
    async def whole() -> list[Said]:
        bench = IbBench()
        await bench.gateway.open()
        await bench.gateway.cut()
        bench.broker = bench.made()
        talk = Talk(bench)
        listening = asyncio.create_task(talk.listen())
        async with asyncio.timeout(30):
            await talk.hears(LinkSaid)
            await bench.gateway.heal()
            await talk.hears(LinkSaid, lambda one: one.up)
        await bench.broker.close()
        await listening
        await bench.gateway.close()
        return talk.heard

    first, *_ = told = asyncio.run(whole())
    assert ends(told) == [False, True]
    assert isinstance(first, LinkSaid)
    assert "is TWS or IB Gateway running" in first.reason
