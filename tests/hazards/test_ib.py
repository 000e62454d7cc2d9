"""The hazards at the ib broker."""

from decimal import Decimal
from typing import Any

import pytest

from tests.brokers.ib.bench import IbBench
from tests.hazards.life import Stage, staged
from tests.hazards.suite import Hazards
from tradekit.core.clock import SystemClock
from tradekit.model.instrument import Instrument
from tradekit.model.order import Side
from tradekit.trading.quota import Quota

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 0.0)


class TestIb(Hazards):
    @pytest.fixture
    def bench(self) -> IbBench:
        return IbBench(clock=SystemClock())  # the session's

    @pytest.fixture
    def spec(self) -> Instrument:
        return Instrument(id="AAPL", quote="USD")

    def limiter(self, bench: Any) -> Quota:
        quota: Quota = bench.broker._stream.ready()._quota
        return quota

    def test_what_filled_on_a_day_that_tws_tells_no_more_is_not_given_up(
        self, bench: IbBench, spec: Instrument, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tradekit.brokers.ib.books.began", lambda now, zone: now)  # a day has just begun

        async def script(stage: Stage) -> None:
            life = await stage.live()
            await life.quiet()
            await bench.lose_answer()
            order = await life.send(Side.BUY, bench.qty, Decimal(200))  # trades at once
            await life.until(lambda: bench.gateway.account.trades)
            bench.gateway.end_day()
            found = life.state.health.reconciliation.differences
            await life.until(lambda: f"order.forgotten:{order.id}" in found)
            assert (order.working, order.filled) == (True, 0)
            await life.until(lambda: found[f"position.quantity:{spec.id}"].reported)
            assert order.doubt is not None
            await life.ask("resolve", difference=f"position.quantity:{spec.id}", accept=True)
            await life.until(lambda: not order.working)
            assert (order.status, order.given_up) == ("rejected", True)
            assert life.state.position("EXTERNAL", spec.id) == bench.qty

        staged(bench, spec, script)
