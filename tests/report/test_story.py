"""Why a trade exists: causes followed, chapters in order, nothing told twice."""

import pytest

from tests.builders import filled, flat, opened, order
from tradekit.core.event import Event, Fact
from tradekit.model.order import OrderAccepted, OrderCanceled, Side
from tradekit.model.session import SignalRaised
from tradekit.report.excursions import excursions
from tradekit.report.executions import executions
from tradekit.report.story import Story, lives_of_orders, order_story, trade_story
from tradekit.report.trades import round_trips, trade_frame

DIP = SignalRaised("s", "BTC", "dip", 1.0, 100.0, "two reds")
STOP = order("s-2", Side.SELL, stop=98, parent="s-1", reduce_only=True, reason="stop loss")


def record(*facts: tuple[Fact, int]) -> dict[int, Event]:
    """Facts with their causes, numbered from 1, a second apart."""
    return {
        seq: Event(seq, 0, seq * 1_000_000_000, 0, fact.TYPE, fact.V, cause, fact.key, fact)
        for seq, (fact, cause) in enumerate(facts, start=1)
    }


EVENTS = record(
    (opened(), 0),
    (flat(0, 100.0), 0),
    (DIP, 2),
    (order("s-1", tag="d"), 3),
    (STOP, 3),
    (OrderAccepted("s-1", "BTC", "v1"), 0),
    (filled("s-1", Side.BUY, 1, 100, fee="0.1", rule="market.open"), 0),
    (filled(STOP.id, Side.SELL, 1, 98, fee="0.2", rule="stop.touch"), 0),
)
LIVES = lives_of_orders(EVENTS.values())


def told(events: dict[int, Event] = EVENTS) -> Story:
    trips = round_trips(executions(events.values()))
    row = trade_frame(trips).assign(**excursions(trips, {})).loc[1].to_dict()
    return trade_story(row, 1, lives_of_orders(events.values()), events.get)


def test_a_trade_is_told_from_the_bar_that_led_to_it_to_its_exit() -> None:
    entry, leaving = told().chapters
    assert entry.heading == "Entered by s-1"
    assert [step.what for step in entry.steps] == [
        "bar closed", "signal raised", "order submitted", "order accepted", "order filled",
    ]  # fmt: skip
    assert [step.cause for step in entry.steps] == [0, 2, 3, 0, 0]
    assert leaving.heading == f"Left by {STOP.id} (stop loss)"
    assert leaving.steps[-1].text.endswith(
        "rule stop.touch: A stop touched inside the bar fills at its price: "
        "high >= stop for a buy, low <= stop for a sell."
    )


def test_what_led_to_both_orders_is_told_once() -> None:
    _, leaving = told().chapters
    assert [step.seq for step in leaving.steps] == [5, 8]


def test_its_numbers_say_what_it_cost_and_brought() -> None:
    assert dict(told().summary) == {
        "profit after fees": "-2.3 (-2.30 % of the value at entry)",
        "fees": "0.3",
        "entered": "1970-01-01 00:00:07 UTC at 100",
        "left": "1970-01-01 00:00:08 UTC at 98",
    }


def test_a_turn_by_one_order_has_two_trades_and_each_its_own_story() -> None:
    events = record(
        (order("s-1", Side.BUY), 0), (filled("s-1", Side.BUY, 1, 10), 0), (filled("s-1", Side.SELL, 1, 12), 0)
    )
    assert [chapter.heading for chapter in told(events).chapters] == ["Entered by s-1"]


def test_an_order_that_never_filled_has_a_story_too() -> None:
    events = record((flat(0, 1.0), 0), (order("s-1", limit=9), 1), (OrderCanceled("s-1", "BTC", "stale"), 0))
    story = order_story("s-1", lives_of_orders(events.values())["s-1"], events.get)
    assert story.title == "Order s-1"
    assert story.summary == []
    assert [step.text for step in story.chapters[0].steps][1:] == [
        "buy 1 BTC, limit 9",
        "trades no more: stale",
    ]


def test_an_orders_fills_are_added_up() -> None:
    events = record(
        (order("s-1", qty=3), 0),
        (filled("s-1", Side.BUY, 1, 10, fee="0.1"), 0),
        (filled("s-1", Side.BUY, 2, 13), 0),
    )
    story = order_story("s-1", list(events.values()), events.get)
    assert dict(story.summary) == {"filled": "3", "average price": "12", "fees": "0.1 USD"}


def test_another_order_among_the_causes_is_named() -> None:
    events = record((filled("s-1", Side.BUY, 1, 10), 0), (order("s-2", Side.SELL, limit=12), 1))
    story = order_story("s-2", [events[2]], events.get)
    assert story.chapters[0].steps[0].text == "s-1: bought 1 BTC at 10, no fee"


@pytest.mark.parametrize("cause", [9, 2])
def test_a_cause_that_is_not_kept_or_goes_in_a_circle_ends_the_search(cause: int) -> None:
    events = record((order("s-1"), 2), (flat(0, 1.0), cause))
    steps = order_story("s-1", [events[1]], events.get).chapters[0].steps
    assert 2 <= len(steps) <= 51


def test_it_prints_as_lines_with_numbers_times_and_words() -> None:
    lines = str(told()).splitlines()
    assert lines[0] == "Trade 1: long 1 BTC"
    assert "Entered by s-1" in lines
    assert "  3  1970-01-01 00:00:03  signal raised    dip +1 on BTC at 100: two reds" in lines


def test_a_time_is_as_fine_as_it_is() -> None:
    event = Event(1, 0, 1_500_000_000, 0, DIP.TYPE, 1, 0, DIP.key, DIP)
    step = order_story("s-1", [event], {}.get)
    assert "1970-01-01 00:00:01.5  signal raised" in str(step)


def test_a_notebook_shows_it_and_no_text_becomes_markup() -> None:
    events = record((order("s-1", reason="<img src=x>"), 0))
    page = order_story("s-1", list(events.values()), events.get)._repr_html_()
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page
    assert 'title="came in from outside"' in page
    assert 'title="because of 3"' in told()._repr_html_()
    assert "-2.3" not in told()._repr_html_()
