"""The paper venue is the simulated exchange with the costs of its configuration."""

from decimal import Decimal

import pytest

from tests.builders import BTC, START, flat, order
from tradekit.brokers.paper.venue import PaperVenue
from tradekit.errors import ConfigError
from tradekit.model.order import OrderFilled
from tradekit.trading.venue import Venue


def test_it_fills_against_the_sessions_bars_at_its_costs() -> None:
    venue: Venue = PaperVenue([BTC], fee=0.001, slippage=0.01)
    assert venue.name == "paper"
    venue.submit(order("a"), START)
    fill = venue.market(flat(0, 100.0), START)[0][1]
    assert isinstance(fill, OrderFilled)
    assert (fill.price, fill.fee) == (Decimal("101.0"), Decimal("0.101"))


def test_without_costs_it_is_free() -> None:
    venue = PaperVenue([BTC])
    venue.submit(order("a"), START)
    fill = venue.market(flat(0, 100.0), START)[0][1]
    assert isinstance(fill, OrderFilled)
    assert (fill.price, fill.fee) == (Decimal("100.0"), 0)


def test_costs_that_are_no_fraction_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"slippage is 5: give a fraction"):
        PaperVenue([BTC], slippage=5)
