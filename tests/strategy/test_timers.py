"""The words for a moment and a length of time."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tradekit.errors import StrategyError
from tradekit.strategy.timers import moment, period

START = 1_670_889_600_000_000_000


@pytest.mark.parametrize(
    "at",
    [
        START,
        "2022-12-13",
        "2022-12-13T00:00:00Z",
        "2022-12-13T01:00:00+01:00",
        datetime(2022, 12, 13, tzinfo=UTC),
        datetime(2022, 12, 12, 19, tzinfo=timezone(timedelta(hours=-5))),
    ],
)
def test_a_moment_may_be_written_in_many_ways(at: int | str | datetime) -> None:
    assert moment(at) == START


@pytest.mark.parametrize(
    ("at", "words"),
    [("soon", "'soon' cannot be read"), (datetime(2022, 12, 13), "has no zone")],  # noqa: DTZ001
)
def test_a_moment_that_is_none_is_refused(at: str | datetime, words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        moment(at)


def test_a_period_is_a_timeframe_or_a_length_of_time() -> None:
    assert period("15m") == period(timedelta(minutes=15)) == 900_000_000_000


@pytest.mark.parametrize("every", ["soon", timedelta(0), timedelta(seconds=-1)])
def test_a_period_that_is_none_is_refused(every: str | timedelta) -> None:
    with pytest.raises(StrategyError, match="a timer cannot fire every"):
        period(every)
