"""The hazards at the Alpaca broker."""

from typing import Any

import pytest

from tests.brokers.alpaca.bench import AlpacaBench
from tests.hazards.suite import Hazards
from tradekit.model.instrument import Instrument
from tradekit.trading.quota import Quota

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 0.0)


class TestAlpaca(Hazards):
    @pytest.fixture
    def bench(self) -> AlpacaBench:
        return AlpacaBench()

    @pytest.fixture
    def spec(self) -> Instrument:
        return Instrument(id="AAPL", quote="USD")

    def limiter(self, bench: Any) -> Quota:
        quota: Quota = bench.broker._client.quota
        return quota
