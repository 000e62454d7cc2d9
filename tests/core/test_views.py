import threading

import pytest

from tests.core.journal_contract import mark
from tradekit.core.clock import ManualClock
from tradekit.core.event import Event
from tradekit.core.lookup import remembered
from tradekit.core.store import Store
from tradekit.core.views import MAX_VALUES, Derived

State = dict[str, int]


def count(state: State, event: Event) -> tuple[tuple[str, ...], ...]:
    state["n"] = state.get("n", 0) + 1
    return (("n",),)


def test_a_view_is_worked_out_once_for_each_event_and_argument() -> None:
    store = Store[State]({}, count)
    times = Derived(store, lambda state, factor, plus=0: state.get("n", 0) * factor + plus)
    assert [times(2), times(2), times(3), times(2, plus=1), times(2, plus=1)] == [0, 0, 0, 1, 1]
    assert times.computed == 3
    store.apply(mark(1))
    assert [times(2), times(3), times(2)] == [2, 3, 2]
    assert times.computed == 5


def test_a_replaced_state_at_the_same_seq_is_looked_at_anew() -> None:
    store = Store[State]({"n": 1}, count, seq=5)
    held = Derived(store, lambda state: state["n"])
    assert held() == 1
    store.replace({"n": 7}, 5)
    assert held() == 7


def test_a_view_keeps_so_many_values_at_most() -> None:
    store = Store[State]({}, count)
    same = Derived(store, lambda state, number: number)
    assert [same(number) for number in range(MAX_VALUES + 5)] == list(range(MAX_VALUES + 5))
    assert len(same._values) <= MAX_VALUES


def test_what_raises_is_asked_again() -> None:
    store = Store[State]({}, count)
    held = Derived(store, lambda state: state["n"])
    with pytest.raises(KeyError):
        held()
    store.apply(mark(1))
    assert held() == 1


def test_an_answer_from_outside_holds_for_its_time() -> None:
    clock, asked = ManualClock(), []

    @remembered(60, clock=clock, max_size=2)
    def fees(venue: str) -> int:
        asked.append(venue)
        return len(asked)

    assert [fees("a"), fees("a"), fees("b")] == [1, 1, 2]
    clock.advance(59)
    assert fees("a") == 1
    clock.advance(2)
    assert fees("a") == 3
    assert [fees("b"), fees("c"), fees("a")] == [4, 5, 6]  # two answers are kept


def test_many_who_ask_at_once_are_answered_by_one_look_up() -> None:
    asked, begun, go = [], threading.Event(), threading.Event()

    @remembered(60)
    def instruments(venue: str) -> str:
        asked.append(venue)
        begun.set()
        assert go.wait(30)
        return venue.upper()

    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(instruments("x"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert begun.wait(30)
    go.set()
    for thread in threads:
        thread.join(30)
    assert (answers, asked) == (["X"] * 4, ["x"])


def test_a_failed_look_up_is_not_remembered() -> None:
    asked: list[int] = []

    @remembered(60)
    def flaky() -> int:
        asked.append(1)
        if len(asked) == 1:
            raise ConnectionError("venue is away")
        return len(asked)

    with pytest.raises(ConnectionError):
        flaky()
    assert (flaky(), flaky()) == (2, 2)
