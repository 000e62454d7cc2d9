"""The paper broker on a bench: its exchange is moved by trades that the market is made to show.

Knows no fault.
"""

from decimal import Decimal

from tests.builders import BTC, START
from tradekit.brokers.paper.broker import PaperBroker
from tradekit.core.clock import ManualClock
from tradekit.model.market import TradeTick
from tradekit.model.said import Ask, OrderSaid, Question
from tradekit.sim.rules import Rules


class PaperBench:
    """A paper account with 10,000 USD."""

    instrument = BTC.id
    qty = Decimal(2)
    price = Decimal(100)

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.paper = self.broker = PaperBroker(
            [BTC], cash=Decimal(10_000), currency="USD", now=self.clock.now, rules=Rules(participation=Decimal(1))
        )  # fmt: skip

    async def open(self) -> None:
        """The market stands above the orders that rest."""
        self.paper.market(TradeTick(BTC.id, 110.0, 1.0), START)

    async def trade(self, client_id: str, qty: Decimal) -> None:
        """Somebody sells so much at the order's price."""
        (shown,) = await self.paper.ask(Ask(Question.ORDER, order=client_id))
        assert isinstance(shown, OrderSaid)
        assert shown.limit is not None
        self.clock.advance(1)
        self.paper.market(TradeTick(BTC.id, float(shown.limit), float(qty)), self.clock.now())

    def now(self) -> int:
        """The bench's clock."""
        return self.clock.now()

    async def close(self) -> None:
        """Nothing is left."""
