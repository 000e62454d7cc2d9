"""The paper broker is the simulated exchange with the costs of its configuration."""

from decimal import Decimal

import pytest

from tests.builders import BTC, START, flat, order
from tradekit.brokers.paper.orders import PaperBroker
from tradekit.errors import ConfigError
from tradekit.model.order import OrderFilled
from tradekit.trading.broker import Broker


def test_it_fills_against_the_sessions_bars_at_its_costs() -> None:
    broker: Broker = PaperBroker([BTC], fee=0.001, slippage=0.01)
    assert (broker.name, broker.simulated) == ("paper", True)
    broker.submit(order("a"), START)
    fill = broker.market(flat(0, 100.0), START)[0][1]
    assert isinstance(fill, OrderFilled)
    assert (fill.price, fill.fee) == (Decimal("101.0"), Decimal("0.101"))


def test_without_costs_it_is_free() -> None:
    broker = PaperBroker([BTC])
    broker.submit(order("a"), START)
    fill = broker.market(flat(0, 100.0), START)[0][1]
    assert isinstance(fill, OrderFilled)
    assert (fill.price, fill.fee) == (Decimal("100.0"), 0)


def test_costs_that_are_no_fraction_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"slippage is 5: give a fraction"):
        PaperBroker([BTC], slippage=5)
