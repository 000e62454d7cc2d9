"""What the venue answers to each request, of spot and of futures, and what its stream tells because of it.

Knows no connection: paths and parameters come in, JSON goes out.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from tradekit.testing.binance import shapes
from tradekit.testing.binance.account import Order, Refusal, Trade

if TYPE_CHECKING:
    from tradekit.testing.binance.venue import Venue

__all__ = ["Requests"]

Params: TypeAlias = dict[str, str]
Answered: TypeAlias = tuple[Any, list[dict[str, Any]]]  # the answer, and the stream's events
_PAGE = 1000
_OPEN = ("time", "ping", "exchangeInfo", "klines", "listenKey")


class Requests:
    """Answers out of the venue's account."""

    def __init__(self, venue: "Venue") -> None:
        self._venue = venue
        self._account = venue.account
        self._spot = venue.spot
        base = "/api/v3" if venue.spot else "/fapi/v1"
        self._routes: dict[tuple[str, str], Callable[[Params], Any]] = {
            ("GET", f"{base}/time"): lambda _: {"serverTime": venue.now()},
            ("GET", f"{base}/ping"): lambda _: {},
            ("GET", f"{base}/exchangeInfo"): lambda _: shapes.exchange_info(
                self._account.markets, venue.now(), spot=venue.spot
            ),
            ("GET", f"{base}/klines"): self._klines,
            ("GET", f"{base}/order"): lambda sent: shapes.order_answer(self._find(sent), spot=venue.spot),
            ("GET", f"{base}/openOrders"): self._open_orders,
            ("GET", "/sapi/v1/account/apiRestrictions"): self._rights,
        }
        if venue.spot:
            self._routes |= {
                ("GET", f"{base}/myTrades"): self._trades,
                ("GET", f"{base}/account"): self._spot_account,
            }
        else:
            self._routes |= {
                ("GET", f"{base}/userTrades"): self._trades,
                ("GET", f"{base}/openAlgoOrders"): lambda _: [],
                ("GET", f"{base}/positionSide/dual"): lambda _: {"dualSidePosition": venue.hedged},
                ("POST", f"{base}/listenKey"): lambda _: {"listenKey": venue.streams.listen_key()},
                ("PUT", f"{base}/listenKey"): lambda _: {"listenKey": venue.streams.listen_key(renew=True)},
                ("GET", "/fapi/v3/balance"): lambda _: shapes.balance_rows(
                    self._account.cash, {}, spot=False
                ),
                ("GET", "/fapi/v3/positionRisk"): self._positions,
            }
        self._acts: dict[tuple[str, str], Callable[[Params], Answered]] = {
            ("POST", f"{base}/order"): self._submit,
            ("DELETE", f"{base}/order"): self._cancel,
        }
        if not venue.spot:
            self._acts["PUT", f"{base}/order"] = self._change

    def signed(self, method: str, path: str) -> bool:
        """Whether a request must be signed."""
        known = (method, path) in self._routes or (method, path) in self._acts
        return known and path.rpartition("/")[2] not in _OPEN

    def answer(self, method: str, path: str, sent: Params) -> Answered:
        """The answer to a request, and what the account's stream tells because of it."""
        act = self._acts.get((method, path))
        if act is not None:
            return act(sent)
        route = self._routes.get((method, path))
        if route is None:
            raise Refusal(-5000, f"Path {path}, Method {method} is invalid", 404)
        return route(sent), []

    # --- orders ---------------------------------------------------------------------------------------------

    def _find(self, sent: Params, *, code: int = -2013) -> Order:
        return self._account.find(
            sent.get("symbol", ""), sent.get("orderId", ""), sent.get("origClientOrderId", ""), code=code
        )

    def _submit(self, sent: Params) -> Answered:
        order, trades = self._account.submit(sent, self._venue.now())
        events = [shapes.order_event(order, "NEW", spot=self._spot) | {}]
        if trades:
            events = [self._traded(order, one) for one in trades]
        elif not order.open:
            events.append(shapes.order_event(order, "EXPIRED", spot=self._spot))
        full = trades if sent.get("newOrderRespType") == "FULL" else None
        return shapes.order_answer(order, spot=self._spot, trades=full), events

    def _traded(self, order: Order, trade: Trade) -> dict[str, Any]:
        return shapes.order_event(order, "TRADE", spot=self._spot, trade=trade)

    def _cancel(self, sent: Params) -> Answered:
        found = self._find(sent, code=-2011)
        by = f"cancel-{found.id}" if self._spot else ""
        order = self._account.cancel(found, self._venue.now())
        event = shapes.order_event(order, "CANCELED", spot=self._spot, by=by)
        return shapes.order_answer(order, spot=self._spot, by=by), [event]

    def _change(self, sent: Params) -> Answered:
        order = self._account.change(self._find(sent), sent, self._venue.now())
        return shapes.order_answer(order, spot=False), [shapes.order_event(order, "AMENDMENT", spot=False)]

    # --- books ----------------------------------------------------------------------------------------------

    def _open_orders(self, sent: Params) -> list[dict[str, Any]]:
        found = [one for one in self._account.orders.values() if one.open]
        symbol = sent.get("symbol")
        return [shapes.order_answer(o, spot=self._spot) for o in found if symbol in (None, o.symbol)]

    def _trades(self, sent: Params) -> list[dict[str, Any]]:
        start, end = int(sent.get("startTime", 0)), int(sent.get("endTime", 1 << 62))
        first, limit = int(sent.get("fromId", 0)), int(sent.get("limit", 500))
        found = [
            one
            for one in self._account.trades
            if one.symbol == sent.get("symbol") and start <= one.ts <= end and one.id >= first
        ]
        return [shapes.trade_row(one, spot=self._spot) for one in found[: min(limit, _PAGE)]]

    def _spot_account(self, _: Params) -> dict[str, Any]:
        cash = self._account.cash
        rows = shapes.balance_rows(cash, {name: self._account.locked(name) for name in cash}, spot=True)
        return {
            "canTrade": True,
            "canWithdraw": self._venue.withdraws,
            "accountType": "SPOT",
            "uid": self._venue.uid,
            "balances": rows,
        }

    def _positions(self, _: Params) -> list[dict[str, Any]]:
        return [
            {"symbol": name, "positionSide": "BOTH", "positionAmt": shapes.text(qty), "entryPrice": shapes.text(entry),
             "markPrice": shapes.text(self._account.markets[name].price), "unRealizedProfit": "0", "updateTime": 0}
            for name, (qty, entry) in self._account.positions.items()
            if qty
        ]  # fmt: skip

    def _rights(self, _: Params) -> dict[str, Any]:
        return {
            "ipRestrict": False, "enableReading": True, "enableSpotAndMarginTrading": self._spot,
            "enableFutures": not self._spot, "enableWithdrawals": self._venue.withdraws,
        }  # fmt: skip

    def _klines(self, sent: Params) -> list[list[Any]]:
        rows = self._venue.klines.get((sent["symbol"], sent["interval"]), [])
        start, end = int(sent.get("startTime", 0)), int(sent.get("endTime", 1 << 62))
        return [row for row in rows if start <= row[0] <= end][: int(sent.get("limit", 500))]
