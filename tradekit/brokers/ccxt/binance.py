"""Binance's requests, of spot and of linear perpetuals: what is asked of which address, and in how many pages.

Uses ccxt's implicit methods (they sign, pace and tell errors apart) and not its unified ones, which would round what is
sent and lose what is answered. Its messages are `binance_words`'s.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tradekit.brokers.ccxt import binance_klines as klines
from tradekit.brokers.ccxt import binance_words as words
from tradekit.brokers.ccxt.errors import Unreadable
from tradekit.brokers.ccxt.names import Names, plain
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted, OrderType, TimeInForce
from tradekit.model.said import BOOKS, Ask, Item, OrderSaid, Question, Said, What
from tradekit.trading.broker import Abilities, AtVenue
from tradekit.trading.quota import Quota

__all__ = ["Binance"]

_SPOT_TYPES = {
    OrderType.MARKET: "MARKET",
    OrderType.LIMIT: "LIMIT",
    OrderType.STOP: "STOP_LOSS",
    OrderType.STOP_LIMIT: "STOP_LOSS_LIMIT",
    OrderType.MARKET_IF_TOUCHED: "TAKE_PROFIT",
    OrderType.LIMIT_IF_TOUCHED: "TAKE_PROFIT_LIMIT",
}
_LINEAR_TYPES = {OrderType.MARKET: "MARKET", OrderType.LIMIT: "LIMIT"}
_TIFS = frozenset({TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK})
_TIMED = (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED)
_PAGE = 1000  # trades in one answer
_WEEK_MS = 7 * 24 * 3600 * 1000  # futures tell no more in one answer
_DAY_S = 24 * 3600
_TRADES_S = 180 * _DAY_S  # and nothing older
_ORDERS_S = (
    3 * _DAY_S
)  # nor, of orders, what has been canceled or has expired without a trade so long after it was sent
_ENDS = ("listenKeyExpired", "eventStreamTerminated", "serverShutdown")

_SPOT = Abilities(
    types=frozenset(_SPOT_TYPES), tifs=_TIFS, keeps=frozenset({*BOOKS, Question.ORDER} - {Question.POSITIONS}),
    refuses_twins=False, per_second=10.0,
)  # fmt: skip
_LINEAR = Abilities(
    types=frozenset(_LINEAR_TYPES), tifs=_TIFS, flips=True, replaces=True, reduces=True, refuses_twins=False,
    per_second=20.0,
)  # fmt: skip


class Binance:
    """`market` is spot or linear (perpetuals with margin in USDT or USDC), the account in one-way mode."""

    venue = "binance"

    def __init__(self, market: str) -> None:
        self.market = market
        self.spot = market == "spot"
        self.abilities = _SPOT if self.spot else _LINEAR
        self.trades_s, self.orders_s = (0, 0) if self.spot else (_TRADES_S, _ORDERS_S)
        self.unit = 0.2 if self.spot else 0.5  # of 6,000 a minute, of 2,400 a minute
        self.options: Mapping[str, Any] = {
            "defaultType": "spot" if self.spot else "swap",
            "defaultSubType": None if self.spot else "linear",
            "fetchMarkets": {"types": [market]},
            "fetchMargins": False,  # needs a right beyond trading
            "recvWindow": 5_000,
        }

    def quota(self) -> Quota:
        """1,200 of ccxt's units of cost a minute, whatever the market."""
        return Quota(1200.0, 60.0)

    def _call(self, client: Any, verb: str, path: str) -> Callable[[dict[str, Any]], Awaitable[Any]]:
        """Ccxt's method for a signed request: privatePostOrder, fapiPrivatePostOrder."""
        made: Callable[[dict[str, Any]], Awaitable[Any]] = getattr(
            client, f"{'private' if self.spot else 'fapiPrivate'}{verb}{path}"
        )
        return made

    # --- orders -------------------------------------------------------------------------------------------------

    def unable(self, order: OrderSubmitted) -> str:
        """Why the venue cannot take such an order."""
        if order.type not in self.abilities.types:
            return f"orders of type {order.type} are not sent to binance {self.market}"
        if order.tif not in self.abilities.tifs:
            return f"orders {order.tif} are not sent to binance {self.market}"
        if order.qty <= 0:
            return "the venue does not size orders: the quantity must be given"
        return ""

    async def submit(self, client: Any, order: OrderSubmitted, names: Names) -> tuple[Said, ...]:
        """Send an order, and read what it had at once."""
        types = _SPOT_TYPES if self.spot else _LINEAR_TYPES
        request = {
            "symbol": names.there(order.instrument),
            "side": order.side.upper(),
            "type": types[order.type],
            "quantity": plain(order.qty),
            "newClientOrderId": order.id,
            "newOrderRespType": "FULL" if self.spot else "RESULT",
        }
        if order.type in _TIMED:
            request["timeInForce"] = order.tif.upper()
        if order.limit is not None:
            request["price"] = plain(order.limit)
        if order.stop is not None:
            request["stopPrice"] = plain(order.stop)
        if order.post_only:
            if self.spot:
                request["type"] = "LIMIT_MAKER"
                del request["timeInForce"]
            else:
                request["timeInForce"] = "GTX"
        if order.reduce_only and not self.spot:
            request["reduceOnly"] = "true"
        return words.taken(await self._call(client, "Post", "Order")(request), names, spot=self.spot)

    async def cancel(self, client: Any, order: AtVenue, names: Names) -> OrderSaid:
        """Ask for an order's end, by the venue's id where it is known."""
        if order.venue_id.startswith("algo-"):
            algo = {"algoId": order.venue_id.removeprefix("algo-")}
            await self._call(client, "Delete", "AlgoOrder")(algo)
            return OrderSaid(
                what=What.CANCELED, order=order.client_id, venue_id=order.venue_id, instrument=order.instrument
            )  # fmt: skip
        answer = await self._call(client, "Delete", "Order")(
            {"symbol": names.there(order.instrument), **_by_id(order)}
        )
        return words.order(answer, names, spot=self.spot)

    def unchangeable(self, order: AtVenue, wanted: OrderReplaceRequested) -> str:
        """Why an order cannot be changed: the venue changes the price and the quantity of limit orders."""
        if self.spot or order.type is not OrderType.LIMIT or wanted.stop is not None:
            return "binance changes the price and the quantity of limit orders of futures, and nothing else"
        if wanted.limit is None and order.limit is None:
            return "its price is not known, and binance wants it with every change"
        return ""

    async def replace(
        self, client: Any, order: AtVenue, wanted: OrderReplaceRequested, names: Names
    ) -> OrderSaid:
        """Ask for other terms; the order keeps its ids."""
        limit = order.limit if wanted.limit is None else wanted.limit
        request = {
            "symbol": names.there(order.instrument),
            "side": order.side.upper(),
            "quantity": plain(order.qty if wanted.qty is None else wanted.qty),
            **_by_id(order),
        }
        if limit is not None:
            request["price"] = plain(limit)
        answer = await self._call(client, "Put", "Order")(request)
        return words.order(answer, names, spot=False, what=What.REPLACED)

    # --- books --------------------------------------------------------------------------------------------------

    async def book(self, client: Any, ask: Ask, names: Names, now: int) -> tuple[Item, ...]:
        """A whole book, all its pages."""
        match ask.question:
            case Question.OPEN_ORDERS:
                return tuple(await self._open_orders(client, names))
            case Question.EXECUTIONS:
                found: list[Item] = []
                for name in names.here:
                    found += await self._executions(client, name, ask.since, now, names)
                return tuple(found)
            case Question.BALANCES if self.spot:
                return tuple(words.balances(await client.privateGetAccount({"omitZeroBalances": "true"})))
            case Question.BALANCES:
                return tuple(words.balances(await client.fapiPrivateV3GetBalance({})))
            case Question.POSITIONS:
                return tuple(words.positions(await client.fapiPrivateV3GetPositionRisk({}), names))
        raise Unreadable(f"binance {self.market} keeps no book of {ask.question}")

    async def _open_orders(self, client: Any, names: Names) -> list[OrderSaid]:
        found = words.listed(await self._call(client, "Get", "OpenOrders")({}), names, spot=self.spot)
        if not self.spot:  # somebody else's: conditional orders have a book of their own
            found += words.open_algo_orders(await client.fapiPrivateGetOpenAlgoOrders({}), names)
        return found

    async def _executions(self, client: Any, there: str, since: int, now: int, names: Names) -> list[Item]:
        """An instrument's trades since a moment: by time until there is one, then on from id to id."""
        call = self._call(client, "Get", "MyTrades" if self.spot else "UserTrades")
        end = now // words.MS
        start = since // words.MS if self.spot else max(since // words.MS, end - _TRADES_S * 1000)
        found: list[Item] = []
        while True:
            window = {} if self.spot else {"endTime": start + _WEEK_MS - 1}
            page = await call({"symbol": there, "startTime": start, "limit": _PAGE, **window})
            found += words.executions(page, names)
            start += _WEEK_MS
            if page or self.spot or start > end:
                break
        more = len(page) == _PAGE or (not self.spot and page and start <= end)
        while more:
            page = await call({"symbol": there, "fromId": int(page[-1]["id"]) + 1, "limit": _PAGE})
            found += words.executions(page, names)
            more = len(page) == _PAGE
        return found

    async def order(self, client: Any, ask: Ask, names: Names) -> OrderSaid:
        """One order by its client id."""
        answer = await self._call(client, "Get", "Order")(
            {"symbol": names.there(ask.instrument), "origClientOrderId": ask.order}
        )
        return words.order(answer, names, spot=self.spot)

    async def time(self, client: Any) -> int:
        """The venue's clock."""
        answer = await (client.publicGetTime({}) if self.spot else client.fapiPublicGetTime({}))
        try:
            return int(answer["serverTime"]) * words.MS
        except (KeyError, TypeError, ValueError) as error:
            raise Unreadable("serverTime is missing") from error

    async def refusal(self, client: Any) -> str:
        """Why this account cannot be traded on."""
        if self.spot:
            return ""
        answer = await client.fapiPrivateGetPositionSideDual({})
        if str(answer.get("dualSidePosition")).lower() != "true":
            return ""
        return (
            "the account is in hedge mode, where an order does not say whether it opens or closes; set one-way mode in "
            "the venue's preferences (it takes no open position)"
        )

    async def account(self, client: Any) -> str:
        """What the venue calls the account: the user of spot, an alias of futures."""
        if self.spot:
            return words.account(await client.privateGetAccount({"omitZeroBalances": "true"}), "uid")
        rows = await client.fapiPrivateV3GetBalance({})
        if not isinstance(rows, list) or not rows:
            raise Unreadable("no balance is told")
        return words.account(rows[0], "accountAlias")

    async def rights(self, client: Any) -> dict[str, bool]:
        """What the key may do; futures keys are asked at the same address as spot ones."""
        answer = await client.sapiGetAccountApiRestrictions({})
        trade = "enableSpotAndMarginTrading" if self.spot else "enableFutures"
        told = {
            "read": "enableReading",
            "trade": trade,
            "withdraw": "enableWithdrawals",
            "bound": "ipRestrict",
        }
        return {name: str(answer.get(key)).lower() == "true" for name, key in told.items()}

    # --- the account's stream ---------------------------------------------------------------------------------

    async def listen(self, client: Any) -> Any:
        """Subscribe (spot) or connect with a listen key (futures), and wait until that stands."""
        client.ws_dial_backoff = {}  # the pauses between attempts are ours
        if self.spot:
            url = client.urls["api"]["ws"]["ws-api"]["spot"]
            # not the library's own way, which turns a refused key into a KeyError
            await _asked(
                client,
                url,
                {"method": "userDataStream.subscribe.signature", "params": client.sign_params({})},
            )
            return client.watch(url, "line", None, "line")
        await client.authenticate({"type": "swap", "subType": "linear"})
        url = client.get_private_ws_url("linear", client.options["linear"]["listenKey"])
        lost = client.watch(url, "line", None, "linear")
        await asyncio.wait({lost, client.client(url).connected}, return_when=asyncio.FIRST_COMPLETED)
        if lost.done():  # the latter is never told that a connection was refused
            await lost
        return lost

    def heard(self, message: Any, names: Names) -> tuple[Said, ...] | None:
        """What a message of the account's stream says."""
        return words.heard(message, names)

    def ended(self, message: Any) -> str:
        """Why the account's stream is over; the library would wait on for ever."""
        event = message.get("e") if isinstance(message, dict) else None
        return str(event) if event in _ENDS else ""

    def forget(self, client: Any) -> None:
        """Drop the listen key; the library would connect with it again."""
        client.options["linear"] = {}

    # --- the market -------------------------------------------------------------------------------------------

    async def subscribe(self, client: Any, series: list[tuple[str, str]], names: Names) -> Any:
        """Subscribe to bars by instrument and timeframe."""
        client.ws_dial_backoff = {}
        url = client.urls["api"]["ws"]["spot"] if self.spot else client.get_ws_url("linear", "market")
        streams = [klines.stream(names.there(instrument), timeframe) for instrument, timeframe in series]
        await _asked(client, url, {"method": "SUBSCRIBE", "params": streams})
        return client.watch(url, "line", None, "line")

    def bar(self, message: Any, names: Names) -> tuple[Bar, bool] | None:
        """A kline frame's bar."""
        inner = message.get("data", message) if isinstance(message, dict) else message
        if not isinstance(inner, dict) or inner.get("e") != "kline":
            return None
        return klines.frame(inner, names)

    async def bars(
        self, client: Any, instrument: str, timeframe: str, since: int, until: int, names: Names
    ) -> list[Bar]:
        """Closed bars, all pages."""
        call = client.publicGetKlines if self.spot else client.fapiPublicGetKlines
        return await klines.pages(call, names.there(instrument), instrument, timeframe, since, until)

    async def instruments(self, client: Any, names: Names) -> dict[str, Instrument]:
        """What is traded, with the steps that the venue keeps."""
        markets = await client.load_markets()
        made = [words.instrument(one["info"], names, spot=self.spot) for one in markets.values()]
        return {one.id: one for one in made}


def _by_id(order: AtVenue) -> dict[str, str]:
    return {"orderId": order.venue_id} if order.venue_id else {"origClientOrderId": order.client_id}


async def _asked(client: Any, url: str, request: dict[str, Any]) -> None:
    """Ask something on a WebSocket, and wait for its answer; raises what it refuses."""
    number = int(client.request_id(url))

    def answered(connection: Any, message: Any) -> None:
        connection.resolve(message, str(number))

    name = str(number)
    await client.watch(url, name, {**request, "id": number}, name, {"id": name, "method": answered})
