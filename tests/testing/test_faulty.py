"""A broker behind a bad line keeps the contract of brokers, and does what its fate says, the same for the same seed."""

import asyncio
from decimal import Decimal

import pytest

from tests.brokers.contract import LinkContract
from tests.brokers.paper.line_bench import LineBench
from tests.builders import BTC, START, order
from tradekit.brokers.paper.broker import PaperBroker
from tradekit.errors import ConfigError
from tradekit.model.market import TradeTick
from tradekit.model.said import Ask, Failed, OrderSaid, Question, Unknown, What
from tradekit.testing.faults import ROUGH, Fault, Faults, Scripted, Seeded, faults_of
from tradekit.testing.faulty import FaultyBroker


class TestBehindALine(LinkContract):
    @pytest.fixture
    def bench(self) -> LineBench:
        return LineBench()


def behind(faults: Faults, script: dict[str, str] | None = None) -> tuple[PaperBroker, FaultyBroker]:
    paper = PaperBroker([BTC], cash=Decimal(10_000), currency="USD", now=lambda: START)
    paper.market(TradeTick("BTC", 110.0, 1.0), START)

    async def at_once(seconds: float) -> None:
        """No time passes."""

    fate = Scripted(script or {})
    return paper, FaultyBroker(
        paper, faults, fate, now=lambda: START, pause=at_once, foreign=("BTC", Decimal(1)), bust=paper.bust
    )


def test_a_request_that_arrives_twice_makes_one_order() -> None:
    paper, line = behind(Faults(), {"submit 1": "twice"})
    asyncio.run(line.submit(order("a", limit=100)))
    assert paper.working == ["a"]
    assert line.counts == {Fault.TWICE: 1}


def test_a_refusal_by_fate_never_reaches_the_venue() -> None:
    paper, line = behind(Faults(), {"submit 1": "reject"})
    (said,) = asyncio.run(line.submit(order("a", limit=100)))
    assert isinstance(said, OrderSaid)
    assert said.what is What.REJECTED
    assert paper.working == []


def test_too_many_requests_in_a_second_are_told_to_be_too_many() -> None:
    _, line = behind(Faults(per_second=1))

    async def twice() -> tuple[object, ...]:
        await line.ask(Ask(Question.BALANCES))
        return (*await line.ask(Ask(Question.BALANCES)), *await line.submit(order("a", limit=100)))

    unknown, failed = asyncio.run(twice())
    assert isinstance(unknown, Unknown)
    assert isinstance(failed, Failed)
    assert failed.reason == "429: too many requests"


def test_a_clock_that_is_ahead_tells_another_time() -> None:
    _, line = behind(Faults(skew_s=2.5))
    (said,) = asyncio.run(line.ask(Ask(Question.TIME)))
    assert said.ts == START + 2_500_000_000


def test_somebody_else_trades_beside_a_request() -> None:
    paper, line = behind(Faults(), {"submit 1": "foreign"})
    asyncio.run(line.submit(order("a", limit=100)))
    assert paper.working == ["by-hand-1", "a"]


def test_nothing_goes_wrong_once_it_is_calm() -> None:
    paper, line = behind(Faults(), {"submit 1": "lost_request"})
    line.calm()
    asyncio.run(line.submit(order("a", limit=100)))
    assert paper.working == ["a"]


def test_a_seed_is_one_fate() -> None:
    first, second = Seeded(ROUGH, 7), Seeded(ROUGH, 7)
    draws = [(one.strikes(fault, "submit"), one.part()) for one in (first, second) for fault in Fault]
    assert draws[: len(Fault)] == draws[len(Fault) :]
    assert [Seeded(ROUGH, 8).part() for _ in range(3)] != [Seeded(ROUGH, 7).part() for _ in range(3)]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"lost_reqest": 0.1}, "no fault is called 'lost_reqest' (did you mean 'lost_request'?)"),
        ({"reject": 2}, "reject is 2"),
        ({"delay_s": -1}, "delay_s is -1"),
        ({"delay_s": "long"}, "Expected `float`"),
    ],
)
def test_what_is_no_fault_is_refused_by_name(said: dict[str, object], why: str) -> None:
    with pytest.raises(ConfigError) as refused:
        faults_of(said)
    assert why in str(refused.value)


def test_a_drill_of_which_nothing_is_said_is_rough() -> None:
    assert faults_of({}) is ROUGH
