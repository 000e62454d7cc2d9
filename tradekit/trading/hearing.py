"""What the engine does with facts from the market: longer bars, indicators, and the strategy's callbacks.

Each function takes the engine, the event and its fact. Pure; of orders it knows only that a void trade changes what is
expected.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tradekit.core.event import Event
from tradekit.data.aggregate import Closed
from tradekit.errors import StrategyError
from tradekit.model.doubt import FillBusted
from tradekit.model.market import (
    Bar,
    MarketClosed,
    MarketOpened,
    MarkUpdated,
    Quote,
    TimerFired,
    TimerSet,
    TradeTick,
)

if TYPE_CHECKING:
    from tradekit.trading.engine import Engine

__all__ = ["HANDLERS", "made", "timer"]


def timer(name: str, at: int | None, every: int, *, now: int) -> TimerSet:
    """The wish for a timer, made at `now` [UTC ns]; raises StrategyError for a moment that is over."""
    due = now + every if at is None else at
    if due < now:
        raise StrategyError(f"timer {name!r} is set for {due} ns, which is over: it is {now} ns")
    return TimerSet(name, due, every)


def _warming(engine: "Engine", event: Event) -> bool:
    """Whether what is under way is history, which only warms indicators up."""
    return event.ts <= engine.state.session.warm_until


def _bar(engine: "Engine", event: Event, bar: Bar) -> None:
    longer = engine.series.made_by(bar)
    if longer:
        made(engine, event, longer)
    _show(engine, event, bar)


def made(engine: "Engine", event: Event, longer: list[Closed]) -> None:
    """Tell the longer bars that an event closed, then show them."""
    for ends, bar in longer:
        engine.tell_at(bar, ends, event.seq)
    for _, bar in longer:
        _show(engine, event, bar)


def _show(engine: "Engine", event: Event, bar: Bar) -> None:
    """Show a bar to its indicators, then to the strategy."""
    feeds, follows = engine.series.heard(bar)
    for update, read in feeds:
        update(read(bar))
    if follows and not _warming(engine, event):
        engine.turn_to(bar.instrument, event.seq)
        engine.call("on_bar", engine.strategy.on_bar, bar)


def _market_opened(engine: "Engine", event: Event, data: MarketOpened) -> None:
    made(engine, event, engine.series.market_opened(event.ts, data))


def _market_closed(engine: "Engine", event: Event, data: MarketClosed) -> None:
    made(engine, event, engine.series.market_closed(data.calendar))


def _timer(engine: "Engine", event: Event, fired: TimerFired) -> None:
    if not _warming(engine, event):
        engine.turn_to(engine.home, event.seq)
        engine.call("on_timer", engine.strategy.on_timer, fired)


def _mark(engine: "Engine", event: Event, mark: MarkUpdated) -> None:
    engine.turn_to(mark.instrument, event.seq)
    engine.call("on_mark", engine.strategy.on_mark, mark)


def _quote(engine: "Engine", event: Event, quote: Quote) -> None:
    if engine.series.sees(quote.instrument) and not _warming(engine, event):
        engine.turn_to(quote.instrument, event.seq)
        engine.call("on_quote", engine.strategy.on_quote, quote)


def _trade(engine: "Engine", event: Event, trade: TradeTick) -> None:
    if engine.series.sees(trade.instrument) and not _warming(engine, event):
        engine.turn_to(trade.instrument, event.seq)
        engine.call("on_trade", engine.strategy.on_trade, trade)


def _busted(engine: "Engine", event: Event, busted: FillBusted) -> None:
    order = engine.state.orders.get(busted.id)
    if order is not None:
        engine.dealing.follow(order)


HANDLERS: dict[str, Callable[["Engine", Event, Any], None]] = {
    "bar.closed": _bar,
    "market.opened": _market_opened,
    "market.closed": _market_closed,
    "timer.fired": _timer,
    "mark.updated": _mark,
    "quote.received": _quote,
    "trade.received": _trade,
    "fill.busted": _busted,
}
