"""The hazards at the ib broker."""

from typing import Any

import pytest

from tests.brokers.ib.bench import IbBench
from tests.hazards.suite import Hazards
from tradekit.model.instrument import Instrument
from tradekit.trading.quota import Quota

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr("tradekit.brokers.stream._chance", lambda: 0.0)


class TestIb(Hazards):
    @pytest.fixture
    def bench(self) -> IbBench:
        return IbBench()

    @pytest.fixture
    def spec(self) -> Instrument:
        return Instrument(id="AAPL", quote="USD")

    def limiter(self, bench: Any) -> Quota:
        quota: Quota = bench.broker._stream.ready()._quota
        return quota
