"""The account over time: the array and the fold say the same where both can, and the fold what only it can."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import BTC, START, columns, filled, flat, law, opened
from tests.run.scripted import runs
from tradekit.core.event import Event, Fact
from tradekit.data.columns import BarColumns
from tradekit.model.account import CashKind, CashMoved, RatePublished, SplitEffected
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar
from tradekit.model.order import Side
from tradekit.run.account import folded_account, is_plain
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.sim.rules import Rules

D = Decimal
PRICES = [100.0, 110.0, 120.0]


def told(*facts: Fact) -> list[Event]:
    """Facts as events; a bar at its close, the others at the last moment."""
    events, ts = [], START
    for seq, fact in enumerate(facts, start=1):
        ts = fact.ts + duration(fact.timeframe) if isinstance(fact, Bar) else ts
        events.append(Event(seq, 0, ts, 0, fact.TYPE, fact.V, 0, fact.key, fact))
    return events


def bars(*prices: float, instrument: str = "BTC") -> list[Bar]:
    return [flat(n, price, instrument=instrument) for n, price in enumerate(prices)]


def series(spec: Instrument, *prices: float) -> dict[str, BarColumns]:
    return {spec.id: columns(bars(*prices, instrument=spec.id), spec)}


def moved(amount: str, kind: CashKind = CashKind.FUNDING) -> CashMoved:
    return CashMoved("main", "USD", D(amount), kind, "BTC", "s")


def late(flow: tuple[int, int]) -> tuple[int, Event]:
    """Cash that moves once so many bars were taken."""
    taken, amount = flow
    (event,) = told(moved(str(amount)))
    return taken, event


@given(runs(), st.lists(st.tuples(st.integers(0, 40), st.integers(-90, 90)), max_size=4))
@law(12)
def test_array_and_fold_find_the_same_in_a_plain_account(
    run: dict[str, Any], flows: list[tuple[int, int]]
) -> None:
    options = {name: value for name, value in run.items() if name not in ("make", "bars")}
    result = backtest(run["make"](), run["bars"], **options)
    result._told = sorted([*result._told, *map(late, flows)], key=lambda one: one[0])
    events = list(result.events())
    finest = {one.instrument: one for one in result._columns}
    assert is_plain(result.opened, [one.spec for one in finest.values()], result.told)
    quick = result._account
    slow = folded_account(finest, events)
    assert quick.curve.index.equals(slow.curve.index)
    for name in quick.curve:
        assert quick.curve[name].to_numpy() == pytest.approx(slow.curve[name].to_numpy(), abs=1e-6), name
    assert quick.executions == slow.executions
    assert quick.fees == pytest.approx(slow.fees)


def test_cash_that_moves_without_a_trade_is_in_the_curve_from_the_next_close_on() -> None:
    first, second, third = bars(*PRICES)
    bought = filled("a", Side.BUY, 1, 100)
    events = told(opened(), first, moved("-5"), bought, second, moved("2"), moved("1"), third, moved("9"))
    finest = series(BTC, *PRICES)
    for curve in (of(events, finest).equity, folded_account(finest, events).curve):
        assert curve["equity"].tolist() == [10_000, 10_005, 10_018]
        assert curve["cash"].tolist() == [10_000, 9_895, 9_898]


def test_a_split_moves_no_equity_and_trades_go_on_in_new_units() -> None:
    prices = (100.0, 100.0, 50.0, 60.0)
    one, two, three, four = bars(*prices)
    events = told(
        opened(), one, filled("a", Side.BUY, 1, 100), two, SplitEffected("BTC", D(2), D(1)), three,
        filled("b", Side.SELL, 2, 60, number=2), four,
    )  # fmt: skip
    result = of(events, series(BTC, *prices))
    assert result.equity["equity"].tolist() == [10_000, 10_000, 10_000, 10_020]
    (trade,) = result.trades.to_dict("records")
    assert (trade["qty"], trade["entry_price"], trade["pnl"]) == (2.0, 50.0, 20.0)
    assert result.stats["final_equity"] == 10_020


def test_another_currency_counts_at_its_rate() -> None:
    bund = Instrument(id="BUND", quote="EUR")
    one, two, three = bars(*PRICES, instrument="BUND")
    bought = filled("a", Side.BUY, 1, 100, instrument="BUND")
    sold = filled("b", Side.SELL, 1, 120, fee=2, instrument="BUND")
    events = told(
        opened(instruments=[bund]), RatePublished("EUR", "USD", D("1.10")), one, bought, two,
        RatePublished("EUR", "USD", D("1.25")), sold, three,
    )  # fmt: skip
    result = of(events, series(bund, *PRICES))
    assert result.equity["equity"].tolist() == pytest.approx([10_000, 10_011, 10_023])
    assert result.equity["exposure"].tolist() == pytest.approx([0, 121, 0])
    assert result.equity["cash"].tolist() == pytest.approx([10_000, 9_890, 10_023])
    (trade,) = result.trades.to_dict("records")
    assert (trade["currency"], trade["rate"]) == ("EUR", 1.25)
    assert (trade["fees"], trade["pnl"]) == (pytest.approx(1.6), pytest.approx(18.4))  # 2 USD are 1.60 EUR
    assert result.stats["best_trade"] == pytest.approx(23.0)
    assert result.stats["fees"] == 2.0


def test_an_inverse_contract_earns_in_its_base_currency() -> None:
    contract = Instrument(id="BTCUSD", quote="USD", base="BTC", inverse=True)
    one, two, three = bars(10_000.0, 10_000.0, 12_500.0, instrument="BTCUSD")
    bought = filled("a", Side.BUY, 100, 10_000, instrument="BTCUSD")
    events = told(opened(instruments=[contract], currency="BTC", cash=D(1)), one, bought, two, three)
    curve = folded_account(series(contract, 10_000.0, 10_000.0, 12_500.0), events).curve
    assert curve["equity"].tolist() == pytest.approx([1.0, 1.0, 1.002])
    assert curve["cash"].tolist() == [1.0, 1.0, 1.0]


def of(events: list[Event], finest: dict[str, BarColumns]) -> Result:
    """A result of these events, its bars among them."""
    kept, taken = [], 0
    for event in events:
        if isinstance(event.data, Bar):
            taken += 1
        else:
            kept.append((taken, event))
    return Result(opened=events[0].data, columns=list(finest.values()), told=kept, rules=Rules())


@pytest.mark.parametrize(
    ("spec", "fact"),
    [
        (BTC, CashMoved("main", "EUR", D(1), CashKind.INTEREST)),
        (BTC, SplitEffected("BTC", D(2), D(1))),
        (BTC, filled("a", Side.BUY, 1, 1, fee=1, fee_currency="BNB")),
        (Instrument(id="BTC", quote="EUR"), filled("a", Side.BUY, 1, 1)),
        (Instrument(id="BTC", quote="EUR", base="USD", inverse=True), filled("a", Side.BUY, 1, 1)),
    ],
)
def test_an_account_is_not_plain_when_something_else_moves_it(spec: Instrument, fact: Fact) -> None:
    assert is_plain(opened(), [BTC], [(0, one) for one in told(filled("a", Side.BUY, 1, 1))])
    assert not is_plain(opened(), [spec], [(0, one) for one in told(fact)])
