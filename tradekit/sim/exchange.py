"""The simulated exchange: takes orders, shows them the market, answers with reports, by documented rules.

Pure: no clock, no I/O, no chance. Its book is a fold of the facts it reported and of the market facts, so a journal
rebuilds it. The rules are explained, each with its test, in docs/fills.md.
"""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from tradekit.core.event import Event, Fact
from tradekit.model.account import SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar, MarketClosed, Quote, TradeTick
from tradekit.model.money import ZERO
from tradekit.model.order import (
    OrderCancelRejected,
    OrderCancelRequested,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderType,
    TimeInForce,
)
from tradekit.sim.admission import refusal, refused_terms
from tradekit.sim.board import Tick
from tradekit.sim.book import REQUESTED, Book, Request, Resting
from tradekit.sim.execution import Executions, Report, accepted
from tradekit.sim.hours import ends, ends_with_session
from tradekit.sim.matching import match_at_hand, match_bar, match_close, match_tick
from tradekit.sim.quiet import Band, band_of
from tradekit.sim.rules import Rules

__all__ = ["Exchange", "Report", "Resting"]

_TICKS = (Bar, Quote, TradeTick)


class Exchange:
    """Takes orders, matches them with what the market shows, answers with reports.

    It knows positions only to reduce them, and no account: leverage and margin are not its business.
    """

    def __init__(self, instruments: list[Instrument], rules: Rules | None = None) -> None:
        self.rules = rules if rules is not None else Rules()
        self._book = Book(instruments, self.rules)
        self._ex = Executions(self._book, self.rules)
        self._bands: dict[str, tuple[int, Band]] = {}  # by instrument, with the book's `moves` then

    @property
    def book(self) -> dict[str, Resting]:
        """The resting orders by id, in the order of acceptance."""
        return self._book.resting

    def waiting(self, instrument: str) -> Mapping[str, Resting]:
        """The resting orders of one instrument, by id in the order of acceptance; it follows the book."""
        return self._book.waiting(instrument)

    def held(self) -> dict[str, Decimal]:
        """What its trades come to, by instrument [base units]."""
        held: dict[str, Decimal] = {}
        for (_, instrument, _), qty in self._book.positions.items():
            held[instrument] = held.get(instrument, ZERO) + qty
        return held

    @property
    def trades_at_hand(self) -> bool:
        """Whether a market order trades at the price at hand: then one that is sent at the end still does."""
        return self.rules.market == "this_close"

    # --- what a broker asks ---------------------------------------------------------------------------------

    def submit(self, order: OrderSubmitted, ts: int) -> list[Report]:
        """Take an order into the book, or refuse it with the reason; `ts` is when it was sent [UTC ns]."""
        return self._ask(order, ts)

    def cancel(self, request: OrderCancelRequested, ts: int) -> list[Report]:
        """Take an order out of the book, and its children with it if it never traded; refused for an unknown one."""
        return self._ask(request, ts)

    def replace(self, request: OrderReplaceRequested, ts: int) -> list[Report]:
        """Give an order other terms, or refuse them with the reason."""
        return self._ask(request, ts)

    def market(self, fact: Fact, ts: int) -> list[Report]:
        """Show the book a fact of the market that was told at `ts` [UTC ns], a bar at its close; what it leads to.

        Reports have the time at which they happened: in a bar its open, which comes before `ts`.
        """
        reports = self._ex.begin()
        if isinstance(fact, _TICKS):
            board = self._book.boards.get(fact.instrument)
            if board is not None and not board.passes_over(fact):
                if self._book.asked or (self._book.waiting(fact.instrument) and not self._quiet(fact)):
                    self._match(fact, ts, halted=board.halted)
                self._book.see(board, fact, ts)
            return reports
        if isinstance(fact, MarketClosed):
            self._close(fact, ts)
        elif isinstance(fact, SplitEffected):
            for resting in self._book.of(fact.instrument):
                self._ex.drop(resting.order.id, "split: its price and quantity are of another time", ts)
        self._book.fold(fact, ts)
        return reports

    def liquidate(self, order: OrderSubmitted, price: Decimal, ts: int) -> list[Report]:
        """Trade an order whole at `price`, with the costs of a market order: the clearing closes a position."""
        reports = self._ex.begin()
        self._book.fold(order, ts)
        self._ex.tell(accepted(order, held=False), ts)
        self._ex.liquidate(self.book[order.id], price, ts)
        return reports

    def see(self, bar: Bar, ts: int) -> None:
        """Take note of a bar that closed at `ts` [UTC ns] and that nothing waited for."""
        self._book.fold(bar, ts)

    def replay(self, event: Event) -> None:
        """Fold one journaled fact into the book, as if it had happened here just now."""
        self._book.fold(event.data, event.ts)

    def resume(self, ts: int) -> list[Report]:
        """After a replay: answer what was sent and never answered, in its order and at its own time."""
        reports = self._ex.begin()
        self._carry_out(ts, None)
        return reports

    # --- requests -------------------------------------------------------------------------------------------

    def _ask(self, request: Request, ts: int) -> list[Report]:
        reports = self._ex.begin()
        self._book.fold(request, ts)
        self._carry_out(ts, None)
        return reports

    def _carry_out(self, now: int, instrument: str | None) -> None:
        """Answer what is due by `now` (of one instrument, or of all), each at its own time."""
        for asked in list(self._book.asked):
            request = asked.request
            if asked.due <= now and instrument in (None, request.instrument) and asked in self._book.asked:
                self._answer(asked.request, asked.due)

    def _answer(self, request: Request, ts: int) -> None:
        if isinstance(request, OrderSubmitted):
            self._take(request, ts)
        elif request.id not in self.book:
            no_such = "there is no such order in the book"
            refused = (
                OrderCancelRejected if isinstance(request, OrderCancelRequested) else OrderReplaceRejected
            )
            self._ex.tell(refused(request.id, request.instrument, no_such), ts)
        elif isinstance(request, OrderCancelRequested):
            self._ex.drop(request.id, request.reason or REQUESTED, ts)
        else:
            self._replace(request, self.book[request.id], ts)

    def _take(self, order: OrderSubmitted, ts: int) -> None:
        reason = refusal(self._book, order, ts)
        if reason:
            self._ex.tell(OrderRejected(order.id, order.instrument, reason), ts)
            return
        held = order.parent in self.book and not self.book[order.parent].fills
        self._ex.tell(accepted(order, held=held), ts)
        resting = self.book[order.id]
        if held:
            return
        entry = self._book.entered.get(order.parent)
        price = self._book.boards[order.instrument].price(order.side) if entry is None else entry
        if price is not None:
            self._ex.trail(resting, price, ts)
        if self.rules.market == "this_close" and resting.since <= ts:
            self._ex.fact = None
            match_at_hand(self._ex, resting, ts)

    def _replace(self, request: OrderReplaceRequested, resting: Resting, ts: int) -> None:
        before = resting.order
        changes = {
            name: value
            for name in ("qty", "limit", "stop", "trail", "trail_pct")
            if (value := getattr(request, name)) is not None
        }
        if "trail" in changes or "trail_pct" in changes:
            changes = {"trail": None, "trail_pct": None} | changes
        after = msgspec.structs.replace(before, **changes)
        done = before.qty - resting.leaves
        reason = refused_terms(self._book, after) or _unchangeable(resting, after, done)
        if reason:
            self._ex.tell(OrderReplaceRejected(before.id, before.instrument, reason), ts)
            return
        self._ex.tell(
            OrderReplaced(
                before.id, before.instrument, after.qty, after.limit, after.stop, after.trail, after.trail_pct,
                f"sim-{before.id}",
            ),
            ts,
        )  # fmt: skip

    # --- the market -----------------------------------------------------------------------------------------

    def _quiet(self, fact: Tick) -> bool:
        """Whether a bar touches no order of its instrument."""
        if not isinstance(fact, Bar):
            return False
        moves, name = self._book.moves, fact.instrument
        known = self._bands.get(name)
        if known is None or known[0] != moves:
            known = self._bands[name] = moves, band_of(self._book.of(name), self._book.instruments[name])
        return known[1].holds(fact)

    def _match(self, fact: Tick, ts: int, *, halted: bool) -> None:
        at = fact.ts if isinstance(fact, Bar) else ts
        self._carry_out(at, fact.instrument)
        self._expire(fact.instrument, at)
        if halted:
            return
        self._ex.fact = fact
        if isinstance(fact, Bar):
            match_bar(self._ex, fact)
        else:
            match_tick(self._ex, fact, ts)
        self._ex.fact = None

    def _expire(self, instrument: str, now: int) -> None:
        spec = self._book.instruments[instrument]
        for resting in self._book.of(instrument):
            end = None if resting.held else ends(resting, spec)
            if end is not None and end <= now and resting.order.id in self.book:
                self._ex.expire(resting, f"{resting.order.tif}: its time has run out", end)

    def _close(self, fact: MarketClosed, ts: int) -> None:
        for resting in list(self.book.values()):
            order = resting.order
            spec = self._book.instruments.get(order.instrument)
            if spec is None or spec.calendar != fact.calendar or order.id not in self.book:
                continue
            if resting.held or not ends_with_session(resting, ts):
                continue
            if order.tif is TimeInForce.AT_CLOSE:
                match_close(self._ex, resting, ts)
            else:
                self._ex.expire(resting, "day: the session closed", ts)


def _unchangeable(resting: Resting, after: OrderSubmitted, done: Decimal) -> str:
    """Why an order that has got so far cannot have these terms, or ""."""
    before = resting.order
    if after == before:
        return "nothing would change"
    if after.qty <= done:
        return f"quantity {after.qty} is not above what has filled, {done.normalize():f}"
    if resting.triggered and after.stop != before.stop:
        return "its trigger was reached already"
    if before.type is OrderType.TRAILING_STOP and after.stop != before.stop:
        return "the level of a trailing stop follows the market; change its trail"
    return ""
