"""A staged session for the panes: one of each kind of thing a trader can have."""

from decimal import Decimal

import pytest

from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar, FeedStarted
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRequested,
    OrderDenied,
    OrderFilled,
    OrderSubmitted,
    OrderType,
    Side,
)
from tradekit.model.session import SignalRaised
from tradekit.testing.stage import StageSession, opened

START = 1_670_889_600_000_000_000  # 2022-12-13 00:00 UTC
MINUTE = 60_000_000_000
WHO = ("BTCUSDT", "breakout", "paper")
ETH = Instrument(id="ETHUSDT", quote="USDT", tick=Decimal("0.1"))


@pytest.fixture
def session() -> StageSession:
    """Long 0.75 at 17,200 with a stop and a target, one limit order, one canceled and one denied."""
    stage = StageSession()
    fold, qty = stage.replica.fold, Decimal("0.750")
    fold(FeedStarted("replay", "sample"), ts=START)
    for i in range(4):
        close = 17_200.0 + 5 * i
        fold(
            Bar("BTCUSDT", "1m", START + i * MINUTE, 17_200.0, 17_230.0, 17_190.0, close, 2.0),
            ts=START + (i + 1) * MINUTE,
        )
    fold(SignalRaised("breakout", "BTCUSDT", "inside bar", 1.0, 17_215.0, "close above"))
    fold(OrderSubmitted("b-1", *WHO, Side.BUY, OrderType.MARKET, qty, tag="entry", reason="close above"))
    ends = {"parent": "b-1", "group": "b-1", "reduce_only": True}
    fold(
        OrderSubmitted("b-2", *WHO, Side.SELL, OrderType.STOP, qty, None, Decimal(17_050), **ends),
        OrderSubmitted("b-3", *WHO, Side.SELL, OrderType.LIMIT, qty, Decimal(17_480), **ends),
        OrderSubmitted("b-4", *WHO, Side.BUY, OrderType.LIMIT, Decimal(1), Decimal(17_000)),
        OrderSubmitted("b-5", *WHO, Side.BUY, OrderType.STOP, Decimal(1), None, Decimal(18_000)),
        OrderSubmitted("b-6", *WHO, Side.BUY, OrderType.LIMIT, Decimal(1), Decimal(16_000)),
        OrderAccepted("b-3", "BTCUSDT", "v3", held=True),
        OrderCanceled("b-6", "BTCUSDT", "not needed"),
        OrderCancelRequested("b-5", "BTCUSDT"),
        OrderDenied("b-7", *WHO, Side.BUY, OrderType.MARKET, Decimal(99), "max_position", "5", "99"),
        OrderFilled("b-1", *WHO, "x1", Side.BUY, qty, Decimal(17_200), Decimal("5.16"), "USDT", "next open"),
    )
    fold(
        Bar("BTCUSDT", "1m", START + 4 * MINUTE, 17_215.0, 17_230.0, 17_200.0, 17_215.0, 2.0),
        ts=START + 5 * MINUTE,
    )
    return stage


@pytest.fixture
def hedged() -> StageSession:
    """A hedging account that is long and short of the same instrument."""
    stage = StageSession(live=False)
    stage.replica.fold(opened(hedging=True, instruments=[opened().instruments[0]]), ts=START)
    for number, (side, qty, name) in enumerate([(Side.BUY, 2, "LONG"), (Side.SELL, 1, "SHORT")]):
        wish = (f"h-{number}", *WHO, side, OrderType.MARKET, Decimal(qty))
        price = Decimal(17_200)
        stage.replica.fold(
            OrderSubmitted(*wish, position=name),
            OrderFilled(
                *wish[:4], f"x{number}", side, Decimal(qty), price, Decimal(1), "USDT", position=name
            ),
        )
    stage.replica.become("live")
    return stage


@pytest.fixture
def two() -> StageSession:
    """A session on two instruments, without a feed or a bar."""
    stage = StageSession(live=False)
    btc = opened().instruments[0]
    stage.replica.fold(opened(instruments=[btc, ETH], timeframes=["15m"]), ts=START)
    stage.replica.become("live")
    return stage
