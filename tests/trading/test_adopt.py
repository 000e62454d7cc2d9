"""An account that was used before becomes a session's: what it holds is its opening balance, and no profit."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import BTC, START, event, opened
from tradekit.core.event import Fact
from tradekit.model.instrument import Instrument, Kind
from tradekit.model.market import Bar, MarkUpdated
from tradekit.model.order import Side
from tradekit.model.said import (
    Answer,
    BalanceSaid,
    LinkSaid,
    OrderSaid,
    PositionSaid,
    Question,
    Unknown,
    What,
)
from tradekit.model.session import Mode
from tradekit.state.reducer import apply
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy
from tradekit.trading.engine import Engine
from tradekit.trading.office import Office

D = Decimal
PERP = Instrument(id="BTC", quote="USD", kind=Kind.PERPETUAL, lot=D("0.001"))
SPOT = Instrument(id="BTC", quote="USD", base="XBT", lot=D("0.001"))


class Quiet(Strategy):
    """Does nothing."""


class Desk:
    """An office that adopts, and the books that it is told."""

    def __init__(self, instrument: Instrument = BTC, *, adopts: bool = True) -> None:
        self.engine = Engine(Quiet())
        self.office = Office(self.engine, now=START, adopts=adopts)
        fact = opened(mode=Mode.LIVE, cash=D(0), armed=False, instruments=[instrument])
        self.told: list[Fact] = [one.data for one in self.engine.step(fact, START)]
        self.now = START

    @property
    def state(self) -> State:
        return self.engine.state

    def look(self, **books: Any) -> None:
        """A whole look: what is not named is empty, what is None cannot be read."""
        self.office.asks.clear()
        self.office.look(self.now)
        for question in (Question.OPEN_ORDERS, Question.EXECUTIONS, Question.POSITIONS, Question.BALANCES):
            items = books.get(question.value, ())
            said = (
                Unknown(question=question, reason="maintenance")
                if items is None
                else Answer(question=question, items=tuple(items), complete=question is not Question.BALANCES)
            )
            self.told += [one.data for one in self.office.hear(said, self.now)]
        self.now += 30_000_000_000

    def take(self, fact: Fact) -> None:
        self.engine.step(fact, self.now)

    @property
    def status(self) -> str:
        return self.state.health.reconciliation.status


def usd(total: int) -> BalanceSaid:
    return BalanceSaid(currency="USD", total=D(total))


def test_cash_becomes_the_opening_balance_and_the_books_are_green() -> None:
    desk = Desk()
    assert desk.status == "due"
    desk.look(balances=[usd(5000)])
    account = desk.state.account
    assert (desk.status, account.cash, account.opening) == ("green", {"USD": D(5000)}, D(5000))
    assert (account.equity, account.peak, account.flows) == (5000.0, 5000.0, {})
    (day,) = desk.state.pnl.days.values()
    assert (day.start, day.end) == (5000.0, 5000.0)


def test_an_empty_account_is_taken_over_as_such() -> None:
    desk = Desk()
    desk.look()
    assert (desk.status, desk.state.account.adopted) == ("green", START)


def test_positions_are_booked_for_external_at_their_entry_and_worth_what_the_market_says() -> None:
    desk = Desk(PERP)
    held = PositionSaid(instrument="BTC", qty=D(-2), price=D(100), mark=D(90))
    desk.look(positions=[held], balances=[usd(1000)])
    position = desk.state.positions["EXTERNAL/BTC"]
    assert (position.qty, position.entry, position.unrealised) == (D(-2), 100.0, 20.0)
    (day,) = desk.state.pnl.days.values()
    assert (desk.status, day.start, day.end) == ("green", 1020.0, 1020.0), (
        "what was earned before is no profit of today"
    )


def test_what_is_paid_in_full_leaves_the_cash_that_the_venue_says() -> None:
    desk = Desk()
    desk.look(
        positions=[PositionSaid(instrument="BTC", qty=D(3), price=D(100), mark=D(110))], balances=[usd(700)]
    )
    account = desk.state.account
    assert (account.cash, account.equity) == ({"USD": D(700)}, 1030.0)
    assert account.opening + D(30) == D(1030)  # unrealised profit is no opening balance
    desk.look(positions=[PositionSaid(instrument="BTC", qty=D(3), price=D(100))], balances=[usd(700)])
    assert desk.status == "green"


def test_what_is_held_of_another_currency_is_opening_balance_once_its_rate_is_known() -> None:
    desk = Desk(SPOT)
    desk.look(balances=[usd(1000), BalanceSaid(currency="XBT", total=D("0.5"))])
    assert (desk.state.account.equity, desk.state.account.complete) == (1000.0, False)
    desk.take(MarkUpdated("BTC", 20_000.0))
    account = desk.state.account
    assert (account.equity, account.opening, account.currency_gain) == (11_000.0, D(11_000), 0.0)
    (day,) = desk.state.pnl.days.values()
    assert (day.start, day.end) == (11_000.0, 11_000.0)


def test_instruments_that_are_not_traded_here_are_told_once_and_stand_in_nobodys_way() -> None:
    desk = Desk()
    shares = [PositionSaid(instrument="GOLD", qty=D(7), price=D(20))]
    for _ in range(3):
        desk.look(positions=shares, balances=[usd(100)])
    known = desk.state.health.reconciliation.differences["position.foreign:GOLD"]
    assert (desk.status, known.refused) == ("green", "adoption")
    assert "EXTERNAL/GOLD" not in desk.state.positions


def test_it_happens_once_and_what_changes_afterwards_waits_for_a_human() -> None:
    desk = Desk()
    desk.look(balances=[usd(5000)])
    for _ in range(2):
        desk.look(balances=[usd(6000)], positions=[PositionSaid(instrument="BTC", qty=D(1), price=D(10))])
    assert (desk.status, desk.state.account.cash) == ("open", {"USD": D(5000)})
    assert "EXTERNAL/BTC" not in desk.state.positions


@pytest.mark.parametrize("lost", ["open_orders", "executions", "positions", "balances"])
def test_nothing_is_taken_over_out_of_books_of_which_one_is_missing(lost: str) -> None:
    desk = Desk()
    desk.look(**({"balances": [usd(5000)]} | {lost: None}))
    assert (desk.status, desk.state.account.adopted, desk.state.account.cash) == ("failed", 0, {"USD": D(0)})
    desk.look(balances=[usd(5000)])
    assert (desk.status, desk.state.account.opening) == ("green", D(5000))


def test_a_line_that_breaks_meanwhile_leaves_it_for_the_next_look() -> None:
    desk = Desk()
    desk.office.look(desk.now)
    desk.told += [one.data for one in desk.office.hear(LinkSaid(up=False, reason="reset"), desk.now)]
    assert (desk.status, desk.state.account.adopted) == ("failed", 0)


def test_what_has_filled_of_an_order_that_was_there_before_is_counted_once() -> None:
    desk = Desk(PERP)
    resting = OrderSaid(
        what=What.NEW,
        venue_id="x",
        instrument="BTC",
        side=Side.BUY,
        qty=D(3),
        limit=D(100),
        cum=D(1),
        price=D(100),
    )
    for _ in range(3):
        desk.look(
            open_orders=[resting], positions=[PositionSaid(instrument="BTC", qty=D(5), price=D(100))],
            balances=[usd(1000)],
        )  # fmt: skip
    held = [one.qty for one in desk.state.positions.values()]
    assert (desk.status, sum(held)) == ("green", D(5))
    (order,) = desk.state.orders.values()
    assert (order.filled, order.working) == (D(1), True)


def test_no_other_session_takes_an_account_over() -> None:
    desk = Desk(adopts=False)
    for _ in range(2):
        desk.look(balances=[usd(5000)])
    assert (desk.status, desk.state.account.adopted) == ("open", 0)


def test_the_days_loss_is_measured_from_what_was_taken_over() -> None:
    desk = Desk(PERP)
    desk.take(
        opened(mode=Mode.LIVE, cash=D(0), armed=False, instruments=[PERP], limits={"max_daily_loss": "50"})
    )
    held = PositionSaid(instrument="BTC", qty=D(10), price=D(100), mark=D(60))
    desk.look(positions=[held], balances=[usd(1000)])
    assert not desk.state.risk.halted, "a loss of yesterday is none of today"
    desk.take(Bar("BTC", "1m", desk.now - 60_000_000_000, 60, 60, 54, 54))
    assert desk.state.risk.halted


def test_the_fold_alone_gives_the_same_account() -> None:
    desk = Desk(SPOT)
    desk.look(balances=[usd(1000), BalanceSaid(currency="XBT", total=D("0.5"))])
    state = State()
    for n, fact in enumerate(desk.told, 1):
        apply(state, event(fact, seq=n, ts=START))
    assert state.account == desk.state.account
