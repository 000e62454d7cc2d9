"""Every change of the clocks from 2020 to 2030: no bar reaches over a session, and none is lost (hazard: DST)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.data.test_calendar import ns
from tradekit.data.aggregate import Aggregator
from tradekit.data.calendar import sessions
from tradekit.data.columns import BarColumns
from tradekit.data.resample import resample
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarketOpened

pytestmark = pytest.mark.proof

MINUTE = 60_000_000_000
ZONES = {
    "XNYS": "America/New_York",
    "XLON": "Europe/London",
    "CMES": "America/Chicago",
    "FX": "America/New_York",
}
USUAL = {
    "XNYS": ("09:30", "16:00"),
    "XLON": ("08:00", "16:30"),
    "CMES": ("17:00", "17:00"),
    "FX": ("17:00", "17:00"),
}


def changes(zone: str) -> list[datetime]:
    """The days from 2020 to 2030 on which the zone's clocks change."""
    found, day = [], datetime(2020, 1, 1, tzinfo=ZoneInfo(zone))
    while day.year < 2031:
        after = day + timedelta(days=1)
        if day.utcoffset() != after.utcoffset():
            found.append(day)
        day = after
    return found


@pytest.mark.parametrize("calendar", ZONES)
def test_sessions_around_each_change_of_the_clocks_keep_the_exchanges_own_hours(calendar: str) -> None:
    zone, table = ZoneInfo(ZONES[calendar]), sessions(calendar, ns("2020-01-01"), ns("2030-12-31"))
    days = changes(ZONES[calendar])
    assert len(days) == 22
    for change in days:
        near = np.flatnonzero(np.abs(table.days - np.datetime64(change.date())) <= np.timedelta64(4, "D"))
        assert len(near) >= 4
        for at in near[~table.early[near]].tolist():
            local = [
                datetime.fromtimestamp(int(ts) // 10**9, UTC).astimezone(zone).strftime("%H:%M")
                for ts in (table.opens[at], table.closes[at])
            ]
            assert tuple(local) == USUAL[calendar], (calendar, table.days[at])


@pytest.mark.parametrize("calendar", ZONES)
def test_bars_around_each_change_of_the_clocks_stay_in_their_session(
    calendar: str, proof_size: Callable[..., int]
) -> None:
    days = changes(ZONES[calendar])
    table = sessions(calendar, ns("2020-01-01"), ns("2030-12-31"))
    spec = Instrument(id="X", calendar=calendar)
    for change in days[: proof_size(ci=4, full=len(days))]:
        near = np.flatnonzero(np.abs(table.days - np.datetime64(change.date())) <= np.timedelta64(3, "D"))
        ts = np.concatenate([np.arange(table.opens[at], table.closes[at], 5 * MINUTE) for at in near])
        price = 100 + np.arange(len(ts)) * 0.25
        bars = BarColumns(
            spec, "5m", ts=ts, open=price, high=price, low=price, close=price, volume=np.ones(len(ts))
        )
        for timeframe in ("15m", "1h", "1D"):
            made = resample(bars, timeframe)
            assert made.volume.sum() == len(ts)  # none lost, none twice
            at = table.of(made.ts)
            assert (at >= 0).all()
            assert (made.closes <= table.closes[at]).all()
            assert list(zip(made.closes.tolist(), made.bars(), strict=True)) == streamed(
                bars, timeframe, table, near
            )
        assert made.ts.tolist() == table.opens[near].tolist()


def streamed(bars: BarColumns, timeframe: str, table: object, near: np.ndarray) -> list[object]:
    maker = Aggregator("X", "5m", timeframe, by_session=True)
    made, waiting = [], list(bars.bars())
    for at in near.tolist():
        opens, closes = int(table.opens[at]), int(table.closes[at])  # type: ignore[attr-defined]
        days = [str(day) for day in table.days[at : at + 2]]  # type: ignore[attr-defined]
        made += maker.opened(opens, MarketOpened("X", days[0], closes, days[1]))
        while waiting and waiting[0].ts < closes:
            made += maker.update(waiting.pop(0))
        made += maker.ended()
    return made
