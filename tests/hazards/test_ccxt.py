"""The hazards at the ccxt broker, on spot and on linear perpetuals."""

from typing import Any

import pytest

from tests.brokers.ccxt.bench import CcxtBench
from tests.hazards.suite import Hazards
from tradekit.model.instrument import Instrument, Kind
from tradekit.trading.quota import Quota

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 0.0)


class _Ccxt(Hazards):
    def limiter(self, bench: Any) -> Quota:
        quota: Quota = bench.broker.client.quota
        return quota


class TestSpot(_Ccxt):
    @pytest.fixture
    def bench(self) -> CcxtBench:
        return CcxtBench("spot")

    @pytest.fixture
    def spec(self) -> Instrument:
        return Instrument(id="BTC-USDT", quote="USDT", base="BTC")


class TestLinear(_Ccxt):
    @pytest.fixture
    def bench(self) -> CcxtBench:
        return CcxtBench("linear")

    @pytest.fixture
    def spec(self) -> Instrument:
        return Instrument(id="BTC-USDT", quote="USDT", kind=Kind.PERPETUAL)
