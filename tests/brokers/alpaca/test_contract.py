"""The Alpaca broker keeps the contract of brokers at a venue of Alpaca's shape."""

import pytest

from tests.brokers.alpaca.bench import AlpacaBench
from tests.brokers.contract import LinkContract


class TestAlpaca(LinkContract):
    @pytest.fixture
    def bench(self) -> AlpacaBench:
        return AlpacaBench()
