"""The clearing of a simulated venue: what is due to an account for what it holds, told as cash that moved.

Pure: it keeps nothing but its yearly rates; what was due is a function of the state and of the fact that makes it due.
A live venue's own facts take its place. Knows no exchange.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from tradekit.core.event import Fact
from tradekit.errors import ConfigError
from tradekit.model.account import CashMoved, DividendWentEx, FundingPublished, SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar, MarketOpened
from tradekit.model.money import ZERO, exact
from tradekit.sim.accruals import Holding, borrowing, cash_in_lieu, dividend, funding, interest
from tradekit.state.days import day_name
from tradekit.state.shape import State
from tradekit.trading.venue import Report

__all__ = ["Clearing"]

_DUE = frozenset({FundingPublished, DividendWentEx, SplitEffected})  # what may make something due


class Clearing:
    """What is due, by yearly rates as fractions (0.03 is 3 %).

    borrow_rate    for what is sold short: one rate, or one by instrument
    interest_rate  for cash that is owed
    nightly        whether any of them is not zero, so that nights cost something
    """

    def __init__(self, *, borrow_rate: object | Mapping[str, object] = 0, interest_rate: object = 0) -> None:
        by_name = borrow_rate if isinstance(borrow_rate, Mapping) else {}
        self._borrow = {name: _rate(rate, f"borrow_rate[{name!r}]") for name, rate in by_name.items()}
        self._borrow_all = ZERO if isinstance(borrow_rate, Mapping) else _rate(borrow_rate, "borrow_rate")
        self._interest = _rate(interest_rate, "interest_rate")
        self.nightly = bool(self._borrow_all or any(self._borrow.values()) or self._interest)

    def due(self, state: State, fact: Fact, ts: int) -> list[Report]:
        """What `fact` makes due at `ts` [UTC ns], by the state before it."""
        if type(fact) not in _DUE:
            return []
        told: list[CashMoved] = []
        if isinstance(fact, FundingPublished):
            told = funding(*_held(state, fact.instrument), fact)
        elif isinstance(fact, DividendWentEx):
            told = dividend(*_held(state, fact.instrument), fact)
        elif isinstance(fact, SplitEffected):
            mark = state.marks.get(fact.instrument)
            if mark is not None:
                told = cash_in_lieu(*_held(state, fact.instrument), fact, exact(mark.last))
        return [(ts, one) for one in told]

    def overnight(self, state: State, fact: Fact, ts: int) -> list[Report]:
        """What was due for the nights that have passed when `fact`, told at `ts` [UTC ns], begins a new day.

        Loans are counted by calendar days: over a weekend three. They are taken as they stood before the fact, at the
        last prices.
        """
        if not self.nightly or not state.pnl.days:
            return []
        last = next(reversed(state.pnl.days))
        at = fact.ts if isinstance(fact, Bar) else ts
        today = fact.session if isinstance(fact, MarketOpened) else day_name(state, at)
        if today <= last:
            return []
        days = (date.fromisoformat(today) - date.fromisoformat(last)).days
        told: list[CashMoved] = []
        for name, spec in state.instruments.items():
            rate, mark = self._borrow.get(name, self._borrow_all), state.marks.get(name)
            if rate and mark is not None and not spec.margined:
                told += borrowing(*_held(state, name), rate, exact(mark.last), days)
        if self._interest:
            for currency, cash in state.account.cash.items():
                told += interest(state.session.account, currency, cash, self._interest, days)
        return [(at, one) for one in told]


def _held(state: State, instrument: str) -> tuple[Instrument, list[Holding]]:
    """An instrument and who holds what of it."""
    positions = (state.positions[key] for key in state.held.get(instrument, ()))
    held = [Holding(one.account, one.strategy, one.qty) for one in positions if one.qty]
    return state.instruments[instrument], held


def _rate(value: object, name: str) -> Decimal:
    rate = exact(value, name=name)
    if not 0 <= rate < 10:
        raise ConfigError(f"{name} is {rate}: give a yearly rate as a fraction, for example 0.03 for 3 %")
    return rate
