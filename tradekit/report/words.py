"""Facts in words: one plain sentence for each event of an order's life and for what led to it.

Knows facts, no state; times stay with the events, whoever shows them writes them.
"""

from collections.abc import Callable
from decimal import Context
from typing import Any

import msgspec

from tradekit.core.event import Event
from tradekit.model.doubt import FillCharged
from tradekit.model.market import Bar, MarkUpdated, Quote, TimerFired, TradeTick
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRequested,
    OrderDenied,
    OrderFilled,
    OrderReplaced,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderTrailed,
    OrderTriggered,
    OrderType,
    Side,
    TimeInForce,
)
from tradekit.model.session import CommandReceived, SessionOpened, SignalRaised, params_of
from tradekit.report.fillrules import sentence

__all__ = ["in_words", "plain"]

_DONE = {Side.BUY: "bought", Side.SELL: "sold"}


def in_words(event: Event) -> str:
    """What the event says, without its time."""
    writes = _WRITERS.get(type(event.data))
    return _plainly(event) if writes is None else writes(event.data)


def plain(value: object) -> str:
    """A price, quantity or amount as it is read: to 12 digits, without an exponent or zeros behind."""
    rounded = _TWELVE.create_decimal(str(value))
    whole, _, rest = f"{rounded:f}".partition(".")
    rest = rest.rstrip("0")
    sign = "-" if whole.startswith("-") and (rest or whole.strip("-0")) else ""
    return f"{sign}{int(whole.lstrip('-')):,}{'.' if rest else ''}{rest}"


_TWELVE = Context(prec=12)


def _submitted(data: OrderSubmitted) -> str:
    size = plain(data.qty) if data.share is None else f"{plain(data.share * 100)} % of the buying power of"
    own_price = data.type in (OrderType.LIMIT, OrderType.STOP)  # whose price says already what they are
    terms = [] if own_price else [data.type.value.replace("_", " ")]
    terms += [
        f"{name} {plain(value)}{unit}"
        for name, value, unit in (
            ("limit", data.limit, ""), ("stop", data.stop, ""),
            ("trailing by", data.trail, ""), ("trailing by", data.trail_pct, " %"),
        )
        if value is not None
    ]  # fmt: skip
    if data.tif is not TimeInForce.GTC:
        terms.append(data.tif.value.upper())
    terms += [
        text for flag, text in ((data.reduce_only, "reduce only"), (data.post_only, "post only")) if flag
    ]
    told = f"{data.side.value} {size} {data.instrument}, {', '.join(terms)}"
    told += f", once {data.parent} fills" if data.parent else ""
    told += f"; reason: {data.reason}" if data.reason else ""
    return told + (f"; tag: {data.tag}" if data.tag else "")


def _accepted(data: OrderAccepted) -> str:
    if data.held:
        return "the venue has it and holds it until its parent fills"
    return f"working at the venue as {data.venue_id}" if data.venue_id else "working at the venue"


def _filled(data: OrderFilled) -> str:
    told = f"{_DONE[data.side]} {plain(data.qty)} {data.instrument} at {plain(data.price)}"
    told += f", fee {plain(data.fee)} {data.fee_currency}" if data.fee else ", no fee"
    if not data.rule:
        return told
    meaning = sentence(data.rule)
    return f"{told}; rule {data.rule}" + (f": {meaning}" if meaning else "")


def _denied(data: OrderDenied) -> str:
    return (
        f"{data.side.value} {plain(data.qty)} {data.instrument} was refused by our rule {data.rule}: "
        f"{data.value} against a limit of {data.bound}"
    )


def _replaced(data: OrderReplaced | OrderReplaceRequested) -> str:
    wished = isinstance(data, OrderReplaceRequested)
    terms = [
        f"{name.replace('_', ' ')} {plain(value)}"
        for name in ("qty", "limit", "stop", "trail", "trail_pct")
        if (value := getattr(data, name)) is not None
    ]
    return ("to be changed to " if wished else "changed to ") + (", ".join(terms) or "what it was")


def _signal(data: SignalRaised) -> str:
    told = f"{data.name} {data.direction:+g} on {data.instrument}"
    told += f" at {plain(data.price)}" if data.price else ""
    return told + (f": {data.note}" if data.note else "")


def _bar(data: Bar) -> str:
    prices = ", ".join(f"{name} {plain(getattr(data, name))}" for name in ("open", "high", "low", "close"))
    return f"{data.instrument} {data.timeframe} closed: {prices}"


def _ended(words: str) -> Callable[[Any], str]:
    return lambda data: words + (f": {data.reason}" if data.reason else "")


def _command(data: CommandReceived) -> str:
    told = params_of(data.args) if data.name == "set_param" else data.args
    args = ", ".join(f"{name} {value}" for name, value in told.items())
    return f"{data.user or 'somebody'} said {data.name}" + (f" ({args})" if args else "")


_WRITERS: dict[type, Callable[[Any], str]] = {
    OrderSubmitted: _submitted,
    OrderAccepted: _accepted,
    OrderFilled: _filled,
    OrderDenied: _denied,
    OrderReplaced: _replaced,
    OrderReplaceRequested: _replaced,
    OrderCanceled: _ended("trades no more"),
    OrderCancelRequested: _ended("to be canceled"),
    OrderTriggered: lambda data: f"its trigger was reached at {plain(data.price)}",
    OrderTrailed: lambda data: f"its stop follows the market to {plain(data.stop)}",
    FillCharged: lambda data: f"its trade {data.exec_id} cost {plain(data.fee)} {data.fee_currency}",
    SignalRaised: _signal,
    Bar: _bar,
    MarkUpdated: lambda data: f"{data.instrument} at {plain(data.last)}",
    Quote: lambda data: f"{data.instrument} bid {plain(data.bid)}, ask {plain(data.ask)}",
    TradeTick: lambda data: f"{data.instrument} traded {plain(data.size)} at {plain(data.price)}",
    TimerFired: lambda data: f"timer {data.name} came due",
    CommandReceived: _command,
    SessionOpened: lambda data: f"session {data.name} opened with {data.strategy_class.partition(':')[2]}",
}


def _plainly(event: Event) -> str:
    """A fact without a sentence of its own: its fields that say something, by name."""
    fields = msgspec.to_builtins(event.data)
    told = [f"{name} {value}" for name, value in fields.items() if value not in ("", None) and name != "id"]
    return ", ".join(told) or event.type
