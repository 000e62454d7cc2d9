"""Quotes and trades that a strategy decides on: heard one by one, marked, and wished about."""

from typing import Any

from tests.builders import BTC, START, opened
from tests.trading.desk import Desk, orders, types
from tradekit.model.instrument import Instrument
from tradekit.model.market import Quote, TradeTick
from tradekit.strategy.base import Strategy
from tradekit.trading.engine import Engine

ETH = Instrument(id="ETH")


class Listener(Strategy):
    """Writes down what it hears, and buys on the first quote."""

    def on_start(self) -> None:
        self.heard: list[Any] = []

    def on_quote(self, quote: Quote) -> None:
        self.heard.append(quote)
        if len(self.heard) == 1:
            self.buy(1)

    def on_trade(self, trade: TradeTick) -> None:
        self.heard.append(trade)


class Choosy(Listener):
    instruments = ("ETH",)


def test_each_quote_and_trade_is_heard_once_in_order() -> None:
    desk = Desk(Listener(), specs=[BTC, ETH])
    told = [Quote("BTC", 10, 11), TradeTick("BTC", 10.5, 2, "buy"), Quote("ETH", 1, 2)]
    for fact in told:
        desk.tell(fact)
    assert desk.strategy.heard == told  # type: ignore[attr-defined]


def test_only_the_instruments_that_it_names_are_heard() -> None:
    desk = Desk(Choosy(), specs=[BTC, ETH])
    for name in ("BTC", "ETH"):
        desk.tell(Quote(name, 1, 2))
        desk.tell(TradeTick(name, 1, 2))
    assert [tick.instrument for tick in desk.strategy.heard] == ["ETH", "ETH"]  # type: ignore[attr-defined]


def test_what_is_wished_for_on_a_quote_is_about_its_instrument_and_caused_by_it() -> None:
    engine = Engine(Listener())
    engine.step(opened(instruments=[BTC, ETH]), START)
    told = engine.step(Quote("ETH", 9, 11), START + 5)
    assert types(told) == ["quote.received", "order.submitted"]
    assert (orders(told)[0].instrument, told[1].cause, told[1].ts) == ("ETH", told[0].seq, START + 5)


def test_the_mark_follows_the_middle_of_a_quote_and_the_price_of_a_trade() -> None:
    desk = Desk(specs=[BTC])
    desk.tell(Quote("BTC", 10, 12), START + 1)
    mark = desk.state.marks["BTC"]
    assert (mark.ts, mark.last, mark.bid, mark.ask) == (START + 1, 11, 10, 12)
    desk.tell(TradeTick("BTC", 10.5, 1), START + 2)
    mark = desk.state.marks["BTC"]
    assert (mark.ts, mark.last, mark.bid, mark.ask) == (START + 2, 10.5, 10, 12)


def test_a_first_trade_marks_without_a_quote() -> None:
    desk = Desk(specs=[BTC])
    desk.tell(TradeTick("BTC", 10.5, 1))
    mark = desk.state.marks["BTC"]
    assert (mark.last, mark.bid, mark.ask) == (10.5, None, None)
