"""Whatever a run takes beside its bars, its backtest takes too: ticks, timers, splits, rates, a margin call."""

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.builders import BTC, MINUTE, START, columns
from tests.run.parity.played import course
from tradekit.data.ticks import QuoteColumns
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar, Quote, TimerFired
from tradekit.run.backtest import backtest
from tradekit.run.parity.compare import compare
from tradekit.strategy.base import Strategy

ZIGZAG = [100 + (7 * n) % 13 for n in range(60)]
ETH = Instrument(id="ETH", quote="EUR", base="ETH")
SECOND = 1_000_000_000


class Busy(Strategy):
    """Trades on all that it hears."""

    def on_start(self) -> None:
        self.heard = 0
        self.set_timer("look", every="7m")
        self.set_timer("once", at=START + 11 * MINUTE + 30 * SECOND)

    def on_bar(self, bar: Bar) -> None:
        self.heard += 1
        if self.heard % 5 == 0:
            self.buy(2, instrument=bar.instrument, take_profit=bar.close + 3, stop_loss=bar.close - 3)

    def on_quote(self, quote: Quote) -> None:
        self.heard += 1
        if self.heard % 9 == 0:
            self.sell(1, instrument=quote.instrument)

    def on_timer(self, timer: TimerFired) -> None:
        self.buy_to(self.heard % 3, reason=timer.name)


def quotes(count: int = 200) -> QuoteColumns:
    ts = START + np.arange(count) * 17 * SECOND + SECOND // 2
    middle = 100.0 + np.arange(count) % 11
    return QuoteColumns(BTC, ts=ts, bid=middle - 0.5, ask=middle + 0.5)


def at(minutes: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([pd.Timestamp(START + minutes * MINUTE, tz="UTC")])


BARS = columns(course(ZIGZAG), BTC)
RUNS: dict[str, dict[str, Any]] = {
    "bars and timers": {},
    "quotes between the bars": {"ticks": quotes()},
    "two instruments in two currencies": {
        "bars": [BARS, columns(course(ZIGZAG[::-1], instrument="ETH"), ETH)],
        "rates": {"EUR/USD": 1.25},
    },
    "a split and a dividend": {
        "corporate_actions": pd.DataFrame(
            {
                "instrument": ["BTC"] * 2,
                "kind": ["dividend", "split"],
                "amount": [0.5, 0],
                "new": [0, 2],
                "old": [0, 1],
            },
            index=at(21).append(at(33)),
        )
    },
    "a margin account that is called": {
        "bars": columns(course(ZIGZAG), Instrument(id="BTC", margin=Decimal("0.05"))),
        "account": "margin",
        "cash": 30,
    },
}

HEARD = dict(
    zip(
        RUNS,
        ("timer.fired", "quote.received", "rate.published", "split.effected", "margin.called"),
        strict=True,
    )
)


@pytest.mark.parametrize("what", RUNS)
def test_the_record_of_a_run_equals_its_backtest(what: str) -> None:
    options = {"bars": BARS, "fee": "0.001"} | RUNS[what]
    result = backtest(Busy(), options.pop("bars"), stepwise=True, **options)
    assert HEARD[what] in {event.type for event in result.events()}
    report = compare(lambda: result.events(), Busy, fee=options["fee"])
    assert report.fills[0] >= 5
    assert report.equal, str(report)
