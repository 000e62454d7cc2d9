"""The library's strategies against formulas and bars written by hand."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import START, Prices, bar, flat, law
from tests.trading.desk import Desk, orders
from tradekit.core.event import Event
from tradekit.model.order import OrderSubmitted, OrderType, Side
from tradekit.model.session import SignalRaised
from tradekit.strategy.library import InsideBarBreakout, SmaCross

D = Decimal
MINUTES = 15


# --- SmaCross -----------------------------------------------------------------------------------------------


@given(st.lists(st.integers(90, 110), min_size=1, max_size=60), st.integers(2, 5), st.integers(6, 12))
@law(40)
def test_sma_cross_holds_what_two_averages_by_numpy_say(closes: list[int], fast: int, slow: int) -> None:
    desk = Desk(SmaCross(fast=fast, slow=slow, qty=2), raising=True)
    wanted = []
    for n, close in enumerate(closes):
        desk.bar(flat(n, float(close)))
        wanted.append(desk.engine.dealing.expected("BTC"))
    prices = np.array(closes, dtype=float)
    for n in range(len(prices)):
        ready = n + 1 >= slow
        above = (
            ready and slow * prices[n + 1 - fast : n + 1].sum() > fast * prices[n + 1 - slow : n + 1].sum()
        )
        close_call = (
            ready and abs(prices[n + 1 - fast : n + 1].mean() - prices[n + 1 - slow : n + 1].mean()) < 1e-9
        )
        assert close_call or wanted[n] == (2 if above else 0), n


# --- InsideBarBreakout --------------------------------------------------------------------------------------

MOTHER: list[Prices] = [(100, 110, 99, 105), (105, 106, 95, 100), (100, 104, 98, 102), (102, 103, 97, 100)]
INSIDE: list[Prices] = [(100, 104, 99, 101), (101, 105, 98, 103), (103, 104, 97, 99), (99, 103, 98, 100)]
QUIET: list[Prices] = [(100, 102, 98, 100)] * 4
CALM: list[Prices] = [
    (100, 101 + n // 4, 99 - n // 4, 100) for n in range(16)
]  # four hours, each wider: none inside


def run(
    quarters: Sequence[Prices], volumes: dict[int, float] | None = None, **params: Any
) -> tuple[Desk, list[list[Event]]]:
    """What happens on each 15-minute bar; `volumes` of single bars, 10 otherwise."""
    desk = Desk(InsideBarBreakout(**params), timeframes=("1h",), raising=True)
    told = [
        desk.bar(bar(n, p, timeframe="15m", volume=(volumes or {}).get(n, 10.0)))
        for n, p in enumerate(quarters)
    ]
    return desk, told


def notes(events: list[list[Event]], name: str) -> list[tuple[int, float, str]]:
    """The signals of that name: in which bar, direction and note."""
    return [
        (n, event.data.direction, event.data.note)
        for n, group in enumerate(events)
        for event in group
        if isinstance(event.data, SignalRaised) and event.data.name == name
    ]


def entries(events: list[list[Event]]) -> list[tuple[int, OrderSubmitted]]:
    return [(n, o) for n, group in enumerate(events) for o in orders(group) if not o.parent]


def test_an_hour_inside_the_one_before_marks_its_mothers_range() -> None:
    _, told = run([*MOTHER, *INSIDE])
    assert notes(told, "inside_bar") == [(7, 0.0, "range 95 to 110")]


@pytest.mark.parametrize("wider", [(100.0, 110.5, 99.0, 101.0), (100.0, 104.0, 94.5, 101.0)])
def test_an_hour_that_leaves_the_range_marks_nothing(wider: Prices) -> None:
    _, told = run([*MOTHER, wider, *INSIDE[1:]])
    assert notes(told, "inside_bar") == []


@pytest.mark.parametrize(
    ("breaking", "side", "way"),
    [((101.0, 112.0, 100.0, 111.0), Side.BUY, 1), ((99.0, 100.0, 93.0, 94.0), Side.SELL, -1)],
)
def test_a_15m_close_beyond_the_range_enters_with_stop_and_target_in_the_ratio(
    breaking: Prices, side: Side, way: int
) -> None:
    desk, told = run([*CALM, *MOTHER, *INSIDE, breaking], risk_reward=3, stop_atr=2, volume_filter=0, qty=0.5)
    ((at, entry),) = entries(told)
    assert at == len(told) - 1
    strategy: Any = desk.strategy
    stop = 2 * strategy.atr.value
    assert (entry.side, entry.qty, entry.type, entry.tag) == (side, D("0.5"), OrderType.MARKET, "breakout")
    loss, target = orders(told[-1])[1:]
    assert float(loss.stop or 0) == pytest.approx(breaking[3] - way * stop)
    assert float(target.limit or 0) == pytest.approx(breaking[3] + way * stop * 3)
    assert notes(told, "breakout") == [(at, float(way), f"closed at {breaking[3]:g} beyond 95 to 110")]
    intent = next(event for event in told[-1] if event.data is entry)
    signal = next(event for event in told[-1] if isinstance(event.data, SignalRaised))
    assert intent.cause == signal.seq


def test_touching_the_range_without_closing_beyond_is_no_break() -> None:
    _, told = run([*CALM, *MOTHER, *INSIDE, (101.0, 115.0, 90.0, 110.0)], volume_filter=0)
    assert entries(told) == []


BREAK: Prices = (101.0, 112.0, 100.0, 111.0)


@pytest.mark.parametrize(("factor", "volume", "enters"), [(2, 40.0, True), (2, 15.0, False), (0, 0.0, True)])
def test_a_break_without_volume_is_passed_over(factor: float, volume: float, enters: bool) -> None:
    quarters = [*CALM, *MOTHER, *INSIDE, BREAK]
    _, told = run(quarters, {len(quarters) - 1: volume}, volume_filter=factor)
    assert bool(entries(told)) is enters


def test_a_filter_waits_for_its_average_of_20_bars() -> None:
    quarters = [*CALM[:8], *MOTHER, *INSIDE, BREAK]  # 17 bars: the range average is ready, the volume's not
    _, told = run(quarters, {len(quarters) - 1: 99.0}, volume_filter=1)
    assert entries(told) == []


def test_a_break_before_the_average_range_is_ready_is_passed_over() -> None:
    _, told = run([*MOTHER, *INSIDE, BREAK], volume_filter=0)
    assert entries(told) == []


def test_a_range_is_used_once() -> None:
    desk, told = run(
        [*CALM, *MOTHER, *INSIDE, BREAK, (111.0, 130.0, 80.0, 111.0), (111.0, 113.0, 110.0, 112.0)],
        volume_filter=0, stop_atr=0.5,
    )  # fmt: skip
    assert len(entries(told)) == 1
    assert desk.position == 0  # stopped out in the bar after the entry


def test_a_newer_inside_bar_replaces_the_range() -> None:
    _, told = run([*CALM, *MOTHER, *INSIDE, *QUIET, (100.0, 107.0, 99.0, 106.0)], volume_filter=0)
    assert [note for _, _, note in notes(told, "inside_bar")][-1] == "range 97 to 105"
    assert [o.side for _, o in entries(told)] == [Side.BUY]


def test_while_a_position_is_held_the_range_waits() -> None:
    quarters = [*CALM, *MOTHER, *INSIDE, BREAK, *QUIET[:3], *MOTHER, *INSIDE, BREAK]
    desk, told = run(quarters, volume_filter=0, stop_atr=20, risk_reward=20)
    assert len(entries(told)) == 1
    assert desk.position == D("0.5")
    assert len(notes(told, "inside_bar")) > 1


def test_only_closed_hours_are_looked_at() -> None:
    desk, told = run([*MOTHER, *INSIDE[:3]])
    assert notes(told, "inside_bar") == []
    assert desk.state.bars["BTC"]["1h"][-1].ts == START
