"""The hazards at the paper broker, behind a line that breaks on demand."""

from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.paper.line_bench import LineBench, OneFault
from tests.builders import BTC
from tests.hazards.suite import Hazards
from tradekit.brokers.paper.broker import PaperBroker
from tradekit.core.clock import SystemClock
from tradekit.model.instrument import Instrument
from tradekit.model.market import TradeTick
from tradekit.model.said import Ask, OrderSaid, Question
from tradekit.sim.rules import Rules
from tradekit.testing.faults import Fault, Faults
from tradekit.testing.faulty import FaultyBroker

pytestmark = pytest.mark.process


class Refusing(OneFault):
    """Strikes once, or refuses every order from now on."""

    refuses = False

    def strikes(self, fault: Fault, step: str) -> bool:
        return (self.refuses and fault is Fault.REJECT) or super().strikes(fault, step)


class Lasting(PaperBroker):
    """A venue that outlives the sessions at it."""

    async def close(self) -> None:
        """Only the line to it ends."""


class RealTimeBench(LineBench):
    """The same at the time of the day, for sessions that wait."""

    def __init__(self) -> None:
        self.clock: Any = SystemClock()
        self.paper = Lasting(
            [BTC],
            cash=Decimal(10_000),
            currency="USD",
            now=self.clock.now,
            rules=Rules(participation=Decimal(1)),
        )
        self.fate: Any = Refusing()
        self.broker: Any = self.made()

    def made(self) -> FaultyBroker:
        """A line of its own to the same venue."""
        self.line = FaultyBroker(self.paper, Faults(timeout_s=0.0), self.fate, now=self.clock.now)
        return self.line

    async def open(self) -> None:
        self.paper.market(TradeTick(BTC.id, 110.0, 1.0), self.clock.now())

    async def trade(self, client_id: str, qty: Decimal) -> None:
        (shown,) = await self.paper.ask(Ask(Question.ORDER, order=client_id))
        assert isinstance(shown, OrderSaid)
        assert shown.limit is not None
        self.paper.market(TradeTick(BTC.id, float(shown.limit), float(qty)), self.clock.now())


class TestPaper(Hazards):
    @pytest.fixture
    def bench(self) -> RealTimeBench:
        return RealTimeBench()

    @pytest.fixture
    def spec(self) -> Instrument:
        return BTC

    def refused(self, bench: RealTimeBench) -> Decimal:
        """Paper has money for everything: its line refuses."""
        bench.fate.refuses = True
        return bench.qty
