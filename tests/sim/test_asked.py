"""What the simulated exchange shows of its books is what a session has folded from its reports."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, flat, law, order
from tests.trading.desk import Desk
from tradekit.model.order import Side
from tradekit.model.said import Answer, Ask, OrderSaid, PositionSaid, Question, Unknown
from tradekit.sim.backtesting_py import BacktestingPy
from tradekit.sim.exchange import Exchange
from tradekit.sim.trade_exchange import TradeExchange
from tradekit.sim.venue import SimulatedVenue
from tradekit.trading.office import Office
from tradekit.trading.reconcile.books import Books, Practice
from tradekit.trading.reconcile.compare import reconcile

D = Decimal


def answer(venue: SimulatedVenue, question: Question) -> Answer:
    (told,) = venue.ask(Ask(question), 5)
    assert isinstance(told, Answer)
    return told


def test_it_shows_its_open_orders_with_what_has_filled() -> None:
    venue = SimulatedVenue(Exchange([BTC]))
    venue.submit(order("a", Side.BUY, 2, limit=90), 0)
    (shown,) = answer(venue, Question.OPEN_ORDERS).items
    assert isinstance(shown, OrderSaid)
    assert (shown.order, shown.venue_id, shown.qty, shown.limit, shown.cum) == (
        "a",
        "sim-a",
        D(2),
        D(90),
        D(0),
    )


def test_it_shows_what_it_holds() -> None:
    venue = SimulatedVenue(Exchange([BTC]))
    venue.submit(order("a", Side.SELL, 2), 0)
    venue.market(flat(0, 100.0), 0)
    assert answer(venue, Question.POSITIONS).items == (PositionSaid(instrument="BTC", qty=D(-2)),)


def test_what_it_does_not_keep_is_unknown_and_never_empty() -> None:
    other = SimulatedVenue(TradeExchange([BTC], D(1000), BacktestingPy()))
    for venue, question in (
        (SimulatedVenue(Exchange([BTC])), Question.EXECUTIONS),
        (SimulatedVenue(Exchange([BTC])), Question.BALANCES),
        (other, Question.OPEN_ORDERS),
    ):
        (told,) = venue.ask(Ask(question), 5)
        assert isinstance(told, Unknown)
        assert not told.kept


WISHES = st.lists(
    st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 3), st.sampled_from([None, 95, 100, 105])),
    max_size=6,
)


@given(WISHES, st.lists(st.sampled_from([90.0, 100.0, 110.0]), max_size=4))
@law(60)
def test_a_paper_sessions_books_agree_with_its_exchanges(
    wishes: list[tuple[str, int, int | None]], prices: list[float]
) -> None:
    desk = Desk()
    desk.bar(flat(0, 100.0))
    for side, qty, limit in wishes:
        desk.command("submit", side=side, qty=qty, **({} if limit is None else {"limit": limit}))
    for number, price in enumerate(prices, 1):
        desk.bar(flat(number, price))
    books = Books(
        at=desk.state.time + 10**12,
        open_orders=answer(desk.venue, Question.OPEN_ORDERS),
        positions=answer(desk.venue, Question.POSITIONS),
        unkept=frozenset({"executions"}),
    )
    assert reconcile(desk.state, books, Practice()) == []
    assert Office(desk.engine, Practice(flips=True, reduces=True)).asks == []
