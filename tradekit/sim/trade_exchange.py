"""A simulated exchange that fills orders as backtesting.py does: each entry is a trade, tried in one queue.

Pure: no clock, no I/O, no chance. Its book (`trade_book`) is a fold of the facts it tells. The rules are explained,
each with its test, in docs/rules.md; they are facts about that library, its code was not taken.
"""

from decimal import ROUND_FLOOR, Context, Decimal, localcontext

from tradekit.core.event import Event, Fact
from tradekit.model.account import CashKind, CashMoved
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.money import ZERO, exact
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderCancelRejected,
    OrderCancelRequested,
    OrderFilled,
    OrderRejected,
    OrderReplaced,
    OrderReplaceRejected,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderTriggered,
    Side,
    TimeInForce,
)
from tradekit.sim.backtesting_py import BacktestingPy
from tradekit.sim.trade_book import Kind, OpenTrade, Pending, TradeBook, kind_of
from tradekit.sim.trade_prices import Chance, chance

__all__ = ["TradeExchange"]

Report = tuple[int, Fact]  # (ts UTC ns, an order's fact)

_EXACT = Context(prec=100)  # no sum or product of prices and quantities needs more digits
_NO_SUCH = "there is no such order in the book"
# A share of 1 is there the largest number below 1: where the price divides the money, one unit less is bought.
_ALL = 1 - Decimal(2) ** -52


class TradeExchange:
    """Takes orders in one instrument, tries them against bars, answers with reports.

    Each trade is a position of a hedging account: fills name it in `position`. It knows cash and equity, because an
    order that the margin does not cover is dropped.
    """

    trades_at_hand = False  # what is sent at the end is told, and never tried

    def __init__(self, instruments: list[Instrument], cash: Decimal, rules: BacktestingPy) -> None:
        self.instrument = rules.instrument(instruments)
        self.rules = rules
        self.book = TradeBook(cash, exclusive=rules.exclusive_orders)
        self._reports: list[Report] = []

    # --- what a broker asks ---------------------------------------------------------------------------------

    def submit(self, order: OrderSubmitted, ts: int) -> list[Report]:
        """Take an order into the queue, or refuse it with the reason."""
        self._reports = []
        reason = self._why_not(order)
        self.book.fold(order)
        if reason:
            self._tell(ts, OrderRejected(order.id, order.instrument, reason))
            return self._reports
        held = bool(order.parent)
        kind = kind_of(order)
        if kind is Kind.ENTRY and self.rules.exclusive_orders and not order.reduce_only:
            for pending_id in self.book.before_an_entry():
                self._drop(pending_id, f"exclusive orders: {order.id} takes its place", ts)
        elif not held and kind in (Kind.LOSS, Kind.PROFIT):
            trade = self.book.trades[order.position]
            self._drop(trade.loss if kind is Kind.LOSS else trade.profit, f"{order.id} takes its place", ts)
        self._tell(ts, OrderAccepted(order.id, order.instrument, f"sim-{order.id}", held))
        return self._reports

    def cancel(self, request: OrderCancelRequested, ts: int) -> list[Report]:
        """Take an order out of the book, and its children with it; refused for an unknown one."""
        self._reports = []
        self.book.fold(request)
        if request.id in self.book.orders:
            self._drop(request.id, request.reason or "requested", ts)
        else:
            self._tell(ts, OrderCancelRejected(request.id, request.instrument, _NO_SUCH))
        return self._reports

    def replace(self, request: OrderReplaceRequested, ts: int) -> list[Report]:
        """Change a pending order: it is tried as if it had been canceled and sent anew."""
        self._reports = []
        self.book.fold(request)
        pending = self.book.orders.get(request.id)
        if pending is None:
            self._tell(ts, OrderReplaceRejected(request.id, request.instrument, _NO_SUCH))
        elif request.trail is not None or request.trail_pct is not None:
            self._tell(ts, OrderReplaceRejected(request.id, request.instrument, "no trailing stops here"))
        else:
            qty = pending.qty if request.qty is None else request.qty
            limit = pending.limit if request.limit is None else request.limit
            stop = pending.stop if request.stop is None else request.stop
            self._tell(ts, OrderReplaced(request.id, request.instrument, qty, limit, stop))
        return self._reports

    def market(self, fact: Fact, ts: int) -> list[Report]:
        """Try the queue against a bar, then mark equity at its close: where nothing is left, the account is ruined.

        Other facts of the market are none of its business: that library knows bars only.
        """
        self._reports = []
        if isinstance(fact, Bar) and fact.instrument == self.instrument.id:
            with localcontext(_EXACT):
                self.book.show(fact)
                if self.book.queue:
                    self._try_queue(fact)
                self._check_ruin(fact)
        return self._reports

    def finish(self) -> list[Report]:
        """The run is over: with `finalize_trades` the last bar is tried once more, closes of all open trades first."""
        bar = self.book.last
        self._reports = []
        with localcontext(_EXACT):
            if bar is not None and self.rules.finalize_trades and self.book.equity() > 0:
                for trade in reversed(self.book.trades.values()):
                    self.book.close_later(trade, "end")
                self._try_queue(bar)
                self._check_ruin(bar)
        return self._reports

    def replay(self, event: Event) -> None:
        """Fold one journaled fact into the book, as if it had happened here just now."""
        data = event.data
        if isinstance(data, Bar) and event.cause:  # made from finer bars: it was never shown here
            return
        if getattr(data, "instrument", "") == self.instrument.id:
            with localcontext(_EXACT):
                self.book.fold(data)

    def resume(self, ts: int) -> list[Report]:
        """After a replay: answer what was sent and never answered, in the order in which it was sent."""
        reports: list[Report] = []
        for sent in list(self.book.asked.values()):
            if isinstance(sent, OrderSubmitted):
                reports += self.submit(sent, ts)
            elif isinstance(sent, OrderCancelRequested):
                reports += self.cancel(sent, ts)
            else:
                reports += self.replace(sent, ts)
        return reports

    # --- trying the queue -----------------------------------------------------------------------------------

    def _try_queue(self, bar: Bar) -> None:
        """Each order once, in the order of the queue; all of them again after an entry whose exits may trade now."""
        again = False
        for order_id in list(self.book.queue):
            pending = self.book.orders.get(order_id)
            if pending is None:  # it ended with an order before it
                continue
            found = chance(pending, bar, self.book.before, on_close=self.rules.trade_on_close)
            if found.triggered is not None and pending.limit is not None:
                self._tell(found.ts, OrderTriggered(order_id, self.instrument.id, found.triggered))
            if found.price is None:
                continue
            if pending.kind is Kind.ENTRY:
                again |= self._enter(pending, found, bar)
            else:
                self._leave(pending, found)
        if again:
            self._try_queue(bar)

    def _leave(self, pending: Pending, found: Chance) -> None:
        """Close a trade, or the part of it that the order asks for."""
        trade = self.book.trades.get(pending.trade)
        if trade is None:
            self._drop(pending.id, "its trade is closed already", found.ts)
            return
        held = abs(trade.qty)
        qty = min(held, pending.leaves) if pending.kind is Kind.CLOSE else held
        if pending.qty < qty:  # sized with its trade
            self._tell(
                found.ts, OrderReplaced(pending.id, self.instrument.id, qty, pending.limit, pending.stop)
            )
        self._close(trade, pending, qty, found)

    def _enter(self, pending: Pending, found: Chance, bar: Bar) -> bool:
        """Close opposite trades, open the rest as a trade; whether its exits may trade in this bar already."""
        price, rules, book = found.price or ZERO, self.rules, self.book
        paid = rules.paid(price, pending.side.sign)
        cost = self._unit_cost(pending, price, paid)
        if pending.share is not None and not pending.qty:
            room = book.available(rules.margin) * (_ALL if pending.share == 1 else pending.share)
            units = (room / (rules.margin * cost)).to_integral_value(ROUND_FLOOR)
            if units <= 0:
                self._drop(pending.id, "the share that is available does not pay for one unit", found.ts)
                return False
            self._tell(
                found.ts,
                OrderReplaced(
                    pending.id, self.instrument.id, units * rules.unit, pending.limit, pending.stop
                ),
            )
        if not rules.hedging or pending.reduce_only:
            for trade in list(book.trades.values()):
                if trade.side is not pending.side and pending.leaves > 0:
                    self._close(trade, pending, min(abs(trade.qty), pending.leaves), found)
        need = pending.leaves
        if need <= 0:
            self._drop_children(pending.id, "its parent opened no trade", found.ts)
            return False
        if pending.reduce_only:
            self._drop(pending.id, "reduce only, and nothing more is held", found.ts)
            return False
        if need / rules.unit * cost * rules.margin > book.available(rules.margin):
            self._drop(pending.id, "the margin that is available does not cover it", found.ts)
            return False
        self._fill(pending, need, paid, found.rule, pending.id, found.ts)
        return self._wake(pending, found, bar)

    def _wake(self, entry: Pending, found: Chance, bar: Bar) -> bool:
        """Bring a new trade's exits into the queue; whether the queue is to be tried again in this bar."""
        exits = {child.kind: child for child in self.book.children(entry.id)}
        loss, profit = exits.get(Kind.LOSS), exits.get(Kind.PROFIT)
        for child in (profit, loss):  # the stop comes last and so stands first in the queue
            if child is not None:
                self._tell(found.ts, OrderAccepted(child.id, self.instrument.id, f"sim-{child.id}", False))
        if not exits:
            return False
        if found.market:
            return True
        if found.triggered is None or entry.limit is not None or profit is None or profit.limit is None:
            return False
        # A stop entry and its target lie in the same direction: where the stop is out of the bar's reach, no doubt
        # about the path is left.
        target, stop = float(profit.limit), None if loss is None or loss.stop is None else float(loss.stop)
        if entry.side is Side.BUY:
            return target <= bar.high and (stop is None or stop < bar.low)
        return target >= bar.low and (stop is None or stop > bar.high)

    def _unit_cost(self, pending: Pending, price: Decimal, paid: Decimal) -> Decimal:
        """What one unit takes of the available margin x leverage: its price, and its part of the commission.

        The commission is asked for the order's size as it was given, a share included.
        """
        rules = self.rules
        share = pending.share is not None and not pending.qty
        size = (pending.share or ZERO) if share else pending.qty / rules.unit
        return paid * rules.unit + rules.charge(size * pending.side.sign, price * rules.unit) / size

    # --- facts ----------------------------------------------------------------------------------------------

    def _close(self, trade: OpenTrade, pending: Pending, qty: Decimal, found: Chance) -> None:
        """Close `qty` of a trade at the plain price; what protected it goes with it."""
        closed = qty == abs(trade.qty)
        self._fill(pending, qty, found.price or ZERO, found.rule, trade.id, found.ts)
        if not closed:
            return
        if pending.trade == trade.id and pending.leaves > 0 and not pending.own:
            self._tell(found.ts, OrderCanceled(pending.id, self.instrument.id, "its trade is closed"))
        for exit_id in (trade.loss, trade.profit):
            if exit_id != pending.id:
                self._drop(exit_id, "its trade is closed", found.ts)

    def _fill(
        self, pending: Pending, qty: Decimal, price: Decimal, rule: str, position: str, ts: int
    ) -> None:
        trade = self.book.trades.get(position)
        way = pending.side.sign if trade is None else trade.side.sign  # an exit pays as its trade does
        fill = OrderFilled(
            pending.id,
            self.instrument.id,
            pending.strategy,
            pending.account,
            f"{pending.id}.{pending.fills + 1}",
            pending.side,
            qty,
            price,
            self.rules.fee(qty * way, price),
            self.instrument.quote,
            rule,
            position,
        )
        self._tell(ts, fill)

    def _check_ruin(self, bar: Bar) -> None:
        """With nothing left at the close all is closed there, a debt is written off, and nothing is taken any more."""
        book = self.book
        if book.equity() > 0:
            return
        account = ""
        for trade in list(book.trades.values()):
            account = trade.account
            book.close_later(trade, "ruin")
            found = Chance(exact(bar.close), "ruin.close", bar.ts)
            self._close(trade, book.orders[book.queue[0]], abs(trade.qty), found)
        for order_id in list(book.orders):
            self._drop(order_id, "the account is ruined", bar.ts)
        if book.cash < 0:
            owed = CashMoved(
                account,
                self.instrument.quote,
                -book.cash,
                CashKind.WRITE_OFF,
                self.instrument.id,
                note="ruin",
            )
            self._tell(bar.ts, owed)

    def _drop(self, order_id: str, reason: str, ts: int) -> None:
        if order_id in self.book.orders:
            self._tell(ts, OrderCanceled(order_id, self.instrument.id, reason))
            self._drop_children(order_id, f"parent {order_id} ended", ts)

    def _drop_children(self, order_id: str, reason: str, ts: int) -> None:
        for child in self.book.children(order_id):
            self._drop(child.id, reason, ts)

    def _tell(self, ts: int, fact: Fact) -> None:
        self._reports.append((ts, fact))
        self.book.fold(fact)

    def _why_not(self, order: OrderSubmitted) -> str:
        book = self.book
        kind = kind_of(order)
        if order.instrument != self.instrument.id:
            return f"no instrument {order.instrument!r} here; known: {self.instrument.id}"
        if order.id in book.orders:
            return f"an order {order.id} is in the book already"
        if order.parent and order.parent not in book.orders:
            return f"its parent {order.parent} is not in the book"
        if order.position and order.position not in book.trades:
            return f"no open trade {order.position}"
        if kind is None:
            return f"backtesting.py knows no {order.type} order {'to leave' if order.position else 'here'}"
        if order.tif is not TimeInForce.GTC or order.post_only:
            return "backtesting.py knows no time in force and no post-only orders"
        if order.qty % self.rules.unit:
            return f"quantity {order.qty} is no multiple of {self.rules.unit}"
        if book.last is not None and book.equity() <= 0:
            return "the account is ruined"
        return ""
