"""The venue's messages as it writes them: an account's orders and trades in the JSON of spot and of futures.

Knows no account and no wire.
"""

from decimal import Decimal
from typing import Any

from tradekit.testing.binance.account import STOPS, Market, Order, Trade

__all__ = ["balance_rows", "exchange_info", "order_answer", "order_event", "trade_row"]


def text(number: Decimal) -> str:
    """A number as the venue writes it: plain, with eight decimals or more."""
    return format(
        number.quantize(Decimal("1e-8")) if number == number.quantize(Decimal("1e-8")) else number, "f"
    )


def order_answer(
    order: Order, *, spot: bool, trades: list[Trade] | None = None, by: str = ""
) -> dict[str, Any]:
    """An order, as the answer to a request about it; `by` is the cancel's own client id."""
    average = order.paid / order.filled if order.filled else Decimal(0)
    told: dict[str, Any] = {
        "symbol": order.symbol, "orderId": order.id, "clientOrderId": by or order.client_id, "price": text(order.price),
        "origQty": text(order.qty), "executedQty": text(order.filled), "status": order.status, "timeInForce": order.tif,
        "type": order.type, "side": order.side, "stopPrice": text(order.stop),
    }  # fmt: skip
    if by:
        told["origClientOrderId"] = order.client_id
    if spot:
        told |= {"orderListId": -1, "cummulativeQuoteQty": text(order.paid), "origQuoteOrderQty": "0.000000",
                 "workingTime": order.made, "selfTradePreventionMode": "NONE"}  # fmt: skip
        if trades is None and not by:
            return told | {
                "icebergQty": "0.0",
                "time": order.made,
                "updateTime": order.updated,
                "isWorking": True,
            }
        told["transactTime"] = order.updated
        if trades is not None:
            told["fills"] = [
                {"price": text(one.price), "qty": text(one.qty), "commission": text(one.fee),
                 "commissionAsset": one.fee_currency, "tradeId": one.id}
                for one in trades
            ]  # fmt: skip
        return told
    return told | {
        "avgPrice": text(average), "cumQuote": text(order.paid), "reduceOnly": order.reduce_only,
        "closePosition": False, "positionSide": "BOTH", "workingType": "CONTRACT_PRICE", "priceProtect": False,
        "origType": order.type, "priceMatch": "NONE", "selfTradePreventionMode": "NONE", "goodTillDate": 0,
        "time": order.made, "updateTime": order.updated,
    }  # fmt: skip


def order_event(
    order: Order, executed: str, *, spot: bool, trade: Trade | None = None, by: str = ""
) -> dict[str, Any]:
    """An order's report on the account's stream; `executed` says what has happened, `by` as in `order_answer`."""
    last = trade or Trade(
        id=-1 if spot else 0, order=order.id, symbol=order.symbol, side=order.side, qty=Decimal(0), price=Decimal(0),
        fee=Decimal(0), fee_currency="", maker=False, ts=order.updated,
    )  # fmt: skip
    told: dict[str, Any] = {
        "s": order.symbol, "c": by or order.client_id, "S": order.side, "o": order.type, "f": order.tif,
        "q": text(order.qty), "p": text(order.price), "x": executed, "X": order.status, "i": order.id,
        "l": text(last.qty), "z": text(order.filled), "L": text(last.price), "n": text(last.fee),
        "N": last.fee_currency or None, "T": order.updated, "t": last.id, "m": last.maker,
    }  # fmt: skip
    if spot:
        return told | {
            "e": "executionReport", "E": order.updated, "P": text(order.stop), "r": "NONE", "w": order.open,
            "O": order.made, "Z": text(order.paid), "C": order.client_id if by else "", "g": -1, "F": "0.00000000",
            "V": "NONE",
        }  # fmt: skip
    average = order.paid / order.filled if order.filled else Decimal(0)
    told |= {
        "ap": text(average), "sp": text(order.stop), "b": "0", "a": "0", "R": order.reduce_only, "wt": "CONTRACT_PRICE",
        "ot": order.type, "ps": "BOTH", "cp": False, "pP": False, "si": 0, "ss": 0, "rp": "0", "V": "NONE",
    }  # fmt: skip
    return {"e": "ORDER_TRADE_UPDATE", "T": order.updated, "E": order.updated, "o": told}


def trade_row(trade: Trade, *, spot: bool) -> dict[str, Any]:
    """A trade in the account's list of trades."""
    told: dict[str, Any] = {
        "symbol": trade.symbol, "id": trade.id, "orderId": trade.order, "price": text(trade.price),
        "qty": text(trade.qty), "quoteQty": text(trade.qty * trade.price), "commission": text(trade.fee),
        "commissionAsset": trade.fee_currency, "time": trade.ts,
    }  # fmt: skip
    if spot:
        return told | {
            "orderListId": -1,
            "isBuyer": trade.side == "BUY",
            "isMaker": trade.maker,
            "isBestMatch": True,
        }
    return told | {
        "buyer": trade.side == "BUY", "maker": trade.maker, "side": trade.side, "positionSide": "BOTH",
        "realizedPnl": "0",
    }  # fmt: skip


def balance_rows(cash: dict[str, Decimal], locked: dict[str, Decimal], *, spot: bool) -> list[dict[str, Any]]:
    """The cash by currency."""
    if spot:
        return [
            {"asset": name, "free": text(total - locked[name]), "locked": text(locked[name])}
            for name, total in cash.items()
        ]
    return [
        {"accountAlias": "SgsR", "asset": name, "balance": text(total), "crossWalletBalance": text(total),
         "crossUnPnl": "0.00000000", "availableBalance": text(total), "maxWithdrawAmount": text(total),
         "marginAvailable": True, "updateTime": 0}
        for name, total in cash.items()
    ]  # fmt: skip


def exchange_info(markets: dict[str, Market], now: int, *, spot: bool) -> dict[str, Any]:
    """What is traded, with its filters."""
    return {
        "timezone": "UTC", "serverTime": now, "rateLimits": [], "exchangeFilters": [],
        "symbols": [_symbol(one, spot=spot) for one in markets.values()],
    }  # fmt: skip


def _symbol(market: Market, *, spot: bool) -> dict[str, Any]:
    tick, lot = text(market.tick), text(market.lot)
    least = (
        {"filterType": "NOTIONAL", "minNotional": text(market.least), "applyMinToMarket": True}
        if spot
        else {"filterType": "MIN_NOTIONAL", "notional": text(market.least)}
    )
    told: dict[str, Any] = {
        "symbol": market.symbol, "status": "TRADING", "baseAsset": market.base, "quoteAsset": market.quote,
        "baseAssetPrecision": 8, "quotePrecision": 8, "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET", *(("LIMIT_MAKER", *STOPS) if spot else ())],
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "1000000.00", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": lot, "maxQty": "9000.00000000", "stepSize": lot},
            least,
        ],
    }  # fmt: skip
    if spot:
        return told | {
            "isSpotTradingAllowed": True,
            "isMarginTradingAllowed": True,
            "permissions": [],
            "permissionSets": [["SPOT"]],
        }
    return told | {
        "pair": market.symbol, "contractType": "PERPETUAL", "marginAsset": market.quote, "deliveryDate": 4133404800000,
        "pricePrecision": 2, "quantityPrecision": 3, "underlyingType": "COIN",
        "timeInForce": ["GTC", "IOC", "FOK", "GTX"],
    }  # fmt: skip
