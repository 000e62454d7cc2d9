"""Executions: from a price that was found to the facts that are told, with all that follows in the book.

Size, price after costs and fee of a trade; what is reduce-only, one-cancels-other or waits for a parent. Every fact is
folded into the book as it is told. Knows no path of prices.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from tradekit.core.event import Fact
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.money import ZERO, exact, floor_to, nearest
from tradekit.model.order import (
    OrderAccepted,
    OrderCanceled,
    OrderExpired,
    OrderFilled,
    OrderSubmitted,
    OrderTrailed,
    OrderTriggered,
    OrderType,
    Side,
    TimeInForce,
)
from tradekit.sim.board import Tick, offer, volume
from tradekit.sim.book import Book, Resting
from tradekit.sim.fees import Execution
from tradekit.sim.prices import Found
from tradekit.sim.rules import Rules
from tradekit.sim.slippage import Taking

__all__ = ["Executions", "Report", "accepted"]

Report = tuple[int, Fact]  # (ts UTC ns, an order's fact)
_AT_ONCE = frozenset({TimeInForce.IOC, TimeInForce.FOK})


class Executions:
    """Carries trades out on a book and tells them.

    reports  what was told since `begin`
    fact     what is being matched: the bar, quote or trade that fills are taken from; None: the one at hand
    """

    def __init__(self, book: Book, rules: Rules) -> None:
        self.book = book
        self.rules = rules
        self._fees, self._slips = rules.fees, rules.slips
        self.reports: list[Report] = []
        self.fact: Tick | None = None

    def begin(self) -> list[Report]:
        """A new list, into which is told what happens from now on."""
        self.reports = []
        return self.reports

    def tell(self, fact: Fact, ts: int) -> None:
        """Report a fact that happened at `ts` [UTC ns], and fold it."""
        self.reports.append((ts, fact))
        self.book.fold(fact, ts)

    # --- a trade --------------------------------------------------------------------------------------------

    def act(self, resting: Resting, found: Found, ts: int) -> None:
        """Do what a price does to an order: trigger it, trade as much of it as there is, end what is left."""
        order = resting.order
        room = self._room(resting)
        if room <= 0:
            self.drop(order.id, "reduce only, and nothing is held to reduce", ts)
            return
        qty = self._available(order, min(resting.leaves, room)) if found.trades else ZERO
        if order.tif is TimeInForce.FOK and qty < resting.leaves:
            self.drop(order.id, f"fill or kill: {qty.normalize():f} could trade", ts)
            return
        taker = resting.kind is not OrderType.LIMIT or resting.takes
        if found.triggers or (qty <= 0 and resting.kind not in (OrderType.MARKET, OrderType.LIMIT)):
            self.tell(OrderTriggered(order.id, order.instrument, found.price), ts)
        if qty > 0:
            self._trade(resting, found, qty, taker=taker, ts=ts)
        if order.tif in _AT_ONCE:
            self.drop(order.id, f"{order.tif}: the rest did not trade at once", ts)

    def liquidate(self, resting: Resting, price: Decimal, ts: int) -> None:
        """Trade all of an order at the last price, whatever the market has for it: the clearing wants it closed."""
        self.fact = None
        self._trade(resting, Found(price, "liquidation.close"), resting.leaves, taker=True, ts=ts)

    def _room(self, resting: Resting) -> Decimal:
        """How much an order may trade at most: a reduce-only one what it can take off its position."""
        order = resting.order
        if not order.reduce_only:
            return resting.leaves
        return -self.book.position(order) * order.side.sign

    def _available(self, order: OrderSubmitted, qty: Decimal) -> Decimal:
        """How much of `qty` the market has for it now, in whole lots where it is less."""
        board = self.book.boards[order.instrument]
        fact, taken = (board.at_hand, board.taken) if self.fact is None else (self.fact, board.ahead)
        left = None if fact is None else offer(fact, order.side, self.rules, taken)
        if left is None or left >= qty:
            return qty
        return floor_to(left, self.book.instruments[order.instrument].lot)

    def _trade(self, resting: Resting, found: Found, qty: Decimal, *, taker: bool, ts: int) -> None:
        order, before = resting.order, resting.order.qty - resting.leaves
        for piece, opens in self._pieces(order, qty):
            instrument = self.book.instruments[order.instrument]
            price = self._price(instrument, order, found, piece, opens=opens)
            number = resting.fills + 1
            execution = Execution(
                instrument, order.side, piece, price, taker, ts, number, before, self.book.turnover(ts)
            )
            fee = self._fees.charge(execution)
            fill = OrderFilled(
                order.id,
                order.instrument,
                order.strategy,
                order.account,
                f"{order.id}.{number}",
                order.side,
                piece,
                price,
                fee.quantize(self.rules.fee_step, ROUND_HALF_EVEN) if fee else ZERO,
                instrument.base if instrument.inverse else instrument.quote,
                found.rule,
                order.position,
            )
            self.tell(fill, ts)
            before += piece
        self._after(resting, found.price, ts)

    def _pieces(self, order: OrderSubmitted, qty: Decimal) -> list[tuple[Decimal, bool]]:
        """(quantity, whether it opens): a trade in one piece, or in two where entries alone pay the spread."""
        rules = self.rules
        if rules.spread_on == "sides" or not (rules.spread or rules.spread_ticks):
            return [(qty, False)]
        closing = min(qty, max(ZERO, -self.book.position(order) * order.side.sign))
        return [(piece, opens) for piece, opens in ((closing, False), (qty - closing, True)) if piece > 0]

    def _price(
        self, instrument: Instrument, order: OrderSubmitted, found: Found, qty: Decimal, *, opens: bool
    ) -> Decimal:
        """The price after spread, slippage and tick: against the order. A limit order has its price as it is."""
        rules, sign, tick = self.rules, order.side.sign, instrument.tick
        price = found.price
        limited = order.limit is not None
        wide = price * rules.spread + (rules.spread_ticks * tick if tick is not None else ZERO)
        if wide and opens:  # nothing is not added: 17161.0 stays as it is written
            price += wide * sign
        elif wide and rules.spread_on == "sides" and not limited and not found.rule.endswith(".quote"):
            price += wide * sign / 2
        if not limited:
            fact = self.fact if self.fact is not None else self.book.boards[instrument.id].at_hand
            known = None if fact is None else volume(fact) or None
            slip = self._slips.distance(Taking(instrument, order.side, qty, price, known))
            price = price + slip * sign if slip else price
            if rules.slip_in_range and isinstance(fact, Bar):
                price = min(max(price, exact(fact.low)), exact(fact.high))
        if tick is None or (limited and not opens):
            return price
        return (price / tick).to_integral_value(ROUND_CEILING if sign > 0 else ROUND_FLOOR) * tick

    # --- what follows from a trade --------------------------------------------------------------------------

    def _after(self, resting: Resting, price: Decimal, ts: int) -> None:
        order, book = resting.order, self.book
        for child in [one for one in book.children(order.id) if one.held]:
            self.tell(accepted(child.order, held=False), ts)
            self.trail(child, price, ts)
        if order.id in book.resting and self._room(resting) <= 0:
            self.drop(order.id, "reduce only, and nothing more is held", ts)
        if not book.resting:
            return
        if order.reduce_only and order.parent in book.resting:
            self.drop(order.parent, f"its exit {order.id} has traded", ts)
        self._cancel_siblings(order, ts)
        self._cancel_reducers(order, ts)

    def _cancel_siblings(self, order: OrderSubmitted, ts: int) -> None:
        """One cancels other. While an exit has filled in part only, the other exits stay to protect the rest."""
        if not order.group:
            return
        whole = order.id not in self.book.resting
        for other in self.book.group(order.group):
            if other.order.id != order.id and (whole or not other.order.reduce_only):
                self.drop(other.order.id, f"one cancels other: {order.id} filled", ts)

    def _cancel_reducers(self, order: OrderSubmitted, ts: int) -> None:
        """Protective orders leave the book with the position that they protect: closed, or turned around."""
        held = self.book.position(order)
        mine = (order.strategy, order.instrument, order.position)
        for other in self.book.of(order.instrument):
            o = other.order
            if (
                o.reduce_only
                and not other.held
                and (o.strategy, o.instrument, o.position) == mine
                and held * o.side.sign >= 0
            ):
                self.drop(o.id, "position closed", ts)

    # --- ends -----------------------------------------------------------------------------------------------

    def drop(self, order_id: str, reason: str, ts: int) -> None:
        """Cancel an order, and its children with it if it never traded; nothing for one that is not there."""
        resting = self.book.resting.get(order_id)
        if resting is not None:
            self.tell(OrderCanceled(order_id, resting.order.instrument, reason), ts)
            self._drop_children(resting, ts)

    def expire(self, resting: Resting, reason: str, ts: int) -> None:
        """An order's time has run out; its children go with it if it never traded."""
        self.tell(OrderExpired(resting.order.id, resting.order.instrument, reason), ts)
        self._drop_children(resting, ts)

    def _drop_children(self, resting: Resting, ts: int) -> None:
        name = resting.order.id
        if not resting.fills:
            for child in self.book.children(name):
                self.drop(child.order.id, f"parent {name} ended", ts)

    # --- trailing -------------------------------------------------------------------------------------------

    def trail(self, resting: Resting, best: Decimal, ts: int) -> None:
        """Let a trailing stop follow the best price; its level never moves away from the market."""
        order = resting.order
        if resting.kind is not OrderType.TRAILING_STOP or resting.held:
            return
        distance = order.trail if order.trail is not None else best * (order.trail_pct or ZERO) / 100
        to = nearest(best + distance * order.side.sign, self.book.instruments[order.instrument].tick)
        if order.stop is None or (to < order.stop if order.side is Side.BUY else to > order.stop):
            self.tell(OrderTrailed(order.id, order.instrument, to), ts)


def accepted(order: OrderSubmitted, *, held: bool) -> OrderAccepted:
    """The exchange's word that it has an order."""
    return OrderAccepted(order.id, order.instrument, f"sim-{order.id}", held)
