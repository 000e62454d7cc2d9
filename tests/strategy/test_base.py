"""What a strategy may do outside a run: nothing; and what its callbacks do unless it says otherwise: nothing."""

from decimal import Decimal

import param
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


@pytest.mark.parametrize("name", ["timeframes", "instruments"])
def test_a_text_in_place_of_a_tuple_is_refused_where_the_class_is_written(name: str) -> None:
    with pytest.raises(StrategyError, match=rf"One\.{name} is the text '15m'; write {name} = \('15m',\)"):
        type("One", (Strategy,), {name: "15m"})


@pytest.mark.parametrize(
    ("slip", "meant"), [("on_Bar", "on_bar"), ("on_bars", "on_bar"), ("on_orders", "on_order")]
)
def test_a_callback_whose_name_has_a_slip_is_refused(slip: str, meant: str) -> None:
    with pytest.raises(StrategyError, match=f"One.{slip} would never be called: the callback is {meant};"):
        type("One", (Strategy,), {slip: lambda self, bar: None})


def test_the_callback_of_other_frameworks_is_refused_where_there_is_no_on_bar() -> None:
    def next(self: Strategy) -> None: ...

    with pytest.raises(StrategyError, match=r"One.next would never be called: write on_bar\(self, bar\)"):
        type("One", (Strategy,), {"next": next})
    assert type("One", (Strategy,), {"next": next, "on_bar": lambda self, bar: None})


def test_a_coroutine_is_no_callback() -> None:
    async def on_bar(self: Strategy, bar: object) -> None: ...

    with pytest.raises(StrategyError, match="is a coroutine, which nobody awaits"):
        type("One", (Strategy,), {"on_bar": on_bar})


def test_helpers_and_attributes_of_other_names_are_ones_own() -> None:
    def on_breakout(self: Strategy) -> None: ...

    kind = type("One", (Strategy,), {"on_breakout": on_breakout, "on_bars": 3, "timeframes": ("15m",)})
    assert issubclass(kind, Strategy)


def test_a_parameter_that_is_none_is_told_with_those_that_there_are() -> None:
    kind = type("Cross", (Strategy,), {"fast": param.Integer(3), "slow": param.Integer(9)})
    said = r"Cross has no parameter 'fats' \(did you mean 'fast'\?\); it has fast, slow"
    with pytest.raises(StrategyError, match=said):
        kind(fats=3)
    assert kind(fast=4, name="mine").name == "mine"
