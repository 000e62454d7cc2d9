"""Profit by day, and the curve of equity: what has ended stays as it was, so that the days add up to the whole.

The day of a fact is the trading session that has opened last, or the UTC day where something trades around the clock.
Knows no calendar: the market's own facts say when a session opens, so a shift of summer time is theirs.
"""

import functools
from datetime import UTC, datetime

from tradekit.state.shape import DayPnl, EquityPoint, State

__all__ = ["CURVE_KEPT", "add_point", "day_name", "day_of", "open_session"]

CURVE_KEPT = 1500
_DAYS_KEPT = 400
_DAY_NS = 86_400_000_000_000
_NO_END = (1 << 63) - 1  # the next session's opening ends the day


def open_session(state: State, session: str, ts: int) -> None:
    """A trading session of this date ("2022-12-13") has opened at `ts` [UTC ns]: its day begins."""
    state.pnl.session = max(state.pnl.session, session)
    state.pnl.until = 0
    day_of(state, ts)


def day_of(state: State, ts: int) -> DayPnl:
    """The day of `ts` [UTC ns], or the latest one: a day that has ended stays as it was.

    A new day starts where the one before it ended, so that the days' results add up.
    """
    pnl = state.pnl
    days = pnl.days
    if ts < pnl.until:
        return days[next(reversed(days))]
    name = day_name(state, ts)
    latest = next(reversed(days), "")
    by_session = pnl.session and not pnl.around_the_clock
    pnl.until = _NO_END if by_session else (ts // _DAY_NS + 1) * _DAY_NS
    if name <= latest:
        return days[latest]
    equity = days[latest].end if latest else state.account.equity
    day = days[name] = DayPnl(equity, equity)
    if len(days) > _DAYS_KEPT:
        del days[next(iter(days))]
    return day


def day_name(state: State, ts: int) -> str:
    """The date of the day that `ts` [UTC ns] belongs to, were it now: the latest session's, or the UTC day's."""
    pnl = state.pnl
    session = pnl.session
    if session and not pnl.around_the_clock:
        return session
    today = _utc_day(ts // _DAY_NS)
    return today if today > session else session


def add_point(state: State, ts: int) -> None:
    """One point of the equity curve; a later one at the same moment takes its place."""
    curve = state.pnl.curve
    point = EquityPoint(ts, state.account.equity)
    if curve and curve[-1].ts == ts:
        curve[-1] = point
        return
    curve.append(point)
    if len(curve) > CURVE_KEPT:
        del curve[0]


@functools.lru_cache(maxsize=1024)
def _utc_day(number: int) -> str:
    """The ISO date of a day counted from 1970-01-01."""
    return datetime.fromtimestamp(number * 86_400, UTC).strftime("%Y-%m-%d")
