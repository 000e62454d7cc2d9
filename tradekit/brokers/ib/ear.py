"""What TWS says, by the names of its API: answers go to whoever asked, the rest to whoever listens.

ib_async's decoder calls these methods. Knows no meaning of what is said.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC
from typing import Any, TypeAlias

import msgspec

from tradekit.brokers.ib.errors import Refused, Verdict, judge

__all__ = ["Asked", "Ear", "Key"]

Key: TypeAlias = int | str  # a request's number; its name where TWS gives its answers none
_READ_ONLY = 321


class Asked(msgspec.Struct, eq=False):
    """A question on its way: what has come of its answer, and whether that is whole."""

    ended: asyncio.Future[list[Any]]
    rows: list[Any] = []


class Ear:
    """The wrapper of one connection.

    asked  questions by key
    hears  is told what is no answer, and orders in answers too: (the API's name, its arguments)
    """

    defaultTimezone = UTC
    TimezoneTWS = "UTC"  # of times without a zone, which `client` has replaced by then

    def __init__(self, hears: Callable[..., None]) -> None:
        self.asked: dict[Key, Asked] = {}
        self.ib = self
        self._hears = hears

    def row(self, key: Key, told: Any) -> None:
        """A part of an answer."""
        if key in self.asked:
            self.asked[key].rows.append(told)

    def end(self, key: Key, error: Exception | None = None) -> None:
        """The answer is whole, or there will be none."""
        asked = self.asked.pop(key, None)
        if asked is None or asked.ended.done():
            return
        if error is None:
            asked.ended.set_result(asked.rows)
        else:
            asked.ended.set_exception(error)

    def end_all(self, error: Exception) -> None:
        """Nobody will answer any more."""
        for key in list(self.asked):
            self.end(key, error)

    # --- the library's ------------------------------------------------------------------------------------------

    def connectAck(self) -> None:
        """Nothing to do: ids and accounts come next."""

    def setEventsDone(self) -> None:
        """The library's picture of the account, which is not used."""

    def connectionClosed(self) -> None:
        """Told by the connection itself."""

    def error(self, key: int, code: int, text: str, more: str = "") -> None:
        """An error, a warning or a notice."""
        if key in self.asked and judge(code) is not Verdict.NOTED:
            self.end(key, Refused(code, text))
        elif key == -1 and code == _READ_ONLY:
            for name in ("openOrders", "completedOrders"):
                self.end(name, Refused(code, text))
        else:
            self._hears("error", key, code, text)

    def openOrder(self, order_id: int, contract: Any, order: Any, state: Any) -> None:
        """An order: in an answer, or because something has happened to it."""
        self.row("openOrders", order.permId)
        self._hears("openOrder", contract, order, state)

    def orderStatus(
        self, order_id: int, status: str, filled: Any, left: Any, average: Any, perm_id: int, parent: int, last: Any,
        client_id: int, held: str, *more: Any,
    ) -> None:  # fmt: skip
        """How an order stands."""
        self._hears("orderStatus", order_id, client_id, perm_id, status, filled, average, held)

    def openOrderEnd(self) -> None:
        """All open orders are told."""
        self.end("openOrders")

    def completedOrder(self, contract: Any, order: Any, state: Any) -> None:
        """An order that is over."""
        self.row("completedOrders", (contract, order, state))

    def completedOrdersEnd(self) -> None:
        """All of today's orders that are over are told."""
        self.end("completedOrders")

    def execDetails(self, key: int, contract: Any, execution: Any) -> None:
        """A trade."""
        if key in self.asked:
            self.row(key, (contract, execution))
        else:
            self._hears("execDetails", contract, execution)

    def execDetailsEnd(self, key: int) -> None:
        """All trades that were asked for are told."""
        self.end(key)

    def commissionReport(self, exec_id: str, commission: Any, currency: str) -> None:
        """What a trade has cost."""
        self._hears("commissionReport", exec_id, commission, currency)

    def position(self, account: str, contract: Any, held: Any, cost: Any) -> None:
        """What an account holds of something."""
        self.row("positions", (account, contract, held, cost))

    def positionEnd(self) -> None:
        """All positions are told."""
        self.end("positions")

    def accountSummary(self, key: int, account: str, tag: str, value: str, currency: str) -> None:
        """A value of an account."""
        self.row(key, (account, tag, value, currency))

    def accountSummaryEnd(self, key: int) -> None:
        """All values are told."""
        self.end(key)

    def currentTime(self, seconds: int) -> None:
        """The clock of TWS [s]."""
        self.row("currentTime", seconds)
        self.end("currentTime")

    def contractDetails(self, key: int, details: Any) -> None:
        """A contract that fits what was asked for."""
        self.row(key, details)

    def contractDetailsEnd(self, key: int) -> None:
        """All that fit are told."""
        self.end(key)

    def historicalData(self, key: int, bar: Any) -> None:
        """A bar of the past."""
        self.row(key, bar)

    def historicalDataEnd(self, key: int, start: str, end: str) -> None:
        """All bars are told."""
        self.end(key)

    def historicalTicksLast(self, key: int, ticks: list[Any], done: bool) -> None:
        """Trades of the past."""
        for tick in ticks:
            self.row(key, tick)
        if done:
            self.end(key)

    historicalTicksBidAsk = historicalTicksLast

    def historicalDataUpdate(self, key: int, bar: Any) -> None:
        """The bar that forms."""
        self._hears("bar", key, bar)
