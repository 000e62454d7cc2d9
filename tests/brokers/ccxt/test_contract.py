"""The ccxt broker keeps the contract of brokers at Binance's shape, on spot and on linear perpetuals."""

import pytest

from tests.brokers.ccxt.bench import CcxtBench
from tests.brokers.contract import LinkContract


class TestSpot(LinkContract):
    @pytest.fixture
    def bench(self) -> CcxtBench:
        return CcxtBench("spot")


class TestLinear(LinkContract):
    @pytest.fixture
    def bench(self) -> CcxtBench:
        return CcxtBench("linear")
