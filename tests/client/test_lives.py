import pytest

from tests.client.told import DAY, told
from tradekit.client.lives import life_of
from tradekit.core.event import Event
from tradekit.core.subject import subject_matches
from tradekit.errors import NotFoundError


class Journal:
    """Told events, and which questions were asked of them."""

    def __init__(self) -> None:
        self.events = told(DAY)
        self.asked: list[tuple[str, int, int | None]] = []

    def __call__(self, subject: str = ">", *, since: int = 0, until: int | None = None) -> list[Event]:
        self.asked.append((subject, since, until))
        return [event for event in self.events[since:until] if subject_matches(subject, event.subject)]


def test_an_order_s_life_is_its_own_events_with_their_words() -> None:
    story = life_of("s-1", Journal())
    assert story.title == "Order s-1"
    assert [step.what for step in story.chapters[0].steps] == [
        "order submitted",
        "order accepted",
        "order filled",
    ]
    assert dict(story.summary)["filled"] == "2"


def test_what_is_known_of_an_order_bounds_what_is_read() -> None:
    journal = Journal()
    story = life_of("s-2", journal, since=9, instrument="BTC")
    assert journal.asked == [("order.*.BTC", 8, None)]
    assert [step.seq for step in story.chapters[0].steps] == [9, 10, 11]


def test_causes_are_followed_back_one_by_one() -> None:
    journal = Journal()
    journal.events = [
        *journal.events[:4],
        *(
            Event(e.seq, e.epoch, e.ts, 0, e.type, e.v, 4 if e.seq == 5 else 0, e.key, e.data)
            for e in journal.events[4:]
        ),
    ]
    story = life_of("s-1", journal, since=5, instrument="BTC")
    assert story.chapters[0].steps[0].what == "signal raised"
    assert journal.asked[1] == (">", 3, 4)


def test_an_order_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(NotFoundError, match="no order 's-9'"):
        life_of("s-9", Journal())
