"""What a strategy may do outside a run: nothing; and what its callbacks do unless it says otherwise: nothing."""

from decimal import Decimal

import pytest

from tests.builders import filled, flat
from tradekit.errors import StrategyError
from tradekit.indicators.averages import SMA
from tradekit.model.market import MarkUpdated
from tradekit.model.order import OrderType, Side, Status
from tradekit.state.shape import Order
from tradekit.strategy.base import Strategy


class Idle(Strategy):
    """Counts its starts."""

    starts = 0

    def on_start(self) -> None:
        self.starts += 1


def test_outside_a_run_wishes_and_indicators_are_refused() -> None:
    idle = Idle()
    for wish in (
        lambda: idle.buy(1),
        lambda: idle.sell(1),
        lambda: idle.buy_to(1),
        lambda: idle.close(),
        lambda: idle.target_percent(10),
        lambda: idle.close(position="left"),
        lambda: idle.replace("x", qty=1),
        lambda: idle.cancel("x"),
        lambda: idle.cancel_all(),
        lambda: idle.signal("x", 1),
        lambda: idle.bars(3),
        lambda: idle.indicator(SMA, 3),
        lambda: idle.position(),
        lambda: idle.state,
    ):
        with pytest.raises(
            StrategyError, match="Idle is not running: wishes and indicators are for on_start"
        ):
            wish()


def test_callbacks_do_nothing_by_default_and_changed_parameters_start_again() -> None:
    plain, idle = Strategy(), Idle()
    plain.on_start()
    plain.on_bar(flat(0, 1.0))
    plain.on_mark(MarkUpdated("BTC", 1.0))
    plain.on_order(Order("o", "s", "a", "BTC", Side.BUY, OrderType.MARKET, Decimal(1), Status.FILLED))
    plain.on_fill(filled("o", Side.BUY, 1, 1))
    plain.on_stop()
    idle.on_params({"fast": 3})
    assert idle.starts == 1
