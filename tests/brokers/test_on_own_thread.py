"""Every venue's broker keeps its contract on a thread and loop of its own, as a live session runs it."""

from typing import Any

import pytest

from tests.brokers.alpaca.bench import AlpacaBench
from tests.brokers.ccxt.bench import CcxtBench
from tests.brokers.contract import BrokerContract
from tests.brokers.ib.bench import IbBench
from tradekit.run.own_thread import OwnThread


@pytest.fixture(params=["ccxt", "alpaca", "ib"])
def bench(request: pytest.FixtureRequest) -> Any:
    made: Any = {"ccxt": lambda: CcxtBench("spot"), "alpaca": AlpacaBench, "ib": IbBench}[request.param]()
    make = made.made
    made.made = lambda **access: OwnThread(make(**access))
    return made


class TestOnOwnThread(BrokerContract):
    """The bench's broker is the one on a thread."""
