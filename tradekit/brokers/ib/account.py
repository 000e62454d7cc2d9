"""The account's orders as TWS tells them, and what a call that is under way hears of it.

TWS answers no call: what comes of one is told in messages about the order. Knows no connection and no socket.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from tradekit.brokers.ib.contracts import Contracts
from tradekit.brokers.ib.errors import Verdict, judge, reason
from tradekit.brokers.ib.trades import FEE_S, Trades
from tradekit.brokers.ib.words import ENDS, Known, number, order_said
from tradekit.core.clock import Clock
from tradekit.model.order import OrderReplaceRequested
from tradekit.model.said import OrderSaid, Said, What

__all__ = ["REFUSED", "Account", "Call"]

_KEPT = 5_000  # orders that are over and remembered
_NOT_FOUND = 135
_SILENT = ("ApiPending", "Inactive", "")  # not at the venue yet, or neither working nor known to be over
REFUSED = {"submit": What.REJECTED, "cancel": What.CANCEL_REJECTED, "replace": What.REPLACE_REJECTED}
_NO: dict[str, frozenset[Verdict]] = {
    "submit": frozenset({Verdict.REFUSED}),
    "cancel": frozenset({Verdict.REFUSED, Verdict.CANCEL_REFUSED}),
    "replace": frozenset({Verdict.REFUSED, Verdict.CHANGE_REFUSED}),
}
_log = logging.getLogger(__name__)


class Call(msgspec.Struct, eq=False, kw_only=True):
    """A request about an order of ours, until something certain is heard of it.

    order   our client id
    answer  ends with what was heard; `doubt` is the last error that settles nothing
    """

    kind: str
    order: str
    order_id: int
    instrument: str
    venue_id: str = ""
    wanted: OrderReplaceRequested | None = None
    answer: asyncio.Future[OrderSaid]
    doubt: str = ""


class Account:
    """Orders by TWS's permanent id, over as many connections as it takes.

    client_id  whose orders are ours to cancel and to change
    tell       takes what is said on the stream
    """

    def __init__(
        self, client_id: int, contracts: Contracts, clock: Clock, tell: Callable[[Said], None]
    ) -> None:
        self.name = ""
        self.client_id = client_id
        self.known: dict[int, Known] = {}
        self.trades = Trades(contracts, clock, tell)
        self._contracts, self._clock, self._tell = contracts, clock, tell
        self._perm: dict[int, int] = {}  # of our order ids
        self._sent: dict[int, tuple[str, str]] = {}  # of our order ids: client id and instrument
        self._refused: set[int] = (
            set()
        )  # order ids whose order was never taken, whatever is told of it after that
        self._calls: dict[int, Call] = {}
        self._later: set[asyncio.TimerHandle] = set()

    def belongs(self, name: str) -> None:
        """Which account of the login it is."""
        self.name = self.trades.account = name

    # --- calls --------------------------------------------------------------------------------------------------

    def begin(
        self, kind: str, order: str, order_id: int, instrument: str, venue_id: str = "",
        wanted: OrderReplaceRequested | None = None,
    ) -> Call:  # fmt: skip
        """Listen for what comes of a request, from before it is sent."""
        answer: asyncio.Future[OrderSaid] = asyncio.get_running_loop().create_future()
        call = Call(
            kind=kind, order=order, order_id=order_id, instrument=instrument, venue_id=venue_id, wanted=wanted,
            answer=answer,
        )  # fmt: skip
        self._calls[order_id] = call
        if kind == "submit":
            self._sent[order_id] = (order, instrument)
        return call

    def finish(self, call: Call) -> None:
        """The call waits no more; what is heard from now on is told on the stream."""
        if self._calls.get(call.order_id) is call:
            del self._calls[call.order_id]

    def find(self, order: str, venue_id: str) -> Known | None:
        """An order by either id, the working one first where several bear a client id."""
        if venue_id.isdigit() and int(venue_id) in self.known:
            return self.known[int(venue_id)]
        found = [one for one in self.known.values() if order and one.order.orderRef == order]
        return next((one for one in found if one.ended is None), found[-1] if found else None)

    def close(self) -> None:
        """Nothing is told later."""
        self.trades.end()
        for timer in self._later:
            timer.cancel()

    # --- what TWS says ------------------------------------------------------------------------------------------

    def heard(self, name: str, *told: Any) -> None:
        """A message about orders or trades; others are left alone."""
        if name == "openOrder":
            self._opened(*told)
        elif name == "orderStatus":
            self._status(*told)
        elif name == "execDetails":
            self.trades.executed(*told)
        elif name == "commissionReport":
            self.trades.cost(*told)
        elif name == "error":
            self._error(*told)

    def _opened(self, contract: Any, order: Any, state: Any) -> None:
        if order.whatIf or order.account != self.name or not order.permId:
            return
        known = self.known.get(order.permId)
        if known is None:
            known = Known(
                perm_id=order.permId, client_id=order.clientId, order_id=order.orderId,
                instrument=self._contracts.ours(contract), contract=contract, order=order,
            )  # fmt: skip
            if order.clientId == self.client_id and order.orderId in self._refused:
                known.ended = What.REJECTED
            self.known[order.permId] = known
            self._forget()
        known.order, known.status = order, state.status
        if order.clientId == self.client_id and order.orderId > 0:
            self._perm[order.orderId] = order.permId
        self._stands(known)

    def _status(
        self, order_id: int, client_id: int, perm_id: int, status: str, filled: Any, average: Any, held: str
    ) -> None:
        known = self.known.get(perm_id)
        if known is None:
            return  # of another account, or its terms come next
        known.status, known.filled, known.average = status, number(filled), average
        self._stands(known)

    def _stands(self, known: Known) -> None:
        """What the order's terms and status say now, where that is news."""
        end = ENDS.get(known.status)
        if end is What.CANCELED:
            self._ended(known, What.CANCELED, known.why)
        elif known.status == "Inactive" and known.why:
            self._ended(known, What.REJECTED, known.why)
        elif end is What.FILLED:
            self._works(known)
            self._filled(known)
        elif known.status not in _SILENT and known.ended is None:
            self._works(known)

    def _works(self, known: Known) -> None:
        said = msgspec.structs.replace(order_said(known, What.NEW, self._clock.now()), cum=None, price=None)
        before, known.told = known.told, said
        call = self._call(known)
        if call is not None and call.kind == "submit":
            call.answer.set_result(said)
        elif call is not None and call.wanted is not None and _meets(said, call.wanted):
            call.answer.set_result(msgspec.structs.replace(said, what=What.REPLACED))
        elif before is None:
            self._tell(said)
        elif _terms(before) != _terms(said):
            self._tell(msgspec.structs.replace(said, what=What.REPLACED))

    def _filled(self, known: Known) -> None:
        """Told late, so that the trades come first: it says only that there must be some."""
        if known.ended is not None:
            return
        known.ended = What.FILLED

        def tell() -> None:
            self._later.discard(timer)
            self._tell(order_said(known, What.FILLED, self._clock.now()))

        timer = asyncio.get_running_loop().call_later(FEE_S + 1.0, tell)
        self._later.add(timer)

    def _ended(self, known: Known, what: What, why: str) -> None:
        if known.ended is not None:
            return
        known.ended = what

        def tell() -> None:
            said = order_said(known, what, self._clock.now(), why)
            call = self._call(known)
            if call is None:
                self._tell(said)
            else:
                call.answer.set_result(said)

        self.trades.after(known.perm_id, tell)

    def _error(self, order_id: int, code: int, text: str) -> None:
        call, verdict, why = self._calls.get(order_id), judge(code), reason(code, text)
        known = self.known.get(self._perm.get(order_id, 0))
        if verdict is Verdict.NOTED or (call is None and known is None and order_id not in self._sent):
            if order_id in self._sent or known is not None:
                _log.warning("of order %s: %s", order_id, why)
            return
        if verdict is Verdict.ENDED and known is not None:
            self._ended(known, What.CANCELED, why)
        elif call is not None and not call.answer.done():
            if verdict in _NO[call.kind] or (code == _NOT_FOUND and call.kind != "submit"):
                if known is not None:
                    known.why = why
                if call.kind == "submit":
                    self._refused.add(order_id)
                    if known is not None:
                        known.ended = What.REJECTED
                call.answer.set_result(
                    self._refusal(REFUSED[call.kind], call.order, call.instrument, call.venue_id, why)
                )
            elif verdict is Verdict.ENDED:
                call.answer.set_result(
                    self._refusal(What.CANCELED, call.order, call.instrument, call.venue_id, why)
                )
            else:
                call.doubt = why
        else:
            self._unasked(order_id, known, verdict, code, why)

    def _unasked(self, order_id: int, known: Known | None, verdict: Verdict, code: int, why: str) -> None:
        """An error about an order of ours that nobody waits for: of a call that was given up, or out of the blue."""
        order, instrument = self._sent.get(order_id, ("", ""))
        if known is not None:
            order, instrument = known.order.orderRef, known.instrument
        venue_id = "" if known is None else str(known.perm_id)
        if verdict is Verdict.CANCEL_REFUSED or code == _NOT_FOUND:
            self._tell(self._refusal(What.CANCEL_REJECTED, order, instrument, venue_id, why))
        elif verdict is Verdict.CHANGE_REFUSED:
            self._tell(self._refusal(What.REPLACE_REJECTED, order, instrument, venue_id, why))
        elif verdict is Verdict.ENDED:
            self._tell(self._refusal(What.CANCELED, order, instrument, venue_id, why))
        elif verdict is Verdict.REFUSED and known is None:
            self._refused.add(order_id)
            self._tell(self._refusal(What.REJECTED, order, instrument, venue_id, why))
        elif verdict is Verdict.REFUSED and known is not None and known.ended is None:
            known.why = why  # the order's, or that of a change whose call was given up: its status will say
            self._tell(self._refusal(What.REPLACE_REJECTED, order, instrument, venue_id, why))
            self._stands(known)
        else:
            _log.warning("of order %s: %s", order or order_id, why)

    # --- pieces -------------------------------------------------------------------------------------------------

    def _call(self, known: Known) -> Call | None:
        if known.client_id != self.client_id:
            return None
        call = self._calls.get(known.order_id)
        return None if call is None or call.answer.done() else call

    def _refusal(self, what: What, order: str, instrument: str, venue_id: str, why: str) -> OrderSaid:
        return OrderSaid(
            what=what, order=order, venue_id=venue_id, instrument=instrument, reason=why, ts=self._clock.now()
        )  # fmt: skip

    def _forget(self) -> None:
        over = [perm_id for perm_id, one in self.known.items() if one.ended is not None]
        for perm_id in over[: max(0, len(over) - _KEPT)]:
            gone = self.known.pop(perm_id)
            self._perm.pop(gone.order_id, None)
            self._sent.pop(gone.order_id, None)
            self._refused.discard(gone.order_id)


def _terms(said: OrderSaid) -> tuple[Any, ...]:
    return said.qty, said.limit, said.stop


def _meets(said: OrderSaid, wanted: OrderReplaceRequested) -> bool:
    """Whether an order has the terms that were asked for."""
    asked = ((wanted.qty, said.qty), (wanted.limit, said.limit), (wanted.stop, said.stop))
    return all(want is None or want == has for want, has in asked)
