"""The one order of everything that a run takes: by time, and at one moment by rank."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MINUTE, START, columns, flat, law
from tradekit.data.columns import BarColumns
from tradekit.data.ticks import QuoteColumns, TradeColumns
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar, Quote
from tradekit.run import timeline
from tradekit.run.timeline import merged

HOUR = 60 * MINUTE


def minutes(count: int, instrument: str = "BTC", *, first: int = 0) -> list[Bar]:
    return [flat(n, 100 + n, instrument=instrument) for n in range(first, first + count)]


def quotes(*at: int, instrument: str = "BTC") -> QuoteColumns:
    ones = np.ones(len(at))
    return QuoteColumns(Instrument(id=instrument), ts=np.array(at), bid=ones, ask=ones)


def trades(*at: int, instrument: str = "BTC") -> TradeColumns:
    ones = np.ones(len(at))
    return TradeColumns(
        Instrument(id=instrument), ts=np.array(at), price=ones, size=ones, aggressor=ones.astype(np.int8)
    )


def right(bars: BarColumns) -> BarColumns:
    names = ("ts", "open", "high", "low", "close", "volume")
    return BarColumns(bars.spec, bars.timeframe, **{n: getattr(bars, n) for n in names}, closed="right")


def test_bars_come_by_the_time_of_their_close_and_at_the_same_moment_in_the_order_of_the_list() -> None:
    hours = [flat(n, 50, instrument="ETH", timeframe="1h") for n in range(2)]
    taken = list(merged([columns(minutes(120)), columns(hours)]))
    closes = [ts for ts, _ in taken]
    assert closes == sorted(closes)
    at_the_hour = [bar.instrument for ts, bar in taken if ts == START + HOUR]
    assert at_the_hour == ["BTC", "ETH"]


@pytest.mark.parametrize("behind", [0, 1, 4])
def test_each_instrument_goes_on_behind_its_own_position(behind: int) -> None:
    both = [columns(minutes(5)), columns(minutes(5, "ETH"))]
    after = {"BTC": START + behind * MINUTE}
    taken = list(merged(both, after))
    assert [bar.ts for _, bar in taken if bar.instrument == "BTC"] == [
        START + n * MINUTE for n in range(behind + 1, 5)
    ]
    assert len([bar for _, bar in taken if bar.instrument == "ETH"]) == 5


def test_at_one_moment_a_bar_comes_before_the_tick_that_it_leaves_out_and_after_the_one_that_it_holds() -> (
    None
):
    at = START + MINUTE
    ticks = [quotes(at), trades(at, at)]
    taken = list(merged([right(columns(minutes(1))), columns(minutes(1, "ETH"))], ticks=ticks))
    assert [fact.TYPE + " " + fact.instrument for _, fact in taken] == [
        "bar.closed ETH", "quote.received BTC", "trade.received BTC", "trade.received BTC", "bar.closed BTC",
    ]  # fmt: skip
    assert {ts for ts, _ in taken} == {at}


def test_ticks_of_one_moment_keep_the_order_in_which_they_were_given() -> None:
    several = QuoteColumns(Instrument(id="BTC"), ts=np.full(9, START), bid=np.arange(9.0), ask=np.arange(9.0))
    taken = [fact for _, fact in merged([], ticks=[several])]
    assert [fact.bid for fact in taken if isinstance(fact, Quote)] == list(range(9))


STEPS = st.lists(st.sampled_from([1, 1, 1, 2, 5]), max_size=40)


@given(
    st.lists(st.tuples(STEPS, st.sampled_from(["1m", "5m"])), max_size=4),
    st.lists(STEPS, max_size=2),
    st.data(),
)
@law(50)
def test_the_windows_give_what_one_sort_of_everything_gives(
    series: list[tuple[list[int], str]], ticks: list[list[int]], data: st.DataObject
) -> None:
    bars = []
    for n, (steps, timeframe) in enumerate(series):
        starts = np.cumsum([0, *steps]) * (duration(timeframe) // MINUTE)
        bars.append(columns([flat(int(at), 1, instrument=f"I{n}", timeframe="1m") for at in starts]))
        bars[-1] = BarColumns(
            bars[-1].spec, timeframe, closed=data.draw(st.sampled_from(["left", "right"])),
            **{name: getattr(bars[-1], name) for name in ("ts", "open", "high", "low", "close", "volume")},
        )  # fmt: skip
    heard = [
        quotes(*(START + np.cumsum(steps) * MINUTE), instrument=f"T{n}") for n, steps in enumerate(ticks)
    ]

    def rank(fact: Any) -> int:
        return (
            1 if isinstance(fact, Quote) else {"left": 0, "right": 2}[bars[int(fact.instrument[1:])].closed]
        )

    everything = [
        *((int(ts), fact) for one in bars for ts, fact in zip(one.closes, one.bars(), strict=True)),
        *((int(ts), fact) for one in heard for ts, fact in zip(one.ts, one.ticks(), strict=True)),
    ]
    expected = sorted(everything, key=lambda known: (known[0], rank(known[1])))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timeline, "_WINDOW", data.draw(st.sampled_from([1, 65_536])))
        assert list(merged(bars, ticks=heard)) == expected
