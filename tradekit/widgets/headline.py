"""Ribbon, hero numbers and what the controls may do: the few words and numbers that must never be misread.

Pure; knows no widget. Ages are seconds at the time of asking; the page counts on from there.
"""

from decimal import Decimal
from typing import Any

from tradekit.bridge.protocol import SCOPES
from tradekit.model.instrument import Instrument, duration
from tradekit.model.money import ZERO
from tradekit.model.order import OrderType
from tradekit.model.session import Mode
from tradekit.state.exposure import gross_exposure
from tradekit.state.shape import Order, Position, State
from tradekit.widgets import words
from tradekit.widgets.conditions import conditions
from tradekit.widgets.rows import named

__all__ = [
    "Part",
    "controls",
    "denied",
    "ending",
    "first_line",
    "hero",
    "link",
    "power",
    "protection",
    "ribbon",
]

Part = dict[str, Any]

_QUIET_S = 15.0  # a feed that has ticked is late after this long without a word
_STOPS = (OrderType.STOP, OrderType.TRAILING_STOP)
_LINKS = {"connecting": "loading", "live": "live", "stale": "stale", "closed": "stale"}


def link(status: str, *, seq: int, age_s: float, problem: str, end: str = "", alarm: str = "") -> Part:
    """The connection as a pane's state: loading, live, stale, ended or error, for how long [s], and why.

    end    why the session has closed itself, "" while it has not
    alarm  what is wrong with the session though its state cannot tell, "" for nothing
    """
    state = _LINKS.get(status, "error")
    if state == "loading" and seq:
        state = "stale"  # there is something to show, and it is old
    if state == "stale" and end:
        state, problem = "ended", f"the session has ended: {end}"
    problem = problem or ("" if state == "live" else status)
    return {"state": state, "age": round(age_s, 2), "problem": problem, "alarm": alarm}


def ending(state: State) -> str:
    """Why the session has closed itself; "" while it has not."""
    return "" if state.session.open else state.session.closed_reason


def power(state: State) -> tuple[str, str]:
    """Whether orders may be sent: the word's style, and the word."""
    risk = state.risk
    name = "killed" if risk.killed else "halted" if risk.halted else "armed" if risk.armed else "disarmed"
    if ending(state):
        name = "ended"
    return name, name.upper()


def first_line(name: str, state: State) -> Part:
    """A notebook widget's first line: session, mode and the seq that is shown."""
    mode = state.session.mode
    return {"name": name, "mode": str(mode), "mode_word": mode.upper(), "seq": words.sequence(state.seq)}


def ribbon(
    name: str,
    state: State,
    *,
    feed_age_s: float | None,
    ticking: bool,
    lag_ms: float | None,
    page: bool = False,
    now: int = 0,
) -> Part:
    """The ribbon. `feed_age_s`: since the feed was last heard, None when never; `ticking`: by ticks; `now` [UTC ns]."""
    style, word = power(state)
    end = ending(state)
    why = end or state.strategy.error or state.risk.reason
    items = [] if end else [*_lines(state, feed_age_s, ticking, lag_ms), *conditions(state, now=now)]
    if state.health.errors:
        error = {
            "label": "errors",
            "text": str(state.health.errors),
            "tone": "bad",
            "title": state.health.last_error,
        }
        items.append(error)
    if why not in ("", style) and style != "armed":
        items.append({"label": style, "text": why, "tone": "warn", "title": why})
    return {
        **first_line(name, state),
        "power": style,
        "power_word": word,
        "power_title": style if why in ("", style) else f"{style}: {why}",
        "items": items,
        "page": page,
    }


def _lines(state: State, feed_age_s: float | None, ticking: bool, lag_ms: float | None) -> list[Part]:
    """How old what is shown is: the feeds, and the bridge."""
    items = [_feed(feed, health.status, health.detail, state, feed_age_s, ticking)
             for feed, health in state.health.feeds.items()]  # fmt: skip
    if not items:
        items = [{"label": "feed", "text": "none yet", "tone": "muted", "title": "no feed has started"}]
    if lag_ms is not None:
        behind = "how far this page is behind the session"
        items.append({"label": "bridge", "text": f"{lag_ms:.0f} ms", "title": behind})
    return items


def _feed(name: str, status: str, detail: str, state: State, age_s: float | None, ticking: bool) -> Part:
    if status == "ended":
        return {"label": "feed", "text": "ended", "tone": "warn", "title": f"{name}: {detail}"}
    limit = _QUIET_S if ticking else max(_QUIET_S, 2 * _finest_s(state))
    text = "" if age_s is not None else status
    return {"label": "feed", "text": text, "age": age_s, "limit": limit, "title": f"{name}: {detail}"}


def _finest_s(state: State) -> float:
    frames = {frame for series in state.bars.values() for frame in series} | set(state.session.timeframes)
    return min((duration(frame) for frame in frames), default=0) / 1e9


def hero(state: State) -> list[Part]:
    """The hero numbers as they are read: the account's, and last what comes and goes: the position and its ends."""
    return [
        _equity(state),
        _day(state),
        _unrealised(state),
        _realised(state),
        _drawdown(state),
        _exposure(state),
        *_open_position(state),
    ]


def _cell(
    label: str, text: str, more: str = "", *, tone: str = "", title: str = "", small: bool = False
) -> Part:
    return {"label": label, "text": text, "more": more, "tone": tone, "title": title, "small": small}


def _equity(state: State) -> Part:
    """What all is worth; what has no known rate is left out of it, and named."""
    account = state.account
    missing = [currency for currency, rate in account.rates.items() if rate is None]
    title = f"cash and what is held, in {account.currency}"
    if missing:
        title += f"; without {', '.join(missing)}, whose rate is not known"
    more = f"without {', '.join(missing)}" if missing else ""
    return _cell(
        f"Equity {account.currency}", words.money(account.equity, account.currency), more, title=title
    )


def _unrealised(state: State) -> Part:
    account = state.account
    text, tone = words.gain(account.unrealised, account.currency)
    return _cell("Unrealised", text, tone=tone, title=f"of what is open now, in {account.currency}")


def _day(state: State) -> Part:
    """What the day has earned after fees, as its report says it: cash that no trade moved is no profit."""
    currency = state.account.currency
    if not state.pnl.days:
        return _cell("Day", words.money(0, currency))
    date, day = next(reversed(state.pnl.days.items()))
    earned = day.end - day.start - float(day.flows)
    text, tone = words.gain(earned, currency)
    share = f"{words.signed(100 * earned / day.start)} %" if day.start else ""
    realised, fees = words.gain(day.realised, currency)[0], words.money(day.fees, currency)
    title = f"{date}, in {currency}: realised {realised}, fees {fees}"
    if day.flows:
        title += f"; besides {words.gain(day.flows, currency)[0]} that no trade moved"
    return _cell("Day", text, share, tone=tone, title=title)


def _realised(state: State) -> Part:
    """The day's realised profit after fees."""
    day, currency = next(reversed(state.pnl.days.values()), None), state.account.currency
    text, tone = words.gain(day.realised - day.fees if day is not None else ZERO, currency)
    title = f"realised today after fees, in {currency}"
    return _cell("Realised", text, tone=tone, title=title, small=True)


def _exposure(state: State) -> Part:
    """What all positions are worth, long and short alike, as a share of the equity; the amount is on hover."""
    worth, equity = gross_exposure(state), state.account.equity
    if worth is None:
        title = "the rate of a position's currency is not known"
        return _cell("Exposure", "unknown", tone="muted", title=title, small=True)
    amount = f"{words.money(worth, state.account.currency)} {state.account.currency}"
    text = f"{100 * worth / equity:.1f} %" if equity > 0 else amount
    title = f"{amount}: what all positions are worth, long and short alike, as a share of the equity"
    return _cell("Exposure", text, title=title, small=True)


def _drawdown(state: State) -> Part:
    account = state.account
    depth = 100 * (1 - account.equity / account.peak) if account.peak > 0 else 0.0
    return _cell("Drawdown", f"{max(0.0, depth):.2f} %", small=True, title="below the highest equity so far")


def _open_position(state: State) -> list[Part]:
    held = sorted((p for p in state.positions.values() if p.qty), key=lambda p: -p.opened)
    if not held:
        return [
            _cell("Position", "flat", small=True),
            *(_cell(label, "none", tone="muted", small=True) for label in ("Stop", "Target")),
        ]
    position, others = held[0], len(held) - 1
    instrument = state.instruments.get(position.instrument)
    way = "▲ long" if position.qty > 0 else "▼ short"
    more = f", {others} more" if others else ""
    what = named(position.instrument if len(state.instruments) > 1 else "", position.position)
    text = f"{way} {words.qty(abs(position.qty))} {what}".rstrip()
    cells = [
        _cell(
            "Position",
            text,
            f"@ {words.price(position.entry, instrument)}{more}",
            tone=words.tone(position.qty),
            small=True,
        )
    ]
    stop, target = protection(state, position)
    trails = "trails" if stop is not None and (stop.trail or stop.trail_pct) else ""
    cells.append(_level("Stop", stop.stop if stop else None, instrument, trails))
    cells.append(_level("Target", target.limit if target else None, instrument))
    return cells


def _level(label: str, level: Decimal | None, instrument: Instrument | None, more: str = "") -> Part:
    text = words.price(level, instrument) or "none"
    return _cell(label, text, more, tone="" if level is not None else "muted", small=True)


def protection(state: State, position: Position) -> tuple[Order | None, Order | None]:
    """The working orders that end a position: its stop, and its target (a limit)."""
    stop = target = None
    whose = (position.strategy, position.instrument, position.position)
    for order in state.orders.values():
        if not order.working or (order.strategy, order.instrument, order.position) != whose:
            continue
        if order.side.sign * position.qty >= 0:
            continue
        if order.type in _STOPS:
            stop = order
        elif order.type is OrderType.LIMIT:
            target = order
    return stop, target


def denied(scopes: frozenset[str]) -> dict[str, str]:
    """Why each command that a token of those scopes does not allow is not offered, by command."""
    allows = ", ".join(sorted(scopes)) or "nothing"
    return {
        command: f"this token may not {command.replace('_', ' ')}: it allows {allows}, that needs {scope}"
        for scope, commands in SCOPES.items()
        if scope not in scopes
        for command in sorted(commands)
    }


def controls(name: str, state: State, *, status: str, scopes: frozenset[str] | None = None) -> Part:
    """What the buttons may do now; `off` says why none of them may, `denied` why some may not.

    scopes  what this viewer's token allows, None while that is not known: then the session itself will say
    """
    risk = state.risk
    off = "" if status == "live" else "no connection to the session: on its machine, tradekit kill stops it"
    if ending(state):
        off = "the session has ended: tradekit run with its configuration goes on where it was"
    if state.session.mode is Mode.BACKTEST:
        off = "a backtest takes no commands"
    return {
        "name": name,
        "mode": str(state.session.mode),
        "armed": risk.armed and not risk.halted and not risk.killed,
        "halted": risk.halted,
        "killed": risk.killed,
        "working": sum(order.working for order in state.orders.values()),
        "held": sum(position.qty != 0 for position in state.positions.values()),
        "off": off,
        "denied": {} if scopes is None else denied(scopes),
    }
