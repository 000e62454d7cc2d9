"""Trades by hand, for whoever watches a screen."""

from decimal import Decimal

from tradekit.model.order import OrderFilled, OrderSubmitted, OrderType, Side


def trade(number: int, *, tag: str = "") -> list[OrderSubmitted | OrderFilled]:
    """An order by hand and its fill."""
    name, price = f"hand-{number}", Decimal("104.25")
    who = ("BTCUSDT", "breakout", "paper")
    wish = OrderSubmitted(name, *who, Side.BUY, OrderType.MARKET, Decimal("0.5"), tag=tag)
    fill = OrderFilled(name, *who, f"x{number}", Side.BUY, Decimal("0.5"), price, Decimal("0.01"), "USDT")
    return [wish, fill]
