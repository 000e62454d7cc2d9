"""The one reducer: `apply(state, event)` folds a fact into the state, here and in every replica.

Pure: no clock, no I/O; the same events give the same state everywhere. Money is `state.ledger`'s business.
"""

from collections.abc import Callable
from typing import Any

from tradekit.core.event import Event, Unknown
from tradekit.model.account import AccountAdopted, CashMoved, MarginCalled, RatePublished, SplitEffected
from tradekit.model.market import (
    Bar,
    FeedEnded,
    FeedStarted,
    MarketOpened,
    MarkUpdated,
    Quote,
    TradeTick,
)
from tradekit.model.session import (
    ClientsChanged,
    CommandReceived,
    CommandRefused,
    HandlerFailed,
    Mode,
    ParamsChanged,
    RiskChanged,
    SessionClosed,
    SessionOpened,
    SignalRaised,
    StrategyFailed,
)
from tradekit.state import compared, days, doubts, flows, hours, ledger, monitors, orders, totals, valuation
from tradekit.state.pacing import counted
from tradekit.state.seen import Attendance, FeedHealth, SeriesHealth
from tradekit.state.shape import (
    BarRow,
    Command,
    Mark,
    Signal,
    State,
)

__all__ = ["BARS_KEPT", "REDUCER", "Touched", "apply"]

REDUCER = 6  # grows when a change here gives another state from the same events
BARS_KEPT = 500  # closed bars kept in state for each instrument and timeframe
_LATE = (("health",),)  # what a late bar touches
_SIGNALS_KEPT = 300
_COMMANDS_KEPT = 100

Touched = tuple[tuple[str, ...], ...]
Handler = Callable[[State, Event, Any], Touched]


def apply(state: State, event: Event) -> Touched:
    """Fold one event into `state` (in place) and return the paths it touched, most general first.

    Facts of an unknown type or version move `seq` and `time` only. Raises nothing for a well-formed event.
    """
    state.seq = event.seq
    if event.ts > state.time:
        state.time = event.ts
    handler = _HANDLERS.get(event.type)
    data = event.data
    return handler(state, event, data) if handler is not None and type(data) is not Unknown else ()


def _session_opened(state: State, event: Event, data: SessionOpened) -> Touched:
    session, strategy, account = state.session, state.strategy, state.account
    first = session.epoch == 0 and not account.cash
    session.name, session.mode, session.account = data.name, data.mode, data.account
    session.epoch, session.open, session.closed_reason = event.epoch, True, ""
    session.program, session.timeframes = data.program, list(data.timeframes)
    session.warm_until, session.opened = data.warm_until, event.ts
    state.health.attendance = Attendance(0, event.ts)
    strategy.id, strategy.cls, strategy.source, strategy.error = (
        data.strategy,
        data.strategy_class,
        data.source,
        "",
    )
    state.health.reconciliation.status = "due" if data.mode is Mode.LIVE else ""
    state.instruments = {i.id: i for i in data.instruments}
    totals.forget(state)
    state.risk.limits = dict(data.limits)
    state.pnl.around_the_clock, state.pnl.until = any(i.calendar == "24/7" for i in data.instruments), 0
    for position in state.positions.values():
        if not position.qty and position.instrument in state.instruments:
            ledger.set_terms(position, state.instruments[position.instrument])
    if first:
        session.started = event.ts
        strategy.params = dict(data.params)
        state.risk.armed, state.risk.since = data.armed, event.ts
        ledger.open_account(state, data)
    return (("session",), ("strategy",), ("instruments",), ("risk",), ("account",))


def _session_closed(state: State, event: Event, data: SessionClosed) -> Touched:
    state.session.open, state.session.closed_reason = False, data.reason
    return (("session",),)


def _bar(state: State, event: Event, data: Bar) -> Touched:
    instrument, timeframe, close = data.instrument, data.timeframe, data.close
    made = event.cause != 0  # from finer bars: their closes have been marked already
    if not made:
        if hours.late(state, data):
            state.health.series.setdefault(event.key, SeriesHealth()).late += 1
            return _LATE
        hours.came(state, data, event.key)
    series = state.bars.get(instrument)
    if series is None:
        series = state.bars[instrument] = {}
    rows = series.get(timeframe)
    if rows is None:
        rows = series[timeframe] = []
    rows.append(BarRow(data.ts, data.open, data.high, data.low, close, data.volume))
    if len(rows) > BARS_KEPT:
        del rows[0]
    path = ("bars", instrument, timeframe)
    if made:
        return (path,)
    ts = event.ts
    for feed in state.health.feeds.values():
        feed.last = ts
    state.marks[instrument] = Mark(ts, close)
    valuation.mark(state, instrument, close)
    days.add_point(state, ts)
    return (path, ("marks", instrument), ("positions",), ("account",), ("pnl",), ("health",))


def _mark(state: State, event: Event, data: MarkUpdated) -> Touched:
    instrument, last = data.instrument, data.last
    state.marks[instrument] = Mark(event.ts, last, data.bid, data.ask)
    valuation.mark(state, instrument, last)
    return (("marks", instrument), ("positions",), ("account",), ("pnl",))


def _quote(state: State, event: Event, data: Quote) -> Touched:
    middle = (data.bid + data.ask) / 2
    state.marks[data.instrument] = Mark(event.ts, middle, data.bid, data.ask)
    return _marked(state, data.instrument, middle)


def _trade(state: State, event: Event, data: TradeTick) -> Touched:
    known = state.marks.get(data.instrument)
    bid, ask = (None, None) if known is None else (known.bid, known.ask)
    state.marks[data.instrument] = Mark(event.ts, data.price, bid, ask)
    return _marked(state, data.instrument, data.price)


def _marked(state: State, instrument: str, last: float) -> Touched:
    valuation.mark(state, instrument, last)
    return (("marks", instrument), ("positions",), ("account",), ("pnl",))


def _market_opened(state: State, event: Event, data: MarketOpened) -> Touched:
    days.open_session(state, data.session, event.ts)
    return (("pnl",), *hours.opened(state, event, data))


def _cash_moved(state: State, event: Event, data: CashMoved) -> Touched:
    flows.cash_moved(state, event, data)
    return (("account",), ("pnl",))


def _account_adopted(state: State, event: Event, data: AccountAdopted) -> Touched:
    flows.adopted(state, event, data)
    return (("account",), ("pnl",), ("positions",), ("marks",))


def _rate_published(state: State, event: Event, data: RatePublished) -> Touched:
    flows.rate_published(state, event, data)
    return (("rates",), ("account",), ("pnl",))


def _split_effected(state: State, event: Event, data: SplitEffected) -> Touched:
    flows.split_effected(state, event, data)
    kept = monitors.split(state, data)
    return (("positions",), ("marks", data.instrument), ("account",), ("pnl",), ("monitors",), *kept)


def _margin_called(state: State, event: Event, data: MarginCalled) -> Touched:
    state.account.margin_calls += 1
    return (("account",),)


def _feed_started(state: State, event: Event, data: FeedStarted) -> Touched:
    last = state.health.feeds[data.feed].last if data.feed in state.health.feeds else 0
    state.health.feeds[data.feed] = FeedHealth("running", event.ts, data.source, last)
    return (("health",),)


def _feed_ended(state: State, event: Event, data: FeedEnded) -> Touched:
    last = state.health.feeds[data.feed].last if data.feed in state.health.feeds else 0
    state.health.feeds[data.feed] = FeedHealth("ended", event.ts, data.reason, last)
    return (("health",),)


def _clients_changed(state: State, event: Event, data: ClientsChanged) -> Touched:
    state.health.attendance = Attendance(data.clients, event.ts)
    return (("health",),)


def _signal(state: State, event: Event, data: SignalRaised) -> Touched:
    signal = Signal(
        event.seq, event.ts, data.strategy, data.instrument, data.name, data.direction, data.price, data.note
    )
    state.signals.active[f"{data.strategy}/{data.instrument}/{data.name}"] = signal
    history = state.signals.history
    history.append(signal)
    if len(history) > _SIGNALS_KEPT:
        del history[0]
    return (("signals",),)


def _risk(state: State, event: Event, data: RiskChanged) -> Touched:
    risk = state.risk
    risk.armed, risk.halted, risk.killed = data.armed, data.halted, data.killed
    risk.reason, risk.user, risk.since = data.reason, data.user, event.ts
    if not data.halted:
        risk.rejects = 0
    return (("risk",),)


def _params(state: State, event: Event, data: ParamsChanged) -> Touched:
    state.strategy.params = dict(data.params)
    return (("strategy",),)


def _strategy_failed(state: State, event: Event, data: StrategyFailed) -> Touched:
    state.strategy.error = f"{data.where}: {data.error}"
    state.health.errors += 1
    state.health.last_error = state.strategy.error
    return (("strategy",), ("health",))


def _handler_failed(state: State, event: Event, data: HandlerFailed) -> Touched:
    state.health.errors += 1
    state.health.last_error = f"{data.handler} on {data.subject}: {data.error}"
    return (("health",),)


def _command(state: State, event: Event, data: CommandReceived) -> Touched:
    state.commands.append(Command(event.seq, event.ts, data.id, data.name, data.user, data.args))
    if len(state.commands) > _COMMANDS_KEPT:
        del state.commands[0]
    return (("commands",),)


def _command_refused(state: State, event: Event, data: CommandRefused) -> Touched:
    for i in range(len(state.commands) - 1, -1, -1):
        known = state.commands[i]
        if known.id == data.id:
            state.commands[i] = Command(
                known.seq, known.ts, known.id, known.name, known.user, known.args, data.reason
            )
            break
    return (("commands",),)


_HANDLERS: dict[str, Handler] = {
    "session.opened": _session_opened,
    "session.closed": _session_closed,
    "clients.changed": _clients_changed,
    "bar.closed": _bar,
    "mark.updated": _mark,
    "quote.received": _quote,
    "trade.received": _trade,
    "market.opened": _market_opened,
    "account.adopted": _account_adopted,
    "cash.moved": _cash_moved,
    "rate.published": _rate_published,
    "split.effected": _split_effected,
    "margin.called": _margin_called,
    "feed.started": _feed_started,
    "feed.ended": _feed_ended,
    "signal.raised": _signal,
    "risk.changed": _risk,
    "strategy.params_changed": _params,
    "strategy.failed": _strategy_failed,
    "error.handler": _handler_failed,
    "command.received": _command,
    "command.refused": _command_refused,
    **hours.HANDLERS,
    **counted(orders.HANDLERS),
    **doubts.HANDLERS,
    **monitors.HANDLERS,
    **compared.HANDLERS,
}
for _tag in ("order.filled", "fill.busted"):
    _HANDLERS[_tag] = monitors.counted(_HANDLERS[_tag])
