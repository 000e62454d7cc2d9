"""What holds on the simulated exchange whatever orders and bars come."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, START, bar, event, law, order
from tests.sim import fuzz
from tests.sim.floor import Floor
from tradekit.core.event import Fact
from tradekit.model.market import Bar
from tradekit.model.order import OrderAccepted, OrderCanceled, OrderFilled, OrderSubmitted, Side
from tradekit.sim.exchange import Report
from tradekit.sim.rules import Rules

D = Decimal
PRICES = st.integers(950, 1050).map(lambda tenths: tenths / 10)
LEVELS = st.none() | st.integers(940, 1060).map(lambda tenths: D(tenths) / 10)
Step = tuple[Fact, Bar | None, dict[str, Any] | None]
BARS = st.tuples(PRICES, PRICES, PRICES, PRICES).map(lambda p: (p[0], max(p), min(p), p[3]))


@st.composite
def wishes(draw: st.DrawFn, number: int) -> list[OrderSubmitted]:
    """One order, or an entry with a stop and a target."""
    name, side, qty = f"o{number}", draw(st.sampled_from(Side)), draw(st.integers(1, 4))
    level, stops = draw(LEVELS), draw(st.booleans())
    price: dict[str, Any] = {} if level is None else {"stop" if stops else "limit": level}
    group = draw(st.sampled_from(["", "", "g"]))
    first = order(name, side, qty, **price, group=group, reduce_only=draw(st.booleans()))
    if not draw(st.booleans()):
        return [first]
    shared: dict[str, Any] = {"parent": name, "group": f"{name}/exit", "reduce_only": True}
    loss = order(f"{name}.l", side.opposite, qty, stop=draw(LEVELS.filter(bool)), **shared)
    target = order(f"{name}.t", side.opposite, qty, limit=draw(LEVELS.filter(bool)), **shared)
    return [first, loss, target]


@st.composite
def days(draw: st.DrawFn) -> list[tuple[Bar, list[OrderSubmitted], list[str]]]:
    """Bars; after each the orders that are sent, and the ids that are to be canceled."""
    made = []
    for n in range(draw(st.integers(1, 7))):
        sent = [o for k in range(draw(st.integers(0, 2))) for o in draw(wishes(n * 10 + k))]
        canceled = [f"o{draw(st.integers(0, n)) * 10}"] if draw(st.booleans()) else []
        made.append((bar(n, draw(BARS)), sent, canceled))
    return made


def play(made: Floor, day: list[tuple[Bar, list[OrderSubmitted], list[str]]]) -> list[Step]:
    """Everything that happens, in order: the fact, the bar it happened in, and the book afterwards."""
    facts: list[Step] = []

    def note(reports: list[Report], within: Bar | None = None) -> None:
        facts.extend((fact, within, None) for _, fact in reports)
        if facts:
            facts[-1] = (*facts[-1][:2], book(made))

    for one, sent, canceled in day:
        note(made.bar(one), one)
        for wish in sent:
            facts.append((wish, None, book(made)))
            note(made.submit(wish, START))
        for name in canceled:
            note(made.end(name))
    return facts


def book(made: Floor) -> dict[str, Any]:
    return {name: (r.order, r.leaves, r.held, r.fills) for name, r in made.book.items()}


@given(days())
@law(60)
def test_the_book_is_a_fold_of_the_facts_at_every_prefix(day: Any) -> None:
    again = Floor([BTC])
    for fact, _, expected in play(Floor([BTC]), day):
        again.replay(event(fact))
        if expected is not None:
            assert book(again) == expected
            assert list(again.book) == list(expected)


@given(days())
@law(60)
def test_fills_stay_within_the_order_the_bar_and_what_reduce_only_allows(day: Any) -> None:
    facts = play(Floor([BTC]), day)
    orders = {f.id: f for f, _, _ in facts if isinstance(f, OrderSubmitted)}
    done: dict[str, D] = {}
    position = D(0)
    for fact, within, _ in facts:
        if not isinstance(fact, OrderFilled):
            continue
        assert within is not None
        wish = orders[fact.id]
        done[fact.id] = done.get(fact.id, D(0)) + fact.qty
        assert fact.qty > 0
        assert done[fact.id] <= wish.qty
        assert D(repr(within.low)) <= fact.price <= D(repr(within.high))
        if wish.reduce_only:
            assert abs(position + fact.qty * fact.side.sign) < abs(position)
            assert position * (position + fact.qty * fact.side.sign) >= 0
        if wish.limit is not None:
            assert (fact.price - wish.limit) * fact.side.sign <= 0, "a limit is never filled worse"
        if wish.stop is not None:
            assert (fact.price - wish.stop) * fact.side.sign >= 0, "a stop is never filled better"
        position += fact.qty * fact.side.sign


@given(days())
@law(60)
def test_a_child_trades_only_after_its_parent_and_one_of_a_group_only(day: Any) -> None:
    facts = [fact for fact, _, _ in play(Floor([BTC]), day)]
    orders = {f.id: f for f in facts if isinstance(f, OrderSubmitted)}
    traded: set[str] = set()
    ended: set[str] = set()
    for fact in facts:
        if isinstance(fact, OrderCanceled):
            ended.add(fact.id)
        if isinstance(fact, OrderFilled):
            wish = orders[fact.id]
            assert fact.id not in ended
            assert not wish.parent or wish.parent in traded
            traded.add(fact.id)
            if wish.group.endswith("/exit"):
                assert sum(orders[name].group == wish.group for name in traded) == 1


@given(days())
@law(60)
def test_every_order_that_left_the_book_was_filled_or_canceled_and_a_woken_child_is_told(day: Any) -> None:
    made = Floor([BTC])
    facts = [fact for fact, _, _ in play(made, day)]
    accepted = {f.id for f in facts if isinstance(f, OrderAccepted)}
    full: dict[str, D] = {}
    for fact in facts:
        if isinstance(fact, OrderFilled):
            full[fact.id] = full.get(fact.id, D(0)) + fact.qty
    orders = {f.id: f for f in facts if isinstance(f, OrderSubmitted)}
    gone = {name for name, qty in full.items() if qty == orders[name].qty}
    gone |= {f.id for f in facts if isinstance(f, OrderCanceled)}
    assert set(made.book) == accepted - gone
    held = {f.id for f in facts if isinstance(f, OrderAccepted) and f.held}
    woken = {f.id for f in facts if isinstance(f, OrderAccepted) and not f.held}
    assert {name for name in held if orders[name].parent in full} == held & woken


@given(days(), st.sampled_from(["0", "0.0005", "0.01"]))
@law(60)
def test_costs_change_prices_against_us_and_never_which_orders_trade(day: Any, slippage: str) -> None:
    free = [f for f, _, _ in play(Floor([BTC]), day) if isinstance(f, OrderFilled)]
    paid = [
        f
        for f, _, _ in play(Floor([BTC], Rules(fee="0.001", slippage=slippage)), day)
        if isinstance(f, OrderFilled)
    ]
    assert [(f.exec_id, f.qty, f.rule) for f in paid] == [(f.exec_id, f.qty, f.rule) for f in free]
    for costly, cheap in zip(paid, free, strict=True):
        worse = D(0) if costly.rule.startswith("limit") else cheap.price * D(slippage)
        assert (costly.price - cheap.price) * costly.side.sign == worse
        assert costly.fee == (costly.qty * costly.price * D("0.001")).quantize(D("1e-8"))


# --- every type of order, on bars, quotes and trades, under any rules -----------------------------------------


@given(fuzz.days())
@law(40)
def test_under_any_rules_the_book_is_a_fold_of_the_journal(day: fuzz.Day) -> None:
    fuzz.check_fold(day)


@given(fuzz.days())
@law(40)
def test_under_any_rules_every_fill_obeys_its_order_its_market_and_the_rules(day: fuzz.Day) -> None:
    fuzz.check_fills(day)


@given(fuzz.days())
@law(15)
def test_under_any_rules_cash_and_position_are_what_was_earned_and_paid(day: fuzz.Day) -> None:
    fuzz.check_equity(day)
