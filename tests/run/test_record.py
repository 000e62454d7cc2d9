"""The record keeps market orders in rows, and gives every event as it was told, whichever way it is read."""

from decimal import Decimal

import pytest

from tests.builders import BTC, START, columns, event, flat
from tradekit.core.event import Event
from tradekit.model.order import OrderAccepted, OrderFilled, OrderSubmitted, Side
from tradekit.model.session import SignalRaised
from tradekit.run.course import Course
from tradekit.run.record import Answer, Record, Trade, Wish

MINUTE = 60_000_000_000
OPINION = SignalRaised("s", "BTC", "up", 1.0, 101.0, "")


@pytest.fixture
def record() -> Record:
    """A signal and an order after the second bar, which fills at the open of the third."""
    made = Record(Course([columns([flat(n, 100.0 + n) for n in range(3)], BTC)]), strategy="s", account="a")
    wish = Wish("BTC", 0, 2, 1, 7, Side.SELL, Decimal("1.5"), "in", "why")
    made.add((2, event(OPINION, seq=3)))
    for row in (wish, Answer(wish), Trade(wish, 2, Decimal(102), Decimal("0.1"))):
        made.add(row)
    return made


def test_an_order_is_sent_and_taken_at_the_close_and_fills_at_the_next_open(record: Record) -> None:
    _, (_, sent), (_, taken), (_, filled) = record
    assert sent.data == OrderSubmitted(
        "s-7", "BTC", "s", "a", Side.SELL, sent.data.type, Decimal("1.5"), tag="in", reason="why"
    )
    assert taken.data == OrderAccepted("s-7", "BTC", "sim-s-7")
    assert filled.data == OrderFilled(
        "s-7", "BTC", "s", "a", "s-7.1", Side.SELL, Decimal("1.5"), Decimal(102), Decimal("0.1"), BTC.quote,
        "market.open",
    )  # fmt: skip
    assert [one.ts - START for one in (sent, taken, filled)] == [2 * MINUTE] * 3


def test_numbers_follow_from_the_place_and_the_bars_before_and_causes_from_them(record: Record) -> None:
    assert [(n, one.seq, one.cause) for n, one in record] == [(2, 3, 0), (2, 4, 3), (2, 5, 0), (2, 6, 0)]


def test_a_part_is_what_going_through_all_gives(record: Record) -> None:
    whole = list(record)
    assert len(record) == len(whole) == 4
    assert record[1:] == whole[1:]
    assert [record[0], record[3], record[-1]] == [whole[0], whole[3], whole[3]]
    with pytest.raises(IndexError):
        record[4]


def test_what_is_taken_back_is_not_there_any_more(record: Record) -> None:
    whole = list(record)
    later = Event(7, 0, START, 0, OPINION.TYPE, 1, 0, "BTC", OPINION)
    record.add((3, later))
    assert record.take_back(1, 3) == [later]
    assert list(record) == whole
    assert [one.seq for one in record.take_back(2, 2)] == [5, 6]
    assert list(record) == whole[:2]
