"""Longer bars of an exchange: counted from the session's open, never over its close; stream and columns agree."""

import json
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MINUTE, law
from tests.data.test_calendar import ns, year
from tradekit.data.aggregate import Aggregator, Closed
from tradekit.data.columns import BarColumns
from tradekit.data.resample import resample
from tradekit.errors import DataError
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar, MarketOpened

ACME = Instrument(id="ACME", calendar="XNYS")
TABLE = year("XNYS", 2022)


def bars_at(times: "list[int] | np.ndarray", timeframe: str = "1m", spec: Instrument = ACME) -> BarColumns:
    """Bars that open then, each with a price of its own."""
    price = 100.0 + np.arange(len(times))
    return BarColumns(
        spec, timeframe, ts=np.array(times, dtype=np.int64), open=price, high=price + 2, low=price - 2,
        close=price + 1, volume=np.ones(len(price)),
    )  # fmt: skip


def whole(day: str, timeframe: str = "1m") -> BarColumns:
    """Every bar of a session."""
    at = int(np.flatnonzero(TABLE.days == np.datetime64(day))[0])
    return bars_at(np.arange(TABLE.opens[at], TABLE.closes[at], duration(timeframe)), timeframe)


def streamed(bars: BarColumns, timeframe: str, maker: Aggregator | None = None) -> Iterator[Closed]:
    """What a stream that is told of the sessions makes of the same bars; the last session's end is not told."""
    maker = maker or Aggregator("ACME", bars.timeframe, timeframe, by_session=True)
    at = int(np.searchsorted(TABLE.closes, bars.ts[0], side="right"))
    opened = False
    for bar in bars.bars():
        while (
            (TABLE.closes[at] <= bar.ts) if opened else (TABLE.opens[at] < bar.ts + duration(bars.timeframe))
        ):
            if opened:
                yield from maker.ended()
                at += 1
            else:
                days = [str(day) for day in TABLE.days[at : at + 2]]
                session = MarketOpened("XNYS", days[0], int(TABLE.closes[at]), days[1])
                yield from maker.opened(int(TABLE.opens[at]), session)
            opened = not opened
        yield from maker.update(bar)


def test_hours_count_from_the_open_and_the_last_one_ends_with_the_session() -> None:
    made = resample(whole("2022-11-25"), "1h")
    assert made.ts.tolist() == [ns(f"2022-11-25T{h}:30") for h in (14, 15, 16, 17)]
    assert made.closes.tolist() == [ns(f"2022-11-25T{text}") for text in ("15:30", "16:30", "17:30", "18:00")]
    assert made.volume.tolist() == [60, 60, 60, 30]


@pytest.mark.parametrize("day", ["2022-03-11", "2022-03-14", "2022-11-04", "2022-11-07", "2022-11-25"])
def test_a_day_is_a_session_whatever_the_clocks_do(day: str) -> None:
    at = int(np.flatnonzero(TABLE.days == np.datetime64(day))[0])
    made = resample(whole(day), "1D")
    assert (made.ts.tolist(), made.closes.tolist()) == ([TABLE.opens[at]], [TABLE.closes[at]])
    assert made.volume.tolist() == [(TABLE.closes[at] - TABLE.opens[at]) // MINUTE]


def test_a_week_is_its_sessions() -> None:
    days = [whole(day).ts for day in ("2022-11-21", "2022-11-22", "2022-11-23", "2022-11-25", "2022-11-28")]
    made = resample(bars_at(np.concatenate(days)), "1W", partial=True)
    assert made.ts.tolist() == [ns("2022-11-21T14:30"), ns("2022-11-28T14:30")]
    assert made.closes.tolist() == [ns("2022-11-25T18:00"), ns("2022-12-02T21:00")]
    assert made.volume.tolist() == [3 * 390 + 210, 390]


def test_daily_bars_that_are_labelled_by_their_date_are_sessions_too() -> None:
    days = bars_at([ns(f"2022-11-{day}") for day in (21, 22, 23, 25)], "1D")
    assert resample(days, "1D").ts.tolist() == [ns(f"2022-11-{day}T14:30") for day in (21, 22, 23, 25)]
    assert resample(days, "1W").closes.tolist() == [ns("2022-11-25T18:00")]


def test_bars_outside_of_every_session_count_for_none_and_are_counted() -> None:
    early, late = ns("2022-11-25T14:29"), ns("2022-11-25T18:00")
    bars = bars_at([early, early + MINUTE, late])
    assert resample(bars, "1D", partial=True).volume.tolist() == [1]
    maker = Aggregator("ACME", "1m", "1D", by_session=True)
    assert [bar.volume for _, bar in streamed(bars, "1D", maker)] == [1]
    assert maker.outside == 2


def test_a_bin_closes_with_its_session_although_its_last_bar_is_missing() -> None:
    bars = whole("2022-11-23")
    short = bars_at(bars.ts[:-5])
    maker = Aggregator("ACME", "1m", "1D", by_session=True)
    assert list(streamed(short, "1D", maker)) == []
    ((ends, bar),) = maker.ended()
    assert (ends, bar.ts, bar.volume) == (ns("2022-11-23T21:00"), bars.ts[0], 385)
    assert maker.ended() == []


def test_a_bar_that_reaches_over_a_bin_of_the_session_is_refused() -> None:
    hours = bars_at([ns("2022-11-23T15:00"), ns("2022-11-23T16:00")], "1h")
    assert resample(hours, "1D", partial=True).volume.tolist() == [2]
    for make in (lambda: resample(hours, "1h"), lambda: list(streamed(hours, "1h"))):
        with pytest.raises(DataError, match="where a bar that counts from the session's open ends"):
            make()


@pytest.mark.parametrize("timeframe", ["2D", "7D", "2W"])
def test_sessions_make_no_other_bars_than_parts_days_and_weeks(timeframe: str) -> None:
    with pytest.raises(DataError, match=f"sessions make no {timeframe} bars"):
        Aggregator("ACME", "1D", timeframe, by_session=True)
    with pytest.raises(DataError, match=f"sessions make no {timeframe} bars"):
        resample(bars_at([ns("2022-11-21")], "1D"), timeframe)


@st.composite
def traded(draw: st.DrawFn) -> BarColumns:
    """Minutes and holes, in and out of sessions, over some days around an early close or a change of the clocks."""
    begin = ns(draw(st.sampled_from(["2022-11-22T20:00", "2022-03-10T14:00", "2022-11-03T18:00"])))
    steps = draw(st.lists(st.sampled_from([5, 5, 10, 25, 60, 395, 1440, 3000]), min_size=1, max_size=50))
    return bars_at(begin + np.cumsum(steps) * MINUTE, "5m")


@given(traded(), st.sampled_from(["5m", "15m", "1h", "4h", "1D", "1W"]))
@law(60)
def test_columns_and_stream_agree_to_the_last_bit(bars: BarColumns, timeframe: str) -> None:
    made = resample(bars, timeframe)
    expected = list(zip(made.closes.tolist(), made.bars(), strict=True))
    got = list(streamed(bars, timeframe))
    assert got[: len(expected)] == expected
    assert len(got) == len(expected)


@given(traded(), st.sampled_from(["15m", "1h", "1D", "1W"]))
@law(30)
def test_by_way_of_shorter_bars_comes_to_the_same(bars: BarColumns, timeframe: str) -> None:
    direct, by_way = resample(bars, timeframe), resample(resample(bars, "15m", partial=True), timeframe)
    for name in ("ts", "open", "high", "low", "close", "volume", "closes"):
        assert getattr(direct, name)[: len(by_way)].tolist() == getattr(by_way, name)[: len(direct)].tolist()
    assert abs(len(direct) - len(by_way)) <= 1  # a last short bar may stand for the end of its longer one


@pytest.mark.parametrize("cut", [0, 1, 30, 200])
def test_a_restored_aggregator_goes_on_as_the_first_would_have(cut: int) -> None:
    first, second = (Aggregator("ACME", "1m", "1h", by_session=True) for _ in range(2))
    session = MarketOpened("XNYS", "2022-11-25", ns("2022-11-25T18:00"), "2022-11-28")
    bars = list(whole("2022-11-25").bars())
    first.opened(ns("2022-11-25T14:30"), session)
    for bar in bars[:cut]:
        first.update(bar)
    second.restore(json.loads(json.dumps(first.memory())))
    rest = [[closed for bar in bars[cut:] for closed in one.update(bar)] for one in (first, second)]
    assert rest[0] == rest[1]
    assert isinstance(rest[0][-1][1], Bar)
