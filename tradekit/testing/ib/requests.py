"""What TWS answers to each request of a client, and what it tells others because of it.

Knows no connection: fields come in, messages go out.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from tradekit.testing.ib import shapes
from tradekit.testing.ib.account import Contract, Order, Refusal, Trade
from tradekit.testing.ib.wire import framed, number

if TYPE_CHECKING:
    from tradekit.testing.ib.gateway import Gateway

__all__ = ["QUIET", "Requests"]

Messages: TypeAlias = Iterable[bytes]
QUIET = ("25", "63", "64", "71")  # ends of subscriptions, and the start: nothing is answered
_READ_ONLY = "Error validating request.-'b' : cause - The API interface is currently in Read-Only mode."
_TERMS = {"side": 16, "qty": 17, "type": 18, "limit": 19, "stop": 20, "tif": 21, "account": 23, "ref": 26}


class Requests:
    """Answers out of the gateway's account, for one client."""

    def __init__(self, gateway: "Gateway", client_id: int) -> None:
        self._gateway, self._account, self._client = gateway, gateway.account, client_id
        self._routes: dict[str, Callable[[list[str]], Messages]] = {
            "3": self._place,
            "4": self._cancel,
            "5": lambda _: self._open_orders(mine=True),
            "7": self._executions,
            "8": lambda _: [framed(9, 1, self._account.next_id(client_id))],
            "9": self._details,
            "16": lambda _: self._open_orders(mine=False),
            "20": lambda sent: gateway.market.asked(client_id, sent),
            "25": lambda sent: gateway.market.ended(client_id, sent[2]),
            "49": lambda _: [framed(49, 1, gateway.now())],
            "61": lambda _: self._positions(),
            "62": self._summary,
            "63": lambda _: [],
            "64": lambda _: [],
            "96": lambda sent: gateway.market.ticks_asked(sent),
            "99": lambda _: self._completed(),
        }

    def start(self) -> Messages:
        """What a client is told when it is let in."""
        return [
            framed(
                15,
                1,
                self._account.name
                if not self._gateway.others
                else f"{self._account.name},{self._gateway.others}",
            ),
            framed(9, 1, self._account.next_id(self._client)),
            shapes.error(-1, 2104, "Market data farm connection is OK:usfarm"),
            shapes.error(-1, 2106, "HMDS data farm connection is OK:ushmds"),
            shapes.error(-1, 2158, "Sec-def data farm connection is OK:secdefnj"),
            *([shapes.error(-1, 1100, self._gateway.away)] if self._gateway.away else []),
        ]

    def answer(self, sent: list[str]) -> Messages:
        """The answer to a request."""
        route = self._routes.get(sent[0])
        if route is None:
            return [shapes.error(-1, 505, f"Fatal Error: Unknown message id. ({sent[0]})")]
        if self._gateway.read_only and sent[0] in ("3", "4", "5", "16", "99"):
            return [shapes.error(int(sent[1]) if sent[0] in ("3", "4") else -1, 321, _READ_ONLY)]
        return route(sent)

    # --- orders -------------------------------------------------------------------------------------------------

    def _place(self, sent: list[str]) -> Messages:
        order_id = int(sent[1])
        terms = {name: sent[at] for name, at in _TERMS.items()}
        try:
            order, trades = self._account.place(
                self._client, order_id, int(sent[2]), terms, self._gateway.now()
            )
        except Refusal as no:
            return [shapes.error(order_id, no.code, no.words)]
        told = [] if not trades else [shapes.execution(-1, one, self._account.name) for one in trades]
        fees = [shapes.fee(one) for one in trades]
        return [*told, *self._stands(order), *fees]

    def _cancel(self, sent: list[str]) -> Messages:
        order_id = int(sent[2])
        try:
            order = self._account.cancel(self._client, order_id)
        except Refusal as no:
            return [shapes.error(order_id, no.code, no.words)]
        order.reason = "Cancelled by Trader"
        return [shapes.order_status(order), shapes.error(order_id, 202, "Order Canceled - reason:")]

    def _stands(self, order: Order) -> list[bytes]:
        return [shapes.open_order(order, self._account.name), shapes.order_status(order)]

    def _open_orders(self, *, mine: bool) -> Messages:
        listed = [
            one for one in self._account.orders if one.open and (not mine or one.client_id == self._client)
        ]
        return [*(message for one in listed for message in self._stands(one)), framed(53, 1)]

    def _completed(self) -> Messages:
        over = [one for one in self._account.orders if not one.open]
        return [*(shapes.completed_order(one, self._account.name) for one in over), framed(102)]

    # --- books --------------------------------------------------------------------------------------------------

    def _executions(self, sent: list[str]) -> Messages:
        key = int(sent[2])
        trades: list[Trade] = self._account.trades
        return [
            *(shapes.execution(key, one, self._account.name) for one in trades),
            framed(55, 1, key),
            *(shapes.fee(one) for one in trades),
        ]

    def _positions(self) -> Messages:
        held = [(self._account.contracts[key], *value) for key, value in self._account.positions.items()]
        return [*(shapes.position(*one, self._account.name) for one in held), framed(62, 1)]

    def _summary(self, sent: list[str]) -> Messages:
        """The ledger: each currency, and the sum in the account's own."""
        key, name = sent[2], self._account.name
        rows = [("CashBalance", number(amount), currency) for currency, amount in self._account.cash.items()]
        rows += [("RealCurrency", currency, currency) for currency in self._account.cash]
        rows.append(("CashBalance", number(next(iter(self._account.cash.values()))), "BASE"))
        return [*(framed(63, 1, key, name, *row) for row in rows), framed(64, 1, key)]

    def _details(self, sent: list[str]) -> Messages:
        key, wanted = int(sent[2]), sent[3:15]
        found = [one for one in self._account.contracts.values() if _fits(one, wanted)]
        if not found:
            return [shapes.error(key, 200, "No security definition has been found for the request")]
        return [*(shapes.contract_details(key, one) for one in found), framed(52, 1, key)]


def _fits(one: Contract, wanted: list[str]) -> bool:
    """Whether a contract is what the twelve fields of a request describe; empty ones say nothing."""
    con_id, symbol, kind, _, _, _, _, exchange, home, currency, local, _ = wanted
    asked = (
        (con_id if con_id != "0" else "", str(one.id)), (symbol, one.symbol), (kind, one.kind),
        (exchange, one.exchange),
        (home, one.home), (currency, one.currency), (local, one.local),
    )  # fmt: skip
    return all(not want or want == has for want, has in asked)
