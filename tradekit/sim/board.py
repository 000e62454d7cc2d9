"""The board: what the exchange has seen of one instrument's market, a fold of the journaled market facts.

An instrument is matched on the finest facts that were shown of it: quotes, else trades, else its shortest bars. Coarser
ones tell of the same time again and are passed over. Knows no order.
"""

from decimal import Decimal

import msgspec

from tradekit.model.instrument import duration
from tradekit.model.market import Bar, Quote, TradeTick
from tradekit.model.money import ZERO, exact
from tradekit.model.order import Side
from tradekit.sim.rules import Rules

__all__ = ["Board", "Tick", "met", "offer", "volume"]

Tick = Bar | Quote | TradeTick  # a fact that orders are matched with
_QUOTES, _TRADES, _NOTHING = 0, 1, 1 << 62  # how fine a source is; bars: their length [ns]


class Board(msgspec.Struct):
    """One instrument's market.

    at_hand  the last fact seen, and `seen` its time [UTC ns]: a bar's close
    opening  whether the first price of a trading session is still to come
    halted   whether trading is halted
    taken    what our executions took of the fact at hand, by side [base units]
    ahead    the same of the fact that is being matched and is folded after its executions
    """

    at_hand: Tick | None = None
    seen: int = 0
    opening: bool = False
    halted: bool = False
    taken: dict[Side, Decimal] = {}
    ahead: dict[Side, Decimal] = {}
    _fineness: int = _NOTHING
    _timeframe: str = ""

    def passes_over(self, fact: Tick) -> bool:
        """Whether a finer source has told of this time already, or the bar is late: a later one has come."""
        if isinstance(fact, Bar):
            if fact.timeframe == self._timeframe:
                return isinstance(self.at_hand, Bar) and fact.ts <= self.at_hand.ts
            return duration(fact.timeframe) > self._fineness
        return isinstance(fact, TradeTick) and self._fineness == _QUOTES

    def see(self, fact: Tick, ts: int) -> None:
        """Take a fact as the one at hand; `ts` is when it was told."""
        self.at_hand, self.seen = fact, ts
        self.opening = False
        if self.taken or self.ahead:
            self.taken, self.ahead = self.ahead, {}
        if isinstance(fact, Bar):
            if fact.timeframe != self._timeframe:
                self._timeframe, self._fineness = fact.timeframe, duration(fact.timeframe)
        else:
            self._timeframe, self._fineness = "", _QUOTES if isinstance(fact, Quote) else _TRADES

    def take(self, side: Side, qty: Decimal, *, at_hand: bool) -> None:
        """Note an execution: of the fact at hand, or of the one that is being matched."""
        where = self.taken if at_hand else self.ahead
        where[side] = where.get(side, ZERO) + qty

    def price(self, side: Side) -> Decimal | None:
        """What an order of this side meets now: ask or bid, else the last price; None before the first."""
        fact = self.at_hand
        return None if fact is None else met(fact, side)

    def since(self, ts: int) -> int:
        """From when on an order sent at `ts` may trade in a bar: not in one that opened before it was sent.

        What was decided on the instrument's own last bar may trade in its next one, however bars overlap.
        """
        fact = self.at_hand
        return fact.ts + 1 if isinstance(fact, Bar) and ts <= self.seen else ts


def met(fact: Tick, side: Side) -> Decimal:
    """The price that an order of this side meets at a fact's end: ask or bid, the trade's, the bar's close."""
    if isinstance(fact, Quote):
        return exact(fact.ask if side is Side.BUY else fact.bid)
    return exact(fact.price if isinstance(fact, TradeTick) else fact.close)


def offer(fact: Tick, side: Side, rules: Rules, taken: dict[Side, Decimal]) -> Decimal | None:
    """How much of a fact an order of this side may still take [base units]; None is any quantity.

    Both sides share a bar's or a trade's volume; a quote has a size for each.
    """
    if isinstance(fact, Quote):
        size = fact.ask_size if side is Side.BUY else fact.bid_size
        if not rules.quote_sizes or size <= 0:
            return None
        return max(ZERO, exact(size) - taken.get(side, ZERO))
    if rules.participation is None:
        return None
    return max(ZERO, volume(fact) * rules.participation - sum(taken.values(), start=ZERO))


def volume(fact: Tick) -> Decimal:
    """The volume of a bar or a trade [base units]; 0 for a quote, whose trades are not told."""
    if isinstance(fact, Quote):
        return ZERO
    return exact(fact.volume if isinstance(fact, Bar) else fact.size)
