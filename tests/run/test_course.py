"""The course numbers the bars of all series as `merged` takes them, and finds each one's place."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import MINUTE, START, columns, flat, law
from tradekit.data.columns import BarColumns
from tradekit.model.instrument import Instrument
from tradekit.run.course import Course
from tradekit.run.timeline import merged


@st.composite
def several(draw: st.DrawFn) -> list[BarColumns]:
    made = []
    for name in ("A", "B", "C")[: draw(st.integers(1, 3))]:
        steps = draw(st.lists(st.sampled_from([2, 2, 3, 6]), min_size=1, max_size=8))
        ts = START + (draw(st.integers(0, 3)) + np.cumsum([0, *steps])) * (MINUTE // 2)
        prices = np.arange(len(ts)) + 1.0
        made.append(
            BarColumns(
                Instrument(id=name),
                "1m",
                ts=ts,
                open=prices,
                high=prices,
                low=prices,
                close=prices,
                volume=prices,
            )
        )
    return made


@given(several(), st.lists(st.integers(1, 9), min_size=1, max_size=3))
@law(60)
def test_bars_come_in_the_order_of_time_and_are_where_they_are_said_to_be(
    series: list[BarColumns], sizes: list[int]
) -> None:
    course = Course(series)
    expected = [fact for _, fact in merged(series)]
    assert [course.bar(n) for n in range(1, len(course) + 1)] == expected
    assert [bar for part in course.stretches(*sizes) for bar in course.bars(part)] == expected
    for n in range(len(course) + 1):
        for name in course.names:
            taken = sum(bar.instrument == name for bar in expected[:n])
            assert course.place(name, n) == taken - 1
    for n, bar in enumerate(expected, start=1):
        assert (course.instrument(n), course.opens(n), course.closes(n)) == (
            bar.instrument,
            bar.ts,
            bar.ts + MINUTE,
        )


def test_stretches_have_the_sizes_that_were_asked_for_the_last_again_and_again() -> None:
    course = Course([columns([flat(n, 1.0, instrument=name) for n in range(7)]) for name in ("BTC", "ETH")])
    stretches = list(course.stretches(4, 3))
    assert [(part.start, part.stop) for part in stretches] == [(0, 4), (4, 7), (7, 10), (10, 13), (13, 14)]
    assert [part.parts[1] for part in stretches][:2] == [slice(0, 2), slice(2, 3)]


def test_who_has_moved_is_who_had_a_bar() -> None:
    late = columns([flat(n, 1.0, instrument="ETH") for n in (5, 6)])
    course = Course([columns([flat(n, 1.0) for n in range(4)]), late])
    assert (course.moved(0, 4), course.moved(3, 5), course.moved(4, 4)) == (["BTC"], ["BTC", "ETH"], [])
    alone = Course([late])
    assert (alone.moved(0, 2), alone.moved(2, 2)) == (["ETH"], [])


def test_series_side_by_side_are_not_sorted() -> None:
    both = [columns([flat(n, 1.0, instrument=name) for n in range(3)]) for name in ("BTC", "ETH")]
    with patch.object(np, "argsort", side_effect=AssertionError):
        course = Course(both)
    assert [course.instrument(n) for n in range(1, 7)] == ["BTC", "ETH"] * 3
    with pytest.raises(IndexError):
        course.bar(7)
