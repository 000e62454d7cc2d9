"""A trading desk in virtual time: the real order management and reconciliation behind a venue that you script.

`submit` goes through the engine, its risk and the office as in a live session; `report` is what the venue says, and
`advance` lets time pass. No thread, no clock, no network: the same script gives the same state. See docs/desk.md.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tradekit.core.event import Event, Fact
from tradekit.errors import OrderError
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarkUpdated
from tradekit.model.money import exact
from tradekit.model.order import OrderCancelRequested, OrderReplaceRequested, OrderSubmitted, Status
from tradekit.model.reconciliation import AlertRaised, ReconciliationCompleted
from tradekit.model.said import Ask, Question
from tradekit.model.session import CommandReceived, CommandRefused, Mode, SessionOpened
from tradekit.report.alerting import Alert, AlertGrade, alert_of
from tradekit.state.reducer import REDUCER
from tradekit.state.seen import Difference
from tradekit.state.shape import Order, State
from tradekit.strategy.base import Strategy
from tradekit.testing.keys import name_of
from tradekit.testing.said import said
from tradekit.testing.spelling import moment, side_of, spec_of, tif_of, type_of
from tradekit.trading.engine import Engine
from tradekit.trading.limits import check_limits
from tradekit.trading.matching import LEG
from tradekit.trading.office import Office
from tradekit.trading.reconcile.books import Practice
from tradekit.trading.reconcile.positions import held

__all__ = ["Desk"]

Spec = str | Instrument | Mapping[str, Any]
_SECOND = 1_000_000_000
_START = "2026-01-05T15:00:00+00:00"


class _Hand(Strategy):
    """Decides nothing: the orders come by hand."""


class Desk:
    """One account at one venue.

    instruments  names; `Instrument`s, or dicts of their fields, where steps, multiplier, base currency or kind matter
    cash         opening balance [currency]; the currency is the first instrument's quote unless it is given
    mode         "netting", or "hedging" where positions of one instrument are kept apart by name
    limits       risk limits by rule; two breakers against runaway loops are on by default
    practice     how the office goes about the venue: a `Practice`, or its fields by name
    adopts       whether the account is taken over as the venue has it at the first whole look, as in a live session
    start        when the desk opens
    """

    def __init__(
        self,
        instruments: Spec | Iterable[Spec] = ("BTC",),
        cash: object = 100_000,
        mode: str = "netting",
        *,
        currency: str | None = None,
        strategy: str = "desk",
        limits: Mapping[str, object] | None = None,
        practice: Practice | Mapping[str, Any] | None = None,
        armed: bool = True,
        adopts: bool = False,
        start: object = _START,
    ) -> None:
        mode = mode.lower()
        if mode not in ("netting", "hedging"):
            raise OrderError(f"mode is {mode!r}: say netting or hedging")
        instruments = [instruments] if isinstance(instruments, str | Instrument | Mapping) else instruments
        specs = [spec_of(one) for one in instruments]
        self.now = self.start = moment(start, 0)
        self.sent: list[dict[str, Any]] = []
        self.alerts: list[dict[str, Any]] = []
        self.events: list[Event] = []
        self.practice = practice if isinstance(practice, Practice) else Practice(**dict(practice or {}))
        self._adopts = adopts
        self._commands = 0
        self._names: dict[str, str] = {}  # cids by command
        rules: Mapping[str, object] = {"max_rejects_in_a_row": 10, "max_repeated_orders": 20}
        opened = SessionOpened(
            name="desk", mode=Mode.LIVE, account="main", currency=currency or specs[0].quote,
            cash=exact(cash, name="cash"), strategy=strategy, strategy_class="tradekit.testing.desk:Desk", params={},
            source="", instruments=specs, timeframes=[], armed=armed, program="",
            limits=check_limits(dict(rules if limits is None else limits)), reducer=REDUCER, hedging=mode == "hedging",
        )  # fmt: skip
        self._set_up()
        self._step(opened)
        self._step(ReconciliationCompleted(True, {}, 0))

    def _set_up(self) -> None:
        self.engine = Engine(_Hand())
        self.office = Office(self.engine, self.practice, now=self.now, adopts=self._adopts)

    # --- what is done ---------------------------------------------------------------------------------------

    def submit(
        self,
        cid: str | None = None,
        instrument: str | None = None,
        side: str = "buy",
        qty: object = 1,
        type: str | None = None,
        price: object = None,
        *,
        stop: object = None,
        **words: Any,
    ) -> Order:
        """Send an order as `Session.submit` does; its record in the state, denied ones included.

        cid    its id here and, on this desk, its client id at the venue; the engine's own numbering unless given
        type   market, limit, stop or stop_limit; unless given it follows from the prices
        price  the limit of a limit order, the trigger of a stop order [quote currency]
        words  the other words of an order: tif, reduce_only, post_only, position, after, tag ... (docs/orders.md); all
               of them may have the other names that a report's keys have
        Raises OrderError for what makes no sense.
        """
        told = {"cid": cid, "instrument": instrument, "qty": qty, "type": type, "price": price, "stop": stop}
        words = {("tif" if key == "time_in_force" else key): v for key, v in _named(words).items()}
        cid, instrument, qty, type, price, stop = (words.pop(key, value) for key, value in told.items())
        if "tif" in words:
            words["tif"] = tif_of(words["tif"])
        if cid is not None and cid in self.state.orders:
            raise OrderError(f"{cid!r} is taken: each order has a cid of its own")
        terms = _terms(type or _type_by(price, stop), price, stop)
        name = instrument or next(iter(self.state.instruments))
        before = set(self.state.orders)
        self._names[f"c{self._commands + 1}"] = cid or ""
        refused = self._command(
            "submit", side=str(side_of(side)), qty=_plain(qty), instrument=name, **terms, **words
        )
        made = [order for order_id, order in self.state.orders.items() if order_id not in before]
        if not made:
            raise OrderError(refused or "no order was made")
        return made[0]

    def cancel(self, cid: str) -> bool:
        """Ask for an order's end; whether that was asked (it works, and its end was not asked for already)."""
        order = self.state.orders.get(cid)
        if order is None or order.cancel_requested:
            return False
        return not self._command("cancel", order_id=cid)

    def replace(self, cid: str, qty: object = None, price: object = None, *, stop: object = None) -> bool:
        """Ask for other terms; `qty` counts from the order's beginning. Whether that was asked."""
        order = self.state.orders.get(cid)
        if order is not None and price is not None and order.limit is None and stop is None:
            price, stop = None, price
        terms = {"qty": _plain(qty), "limit": _plain(price), "stop": _plain(stop)}
        return not self._command("replace", order_id=cid, **{k: v for k, v in terms.items() if v is not None})

    def claim(self, cid: str) -> bool:
        """Make somebody else's order ours to cancel."""
        return not self._command("claim", order_id=cid)

    def accept(self, difference: str) -> bool:
        """Accept what a difference proposes, as a human would; whether that was possible."""
        return not self._command("resolve", difference=difference, accept=True)

    def refuse(self, difference: str) -> bool:
        """Refuse it: our books stay as they are."""
        return not self._command("resolve", difference=difference, accept=False)

    def reconcile(self) -> None:
        """Ask the venue for every book now."""
        self.office.look(self.now)
        self._flush()

    def command(self, name: str, **args: Any) -> str:
        """Any other command of a session (arm, halt, kill, cancel_all, flatten); why it was refused, or ""."""
        return self._command(name, **args)

    def mark(self, instrument: str, price: float) -> None:
        """A price of the market, for risk rules and profits [quote currency]."""
        self._step(MarkUpdated(instrument, price))

    # --- what happens ---------------------------------------------------------------------------------------

    def report(self, report: Mapping[str, Any] | None = None, /, **more: Any) -> list[Event]:
        """The venue says something: a dict with its `kind`, as docs/desk.md lists them; what the engine told of it."""
        events: list[Event] = []
        words = {**report, **more} if isinstance(report, Mapping) else more if report is None else report
        for told in said(words, now=self.now, start=self.start):
            events += self._keep(self.office.hear(told, self.now))
        return events

    def advance(self, seconds: object) -> None:
        """Let so many seconds, or a timedelta, pass, and everything happen that comes due on the way."""
        passed = exact(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds, name="seconds")
        if passed < 0:
            raise OrderError(f"seconds is {seconds}: time goes forward")
        until = self.now + int(passed * _SECOND)
        while (due := self.office.next_due()) <= until:
            self.now = max(self.now, due)
            self._keep(self.office.due(self.now))
        self.now = until

    def restart(self) -> None:
        """End without a word and start anew from the journal, as after a power cut."""
        journal, self.events = self.events, []
        self._set_up()
        for event in journal:
            if not event.cause:
                self.events += self._engine_step(event.data, event.ts)
        self._keep(self.office.resume(self.now))

    # --- what there is --------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """The session's state: orders, positions, account, risk, health."""
        return self.engine.state

    @property
    def differences(self) -> list[Difference]:
        """What the venue's books and ours disagree about."""
        return self.state.health.reconciliation.open

    def position(self, instrument: str | None = None) -> Decimal:
        """All that is booked of an instrument, somebody else's trades included [base units]."""
        return held(self.state, instrument or next(iter(self.state.instruments)))

    def cash(self, currency: str | None = None) -> Decimal:
        """What is booked of a currency, of the account's own unless one is named [that currency]."""
        account = self.state.account
        return account.cash.get(currency or account.currency, Decimal(0))

    def status(self, cid: str) -> str:
        """An order's status, "" for one that is not known."""
        order = self.state.orders.get(cid)
        return "" if order is None else str(order.status)

    def queries(self, what: str | None = None) -> list[dict[str, Any]]:
        """The questions that went to the venue, or those about one book."""
        return [one for one in self.sent if one["kind"] == "query" and what in (None, one["what"])]

    # --- the wheel ------------------------------------------------------------------------------------------

    def _command(self, name: str, /, **args: Any) -> str:
        self._commands += 1
        events = self._step(CommandReceived(f"c{self._commands}", name, args, "trader"))
        return next((e.data.reason for e in events if isinstance(e.data, CommandRefused)), "")

    def _step(self, fact: Fact) -> list[Event]:
        events = self._engine_step(fact, self.now)
        return self._keep(events + self.office.follow(events, self.now))

    def _engine_step(self, fact: Fact, ts: int) -> list[Event]:
        dealing = self.engine.dealing
        dealing.name = self._names.get(fact.id, "") if isinstance(fact, CommandReceived) else ""
        try:
            return self.engine.step(fact, ts)
        finally:
            dealing.name = ""

    def _keep(self, events: list[Event]) -> list[Event]:
        """Write first, then send."""
        self.events += events
        for event in events:
            alert = alert_of(event)
            raised = isinstance(event.data, AlertRaised)
            if alert is not None and (raised or alert.grade is AlertGrade.CRITICAL):
                self.alerts.append(_alert(alert, event.data))
        self._flush()
        return events

    def _flush(self) -> None:
        requests, self.office.requests = self.office.requests, []
        asks, self.office.asks = self.office.asks, []
        for request in requests:
            order = self.state.orders[request.id.partition(LEG)[0]]
            if order.status is not Status.DENIED:
                self.sent.append(_request(request, order) | {"ts": self.now})
        self.sent += [_ask(one) | {"ts": self.now} for one in asks]


def _type_by(price: object, stop: object) -> str:
    """The type that the prices make."""
    if stop is None:
        return "market" if price is None else "limit"
    return "stop" if price is None else "stop_limit"


def _terms(kind: str, price: object, stop: object) -> dict[str, Any]:
    """The prices of an order of this type; raises OrderError where one is missing."""
    name = type_of(kind)
    match name:
        case "market":
            return {}
        case "limit":
            terms = {"limit": price}
        case "stop":
            terms = {"stop": price if stop is None else stop}
        case "stop_limit":
            terms = {"limit": price, "stop": stop}
        case _:
            raise OrderError(
                f"type is {kind!r}: give market, limit, stop or stop_limit; for others leave it out, their words make "
                f"them: if_touched=, trail=, trail_pct=, and tif='at_open' or 'at_close' for an auction"
            )
    if None in terms.values():
        raise OrderError(f"a {name} order needs {'price and stop' if len(terms) > 1 else 'price'}")
    return {word: _plain(value) for word, value in terms.items()}


def _named(words: Mapping[str, Any]) -> dict[str, Any]:
    """The words of an order by their first names."""
    return {name_of(key): value for key, value in words.items()}


def _plain(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else value


def _request(
    request: OrderSubmitted | OrderCancelRequested | OrderReplaceRequested, order: Order
) -> dict[str, Any]:
    named: dict[str, Any] = {
        "cid": request.id,
        "venue_order_id": order.venue_id,
        "instrument": order.instrument,
    }
    if isinstance(request, OrderCancelRequested):
        return {"kind": "cancel", **named, "reason": request.reason}
    if isinstance(request, OrderReplaceRequested):
        asked = {"qty": request.qty, "price": request.limit, "stop": request.stop}
        return {"kind": "replace", **named, **{k: v for k, v in asked.items() if v is not None}}
    further = ("position", "post_only", "trail", "trail_pct", "expires", "group")
    return {
        "kind": "submit", **named, "side": str(request.side), "qty": request.qty, "type": str(request.type),
        "price": request.limit, "stop": request.stop, "tif": str(request.tif), "reduce_only": request.reduce_only,
    } | {name: value for name in further if (value := getattr(request, name))}  # fmt: skip


def _alert(alert: Alert, of: Fact) -> dict[str, Any]:
    """What is told of a fact, and which order and instrument it is about."""
    order = of.order if isinstance(of, AlertRaised) else ""
    instrument = getattr(of, "instrument", "")
    return {"kind": alert.kind, "grade": str(alert.grade), "text": alert.text, "instrument": instrument, "cid": order,
            "ts": alert.ts}  # fmt: skip


def _ask(one: Ask) -> dict[str, Any]:
    if one.question is Question.ORDER:
        return {"kind": "query", "what": "order", "cid": one.order}
    asked: dict[str, Any] = {"kind": "query", "what": str(one.question)}
    return asked | ({"since": one.since} if one.question is Question.EXECUTIONS else {})
