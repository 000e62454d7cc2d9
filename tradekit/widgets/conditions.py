"""What trading stands on, as items of the ribbon: market hours, the broker's line, how our books compare, holds.

Pure; knows no widget. What nothing has been told of is left out, never shown as well.
"""

from datetime import UTC, datetime
from typing import Any

from tradekit.model.session import Mode
from tradekit.state.seen import Market
from tradekit.state.shape import State

__all__ = ["conditions"]

Part = dict[str, Any]

_HOUR = 3_600_000_000_000
_DAY_NS = 24 * _HOUR
_BOOKS = {
    "green": ("reconciled", ""),
    "open": ("differences", "warn"),
    "failed": ("reconciling fails", "bad"),
}


def conditions(state: State, *, now: int) -> list[Part]:
    """The items that there are; `now` is the viewer's clock [UTC ns], 0 where it is not known."""
    found = (_broker(state, now), _books(state, now), _market(state), _held(state))
    return [item for item in found if item is not None]


def _broker(state: State, now: int) -> Part | None:
    link = state.health.link
    if link.status == "down":
        title = f"{link.detail or 'the line to the venue is down'}; orders wait until it is back"
        return {
            "label": "broker",
            "text": "down",
            "age": _age(state, link.since, now),
            "title": title,
            "tone": "bad",
        }
    if link.status:
        return {"label": "broker", "text": "ok", "title": link.detail or "the line to the venue is up"}
    if state.session.mode in (Mode.PAPER, Mode.SHADOW):
        return {
            "label": "broker",
            "text": "paper",
            "title": "orders fill at a simulated venue and never leave",
        }
    return None


def _books(state: State, now: int) -> Part | None:
    books = state.health.reconciliation
    if not books.status:
        return None
    label, tone = _BOOKS.get(books.status, (books.status, "warn"))
    title = "how long ago our books were compared with the venue's"
    if books.reasons:
        title = "; ".join(f"{book}: {why}" for book, why in books.reasons.items())
    item: Part = {"label": label, "text": "", "title": title, "tone": tone}
    if books.open:
        item |= {"text": f"{len(books.open)} open,", "title": "; ".join(one.text for one in books.open)}
    if books.last:
        item["age"] = _age(state, books.last, now)
    else:
        item["text"] = item["text"] or "not yet"
    return item


def _market(state: State) -> Part | None:
    if not state.markets:
        return None
    closed = [name for name, market in state.markets.items() if not market.open]
    title = "; ".join(f"{name} {_hours(market)}" for name, market in state.markets.items())
    text = "open"
    if len(closed) == len(state.markets):
        following = min((market.next for market in state.markets.values() if market.next), default=0)
        text = f"closed, opens {_short(following, state.time)}" if following else "closed"
    elif closed:
        text = f"{', '.join(closed)} closed"
    return {"label": "market", "text": text, "title": title, "tone": "muted" if closed else ""}


def _held(state: State) -> Part | None:
    """What takes only orders that make a position smaller, and why."""
    holds = state.risk.holds
    if not holds:
        return None
    names = "all" if "*" in holds else ", ".join(holds)
    reasons = dict.fromkeys(reason for of in holds.values() for reason in of.values())
    return {"label": "reduce only", "text": names, "title": "; ".join(reasons), "tone": "bad"}


def _hours(market: Market) -> str:
    if market.open:
        return f"open until {_moment(market.closes)}"
    return f"closed until {_moment(market.next)}" if market.next else f"closed since {_moment(market.closes)}"


def _short(ns: int, now: int) -> str:
    """A moment to come: the time, with the weekday where it is further than a day away."""
    form = "%a %H:%M UTC" if ns - now > _DAY_NS else "%H:%M UTC"
    return datetime.fromtimestamp(ns // 1_000_000_000, UTC).strftime(form)


def _moment(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M} UTC"


def _age(state: State, since: int, now: int) -> float:
    """How long ago that was [s]: by the viewer's clock in a session of today, else by the session's own time."""
    present = now if abs(now - state.time) < _HOUR else state.time
    return max(0.0, (present - since) / 1e9)
