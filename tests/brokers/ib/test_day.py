"""From when on TWS tells all: its own midnight or New York's, the later one, and an hour more."""

from datetime import UTC, datetime

import pytest

from tradekit.brokers.ib.day import Greeting, began
from tradekit.testing.ib.wire import framed


def at(text: str) -> int:
    """A moment in UTC, as "2024-07-01 12:00" [ns]."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


@pytest.mark.parametrize(
    ("now", "zone", "since"),
    [
        ("2024-01-05 15:00", "US/Eastern", "2024-01-05 06:00"),
        ("2024-07-05 15:00", "US/Eastern", "2024-07-05 05:00"),
        ("2024-01-05 15:00", "Europe/Berlin", "2024-01-05 06:00"),  # New York's is later
        ("2024-01-05 15:00", "America/Los_Angeles", "2024-01-05 09:00"),
        ("2024-01-05 16:30", "Asia/Tokyo", "2024-01-05 16:00"),  # the next day there since three
        ("2024-01-05 05:30", "US/Eastern", "2024-01-05 05:30"),  # within the hour nothing is sure
        ("2024-01-05 15:00", "", "2024-01-05 15:00"),
        ("2024-01-05 15:00", "Middle Earth", "2024-01-05 15:00"),
        ("2024-01-05 15:00", "../etc/passwd", "2024-01-05 15:00"),
    ],
)
def test_the_later_midnight_counts_and_without_a_zone_nothing_does(now: str, zone: str, since: str) -> None:
    assert began(at(now), zone) == at(since)


@pytest.mark.parametrize("pieces", [1, 2, 3, 7])
def test_the_zone_is_in_the_first_message_however_it_comes(pieces: int) -> None:
    told: list[str] = []
    greeting = Greeting(told.append)
    sent = framed(178, "20240105 10:00:00 Central European Standard Time") + framed(15, 1, "DU1")
    for at in range(0, len(sent), pieces):
        greeting(sent[at : at + pieces])
    greeting(framed(9, 1, "2"))
    assert told == ["Central European Standard Time"]


def test_a_time_without_a_zone_names_none() -> None:
    told: list[str] = []
    Greeting(told.append)(framed(178, "20240105 10:00:00"))
    assert told == [""]
