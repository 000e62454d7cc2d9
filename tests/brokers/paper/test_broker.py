"""Paper behind the broker port keeps the contract of brokers, and books of its own."""

import asyncio
from decimal import Decimal

import pytest

from tests.brokers.contract import BrokerContract
from tests.brokers.paper.bench import PaperBench
from tests.builders import BTC, START, order
from tradekit.model.account import SplitEffected
from tradekit.model.market import TradeTick
from tradekit.model.order import OrderType, Side
from tradekit.model.said import Answer, Ask, BalanceSaid, PositionSaid, Question


class TestPaper(BrokerContract):
    @pytest.fixture
    def bench(self) -> PaperBench:
        return PaperBench()


def books(bench: PaperBench) -> tuple[list[PositionSaid], dict[str, Decimal]]:
    async def asked() -> tuple[list[PositionSaid], dict[str, Decimal]]:
        (held,) = await bench.paper.ask(Ask(Question.POSITIONS))
        (cash,) = await bench.paper.ask(Ask(Question.BALANCES))
        assert isinstance(held, Answer)
        assert isinstance(cash, Answer)
        totals = {one.currency: one.total for one in cash.items if isinstance(one, BalanceSaid)}
        return [one for one in held.items if isinstance(one, PositionSaid)], totals

    return asyncio.run(asked())


def traded(bench: PaperBench, side: Side, qty: int) -> None:
    async def trade() -> None:
        name = f"o{bench.now()}"
        await bench.open()
        await bench.paper.submit(order(name, side, qty, limit=bench.price if side is Side.BUY else 105))
        await bench.trade(name, Decimal(qty)) if side is Side.BUY else None

    asyncio.run(trade())


def test_a_trade_takes_its_price_from_the_cash() -> None:
    bench = PaperBench()
    traded(bench, Side.BUY, 2)
    held, cash = books(bench)
    assert held == [PositionSaid(instrument=BTC.id, qty=Decimal(2), price=Decimal(100))]
    assert cash == {"USD": Decimal("9800.00")}


def test_a_split_changes_units_and_price_and_leaves_cost_and_cash() -> None:
    bench = PaperBench()
    traded(bench, Side.BUY, 2)
    bench.paper.market(SplitEffected(BTC.id, Decimal(3), Decimal(1)), bench.now())
    held, cash = books(bench)
    assert [(one.qty, one.price) for one in held] == [(Decimal(6), Decimal(200) / 6)]
    assert cash == {"USD": Decimal("9800.00")}


def test_a_busted_trade_is_told_and_booked_back() -> None:
    bench = PaperBench()
    traded(bench, Side.BUY, 2)
    (trade,) = bench.paper.account.trades
    bench.paper.bust(trade.exec_id)
    held, cash = books(bench)
    assert (held, cash) == ([], {"USD": Decimal("10000.00")})


def test_its_trades_bear_its_own_clock_however_late_it_is_shown_the_market() -> None:
    bench = PaperBench()

    async def trade() -> None:
        await bench.open()
        await bench.paper.submit(order("a", Side.BUY, 2, limit=100))
        bench.clock.advance(90)
        bench.paper.market(TradeTick(BTC.id, 100.0, 2.0), START + 1)

    asyncio.run(trade())
    (told,) = bench.paper.account.trades
    assert told.ts == bench.now()


def test_it_takes_every_type_of_order() -> None:
    assert PaperBench().paper.abilities.types == frozenset(OrderType)
