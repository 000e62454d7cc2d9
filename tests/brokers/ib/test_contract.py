"""The ib broker keeps the contract of brokers at a local TWS, with a share, a currency pair and a future."""

from decimal import Decimal

import pytest

from tests.brokers.contract import LinkContract
from tests.brokers.ib.bench import IbBench


class TestShare(LinkContract):
    @pytest.fixture
    def bench(self) -> IbBench:
        return IbBench()


class TestPair(LinkContract):
    @pytest.fixture
    def bench(self) -> IbBench:
        return IbBench("EUR-USD", Decimal(20_000), Decimal("1.05"))


class TestFuture(LinkContract):
    @pytest.fixture
    def bench(self) -> IbBench:
        return IbBench("ES", Decimal(2), Decimal(5900))
