"""Longer bars as they close, in a stream."""

import json

import pytest

from tradekit.data.aggregate import Aggregator
from tradekit.errors import DataError
from tradekit.model.market import Bar

MINUTE = 60_000_000_000


def minute(at: int, price: float = 10.0, *, volume: float = 1.0) -> Bar:
    return Bar("X", "1m", at * MINUTE, price, price + 2, price - 2, price + 1, volume)


def taken(maker: Aggregator, bar: Bar) -> list[Bar]:
    """The bars that `bar` closes, without when."""
    return [closed for _, closed in maker.update(bar)]


def five(at: int, *numbers: float) -> Bar:
    return Bar("X", "5m", at * MINUTE, *numbers)


def test_a_bin_closes_with_the_bar_that_reaches_its_end() -> None:
    five_minutes = Aggregator("X", "1m", "5m")
    closed = [taken(five_minutes, minute(at, 10.0 + at)) for at in range(5)]
    assert closed == [[], [], [], [], [five(0, 10.0, 16.0, 8.0, 15.0, 5.0)]]
    assert five_minutes.forming is None


def test_the_first_bar_of_a_later_bin_closes_one_that_missed_its_last_bar() -> None:
    five_minutes = Aggregator("X", "1m", "5m")
    five_minutes.update(minute(3, 10.0))
    assert taken(five_minutes, minute(12, 50.0)) == [five(0, 10.0, 12.0, 8.0, 11.0, 1.0)]
    assert five_minutes.forming == five(10, 50.0, 52.0, 48.0, 51.0, 1.0)


def test_one_bar_may_close_the_old_bin_and_its_own() -> None:
    five_minutes = Aggregator("X", "1m", "5m")
    five_minutes.update(minute(3, 10.0))
    assert taken(five_minutes, minute(9, 50.0)) == [
        five(0, 10.0, 12.0, 8.0, 11.0, 1.0),
        five(5, 50.0, 52.0, 48.0, 51.0, 1.0),
    ]


def test_the_same_length_passes_each_bar_through() -> None:
    assert taken(Aggregator("X", "1m", "1m"), minute(7)) == [minute(7)]


def test_a_week_begins_on_monday() -> None:
    week = Aggregator("X", "1D", "1W")
    day = 1440 * MINUTE
    for number in range(4, 10):  # 1970-01-05, a Monday, to Saturday
        assert week.update(Bar("X", "1D", number * day, 1, 1, 1, 1, 1)) == []
    assert week.update(Bar("X", "1D", 10 * day, 1, 1, 1, 1, 1))[0][1].ts == 4 * day


@pytest.mark.parametrize("again", [4, 3])
def test_a_bar_that_is_not_later_is_refused(again: int) -> None:
    five_minutes = Aggregator("X", "1m", "5m")
    five_minutes.update(minute(4))
    with pytest.raises(DataError, match="in the order of time, each once"):
        five_minutes.update(minute(again))


@pytest.mark.parametrize(("source", "target"), [("1m", "90s"), ("5m", "1m"), ("2h", "3h")])
def test_lengths_that_do_not_fit_are_refused(source: str, target: str) -> None:
    with pytest.raises(DataError, match=f"{source} bars do not make {target} bars"):
        Aggregator("X", source, target)


@pytest.mark.parametrize("cut", range(8))
def test_a_restored_aggregator_goes_on_as_the_first_would_have(cut: int) -> None:
    bars = [minute(at, 10.0 + at) for at in (0, 1, 2, 4, 5, 11, 14)]
    whole, first, second = (Aggregator("X", "1m", "5m") for _ in range(3))
    expected = [bar for one in bars for bar in whole.update(one)]
    got = [bar for one in bars[:cut] for bar in first.update(one)]
    second.restore(json.loads(json.dumps(first.memory())))
    got += [bar for one in bars[cut:] for bar in second.update(one)]
    assert got == expected
    assert second.forming == whole.forming
