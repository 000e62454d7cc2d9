"""Reconciliation as a pure function: state and books in, explained differences out; accepted once, it finds no more."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import START, event, filled, law, opened, order
from tradekit.core.event import Fact
from tradekit.errors import ConfigError
from tradekit.model.doubt import About, OrderDoubted, OrderGivenUp, OrderMissed
from tradekit.model.instrument import Instrument
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRequested,
    OrderFilled,
    OrderReplaceRequested,
    Side,
)
from tradekit.model.reconciliation import (
    AlertRaised,
    DifferenceFound,
    DifferenceResolved,
    ReconciliationCompleted,
)
from tradekit.model.said import Answer, BalanceSaid, FillSaid, OrderSaid, PositionSaid, Question, What
from tradekit.state.reducer import apply
from tradekit.state.shape import State, fingerprint
from tradekit.trading.reconcile.books import ACCEPT, Books, Found, Kind, Practice, proposals
from tradekit.trading.reconcile.compare import covered, reconcile
from tradekit.trading.reconcile.positions import ratio_of
from tradekit.trading.reconcile.settle import facts_from

D = Decimal
SECOND = 1_000_000_000
LATER = START + 60 * SECOND


def fold(*facts: Fact, state: State | None = None, ts: int = START) -> State:
    state = state or State()
    for fact in facts:
        apply(state, event(fact, seq=state.seq + 1, ts=ts))
    return state


def books(*, at: int = LATER, complete: bool = True, **items: Any) -> Books:
    answers: dict[str, Any] = {
        name: shown
        if isinstance(shown, Answer)
        else Answer(question=Question(name), items=tuple(shown), complete=complete)
        for name, shown in items.items()
    }
    return Books(at=at, **answers)


def shown(name: str = "a", **more: Any) -> OrderSaid:
    fields: dict[str, Any] = {
        "what": What.NEW,
        "order": name,
        "venue_id": "v",
        "instrument": "BTC",
        "side": Side.BUY,
        "qty": D(2),
    }
    return OrderSaid(**(fields | more))


def kinds(found: list[Found]) -> list[str]:
    return [one.kind for one in found]


OPEN = (opened(), order("a", qty=2, limit=100), OrderAccepted("a", "BTC", "v"))
HELD = (*OPEN, filled("a", Side.BUY, 2, 100, number=1))


def test_books_that_were_not_answered_say_nothing() -> None:
    assert reconcile(fold(*HELD), Books(at=LATER)) == []


def test_books_that_agree_say_nothing() -> None:
    state = fold(*HELD)
    agreeing = books(
        open_orders=[], executions=[], positions=[PositionSaid(instrument="BTC", qty=D(2))],
        balances=[BalanceSaid(currency="USD", total=D(9800))],
    )  # fmt: skip
    assert reconcile(state, agreeing) == []


MISSED = (*OPEN, *[OrderMissed("a", "BTC", "not there")] * 2)
FORGETFUL = Answer(
    question=Question.EXECUTIONS, since=START + SECOND
)  # from then on it tells what has traded


CASES: list[tuple[str, tuple[Fact, ...], dict[str, Any], list[str]]] = [
    ("a doubted order is there", (*OPEN[:2], OrderDoubted("a", "BTC", About.SUBMIT, "timeout")),
     {"open_orders": [shown()]}, ["order.found"]),
    ("the venue shows it with its end", OPEN,
     {"open_orders": [shown(what=What.CANCELED)]}, ["order.found"]),
    ("somebody else's", (opened(),), {"open_orders": [shown("", venue_id="x")]}, ["order.foreign"]),
    ("one that is not shown", OPEN, {"open_orders": [], "executions": []}, ["order.missing"]),
    ("one that is not shown, and was sent before what is told", MISSED,
     {"open_orders": [], "executions": FORGETFUL}, ["order.forgotten"]),
    ("one that is not shown, by a part of the book", OPEN, {"open_orders": []}, []),
    ("one that works there", (*OPEN, OrderCanceled("a", "BTC")), {"open_orders": [shown()]}, ["order.revived"]),
    ("one that has filled here", HELD, {"open_orders": [shown()]}, []),
    ("other terms", OPEN, {"open_orders": [shown(limit=D(101))]}, ["order.terms"]),
    ("a cancel that has not come through",
     (*OPEN, OrderCancelRequested("a", "BTC"), OrderDoubted("a", "BTC", About.CANCEL, "timeout")),
     {"open_orders": [shown()]}, ["order.unchanged"]),
    ("a replacement that has not come through",
     (*OPEN, OrderReplaceRequested("a", "BTC", D(3)), OrderDoubted("a", "BTC", About.REPLACE, "timeout")),
     {"open_orders": [shown()]}, ["order.unchanged"]),
    ("a replacement that is on its way", (*OPEN, OrderReplaceRequested("a", "BTC", D(3))),
     {"open_orders": [shown(qty=D(3))]}, []),
    ("a count above our fills", OPEN, {"open_orders": [shown(cum=D(1))]}, ["order.filled"]),
    ("a trade that was not told", OPEN,
     {"executions": [FillSaid(exec_id="e", qty=D(1), price=D(100), order="a")]}, ["fill.missing"]),
    ("a trade of others", (opened(),),
     {"executions": [FillSaid(exec_id="e", qty=D(1), price=D(9), venue_id="x", instrument="BTC", side=Side.SELL)]},
     ["fill.foreign"]),
    ("a trade with other numbers", HELD,
     {"executions": [FillSaid(exec_id="a.1", qty=D(1), price=D(100), order="a")]}, ["fill.conflict"]),
    ("a count that no trade explains", (*OPEN, OrderDoubted("a", "BTC", About.FILLS, "cum", D(1))),
     {"executions": []}, ["fill.unexplained"]),
    ("another quantity", HELD, {"positions": [PositionSaid(instrument="BTC", qty=D(5))]}, ["position.quantity"]),
    ("a position that is gone", HELD, {"positions": []}, ["position.quantity"]),
    ("a split", HELD, {"positions": [PositionSaid(instrument="BTC", qty=D(4), price=D(50))]}, ["position.ratio"]),
    ("an instrument of others", (opened(),), {"positions": [PositionSaid(instrument="XRP", qty=D(4))]},
     ["position.foreign"]),
    ("other cash", (opened(),), {"balances": [BalanceSaid(currency="USD", total=D(9))]}, ["cash"]),
    ("a cent", (opened(),), {"balances": [BalanceSaid(currency="USD", total=D("10000.01"))]}, []),
    ("a currency that is gone", (opened(),), {"balances": []}, ["cash"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "said", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_each_difference_has_its_kind(
    facts: tuple[Fact, ...], said: dict[str, Any], expected: list[str]
) -> None:
    found = reconcile(fold(*facts), books(**said))
    assert kinds(found) == expected
    for one in found:
        assert one.text
        assert covered(one.kind, books(**said))
        assert list(one.proposed) == facts_from(proposals(one.proposed))


def test_an_order_that_may_have_traded_unseen_is_not_given_up_unless_the_position_is_as_here() -> None:
    said = books(open_orders=[], executions=FORGETFUL)
    state = fold(*MISSED)
    (found,) = reconcile(state, said)
    assert (found.kind, found.at_once) == ("order.forgotten", False)
    assert "it may have traded" in found.text
    for _ in range(3):
        assert reconcile(state, said) == [found], "also where the last look-up is only a moment ago"
    elsewhere = DifferenceFound("position.quantity:BTC", "position.quantity", "BTC", "0", "2", "another")
    compared = ReconciliationCompleted(True, {}, 0)
    fold(elsewhere, compared, state=state, ts=START + 10 * SECOND)
    assert kinds(reconcile(state, said)) == ["order.forgotten"]
    fold(DifferenceResolved(elsewhere.id, "BTC", "gone"), state=state, ts=START + 11 * SECOND)
    (found,) = reconcile(state, said)
    assert (found.kind, found.at_once) == ("order.missing", True)
    assert [type(one) for one in found.proposed] == [OrderMissed, OrderGivenUp, AlertRaised]


def test_an_order_that_was_sent_within_what_is_told_is_given_up_as_ever() -> None:
    told = Answer(question=Question.EXECUTIONS, since=START)
    (found,) = reconcile(fold(*MISSED), books(open_orders=[], executions=told))
    assert OrderGivenUp in [type(one) for one in found.proposed]


def test_a_forgotten_order_is_not_gone_because_half_of_what_shows_it_was_asked() -> None:
    assert not covered(Kind.ORDER_FORGOTTEN, books(open_orders=[]))
    assert covered(Kind.ORDER_FORGOTTEN, books(open_orders=[], executions=[]))


def test_every_kind_is_among_them() -> None:
    assert {kind for case in CASES for kind in case[3]} == set(ACCEPT) == set(Kind)


@pytest.mark.parametrize(("facts", "said"), [case[1:3] for case in CASES], ids=[case[0] for case in CASES])
def test_once_accepted_it_is_found_no_more(facts: tuple[Fact, ...], said: dict[str, Any]) -> None:
    state = fold(*facts)
    for _ in range(2):
        proposed = [fact for one in reconcile(state, books(**said)) for fact in one.proposed]
        fold(*proposed, state=state, ts=LATER)
    assert [one for one in reconcile(state, books(**said)) if one.proposed] == []


ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "open_orders": st.lists(
            st.builds(
                shown, st.sampled_from(["a", "b", ""]), venue_id=st.sampled_from(["v", "w"]),
                cum=st.sampled_from([None, D(0), D(1), D(2)]), limit=st.sampled_from([None, D(100), D(101)]),
            ),
            max_size=2,
        ),
        "executions": st.lists(
            st.builds(
                FillSaid, exec_id=st.sampled_from(["1", "2"]), qty=st.sampled_from([D(1), D(2)]), price=st.just(D(100)),
                order=st.sampled_from(["a", "b"]), venue_id=st.sampled_from(["", "v", "w"]),
                instrument=st.just("BTC"), side=st.just(Side.BUY), cum=st.sampled_from([None, D(1), D(2)]),
            ),
            max_size=3,
        ),
        "positions": st.lists(
            st.builds(PositionSaid, instrument=st.just("BTC"), qty=st.integers(-2, 4).map(D), price=st.just(D(100))),
            max_size=1,
        ),
        "balances": st.lists(
            st.builds(BalanceSaid, currency=st.just("USD"), total=st.sampled_from([D(9000), D(10_000)])), max_size=1
        ),
    },
)  # fmt: skip
STATES = st.lists(
    st.sampled_from(
        [
            OrderAccepted("a", "BTC", "v"),
            filled("a", Side.BUY, 1, 100, number=1),
            OrderDoubted("a", "BTC", About.SUBMIT, "timeout"),
            OrderDoubted("a", "BTC", About.FILLS, "cum", D(2)),
            OrderMissed("a", "BTC"),
            OrderCanceled("a", "BTC"),
            order("b", qty=2),
        ]
    ),
    max_size=5,
)


@given(STATES, ITEMS)
@law(200)
def test_comparing_twice_is_comparing_once(facts: list[Fact], said: dict[str, Any]) -> None:
    """Accept everything until nothing more is proposed; it ends soon, and then the comparison changes nothing."""
    state = fold(opened(), order("a", qty=2, limit=100), *facts)
    for _ in range(4):
        proposed = [fact for one in reconcile(state, books(**said)) for fact in one.proposed]
        if not proposed:
            break
        fold(*proposed, state=state, ts=LATER)
    before = fingerprint(state)
    again = reconcile(state, books(**said))
    assert [one.id for one in again if one.proposed] == []
    assert fingerprint(state) == before  # it has changed nothing by looking


@pytest.mark.parametrize(
    "said",
    [{"positions": []}, {"balances": []}, {"open_orders": [], "executions": []}],
    ids=lambda one: next(iter(one)),
)
def test_what_has_just_moved_here_is_not_compared(said: dict[str, Any]) -> None:
    state = fold(*OPEN, filled("a", Side.BUY, 1, 100, number=1))
    assert reconcile(state, books(at=START + 4 * SECOND, **said)) == []
    assert reconcile(state, books(at=START + 6 * SECOND, **said)) != []


def test_a_synthetic_fill_has_the_price_that_makes_the_venues_average_right() -> None:
    state = fold(
        *OPEN, filled("a", Side.BUY, 1, 100, number=1), OrderDoubted("a", "BTC", About.FILLS, "cum", D(2))
    )
    (found,) = [
        one
        for one in reconcile(state, books(executions=[], open_orders=[shown(cum=D(2), price=D(103))]))
        if one.kind is Kind.FILL_UNEXPLAINED
    ]
    (fact,) = found.proposed
    assert isinstance(fact, OrderFilled)
    assert (fact.exec_id, fact.qty, fact.price) == ("synthetic:a:1-2", D(1), D(106))


def test_a_pairs_coin_is_compared_with_what_is_held_of_it() -> None:
    pair = Instrument(id="BTC", quote="USD", base="XBT")
    state = fold(opened(instruments=[pair]), *HELD[1:])
    assert reconcile(state, books(balances=[BalanceSaid(currency="XBT", total=D(2))], complete=False)) == []
    (found,) = reconcile(state, books(balances=[BalanceSaid(currency="XBT", total=D(3))], complete=False))
    assert (found.kind, found.ours, found.proposed) == (Kind.CASH, "2", ())


def test_less_than_a_lot_is_no_difference() -> None:
    state = fold(opened(instruments=[Instrument(id="BTC", lot=D("0.1"))]), *HELD[1:])
    assert reconcile(state, books(positions=[PositionSaid(instrument="BTC", qty=D("2.05"))])) == []


@pytest.mark.parametrize(
    ("have", "has", "entry", "price", "ratio"),
    [
        (2, 4, 100, 50, (2, 1)),
        (2, 4, 100, 51, (2, 1)),
        (2, 4, 100, 100, None),
        (2, 4, 100, None, None),
        (2, 4, None, 50, None),
        (30, 20, 100, 150, (2, 3)),
        (-2, -4, 100, 50, (2, 1)),
        (2, -4, 100, 50, None),
        (0, 4, 100, 50, None),
        (10, 1, 100, 1000, (1, 10)),
    ],
)
def test_a_ratio_is_one_that_companies_make_at_the_inverse_price(
    have: int, has: int, entry: int | None, price: int | None, ratio: tuple[int, int] | None
) -> None:
    decimals = [None if one is None else D(one) for one in (entry, price)]
    assert ratio_of(D(have), D(has), *decimals) == (None if ratio is None else (D(ratio[0]), D(ratio[1])))


def test_a_policy_names_kinds_that_there_are() -> None:
    assert Practice(accept={"cash": True}).accepts("cash")
    assert not Practice().accepts("cash")
    with pytest.raises(ConfigError, match=r"no kind of difference is called 'cahs' \(did you mean 'cash'"):
        Practice(accept={"cahs": True})
