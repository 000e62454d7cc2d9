"""What a venue pays and charges for what is held: funding, dividends, splits' fractions, loans of shares and of cash.

Pure: holdings times rates, as cash that moved. Knows no state and no clock; formulas and sources are in
docs/accounts.md.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import msgspec

from tradekit.model.account import CashKind, CashMoved, DividendWentEx, FundingPublished, SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.money import CENT, EXACT

__all__ = ["DAYS_A_YEAR", "Holding", "borrowing", "cash_in_lieu", "dividend", "funding", "interest"]

DAYS_A_YEAR = 360  # yearly rates count the days as they are, of a year of 360 (ACT/360)


class Holding(msgspec.Struct, frozen=True):
    """What one strategy holds of an instrument at the moment of the accrual: a signed quantity [base units]."""

    account: str
    strategy: str
    qty: Decimal


def funding(spec: Instrument, held: Sequence[Holding], fact: FundingPublished) -> list[CashMoved]:
    """Longs pay value x rate to shorts; a negative rate the other way. Value at the published price."""
    with localcontext(EXACT):
        amounts = [-spec.value(one.qty, fact.price) * fact.rate for one in held]
    note = f"funding of {fact.rate} at {fact.price}"
    return _told(spec, held, amounts, CashKind.FUNDING, spec.currency, note)


def dividend(spec: Instrument, held: Sequence[Holding], fact: DividendWentEx) -> list[CashMoved]:
    """Who is long receives the amount for each unit; who is short owes it to the lender."""
    with localcontext(EXACT):
        amounts = [one.qty * fact.amount for one in held]
    note = f"dividend of {fact.amount}"
    return _told(spec, held, amounts, CashKind.DIVIDEND, fact.currency or spec.quote, note)


def cash_in_lieu(
    spec: Instrument, held: Sequence[Holding], fact: SplitEffected, price: Decimal
) -> list[CashMoved]:
    """What is paid for the fraction of a new lot that a split leaves over, at the last `price` before it."""
    with localcontext(EXACT):
        amounts = []
        for one in held:
            fraction = (
                one.qty * fact.new - fact.units(one.qty, spec.lot) * fact.old
            )  # in old-ths of a new unit
            amounts.append(fraction * price * spec.multiplier / fact.new)
    note = f"the fraction left over by a split of {fact.new} for {fact.old}"
    return _told(spec, held, amounts, CashKind.CASH_IN_LIEU, spec.currency, note)


def borrowing(
    spec: Instrument, held: Sequence[Holding], rate: Decimal, price: Decimal, days: int
) -> list[CashMoved]:
    """What it costs to have borrowed what was sold short: value x rate x days / 360; nothing for longs."""
    with localcontext(EXACT):
        amounts = [min(spec.value(one.qty, price), Decimal(0)) * rate * days / DAYS_A_YEAR for one in held]
    note = f"{days} days of {rate} a year on what is sold short"
    return _told(spec, held, amounts, CashKind.BORROW, spec.currency, note)


def interest(account: str, currency: str, cash: Decimal, rate: Decimal, days: int) -> list[CashMoved]:
    """What it costs to owe cash: the debit x rate x days / 360; a credit earns nothing."""
    with localcontext(EXACT):
        amount = (min(cash, Decimal(0)) * rate * days / DAYS_A_YEAR).quantize(CENT, ROUND_HALF_EVEN)
    note = f"{days} days of {rate} a year on the debit"
    return [CashMoved(account, currency, amount, CashKind.INTEREST, note=note)] if amount else []


def _told(
    spec: Instrument,
    held: Sequence[Holding],
    amounts: list[Decimal],
    kind: CashKind,
    currency: str,
    note: str,
) -> list[CashMoved]:
    """One fact a holding, rounded half-even to 1e-8; none where nothing is due."""
    facts = []
    for one, amount in zip(held, amounts, strict=True):
        rounded = amount.quantize(CENT, ROUND_HALF_EVEN, EXACT)
        if rounded:
            facts.append(CashMoved(one.account, currency, rounded, kind, spec.id, one.strategy, note))
    return facts
