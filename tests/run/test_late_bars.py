"""A bar that comes late is written down and counted, and changes nothing: no indicator, no fill, no callback."""

from tests.builders import BTC, MINUTE, START, flat, opened
from tradekit.core.event import Event
from tradekit.indicators.averages import SMA
from tradekit.model.market import Bar
from tradekit.run.cycle import Cycle
from tradekit.run.restore import restore
from tradekit.sim.board import Board
from tradekit.sim.exchange import Exchange
from tradekit.sim.venue import SimulatedVenue
from tradekit.state.shape import fingerprint
from tradekit.strategy.base import Strategy
from tradekit.trading.engine import Engine


class Buyer(Strategy):
    timeframes = ("1m", "5m")

    def on_start(self) -> None:
        self.average = self.indicator(SMA, 3)
        self.heard: list[int] = []

    def on_bar(self, bar: Bar) -> None:
        self.heard.append(bar.ts)
        if len(self.heard) == 4:
            self.buy(1)


def played(numbers: list[int]) -> tuple[Cycle, list[Event]]:
    made = Cycle(Engine(Buyer()), SimulatedVenue(Exchange([BTC])))
    told = made.settle(made.take(opened(), START))
    for n in numbers:
        told += made.settle(made.take(flat(n, 100.0 + n), START + (n + 1) * MINUTE))
    return made, told


def test_it_fills_nothing_feeds_nothing_and_calls_nobody() -> None:
    late, _ = played([0, 1, 2, 3, 1, 3, 4, 5])
    never, _ = played([0, 1, 2, 3, 4, 5])
    ours, theirs = late.engine.state, never.engine.state
    assert late.engine.strategy.heard == never.engine.strategy.heard  # type: ignore[attr-defined]
    assert late.engine.strategy.average.value == never.engine.strategy.average.value  # type: ignore[attr-defined]
    assert [fill.price for fill in ours.fills] == [fill.price for fill in theirs.fills] == [104]
    assert ours.bars == theirs.bars
    assert (ours.health.series["BTC.1m"].late, theirs.health.series["BTC.1m"].late) == (2, 0)


def test_it_is_in_the_journal_as_it_came() -> None:
    _, told = played([0, 1, 0])
    assert [event.data.ts for event in told if isinstance(event.data, Bar)] == [START, START + MINUTE, START]


def test_a_restart_passes_over_it_too() -> None:
    late, told = played([0, 1, 2, 3, 1, 3, 4, 5])
    again = Cycle(Engine(Buyer()), SimulatedVenue(Exchange([BTC])))
    assert restore(again, lambda: told) is None
    assert fingerprint(again.engine.state) == fingerprint(late.engine.state)


def test_the_exchange_keeps_the_later_bar_at_hand() -> None:
    board = Board()
    board.see(flat(3, 103.0), START + 4 * MINUTE)
    assert [board.passes_over(flat(n, 100.0)) for n in (1, 3, 4)] == [True, True, False]
