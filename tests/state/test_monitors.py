"""Monitors of positions in the state: what a split makes of them, and what they count from when they come late."""

from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, filled, law, order
from tests.state.books import INVERSE, book, tell
from tradekit.model.account import SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.monitor import MonitorMoved, MonitorSet, Part
from tradekit.model.order import OrderAccepted, OrderType, Side
from tradekit.state.shape import State
from tradekit.trading.leaving import held

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def watched(*, qty: object = 2, spec: Instrument = BTC, **words: Any) -> State:
    """A position of `qty` that was bought at 90, in two parts of a stop and a target each, and is watched."""
    name, half = spec.id, D(str(qty)) / 2
    exits = [
        order(f"{kind}{n}", SELL, half, **{kind: 80 if kind == "stop" else 120}, instrument=name, reduce_only=True,
              parent="E", group=f"g{n}")
        for n in (1, 2) for kind in ("stop", "limit")
    ]  # fmt: skip
    parts = tuple(Part(half, f"stop{n}", f"limit{n}") for n in (1, 2))
    return book(
        order("E", BUY, qty, instrument=name),
        *exits,
        MonitorSet("E", name, "s", parts, **words),
        filled("E", BUY, qty, 90, instrument=name),
        instruments=[spec],
    )


def test_a_split_changes_quantities_one_way_and_prices_the_other() -> None:
    state = watched(break_even=D(4), exit_after=7)
    tell(state, filled("limit1", SELL, D("0.5"), 120))
    tell(state, MonitorMoved("E", "BTC", "break_even", D(90)), MonitorMoved("E", "BTC", "watch", D(80)))
    before = state.monitors["E"]
    opened = before.opened
    tell(state, SplitEffected("BTC", D(2), D(1)))
    known = state.monitors["E"]
    assert (known.entered, known.left, known.value) == (4, 1, 180)
    assert [(part.qty, part.left) for part in known.parts] == [(2, 1), (2, 0)]
    assert (known.break_even, known.moved_to, known.watched) == (2, 45, 40)
    assert (known.exit_after, known.opened) == (7, opened)


def test_the_entrys_price_follows_where_the_split_leaves_a_fraction() -> None:
    spec = Instrument(id="BTC", lot=D(1))
    state = watched(qty=15, spec=spec)
    tell(state, SplitEffected("BTC", D(1), D(10)))
    known = state.monitors["E"]
    assert (known.entered, known.value) == (1, 900)


def test_an_inverse_contract_is_not_split_and_another_instrument_is_another() -> None:
    state = watched(spec=INVERSE)
    assert tell(state, SplitEffected("XBTUSD", D(2), D(1))).monitors["E"].entered == 2
    other = watched()
    assert tell(other, SplitEffected("ETH", D(2), D(1))).monitors["E"].entered == 2


def test_what_is_kept_here_follows_a_split_and_its_position_is_watched_from_then_on() -> None:
    state = book(
        order("E", BUY, 2),
        order("S", SELL, 2, stop=80, reduce_only=True, parent="E"),
        filled("E", BUY, 2, 90),
        OrderAccepted("S", "BTC", "", held=True),
        order("T", BUY, 1, kind=OrderType.TRAILING_STOP, trail=6),
        OrderAccepted("T", "BTC", "", held=True),
        order("V", BUY, 1, stop=99),
        OrderAccepted("V", "BTC", "v"),
    )
    tell(state, SplitEffected("BTC", D(2), D(1)))
    kept, trailing, venues = (state.orders[name] for name in "STV")
    assert (kept.qty, kept.stop) == (4, 40)
    assert (trailing.qty, trailing.trail) == (2, 3)
    assert (venues.qty, venues.stop) == (1, 99), "what its venue has is the venue's to change"
    known = state.monitors["E"]
    assert (known.entered, known.value, [(one.qty, one.stop) for one in known.parts]) == (4, 180, [(4, "S")])


def test_a_monitor_that_comes_late_counts_what_was() -> None:
    state = book(
        order("E", SELL, 3, position="p", tag="t"),
        order("S", BUY, 3, stop=110, reduce_only=True, parent="E"),
        filled("E", SELL, 2, 90),
        filled("S", BUY, "0.5", 110),
        MonitorSet("E", "BTC", "s", (Part(D(3), "S"),)),
    )
    known = state.monitors["E"]
    assert (known.side, known.position, known.tag) == ("sell", "p", "t")
    assert (known.entered, known.value, known.left, known.parts[0].left) == (2, 180, D("0.5"), D("0.5"))


RATIOS = st.sampled_from([(2, 1), (3, 2), (4, 1), (1, 2), (1, 10), (3, 7), (7, 3)])


@given(
    RATIOS, st.integers(1, 400), st.integers(0, 400), st.lists(st.integers(0, 100), max_size=4),
    st.sampled_from([None, "1", "0.01"]), st.sampled_from([None, "0.05", "1"]),
)  # fmt: skip
@law(60)
def test_split_and_then_left_is_the_plan_scaled(
    ratio: tuple[int, int], qty: int, left: int, cuts: list[int], lot: str | None, tick: str | None
) -> None:
    """What is left is what the ledger has; parts are all of it in whole lots; prices are the nearest tick's."""
    spec = Instrument(id="BTC", lot=None if lot is None else D(lot), tick=None if tick is None else D(tick))
    unit = spec.lot or D(1)
    bounds = sorted({0, qty, *(cut * qty // 100 for cut in cuts)})
    parts = tuple(Part((b - a) * unit, f"stop{n}") for n, (a, b) in enumerate(pairwise(bounds)))
    exits = [order(p.stop, SELL, p.qty, stop=80, reduce_only=True, parent="E") for p in parts]
    state = book(
        order("E", BUY, qty * unit), *exits, MonitorSet("E", "BTC", "s", parts, D(4)),
        filled("E", BUY, qty * unit, 90), MonitorMoved("E", "BTC", "watch", D(80)), instruments=[spec],
        cash=1_000_000,
    )  # fmt: skip
    if taken := min(left, int(parts[0].qty / unit)):
        tell(state, filled(parts[0].stop, SELL, taken * unit, 80))
    split = SplitEffected("BTC", D(ratio[0]), D(ratio[1]))
    plan = split.units(held(state, state.monitors["E"]), spec.lot)
    tell(state, split)
    known = state.monitors["E"]
    assert held(state, known) == plan == state.position("s", "BTC") == known.entered - known.left
    assert sum(part.qty for part in known.parts) == split.units(qty * unit, spec.lot) == known.entered
    assert all(0 <= part.left <= part.qty for part in known.parts)
    if spec.lot:
        assert all(part.qty % spec.lot == 0 for part in known.parts)
    assert known.watched == split.price(D(80), spec.tick)
    if known.entered:
        assert abs(known.value / known.entered - D(90) * ratio[1] / ratio[0]) < D("1e-6")
