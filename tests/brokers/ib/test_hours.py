"""Hours of trading out of TWS's words: across midnight, summer time, closed days, and what cannot be read."""

from datetime import UTC, datetime

import pytest

from tradekit.brokers.ib.hours import hours_of


def at(*moment: int) -> float:
    """A moment in UTC [s]."""
    return datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]


DAYS = "20240308:0930-20240308:1600;20240309:CLOSED;20240310:CLOSED;20240311:0930-20240311:1600"


@pytest.mark.parametrize(
    ("moment", "trades"),
    [
        ((2024, 3, 8, 14, 29, 59), False), ((2024, 3, 8, 14, 30), True), ((2024, 3, 8, 20, 59), True),
        ((2024, 3, 8, 21, 0), False), ((2024, 3, 9, 15, 0), False),
        ((2024, 3, 11, 13, 30), True),  # New York has put its clocks forward
        ((2024, 3, 11, 20, 0), False),
    ],
)  # fmt: skip
def test_it_trades_within_its_hours(moment: tuple[int, ...], trades: bool) -> None:
    assert hours_of(DAYS, "US/Eastern").open(at(*moment)) is trades


def test_a_session_may_begin_the_day_before() -> None:
    hours = hours_of("20240310:1700-20240311:1600;20240311:1700-20240312:1600", "US/Central")
    assert hours.open(at(2024, 3, 11, 2, 0))
    assert not hours.open(at(2024, 3, 11, 21, 30))


def test_a_day_may_have_several_spans_and_end_its_times_without_a_date() -> None:
    hours = hours_of("20240108:0900-1130,1230-1500", "Asia/Tokyo")
    assert [hours.open(at(2024, 1, 8, hour, 45)) for hour in (0, 2, 3, 6)] == [True, False, True, False]


@pytest.mark.parametrize(
    ("text", "zone"), [("", "US/Eastern"), ("tomorrow", "US/Eastern"), (DAYS, "Nowhere/At all")]
)
def test_what_is_not_told_is_taken_to_trade(text: str, zone: str) -> None:
    assert hours_of(text, zone).open(at(2024, 3, 9, 12, 0))


def test_beyond_the_days_that_are_told_it_is_taken_to_trade() -> None:
    hours = hours_of(DAYS, "US/Eastern")
    assert hours.open(at(2024, 3, 20, 3, 0))
    assert hours.open(at(2024, 1, 1, 3, 0))
