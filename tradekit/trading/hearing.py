"""What the engine does with facts from the market: longer bars, indicators, and the strategy's callbacks.

Each function takes the engine, the event and its fact. Pure; knows no orders.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tradekit.core.event import Event
from tradekit.model.instrument import duration
from tradekit.model.market import Bar, MarkUpdated, Quote, TradeTick

if TYPE_CHECKING:
    from tradekit.trading.engine import Engine

__all__ = ["HANDLERS"]


def _bar(engine: "Engine", event: Event, bar: Bar) -> None:
    longer = engine.series.made_by(bar)
    for made in longer:
        engine.tell_at(made, made.ts + duration(made.timeframe), event.seq)
    for one in (*longer, bar):
        for line in engine.series.lines(one.instrument, one.timeframe):
            line.feed(one)
        if engine.series.follows(one):
            engine.turn_to(one.instrument, event.seq)
            engine.call("on_bar", engine.strategy.on_bar, one)


def _mark(engine: "Engine", event: Event, mark: MarkUpdated) -> None:
    engine.turn_to(mark.instrument, event.seq)
    engine.call("on_mark", engine.strategy.on_mark, mark)


def _quote(engine: "Engine", event: Event, quote: Quote) -> None:
    if engine.series.sees(quote.instrument):
        engine.turn_to(quote.instrument, event.seq)
        engine.call("on_quote", engine.strategy.on_quote, quote)


def _trade(engine: "Engine", event: Event, trade: TradeTick) -> None:
    if engine.series.sees(trade.instrument):
        engine.turn_to(trade.instrument, event.seq)
        engine.call("on_trade", engine.strategy.on_trade, trade)


HANDLERS: dict[str, Callable[["Engine", Event, Any], None]] = {
    "bar.closed": _bar,
    "mark.updated": _mark,
    "quote.received": _quote,
    "trade.received": _trade,
}
