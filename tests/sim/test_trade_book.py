"""The book of trades: what it counts, and that a journal rebuilds it."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, START, bar, bracket, event, flat, law, order
from tests.sim.trades import show
from tradekit.core.event import Fact
from tradekit.model.market import Bar
from tradekit.model.order import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted, OrderType, Side
from tradekit.sim.backtesting_py import backtesting_py
from tradekit.sim.trade_book import Kind, TradeBook, kind_of
from tradekit.sim.trade_exchange import TradeExchange

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (order("a"), Kind.ENTRY),
        (order("a", limit=1), Kind.ENTRY),
        (order("a", stop=1), Kind.ENTRY),
        (order("a", position="t"), Kind.CLOSE),
        (order("a", position="t", stop=1), Kind.LOSS),
        (order("a", position="t", limit=1), Kind.PROFIT),
        (order("a", parent="p", stop=1), Kind.LOSS),
        (order("a", parent="p", limit=1), Kind.PROFIT),
        (order("a", parent="p"), None),
    ],
)
def test_an_orders_terms_say_what_it_is_for(sent: OrderSubmitted, kind: Kind | None) -> None:
    assert kind_of(sent) is kind


def test_what_is_available_is_equity_less_what_trades_bind_and_never_below_zero() -> None:
    made = TradeExchange([BTC], D(1000), backtesting_py(margin=0.5))
    show(made, flat(0, 100))
    made.submit(order("a", qty=10), START)
    show(made, flat(1, 100))
    assert (made.book.equity(), made.book.available(D("0.5"))) == (D(1000), D(500))
    show(made, flat(2, 30))
    assert (made.book.equity(), made.book.available(D("0.5"))) == (D(300), D(150))
    assert made.book.available(D(2)) == 0


def test_a_fact_that_is_none_of_its_business_changes_nothing() -> None:
    book = TradeBook(D(1000))
    for fact in (OrderReplaceRequested("gone", "BTC"), *bracket("gone", SELL, 1, loss=1, target=2)):
        book.fold(fact)
    assert book.cash == 1000
    assert not book.orders
    assert not book.trades


# --- the book is a fold -------------------------------------------------------------------------------------

PRICES = st.integers(90, 110).map(float)
BARS = st.tuples(PRICES, PRICES, PRICES, PRICES).map(lambda p: (p[0], max(p), min(p), p[3]))
LEVELS = st.integers(88, 112).map(D)
Day = tuple[Bar, list[tuple[str, Any]]]


@st.composite
def entries(draw: st.DrawFn, name: str) -> list[OrderSubmitted]:
    """An entry of any kind, perhaps with a stop and a target."""
    side, share = draw(st.sampled_from(Side)), draw(st.booleans())
    size: dict[str, Any] = {"share": D("0.3")} if share else {}
    kind = draw(st.sampled_from(["market", "limit", "stop", "stop_limit"]))
    prices: dict[str, Any] = {
        "limit": draw(LEVELS) if "limit" in kind else None,
        "stop": draw(LEVELS) if "stop" in kind else None,
    }
    qty = D(0) if share else D(draw(st.integers(1, 30)))
    first = OrderSubmitted(name, "BTC", "s", "main", side, OrderType(kind), qty, **prices, **size)
    exits = bracket(name, side.opposite, qty, loss=draw(LEVELS), target=draw(LEVELS))
    return [first, *exits[: draw(st.integers(0, 2))]]


@st.composite
def days(draw: st.DrawFn) -> list[Day]:
    """Bars, and what is wished for after each."""
    made: list[Day] = []
    for n in range(draw(st.integers(2, 8))):
        wishes: list[tuple[str, Any]] = []
        for k in range(draw(st.integers(0, 2))):
            word = draw(st.sampled_from(["enter", "enter", "close", "move", "cancel"]))
            name = f"o{n}{k}"
            wishes.append((word, draw(entries(name)) if word == "enter" else (name, draw(LEVELS))))
        made.append((bar(n, draw(BARS)), wishes))
    return made


def play(made: TradeExchange, days_: list[Day]) -> list[tuple[Fact, dict[str, Any] | None]]:
    """Every fact in the order of a journal, and the book after each group of them."""
    told: list[tuple[Fact, dict[str, Any] | None]] = []

    def note(*facts: Fact) -> None:
        told.extend((fact, None) for fact in facts)
        if told:
            told[-1] = (told[-1][0], picture(made.book))

    for one, wishes in days_:
        note(*(fact for _, fact in show(made, one)), one)
        for word, what in wishes:
            for wish in _orders(made.book, word, what):
                told.append((wish, None))
                note(*(fact for _, fact in made.submit(wish, START)))
            if word == "move":
                for trade in made.book.trades.values():
                    request = OrderReplaceRequested(trade.loss, "BTC", stop=what[1])
                    note(request, *(fact for _, fact in made.replace(request, START)))
            elif word == "cancel" and made.book.queue:
                cancel = OrderCancelRequested(made.book.queue[0], "BTC")
                note(cancel, *(fact for _, fact in made.cancel(cancel, START)))
    return told


def _orders(book: TradeBook, word: str, what: Any) -> list[OrderSubmitted]:
    if word == "enter":
        return list(what)
    trades = list(book.trades.values()) if word == "close" else []
    return [order(f"{what[0]}{t.id}", t.side.opposite, abs(t.qty), position=t.id) for t in trades]


def picture(book: TradeBook) -> dict[str, Any]:
    """All that decides what happens next."""
    return {
        "cash": book.cash,
        "trades": list(map(repr, book.trades.values())),
        "orders": {name: repr(pending) for name, pending in book.orders.items()},
        "queue": list(book.queue),
        "bars": (book.before, book.last),
        "asked": dict(book.asked),
    }


@law(40)
@given(days(), st.booleans(), st.booleans(), st.booleans())
def test_the_book_is_a_fold_of_the_facts(
    days_: list[Day], exclusive: bool, hedging: bool, on_close: bool
) -> None:
    rules = backtesting_py(
        exclusive_orders=exclusive, hedging=hedging, trade_on_close=on_close, margin=0.2, commission=0.001
    )
    told = play(TradeExchange([BTC], D(10_000), rules), days_)
    again = TradeExchange([BTC], D(10_000), rules)
    shown = None
    for seq, (fact, wanted) in enumerate(told, 1):
        again.replay(event(fact, seq=seq))
        shown = wanted if wanted is not None and isinstance(fact, Bar) else shown
        if wanted is not None and (isinstance(fact, Bar) or again.book.last is not None):
            assert picture(again.book) == wanted


def test_after_a_sudden_end_what_was_never_answered_is_answered_in_its_order() -> None:
    made = TradeExchange([BTC], D(10_000), backtesting_py())
    for sent in (
        order("a", limit=90),
        OrderReplaceRequested("a", "BTC", limit=D(95)),
        OrderCancelRequested("b", "BTC"),
    ):
        made.replay(event(sent))
    answers = [fact.TYPE for _, fact in made.resume(START)]
    assert answers == ["order.accepted", "order.replaced", "order.cancel_rejected"]
    assert made.resume(START) == []
    assert made.book.orders["a"].limit == 95
