"""The hazards of live trading that a broker can bring about, each played once; docs/hazards.md has the whole list.

A broker joins by a class that inherits `Hazards` and gives its bench, the instrument and how its broker is made anew:
see `test_ccxt.py`. Knows no broker.
"""

import asyncio
import gc
import os
from decimal import Decimal
from typing import Any

import pytest

from tests.hazards.life import Book, Life, Stage, staged
from tradekit.errors import RefusedError
from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderSubmitted, OrderType, Side
from tradekit.model.said import OrderSaid
from tradekit.testing.talk import LinkBench
from tradekit.trading.quota import Kept, Quota

NOBODYS = "somebody-elses-1"


class Hazards:
    """Inherit it, and give the fixtures `bench` and `spec`, and `remade` where a broker is not to be used twice."""

    pytestmark = pytest.mark.process

    @pytest.fixture
    def bench(self) -> LinkBench:
        raise NotImplementedError

    @pytest.fixture
    def spec(self) -> Instrument:
        raise NotImplementedError

    def remade(self, bench: Any) -> Any:
        """A new broker at the bench, as the next process would make it."""
        return bench.made()

    def refused(self, bench: Any) -> Decimal:
        """A quantity that the venue refuses: there is no money for it."""
        return Decimal(100_000) * bench.qty

    def limiter(self, bench: Any) -> Quota | None:
        """What its requests wait for their turn at; None where they do not wait."""
        return None

    # --- an order, and its answer ---------------------------------------------------------------------------

    def test_h01_an_order_whose_answer_is_lost_is_there_once(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            await life.quiet()
            await bench.lose_answer()
            order = await life.buy()
            await life.agreed()
            assert order.working
            assert len(await Book(life.broker).working()) == 1
            assert len(life.broker.submitted) == 1

        staged(bench, spec, script)

    def test_h01_an_order_that_never_arrived_is_not_sent_again(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            await life.quiet()
            await bench.lose_request()
            order = await life.buy()
            await life.until(lambda: not order.working)
            await life.agreed()
            assert await Book(life.broker).working() == []
            assert len(life.broker.submitted) == 1

        staged(bench, spec, script)

    def test_h02_a_line_that_breaks_under_an_order_refuses_nothing(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            first = await life.buy()
            await life.agreed()
            await bench.cut()
            await life.until(lambda: life.state.health.link.status == "down")
            await bench.trade(life.broker.submitted[0], bench.qty / 2)
            assert first.working
            await bench.heal()
            await life.agreed()
            assert (first.filled, first.working) == (bench.qty / 2, True)
            assert len(life.broker.submitted) == 1

        staged(bench, spec, script)

    def test_h02_a_process_that_dies_finds_its_orders_and_sends_none_again(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            first = await stage.live()
            await first.buy()
            await first.agreed()
            name = first.broker.submitted[0]
            life = await stage.again(lambda: self.remade(bench))
            await bench.trade(name, bench.qty / 2)
            await life.until(lambda: life.bought() == bench.qty / 2)
            await life.agreed()
            assert life.broker.submitted == []

        staged(bench, spec, script)

    def test_h03_a_fill_that_comes_before_the_answer_counts(self, bench: LinkBench, spec: Instrument) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            await life.quiet()
            await bench.lose_answer()
            order = await life.buy()
            await life.until(lambda: life.broker.submitted)
            await self._traded(life, bench.qty)
            await life.until(lambda: order.filled == bench.qty)
            await life.agreed()
            assert (order.status, life.bought()) == ("filled", bench.qty)

        staged(bench, spec, script)

    def test_h04_trades_that_are_told_again_are_counted_once(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            await life.buy()
            await life.agreed()
            await bench.trade(life.broker.submitted[0], bench.qty / 2)
            await life.until(lambda: life.bought() == bench.qty / 2)
            for _ in range(
                2
            ):  # each new connection has executions asked for again, from before the last ones
                rounds = life.state.health.reconciliation.rounds
                await bench.cut()
                await life.until(lambda: life.state.health.link.status == "down")
                await bench.heal()
                await life.until(lambda: life.state.health.reconciliation.rounds > rounds and life.settled)  # noqa: B023
            life = await stage.again(lambda: self.remade(bench))
            await life.agreed()
            assert life.bought() == bench.qty / 2
            assert len(life.state.fills) == 1

        staged(bench, spec, script)

    # --- a cancel, a change ---------------------------------------------------------------------------------

    @pytest.mark.parametrize("lost", [False, True])
    def test_h05_what_fills_before_a_cancel_counts_and_its_end_is_certain(
        self, bench: LinkBench, spec: Instrument, lost: bool
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            order = await life.buy()
            await life.agreed()
            await bench.trade(life.broker.submitted[0], bench.qty / 2)
            if lost:
                await life.until(lambda: order.filled)  # a request for what is missing is none to lose
                await life.quiet()
                await bench.lose_answer()
            await life.ask("cancel", order_id=order.id)
            await life.until(lambda: not order.working)
            await life.agreed()
            assert (order.status, order.filled, life.bought()) == ("canceled", bench.qty / 2, bench.qty / 2)
            assert await Book(life.broker).working() == []

        staged(bench, spec, script)

    @pytest.mark.parametrize("lost", [False, True])
    def test_h06_a_change_leaves_one_order_with_one_of_both_terms(
        self, bench: LinkBench, spec: Instrument, lost: bool
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            order = await life.buy()
            await life.agreed()
            before, after = bench.price, self._other_price(bench)
            if lost:
                await life.quiet()
                await bench.lose_answer()
            await life.ask("replace", order_id=order.id, limit=str(after))
            await life.until(lambda: not order.replace_requested or order.doubt is not None)
            await life.agreed()
            (shown,) = await Book(life.broker).working()
            assert isinstance(shown, OrderSaid)
            assert shown.limit in ((before, after) if lost else (after,))
            assert (order.limit, order.working) == (shown.limit, True)

        staged(bench, spec, script)

    def test_h07_no_order_goes_through_zero_where_the_venue_does_not_take_it(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            await life.buy()
            await life.agreed()
            await bench.trade(life.broker.submitted[0], bench.qty)
            await life.until(lambda: life.bought() == bench.qty)
            await life.send(Side.SELL, 2 * bench.qty, 3 * bench.price)
            await life.until(lambda: len(life.broker.submitted) > 1)
            await life.agreed()
            sells = [one for one in await Book(life.broker).working() if one.side is Side.SELL]
            held = life.state.position("hazard", spec.id)  # a fee may have been taken out of it
            assert [one.qty for one in sells] == [2 * bench.qty if life.broker.abilities.flips else held]

        staged(bench, spec, script)

    # --- oneself, and others --------------------------------------------------------------------------------

    def test_h08_nothing_goes_out_that_would_trade_with_an_order_of_ours(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live(limits={"self_cross": "deny"})
            await life.buy()
            await life.agreed()
            with pytest.raises(RefusedError, match="self_cross"):
                await life.send(Side.SELL, bench.qty, bench.price)
            assert len(life.broker.submitted) == 1

        staged(bench, spec, script)

    def test_h09_what_others_do_is_adopted_counted_and_left_alone(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            sent = OrderSubmitted(
                NOBODYS, spec.id, "x", "main", Side.BUY, OrderType.LIMIT, bench.qty, limit=bench.price
            )
            await bench.broker.submit(sent)  # past the session
            await life.until(lambda: life.state.orders)
            (order,) = life.state.orders.values()
            await bench.trade(NOBODYS, bench.qty / 2)
            await life.until(lambda: order.filled == bench.qty / 2)
            await life.ask("cancel_all")
            await life.agreed()
            assert (order.strategy, order.working) == ("EXTERNAL", True)
            assert life.bought("EXTERNAL") == bench.qty / 2
            assert life.broker.sent == []

        staged(bench, spec, script)

    def test_h10_a_loop_of_refused_orders_is_stopped(self, bench: LinkBench, spec: Instrument) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live(limits={"max_rejects_in_a_row": "3"})
            qty = self.refused(bench)
            for _ in range(20):
                if life.state.risk.halted:
                    break
                order = await life.send(Side.BUY, qty, bench.price)
                await life.until(lambda: not order.working)  # noqa: B023  it is awaited here
            assert life.state.risk.halted
            assert len(life.broker.submitted) == 3
            with pytest.raises(RefusedError, match="halted"):
                await life.buy()

        staged(bench, spec, script)

    def test_h11_a_kill_stops_an_order_that_waits_for_its_turn_and_no_cancel(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            resting = await life.buy()
            await life.agreed()
            await life.quiet()
            limiter = self.limiter(bench)
            if limiter is None:
                return  # between its gate and its wire nothing waits
            room_in_s = 1.8  # within their patience
            full = life.clock.monotonic() - limiter.window_s + room_in_s
            limiter.go_on(Kept(spent=[(full, limiter.most * 0.8)]))
            order = await life.buy()
            await life.until(lambda: len(life.broker.submitted) == 2)
            assert order.working
            await life.ask("kill", reason="enough")
            await life.until(lambda: not order.working and not resting.working)
            assert (order.status, resting.status) == ("rejected", "canceled")
            (refused,) = [one for one in life.journal.events() if one.type == "order.rejected"]
            assert refused.data.reason == "kill switch: enough"
            assert await Book(life.broker).working() == []

        staged(bench, spec, script)

    # --- the line -------------------------------------------------------------------------------------------

    def test_h16_quantities_and_prices_arrive_as_they_were_sent(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            wanted = [(bench.qty, bench.price), (bench.qty / 2, self._other_price(bench))]
            for qty, price in wanted:
                await life.buy(qty, limit=price)
            await life.agreed()
            shown = [(one.qty, one.limit) for one in await Book(life.broker).working()]
            assert sorted(shown) == sorted(wanted)

        staged(bench, spec, script)

    def test_h17_connections_that_come_and_go_leave_nothing_behind(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()

            async def cycle() -> None:
                await bench.cut()
                await life.until(lambda: life.state.health.link.status == "down")
                await bench.heal()
                await life.until(lambda: life.state.health.link.status == "up" and not self._looking(life))

            await cycle()
            before = await self._counted(life)
            for _ in range(5):
                await cycle()
            for _ in range(50):  # a bound, not an expectation: where much is going on an end takes its time
                after = await self._counted(life)
                if after[0] <= before[0] + 1 and after[1] <= before[1] + 1:
                    break
            assert after[0] <= before[0] + 1, f"files: {before[0]} and {after[0]}"
            assert after[1] <= before[1] + 1, f"tasks: {before[1]} and {after[1]}"
            await life.agreed()

        staged(bench, spec, script)

    def test_h20_what_trades_while_the_line_is_made_again_is_told_once(
        self, bench: LinkBench, spec: Instrument
    ) -> None:
        async def script(stage: Stage) -> None:
            life = await stage.live()
            order = await life.buy()
            await life.agreed()
            name = life.broker.submitted[0]
            await bench.cut()
            await life.until(lambda: life.state.health.link.status == "down")
            await bench.trade(name, bench.qty / 2)
            await bench.heal()
            await bench.trade(name, bench.qty / 2)  # somewhere between the steps of the new connection
            await life.until(lambda: order.filled == bench.qty)
            await life.agreed()
            assert (order.status, life.bought()) == ("filled", bench.qty)

        staged(bench, spec, script)

    # --- pieces ---------------------------------------------------------------------------------------------

    async def _traded(self, life: Life, qty: Decimal) -> None:
        """Have so much of the session's first order trade, as soon as the venue has it."""
        for _ in range(1000):
            if await Book(life.broker).working():
                break
            await asyncio.sleep(0.01)
        await life.bench.trade(life.broker.submitted[0], qty)

    @staticmethod
    def _other_price(bench: LinkBench) -> Decimal:
        """A price below, where a buy rests too, with the same number of decimals."""
        return (bench.price * Decimal("0.9")).quantize(bench.price)

    @staticmethod
    def _looking(life: Life) -> bool:
        return life.execution.office.looking

    @staticmethod
    async def _counted(life: Life) -> tuple[int, int]:
        """Open files, and tasks, while nothing is under way."""
        await life.quiet()
        await asyncio.sleep(0.2)  # what is ending ends
        gc.collect()  # and what nobody holds is gone
        return len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
