"""The log's lines: each event as one sentence, and the recent past of a state as such sentences.

Pure; knows no widget. Facts without a sentence of their own show their type alone.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tradekit.core.event import Event
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar, FeedEnded, FeedStarted, MarkUpdated
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderCancelRequested,
    OrderDenied,
    OrderExpired,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderTrailed,
    OrderTriggered,
)
from tradekit.model.session import (
    CommandReceived,
    CommandRefused,
    HandlerFailed,
    ParamsChanged,
    RiskChanged,
    SessionClosed,
    SessionOpened,
    SignalRaised,
    StrategyFailed,
)
from tradekit.state.shape import State
from tradekit.widgets import words

__all__ = ["KEPT", "Line", "alerts", "line", "past", "recent"]

KEPT = 60  # lines that the log holds

Line = dict[str, Any]


def recent(
    events: Iterable[Event], before: list[Line], instruments: Mapping[str, Instrument] | None = None
) -> list[Line]:
    """`before` with new events on top, newest first, prices at the instruments' ticks; bars and marks are no news.

    Nor is what `before` has: a state that was read may be ahead of the events that come. Without news it is `before`.
    """
    known = instruments or {}
    news = [event for event in events if not isinstance(event.data, (Bar, MarkUpdated))]
    shown = {line["seq"] for line in before} if news else set()
    fresh = [line(event, known) for event in news if event.seq not in shown]
    return [*reversed(fresh), *before][:KEPT] if fresh else before


def past(state: State) -> list[Line]:
    """What a state remembers of its last events: fills, signals and commands, newest first."""
    lines = []
    for fill in state.fills[-KEPT:]:
        price = words.price(fill.price, state.instruments.get(fill.instrument))
        text = f"{fill.order} filled: {fill.side} {words.qty(fill.qty)} {fill.instrument} at {price}"
        lines.append(_made(fill.seq, fill.ts, f"order.filled.{fill.instrument}", text, ""))
    for signal in state.signals.history[-KEPT:]:
        text = f"{signal.name} {words.signed(signal.direction, 1)} {signal.note}".rstrip()
        lines.append(_made(signal.seq, signal.ts, f"signal.raised.{signal.instrument}", text, ""))
    for command in state.commands[-KEPT:]:
        text = f"{command.user} said {command.name}" + (
            f", refused: {command.refused}" if command.refused else ""
        )
        subject = f"command.received.{command.name}"
        lines.append(_made(command.seq, command.ts, subject, text, "warn" if command.refused else ""))
    return sorted(lines, key=lambda line: -line["seq"])[:KEPT]


def alerts(state: State) -> dict[str, Any]:
    """What a human should know of, newest first."""
    lines = [
        _made(alert.seq, alert.ts, ".".join(filter(None, (alert.kind, alert.instrument))), alert.text, "warn")
        | {"order": alert.order}
        for alert in reversed(state.health.alerts)
    ]
    return {"rows": lines, "count": len(lines)}


def line(event: Event, known: Mapping[str, Instrument]) -> Line:
    """An event as a line of the log; prices at the ticks of the `known` instruments."""
    data: Any = event.data
    priced, entry = _PRICED.get(type(data)), _SENTENCES.get(type(data))
    if priced is not None:
        text, tone = priced(data, known.get(data.instrument)), ""
    else:
        text, tone = (entry[0](data), entry[1]) if entry is not None else (event.type, "muted")
    return _made(event.seq, event.ts, event.subject, text, tone)


def _made(seq: int, ts: int, subject: str, text: str, tone: str) -> Line:
    return {"seq": seq, "ts": words.milliseconds(ts), "subject": subject, "text": text, "tone": tone}


def _submitted(data: OrderSubmitted, instrument: Instrument | None) -> str:
    level = data.limit if data.limit is not None else data.stop
    at = f" {str(data.type).replace('_', ' ')} {words.price(level, instrument)}".rstrip()
    why = f": {data.reason or data.tag}" if data.reason or data.tag else ""
    return f"{data.id} {data.side} {words.qty(data.qty)} {data.instrument}{at}{why}"


def _filled(data: OrderFilled, instrument: Instrument | None) -> str:
    price = words.price(data.price, instrument)
    return f"{data.id} filled: {data.side} {words.qty(data.qty)} {data.instrument} at {price}"


def _denied(data: OrderDenied) -> str:
    return f"{data.id} denied" + (
        f", {data.rule}: {data.value} against {data.bound}" if data.bound else f": {data.value}"
    )


def _bar(data: Bar) -> str:
    numbers = " ".join(f"{value:,.10g}" for value in (data.open, data.high, data.low, data.close))
    return f"{data.instrument} {data.timeframe} closed: {numbers}"


def _risk(data: RiskChanged) -> str:
    word = "killed" if data.killed else "halted" if data.halted else "armed" if data.armed else "disarmed"
    return f"{word} by {data.user}" + (f": {data.reason}" if data.reason else "")


def _because(word: str) -> Callable[[Any], str]:
    return lambda data: f"{data.id} {word}" + (f": {data.reason}" if data.reason else "")


_PRICED: dict[type, Callable[[Any, Instrument | None], str]] = {
    OrderSubmitted: _submitted,
    OrderFilled: _filled,
    OrderTriggered: lambda data, instrument: f"{data.id} triggered at {words.price(data.price, instrument)}",
    OrderTrailed: lambda data, instrument: (
        f"{data.id} trails: its stop is {words.price(data.stop, instrument)}"
    ),
}
_SENTENCES: dict[type, tuple[Callable[[Any], str], str]] = {
    Bar: (_bar, "muted"),
    MarkUpdated: (lambda d: f"{d.instrument} at {d.last:,g}", "muted"),
    SessionOpened: (lambda d: f"session {d.name} opened, {d.mode}", ""),
    SessionClosed: (lambda d: f"session {d.name} closed: {d.reason}", "warn"),
    FeedStarted: (lambda d: f"feed {d.feed} started: {d.source}", ""),
    FeedEnded: (lambda d: f"feed {d.feed} ended: {d.reason}", "warn"),
    SignalRaised: (lambda d: f"{d.name} {words.signed(d.direction, 1)} {d.note}".rstrip(), ""),
    OrderAccepted: (lambda d: f"{d.id} {'held at' if d.held else 'accepted by'} the venue", "muted"),
    OrderDenied: (_denied, "warn"),
    OrderRejected: (_because("rejected by the venue"), "bad"),
    OrderReplaceRequested: (_because("replace requested"), "muted"),
    OrderReplaced: (lambda d: f"{d.id} replaced, its quantity is {words.qty(d.qty)}", "muted"),
    OrderReplaceRejected: (_because("not replaced"), "warn"),
    OrderCancelRequested: (_because("cancel requested"), "muted"),
    OrderCancelRejected: (_because("not canceled"), "warn"),
    OrderCanceled: (_because("canceled"), "muted"),
    OrderExpired: (_because("expired"), "muted"),
    RiskChanged: (_risk, "warn"),
    ParamsChanged: (lambda d: "parameters: " + ", ".join(f"{k}={v}" for k, v in d.params.items()), ""),
    CommandReceived: (lambda d: f"{d.user} said {d.name}", ""),
    CommandRefused: (lambda d: f"{d.name} refused: {d.reason}", "warn"),
    StrategyFailed: (lambda d: f"strategy failed in {d.where}: {d.error}", "bad"),
    HandlerFailed: (lambda d: f"{d.handler} failed on {d.subject}: {d.error}", "bad"),
}
