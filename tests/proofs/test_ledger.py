"""The ledger drifts by nothing: random trading of every sort held against an oracle in fractions, to the last digit."""

import random
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.builders import BTC, DAY, START, event, opened
from tests.conftest import ProofBook
from tests.state.books import BUND, ES, FUTURE, INVERSE, NIKKEI, STOCK
from tradekit.core.event import Fact
from tradekit.model.account import CashKind, CashMoved, RatePublished, SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarketOpened
from tradekit.model.order import OrderFilled, Side
from tradekit.state.reducer import apply
from tradekit.state.shape import State

pytestmark = [pytest.mark.proof, pytest.mark.timeout(7200)]

D = Decimal
TRADED = [BTC, ES, FUTURE, INVERSE, BUND, NIKKEI, STOCK]
CURRENCIES = ["USD", "EUR", "JPY", "BTC"]
OPENING = 1_000_000
CENT, FINE = 10**8, 10**18  # units of the two quanta
DAYS = 300


def rounded(value: Fraction, unit: int) -> Fraction:
    """To so many parts of one, half to even."""
    return Fraction(round(value * unit), unit)


class Oracle:
    """What the books must say, by the rules of docs/accounts.md and nothing of the ledger's code."""

    def __init__(self) -> None:
        self.cash: dict[str, Fraction] = defaultdict(Fraction, USD=Fraction(OPENING))
        self.held: dict[str, tuple[Fraction, Fraction]] = defaultdict(lambda: (Fraction(0), Fraction(0)))
        self.realised: dict[str, Fraction] = defaultdict(Fraction)  # by currency
        self.fees: dict[str, Fraction] = defaultdict(Fraction)
        self.flows: dict[str, Fraction] = defaultdict(Fraction)
        self.booked: dict[str, Fraction] = defaultdict(Fraction)  # in dollars, by total
        self.rates = {"USD": Fraction(1), "EUR": Fraction(1), "JPY": Fraction(1), "BTC": Fraction(1)}

    def book(self, total: str, currency: str, amount: Fraction) -> None:
        self.booked[total] += amount if currency == "USD" else rounded(amount * self.rates[currency], CENT)

    def fill(self, fact: OrderFilled, spec: Instrument) -> None:
        signed, price = Fraction(fact.qty) * fact.side.sign, Fraction(fact.price)
        name = f"{fact.instrument}/{fact.position}"
        qty, cost = self.held[name]
        gain, rest = Fraction(0), signed
        if qty * signed < 0:
            closing = max(-abs(qty), -abs(signed)) * (1 if qty > 0 else -1)  # against what is held
            share = cost if closing == -qty else rounded(cost * -closing / qty, CENT)
            rest = signed - closing
            gain = -(self.value(spec, signed, price) - self.value(spec, rest, price)) - share
            qty, cost = qty + closing, cost - share
        self.held[name] = (qty + rest, cost + self.value(spec, rest, price))
        currency, fee = spec.currency, Fraction(fact.fee)
        self.cash[currency] += gain if spec.margined else -self.value(spec, signed, price)
        self.cash[fact.fee_currency] -= fee
        self.realised[currency] += gain
        self.fees[fact.fee_currency] += fee
        self.book("realised", currency, gain)
        self.book("fees", fact.fee_currency, fee)

    def value(self, spec: Instrument, signed: Fraction, price: Fraction) -> Fraction:
        """The signed cost: an inverse contract's value in its base currency, turned round."""
        multiplier = Fraction(spec.multiplier)
        return -rounded(signed * multiplier / price, FINE) if spec.inverse else signed * price * multiplier

    def move(self, fact: CashMoved) -> None:
        self.cash[fact.currency] += Fraction(fact.amount)
        self.flows[fact.currency] += Fraction(fact.amount)
        self.book("flows", fact.currency, Fraction(fact.amount))

    def split(self, fact: SplitEffected) -> None:
        for name, (qty, cost) in self.held.items():
            if name.startswith(f"{fact.instrument}/") and qty:
                whole = qty * Fraction(fact.new) / Fraction(fact.old)
                kept = Fraction(int(whole))  # whole lots of one, towards zero
                lost = rounded(cost * (whole - kept) / whole, CENT) if kept else cost
                self.held[name] = (kept, cost - lost)
                self.realised["USD"] -= lost
                self.book("realised", "USD", -lost)


class Market:
    """Facts by chance, of every sort that moves an account."""

    def __init__(self, seed: int, fills: int) -> None:
        self.chance = random.Random(seed)
        self.fills, self.number = fills, 0

    def next(self) -> Fact:
        chance, dice = self.chance, self.chance.random()
        if dice < 0.02:
            return CashMoved(
                "main", chance.choice(CURRENCIES), self.decimal(-50, 50, 8), chance.choice(list(CashKind))
            )
        if dice < 0.03:
            return RatePublished(chance.choice(CURRENCIES[1:]), "USD", self.decimal(0.001, 30_000, 5))
        if dice < 0.032:
            return SplitEffected("AAPL", D(chance.randint(1, 5)), D(chance.randint(1, 5)))
        self.number += 1
        spec = chance.choice(TRADED)
        whole = spec.lot is not None or chance.random() < 0.5
        qty = D(chance.randint(1, 9)) if whole else self.decimal(0.00000001, 20, 8)
        fee = self.decimal(-0.2, 1, 8)
        paid_in = spec.currency if chance.random() < 0.9 else chance.choice(CURRENCIES)
        return OrderFilled(
            "o", spec.id, "s", "main", f"o.{self.number}", chance.choice(list(Side)), qty,
            self.decimal(0.01, 70_000, 6), fee, paid_in, "", chance.choice(["", "", "up", "down"]),
        )  # fmt: skip

    def decimal(self, least: float, most: float, places: int) -> Decimal:
        return D(f"{self.chance.uniform(least, most):.{places}f}") or D(1).scaleb(-places)


def agree(state: State, oracle: Oracle) -> None:
    """Every number in the books is the oracle's, to the last digit."""
    account = state.account
    assert {c: Fraction(amount) for c, amount in account.cash.items() if amount} == {
        c: amount for c, amount in oracle.cash.items() if amount
    }
    for position in state.positions.values():
        name = f"{position.instrument}/{position.position}"
        assert (Fraction(position.qty), Fraction(position.cost)) == oracle.held[name]
    assert Fraction(account.realised) == oracle.booked["realised"]
    assert Fraction(account.fees) == oracle.booked["fees"]
    assert sum(map(Fraction, account.flows.values())) == oracle.booked["flows"]
    assert account.complete


def conserved(state: State, oracle: Oracle) -> None:
    """In each currency cash and the cost of what was paid for are what came in, was earned and was charged."""
    for currency in CURRENCIES:
        cost = sum(
            Fraction(p.cost) for p in state.positions.values() if p.currency == currency and not p.margined
        )
        opening = OPENING if currency == "USD" else 0
        came = opening + oracle.realised[currency] - oracle.fees[currency] + oracle.flows[currency]
        assert Fraction(state.account.cash.get(currency, D(0))) + cost == came
    by_position: dict[str, Fraction] = defaultdict(Fraction)
    for position in state.positions.values():
        by_position[position.currency] += Fraction(position.realised)
    assert {c: x for c, x in by_position.items() if x} == {c: x for c, x in oracle.realised.items() if x}


def add_up(state: State) -> None:
    """The days follow each other and add up to the whole."""
    days = list(state.pnl.days.values())
    assert [a.end for a in days[:-1]] == [b.start for b in days[1:]]
    assert days[-1].end == state.account.equity
    assert sum(Fraction(day.realised) for day in days) == Fraction(state.account.realised)
    assert sum(Fraction(day.fees) for day in days) == Fraction(state.account.fees)
    assert sum(Fraction(day.flows) for day in days) == sum(map(Fraction, state.account.flows.values()))


@pytest.mark.parametrize("hedging", [False, True], ids=["netting", "hedging"])
def test_random_trading_drifts_by_nothing(
    hedging: bool, proof_size: Callable[..., int], proof_record: ProofBook
) -> None:
    fills = proof_size(ci=10_000, full=500_000)
    state, oracle, market = State(), Oracle(), Market(7, fills)
    specs = {one.id: one for one in TRADED}
    first = opened(cash=D(OPENING), instruments=TRADED, hedging=hedging)
    told: list[Fact] = [first, *(RatePublished(c, "USD", D(1)) for c in CURRENCIES[1:])]
    seq = 0

    def tell(fact: Fact) -> None:
        nonlocal seq
        seq += 1
        apply(state, event(fact, seq=seq, ts=START + market.number * DAYS * DAY // fills))

    for fact in told:
        tell(fact)
    checked = max(1, fills // 200)
    while market.number < fills:
        fact = market.next()
        tell(fact)
        if isinstance(fact, OrderFilled):
            oracle.fill(_netted(fact, hedging), specs[fact.instrument])
        elif isinstance(fact, CashMoved):
            oracle.move(fact)
        elif isinstance(fact, SplitEffected):
            oracle.split(fact)
        elif isinstance(fact, RatePublished):
            oracle.rates[fact.base] = Fraction(fact.rate)
        if seq % checked == 0:
            agree(state, oracle)
    agree(state, oracle)
    conserved(state, oracle)
    add_up(state)
    assert len(state.pnl.days) >= DAYS
    proof_record(
        "the ledger against fractions: drift of cash, costs, profit, fees, flows and days",
        size=f"{fills:,} random fills, {'hedged' if hedging else 'netted'}, 4 currencies",
        result="0, to the last digit",
    )


def _netted(fact: OrderFilled, hedging: bool) -> OrderFilled:
    if hedging or not fact.position:
        return fact
    fields = {name: getattr(fact, name) for name in fact.__struct_fields__}
    return OrderFilled(**(fields | {"position": ""}))


def test_an_inverse_contract_ends_where_its_formula_says(
    proof_size: Callable[..., int], proof_record: ProofBook
) -> None:
    """Unrounded: sum of qty x multiplier x (1/entry - 1/exit). What rounding may differ is half a quantum a fill."""
    fills = proof_size(ci=2_000, full=100_000)
    chance = random.Random(11)
    state, earned, held = State(), Fraction(0), D(0)
    apply(state, event(opened(cash=D(5), currency="BTC", instruments=[INVERSE])))
    prices = [D(chance.randint(15_000, 70_000)) for _ in range(24)]  # few, so that the fractions stay short
    for number in range(1, fills + 1):
        last = number == fills and held
        side = (Side.SELL if held > 0 else Side.BUY) if last else chance.choice(list(Side))
        qty, price = abs(held) if last else D(chance.randint(1, 500)), chance.choice(prices)
        held += qty * side.sign
        earned += Fraction(qty) * 100 * side.sign / Fraction(price)
        fill = OrderFilled("o", INVERSE.id, "s", "main", f"o.{number}", side, qty, price, D(0), "BTC")
        apply(state, event(fill, seq=number + 1))
    assert state.position("s", INVERSE.id) == 0
    drift = abs(Fraction(state.account.cash["BTC"]) - 5 - earned)
    assert drift <= Fraction(2 * fills, 2 * FINE)
    proof_record(
        "an inverse contract against its formula without rounding",
        size=f"{fills:,} random fills, closed at the end",
        result=f"off by {float(drift):.1e} BTC; at most 1e-18 a fill is allowed",
    )


def test_the_oracle_itself_earns_what_a_hand_calculation_says() -> None:
    oracle = Oracle()
    for side, qty, price in ((Side.BUY, 3, 100), (Side.SELL, 5, 110), (Side.BUY, 2, 90)):
        oracle.fill(OrderFilled("o", "BTC", "s", "main", "o.1", side, D(qty), D(price), D(1), "USD"), BTC)
    assert oracle.realised["USD"] == 30 + 40
    assert oracle.cash["USD"] == OPENING + 70 - 3
    assert oracle.held["BTC/"] == (0, 0)


def test_a_session_is_a_day_of_the_proof_too() -> None:
    """The days of the law above are UTC days; trading sessions add up in the same way."""
    state, market = State(), Market(3, 500)
    apply(state, event(opened(cash=D(OPENING), instruments=[STOCK])))
    seq = 1
    for number in range(60):
        facts: list[Fact] = [MarketOpened("XNYS", f"2023-{1 + number // 28:02}-{1 + number % 28:02}", 0)]
        facts += [fact for fact in (market.next() for _ in range(9)) if isinstance(fact, OrderFilled)]
        for fact in facts:
            seq += 1
            apply(state, event(fact, seq=seq, ts=START + number * DAY))
    add_up(state)
    assert len(state.pnl.days) == 60
