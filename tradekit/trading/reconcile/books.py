"""What is compared: the venue's books as far as they were answered, what is found, and how we go about it.

Knows neither how books are asked for nor what becomes of a difference.
"""

from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from tradekit.core.codec import plain
from tradekit.core.event import Fact
from tradekit.errors import ConfigError, did_you_mean
from tradekit.model.order import OrderType
from tradekit.model.reconciliation import Proposal
from tradekit.model.said import Answer
from tradekit.trading.dead_man import DeadMan

__all__ = ["ACCEPT", "Books", "Found", "Kind", "Practice", "proposals"]

SECOND = 1_000_000_000


class Kind(StrEnum):
    """What sort a difference is: the words of the policy."""

    ORDER_FOUND = "order.found"  # one that was in doubt is at the venue
    ORDER_FOREIGN = "order.foreign"  # somebody else's
    ORDER_MISSING = "order.missing"  # it works here, and the venue does not show it
    ORDER_FORGOTTEN = (
        "order.forgotten"  # likewise, and its venue does not tell any more what traded when it was sent
    )
    ORDER_REVIVED = "order.revived"  # it has ended here, and works at the venue
    ORDER_TERMS = "order.terms"  # other quantity or prices than here
    ORDER_FILLED = "order.filled"  # more of it has filled than we were told
    ORDER_UNCHANGED = "order.unchanged"  # a cancel or replacement in doubt has not happened
    FILL_MISSING = "fill.missing"  # a trade of ours that was not told
    FILL_FOREIGN = "fill.foreign"  # a trade that belongs to no order of ours
    FILL_CONFLICT = "fill.conflict"  # a trade that contradicts what is booked
    FILL_UNEXPLAINED = "fill.unexplained"  # the venue counts more than its trades add up to
    POSITION_QUANTITY = "position.quantity"  # another quantity than here
    POSITION_RATIO = "position.ratio"  # a quantity that looks like a split
    POSITION_FOREIGN = "position.foreign"  # an instrument that is not this session's
    CASH = "cash"  # another amount of a currency than here


ACCEPT: dict[str, bool] = {
    str(Kind.ORDER_FOUND): True,
    str(Kind.ORDER_FOREIGN): True,
    str(Kind.ORDER_MISSING): True,
    str(Kind.ORDER_FORGOTTEN): False,
    str(Kind.ORDER_REVIVED): True,
    str(Kind.ORDER_TERMS): True,
    str(Kind.ORDER_FILLED): True,
    str(Kind.ORDER_UNCHANGED): True,
    str(Kind.FILL_MISSING): True,
    str(Kind.FILL_FOREIGN): True,
    str(Kind.FILL_CONFLICT): True,  # what it proposes is to set the trade aside
    str(Kind.FILL_UNEXPLAINED): True,
    str(Kind.POSITION_QUANTITY): False,
    str(Kind.POSITION_RATIO): False,
    str(Kind.POSITION_FOREIGN): False,
    str(Kind.CASH): False,
}
"""Which kinds are accepted without a human unless the configuration says otherwise: those that the venue states."""


class Practice(msgspec.Struct, frozen=True, kw_only=True):
    """How we go about a venue. Times in seconds.

    answer_s     what was sent, or asked, and has no answer after so long is in doubt
    every_s      from one round of comparison to the next
    tolerance_s  a difference that is younger may be on its way to us: it is not told
    rounds       rounds that a difference, or a failure to ask, may last before only reducing orders go out
    look_ups     look-ups without a trace that end an order, spread over `span_s` at least
    overlap_s    executions are asked for from so long before the last one
    cash         difference of cash that is no difference [its currency]
    accept       by kind: whether its proposals are accepted without a human
    flips        whether the venue takes an order through zero; otherwise it is split into a close and an opening
    replaces     whether the venue changes orders; otherwise a change is a cancel and, once that is sure, a new order
    reduces      whether the venue keeps reduce-only orders within the position by itself
    groups       whether the venue ends an order's group once it has traded
    types        the orders that it takes; others that wait for a price are kept here until it comes
    dead_man     what is done when nothing was heard of the feed, the clients or the books for too long
    """

    answer_s: float = 10.0
    every_s: float = 30.0
    tolerance_s: float = 5.0
    rounds: int = 3
    look_ups: int = 3
    span_s: float = 60.0
    overlap_s: float = 60.0
    cash: Decimal = Decimal("0.01")
    accept: dict[str, bool] = {}
    flips: bool = False
    replaces: bool = True
    reduces: bool = False
    groups: bool = False
    types: frozenset[OrderType] = frozenset(OrderType)
    dead_man: DeadMan = DeadMan()

    def __post_init__(self) -> None:
        for kind in self.accept:
            if kind not in ACCEPT:
                near = did_you_mean(kind, ACCEPT)
                raise ConfigError(
                    f"no kind of difference is called {kind!r}{near}; there are {', '.join(ACCEPT)}"
                )

    def accepts(self, kind: str) -> bool:
        """Whether a difference of this kind is settled without a human."""
        return self.accept.get(kind, ACCEPT[kind])

    @property
    def tolerance(self) -> int:
        """`tolerance_s` [ns]."""
        return int(self.tolerance_s * SECOND)

    @property
    def span(self) -> int:
        """`span_s` [ns]."""
        return int(self.span_s * SECOND)


class Books(msgspec.Struct, frozen=True, kw_only=True):
    """The venue's books at `at` [UTC ns]. One that is None was not asked for, or not answered: it says nothing.

    unkept  those that the venue does not keep at all, so that nobody can wait for them
    """

    at: int
    unkept: frozenset[str] = frozenset()
    open_orders: Answer | None = None
    executions: Answer | None = None
    positions: Answer | None = None
    balances: Answer | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A difference, explained.

    subject   what it is about: an order's id, an instrument, a currency
    proposed  the facts that make our books agree with the venue's; empty where only a human can say
    at_once   the venue states something that cannot be on its way any more: nobody waits before accepting it
    """

    kind: Kind
    subject: str
    instrument: str
    ours: str
    theirs: str
    text: str
    proposed: tuple[Fact, ...] = ()
    at_once: bool = False

    @property
    def id(self) -> str:
        """The same difference has the same id in every round."""
        return f"{self.kind}:{self.subject}"


def proposals(facts: tuple[Fact, ...]) -> tuple[Proposal, ...]:
    """Facts as a journal can hold them inside another fact."""
    return tuple(Proposal(one.TYPE, one.V, _json(one)) for one in facts)


def _json(one: Fact) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(plain(one)))
    return made
