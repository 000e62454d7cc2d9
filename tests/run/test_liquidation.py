"""A margin call from the bar to the journal: orders canceled, losses closed, told as ordinary facts."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import START, columns, flat, opened, order
from tests.run.scripted import Script, Scripted, with_script
from tradekit.core.event import Event
from tradekit.model.account import AccountType
from tradekit.model.instrument import Instrument, Kind
from tradekit.model.market import Bar
from tradekit.model.order import OrderCanceled, OrderFilled, Side
from tradekit.run.backtest import backtest
from tradekit.run.cycle import Cycle
from tradekit.run.restore import restore
from tradekit.run.result import Result
from tradekit.sim.exchange import Exchange
from tradekit.sim.venue import SimulatedVenue
from tradekit.state.reducer import apply
from tradekit.state.shape import State, fingerprint
from tradekit.strategy.base import Strategy
from tradekit.trading.engine import Engine

D = Decimal
PERPETUAL = Instrument(id="BTC", kind=Kind.PERPETUAL, margin=D("0.1"), base="BTC")
CALLED = "margin.called"


def run(script: Script, *prices: float, make: Callable[..., Any] = with_script, **options: Any) -> Result:
    bars = columns([flat(n, price) for n, price in enumerate(prices)], PERPETUAL)
    terms: dict[str, Any] = {"account": "margin", "cash": 1000} | options
    return backtest(make(Scripted, script)(), bars, **terms)


def told(result: Result, kind: str) -> list[Any]:
    return [event.data for event in result.events() if event.type == kind]


LONG: Script = {1: [("market", "buy", 90)]}  # worth 9,000: initial margin 900, maintenance 450


def test_a_called_account_is_closed_at_the_bars_close_and_says_why() -> None:
    result = run(LONG, 100, 100, 94, 93, 92)
    call, fills = told(result, CALLED), told(result, "order.filled")
    assert [(str(one.equity), one.maintenance) for one in call] == [("370.0", D("418.5"))]  # 1,000 - 90 x 7
    assert [(fill.rule, fill.side, fill.qty, fill.price) for fill in fills[1:]] == [
        ("liquidation.close", Side.SELL, D(90), D(93))
    ]
    closing = [one for one in told(result, "order.submitted") if one.reason.startswith("margin call")]
    assert closing[0].reason == "margin call: equity 370.00, maintenance margin 418.50"
    assert result.final.position("scripted", "BTC") == 0
    assert result.final.account.equity == 370.0
    assert result.equity["equity"].tolist() == [1000, 1000, 460, 370, 370]
    assert any("1 margin call" in words for words in result.warnings)


def test_nothing_happens_while_the_margin_is_enough() -> None:
    result = run(LONG, 100, 100, 94, 95)
    assert told(result, CALLED) == []
    assert result.final.account.used == pytest.approx(855)


def test_all_working_orders_are_canceled_first() -> None:
    result = run({**LONG, 2: [("resting", "buy", 1, "limit", -50), ("protect", "sell", -60)]}, 100, 100, 93)
    canceled = told(result, "order.canceled")
    assert {one.reason for one in canceled} == {"margin call"}
    assert len(canceled) == 2
    kinds = [event.type for event in result.events()]
    assert (
        kinds.index(CALLED) < kinds.index("order.canceled") < len(kinds) - kinds[::-1].index("order.filled")
    )


def test_what_was_wished_for_on_the_bar_of_the_call_is_never_sent() -> None:
    """The strategy sells on the bar that calls it: it would be short if that were sent."""
    result = run({**LONG, 3: [("market", "sell", 90)]}, 100, 100, 93, 93, 93)
    own = next(one for one in told(result, "order.submitted") if one.id == "scripted-2")
    assert (own.side, own.qty) == (Side.SELL, D(90))
    assert [one.id for one in told(result, "order.canceled")] == ["scripted-2"]
    assert result.final.position("scripted", "BTC") == 0
    assert "scripted-2" not in [fill.id for fill in told(result, "order.filled")]


def test_an_account_below_zero_is_closed_whole() -> None:
    result = run({1: [("market", "sell", 90)]}, 100, 100, 130)
    assert result.final.position("scripted", "BTC") == 0
    assert result.final.account.equity == -1700.0


def test_liquidation_pays_the_costs_of_a_market_order() -> None:
    result = run(LONG, 100, 100, 93, fee=0.0001, slippage=0.001)
    fill = told(result, "order.filled")[-1]
    assert (fill.price, fill.fee) == (D("92.907"), (D("92.907") * 90 * D("0.0001")).quantize(D("1e-8")))


class Stubborn(Strategy):
    """Buys again whatever happens to it."""

    def on_bar(self, bar: Bar) -> None:
        self.buy(9)

    def on_fill(self, fill: OrderFilled) -> None:
        self.buy(9)


def test_a_strategy_that_wishes_on_is_denied_and_the_call_comes_to_its_end() -> None:
    bars = columns([flat(n, 100 - n) for n in range(30)], PERPETUAL)
    result = backtest(Stubborn(), bars, account="margin", cash=1000)
    assert told(result, CALLED)
    assert any("denied by buying_power" in words for words in result.warnings)
    for event in result.events():
        if isinstance(event.data, OrderFilled) and event.data.rule.startswith("liquidation"):
            assert event.data.side is Side.SELL


# --- two positions ------------------------------------------------------------------------------------------


class Two(Strategy):
    """Long of both on the first bars; nothing else."""

    def on_bar(self, bar: Bar) -> None:
        if not self.position(bar.instrument):
            self.buy_to(40, instrument=bar.instrument)


def test_the_largest_loss_is_closed_until_equity_is_enough() -> None:
    other = Instrument(id="ETH", kind=Kind.PERPETUAL, margin=D("0.1"))
    first = columns([flat(n, price) for n, price in enumerate((100, 100, 99, 90, 90))], PERPETUAL)
    second = columns(
        [flat(n, price, instrument="ETH") for n, price in enumerate((100, 100, 98, 88, 88))], other
    )
    result = backtest(Two(), [first, second], account="margin", cash=1200)
    liquidated = [one for one in told(result, "order.filled") if one.rule == "liquidation.close"]
    assert [one.instrument for one in liquidated] == ["ETH"]  # 480 lost, of BTC 400
    assert result.final.account.equity >= result.final.account.maintenance


# --- the journal --------------------------------------------------------------------------------------------


def test_the_journal_of_a_call_replays_to_the_same_state_and_book() -> None:
    def made() -> Cycle:
        engine = Engine(
            with_script(Scripted, {**LONG, 2: [("protect", "sell", -60)], 3: [("market", "sell", 9)]})()
        )
        return Cycle(engine, SimulatedVenue(Exchange([PERPETUAL])))

    whole, journal = made(), list[Event]()
    first = opened(instruments=[PERPETUAL], cash=D(1000), account_type=AccountType.MARGIN)
    journal += whole.settle(whole.take(first, START))
    for n, price in enumerate((100, 100, 93, 93)):
        one = flat(n, price)
        journal += whole.settle(whole.take(one, one.ts + 60_000_000_000))
    assert any(event.type == CALLED for event in journal)
    again = made()
    assert restore(again, lambda: journal) is None
    assert fingerprint(again.engine.state) == fingerprint(whole.engine.state)
    assert again.venue.resume(whole.engine.state.time) == []
    folded = State()
    for event in journal:
        apply(folded, event)
    assert fingerprint(folded) == fingerprint(whole.engine.state)


def test_an_order_that_ended_before_it_was_sent_is_not_sent() -> None:
    cycle = Cycle(Engine(Scripted()), SimulatedVenue(Exchange([PERPETUAL])))
    cycle.take(opened(instruments=[PERPETUAL]), START)
    wish = cycle.engine.step(
        order("a"), START
    )  # fmt: skip
    cycle.engine.step(OrderCanceled("a", "BTC", "margin call"), START)
    assert cycle.over("a")
    assert cycle.act(wish) == []
