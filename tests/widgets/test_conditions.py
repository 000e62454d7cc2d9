from typing import Any

import pytest

from tests.builders import DAY
from tests.widgets.conftest import MINUTE, START
from tradekit.model.session import Mode
from tradekit.state.seen import Difference, Link, Market
from tradekit.state.shape import State
from tradekit.testing.stage import StageSession
from tradekit.widgets.conditions import conditions

S = 1_000_000_000
NOW = START + 10 * MINUTE


@pytest.fixture
def state(session: StageSession) -> State:
    """A live session that nothing was told of beyond its day."""
    state = session.replica.state
    state.session.mode = Mode.LIVE
    state.time = NOW - 2 * S
    return state


def items(state: State, now: int = NOW) -> dict[str, dict[str, Any]]:
    return {item["label"]: item for item in conditions(state, now=now)}


def test_what_nothing_was_told_of_is_not_shown_as_well(state: State) -> None:
    assert items(state) == {}


@pytest.mark.parametrize("mode", [Mode.PAPER, Mode.SHADOW])
def test_where_orders_never_leave_the_venue_is_said_to_be_simulated(state: State, mode: Mode) -> None:
    state.session.mode = mode
    assert items(state)["broker"]["text"] == "paper"


def test_a_broker_s_line_is_up_or_down_since_when(state: State) -> None:
    state.health.link = Link("up", START)
    assert items(state)["broker"]["text"] == "ok"
    state.health.link = Link("down", NOW - 12 * S, "reset by peer")
    down = items(state)["broker"]
    assert (down["text"], down["age"], down["tone"]) == ("down", 12.0, "bad")
    assert down["title"].startswith("reset by peer; orders wait")


def test_the_books_say_how_old_their_comparison_is(state: State) -> None:
    books = state.health.reconciliation
    books.status, books.last = "green", NOW - 40 * S
    assert items(state)["reconciled"] == {
        "label": "reconciled",
        "text": "",
        "tone": "",
        "age": 40.0,
        "title": "how long ago our books were compared with the venue's",
    }


def test_open_differences_are_counted_and_named(state: State) -> None:
    books = state.health.reconciliation
    books.status, books.last = "open", NOW
    for name, refused in (("a", ""), ("b", "me")):
        books.differences[name] = Difference(
            name, "cash", "", "1", "2", f"text of {name}", NOW, refused=refused
        )
    shown = items(state)["differences"]
    assert (shown["text"], shown["title"], shown["tone"]) == ("1 open,", "text of a", "warn")


@pytest.mark.parametrize(("status", "label"), [("failed", "reconciling fails"), ("due", "due")])
def test_books_that_were_never_compared_say_so(state: State, status: str, label: str) -> None:
    books = state.health.reconciliation
    books.status, books.reasons = status, {"orders": "no answer"}
    shown = items(state)[label]
    assert (shown["text"], shown["title"]) == ("not yet", "orders: no answer")


def test_a_replayed_day_counts_by_its_own_time(state: State) -> None:
    state.health.reconciliation.status, state.health.reconciliation.last = "green", state.time - 5 * S
    years_later = NOW + 4 * 365 * 24 * 60 * MINUTE
    assert items(state, years_later)["reconciled"]["age"] == 5.0
    assert items(state, 0)["reconciled"]["age"] == 5.0


@pytest.mark.parametrize(
    ("markets", "text", "title"),
    [
        (
            {"XNYS": Market(True, "2022-12-13", START, START + 60 * MINUTE)},
            "open",
            "open until 2022-12-13 01:00 UTC",
        ),
        ({"XNYS": Market(False, "d", START, START)}, "closed", "closed since 2022-12-13 00:00 UTC"),
        (
            {"XNYS": Market(False, "d", 0, 0, START + 870 * MINUTE)},
            "closed, opens 14:30 UTC",
            "closed until 2022-12-13 14:30 UTC",
        ),
        (
            {"A": Market(False, "d", 0, 0, START + 7 * DAY), "B": Market(False, "d", 0, 0, START + 3 * DAY)},
            "closed, opens Fri 00:00 UTC",
            "A closed until 2022-12-20",
        ),
        (
            {"A": Market(True, "d", 0, START), "B": Market(False, "d", 0, 0, START)},
            "B closed",
            "A open until",
        ),
    ],
)
def test_a_market_is_open_or_closed_and_until_when(
    state: State, markets: dict[str, Market], text: str, title: str
) -> None:
    state.markets = markets
    shown = items(state)["market"]
    assert shown["text"] == text
    assert title in shown["title"]


def test_what_is_held_back_is_named_with_the_reasons(state: State) -> None:
    state.risk.holds = {"BTC": {"dead man: feed": "nothing was told of BTC for 150 s"}}
    assert items(state)["reduce only"] == {
        "label": "reduce only", "text": "BTC", "title": "nothing was told of BTC for 150 s", "tone": "bad",
    }  # fmt: skip
    state.risk.holds["*"] = {"dead man: clients": "no client was connected for 60 s"}
    assert items(state)["reduce only"]["text"] == "all"
