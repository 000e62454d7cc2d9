"""A venue that knows the truth, behind a line that loses, repeats, delays and shuffles what it says.

It carries out what the desk has sent, trades as its dice fall, and answers what it is asked: late, in part, from an
older book, or not at all, until the line is good. Knows nothing of what the desk makes of it.
"""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec

from tradekit.testing.desk import Desk

__all__ = ["Resting", "UnreliableVenue"]

Report = dict[str, Any]
D = Decimal


class Resting(msgspec.Struct):
    """An order as the venue has it. `ids` are all it has had, the last one is in force."""

    cid: str
    ids: list[str]
    instrument: str
    side: str
    qty: Decimal
    price: Decimal
    filled: Decimal = D(0)
    status: str = "new"

    @property
    def working(self) -> bool:
        return self.status == "new"

    @property
    def leaves(self) -> Decimal:
        return self.qty - self.filled


class UnreliableVenue:
    """The venue of one desk. `good` is whether its line loses nothing any more."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self.desk, self.chance = desk, chance
        self.orders: dict[str, Resting] = {}
        self.trades: list[Report] = []
        self.good = False
        self.counts = chance.random() < 0.5  # whether it tells what has filled in all
        self.keeps_coins = chance.random() < 0.5  # whether what is bought pays its fee
        self.taken = 0  # how much of what the desk has sent was looked at
        self.under_way: list[Report] = []  # said and not heard yet
        self.last_books: dict[str, list[Report]] = {}
        self._numbers = 0

    # --- what the desk wants --------------------------------------------------------------------------------

    def carry_out(self) -> None:
        """Do what the desk has asked for since the last time; on a bad line some of it never arrives."""
        for request in self._asked():
            lost = not self.good and self.chance.random() < 0.15
            match request["kind"]:
                case "query":
                    if not lost:
                        self._answer(request)
                case "submit" if not lost:
                    self._submit(request)
                case "cancel" if not lost:
                    self._cancel(request)
                case "replace" if not lost:
                    self._replace(request)
            if lost and self.chance.random() < 0.5:
                about = request.get("what", request["kind"])
                self._say({"kind": "timeout", "about": about, "cid": request.get("cid", "")}, sure=True)

    def _asked(self) -> Iterator[dict[str, Any]]:
        while self.taken < len(self.desk.sent):
            self.taken += 1
            yield self.desk.sent[self.taken - 1]

    def _submit(self, request: dict[str, Any]) -> None:
        cid = request["cid"]
        assert cid not in self.orders, f"{cid} came twice"
        if self.chance.random() < 0.1:
            self.orders[cid] = self._resting(request, status="rejected")
            self._say({"kind": "rejected", "cid": cid, "reason": "no"})
            return
        order = self.orders[cid] = self._resting(request)
        self._say(self._told("new", order))

    def _resting(self, request: dict[str, Any], status: str = "new") -> Resting:
        return Resting(
            request["cid"], [self._id("v")], request["instrument"], request["side"], request["qty"],
            request["price"] or D(100), status=status,
        )  # fmt: skip

    def _cancel(self, request: dict[str, Any]) -> None:
        order = self._meant(request)
        if order is None or not order.working:
            self._say({"kind": "cancel_rejected", "cid": request["cid"], "reason": "unknown order"})
            return
        order.status = "canceled"
        self._say(
            self._told("canceled", order) | {"cum_qty": order.filled}
        )  # an end says what has filled by then

    def _replace(self, request: dict[str, Any]) -> None:
        order = self._meant(request)
        qty = None if order is None else request.get("qty", order.qty)
        if order is None or qty is None or not order.working or qty <= order.filled:
            self._say({"kind": "replace_rejected", "cid": request["cid"], "reason": "too late"})
            return
        order.qty, order.price = qty, request.get("price", order.price)
        order.ids.append(self._id("v"))
        self._say(self._told("replaced", order) | {"old_venue_order_id": order.ids[-2]})

    def _meant(self, request: dict[str, Any]) -> Resting | None:
        """The order of a request: by the venue's id, where that is known on the other side."""
        named = (one for one in self.orders.values() if request["venue_order_id"] in one.ids)
        return next(named, self.orders.get(request["cid"]))

    def _id(self, letter: str) -> str:
        self._numbers += 1
        return f"{letter}{self._numbers}"

    # --- what happens there -----------------------------------------------------------------------------------

    def trade(self) -> None:
        """Something of an order trades, or the venue ends one by itself."""
        working = [one for one in self.orders.values() if one.working]
        if not working:
            return
        order = self.chance.choice(working)
        if self.chance.random() < 0.1:
            order.status = "expired"
            self._say(self._told("expired", order))
            return
        qty = min(order.leaves, D(self.chance.randint(1, 3)))
        order.filled += qty
        if not order.leaves:
            order.status = "filled"
        trade = {
            "cid": order.cid, "venue_order_id": order.ids[-1], "exec_id": self._id("t"), "side": order.side,
            "instrument": order.instrument, "qty": qty, "price": order.price, "fee": D("0.1"), "ts": self.desk.now,
            "fee_currency": order.instrument if self.keeps_coins and order.side == "buy" else "USD",
        }  # fmt: skip
        self.trades.append(trade)
        self._say({"kind": "fill", **trade} | ({"cum_qty": order.filled} if self.counts else {}))

    # --- what it says -----------------------------------------------------------------------------------------

    def _told(self, kind: str, order: Resting) -> Report:
        told = {
            "kind": kind, "cid": order.cid, "venue_order_id": order.ids[-1], "instrument": order.instrument,
            "side": order.side, "qty": order.qty, "price": order.price,
        }  # fmt: skip
        return told | ({"cum_qty": order.filled} if self.counts else {})

    def _say(self, report: Report, *, sure: bool = False) -> None:
        """Put a report on its way: on a bad line it may be lost, or told up to three times."""
        times = 1 if self.good or sure else self.chance.choice([0, 1, 1, 1, 1, 2, 3])
        self.under_way += [report] * times

    def deliver(self) -> None:
        """Some of what is under way arrives, on a bad line in any order."""
        if not self.good:
            self.chance.shuffle(self.under_way)
        count = len(self.under_way) if self.good else self.chance.randint(0, len(self.under_way))
        arrived, self.under_way = self.under_way[:count], self.under_way[count:]
        for report in arrived:
            self.desk.report(report)

    # --- what it is asked -------------------------------------------------------------------------------------

    def _answer(self, request: dict[str, Any]) -> None:
        what = request["what"]
        if what == "order":
            order = self.orders.get(request["cid"])
            if order is None:
                self._say({"kind": "not_found", "cid": request["cid"]}, sure=True)
            elif order.status != "filled":
                self._say(
                    self._told("order", order) | {"status": order.status, "cum_qty": order.filled}, sure=True
                )
            return
        if not self.good and self.chance.random() < 0.2:
            self._say({"kind": "error", "about": what, "code": 503, "message": "busy"}, sure=True)
            return
        items = [one for one in self.book(what) if what != "executions" or one["ts"] >= request["since"]]
        self._say({"kind": what, "items": items}, sure=True)

    def book(self, what: str) -> list[Report]:
        """What is true of a book."""
        match what:
            case "open_orders":
                told = [
                    self._told("", one) | {"cum_qty": one.filled}
                    for one in self.orders.values()
                    if one.working
                ]
                return [{key: value for key, value in one.items() if key != "kind"} for one in told]
            case "executions":
                return list(self.trades)
            case "positions":
                return [
                    {"instrument": name, "qty": qty, "price": 100} for name, qty in self.held().items() if qty
                ]
        return [{"currency": "USD", "total": self.cash()}]

    def held(self) -> dict[str, Decimal]:
        """What the account holds of each instrument."""
        held: dict[str, Decimal] = {}
        for one in self.trades:
            sign = 1 if one["side"] == "buy" else -1
            kept = one["fee"] if one["fee_currency"] != "USD" else D(0)
            held[one["instrument"]] = held.get(one["instrument"], D(0)) + sign * one["qty"] - kept
        return held

    def cash(self) -> Decimal:
        """What the account has, of 10,000 at the beginning."""
        paid = (one["qty"] * one["price"] * (1 if one["side"] == "buy" else -1) for one in self.trades)
        fees = (one["fee"] for one in self.trades if one["fee_currency"] == "USD")
        return D(10_000) - sum(paid, start=D(0)) - sum(fees, start=D(0))
