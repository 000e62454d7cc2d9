"""A session held against its backtest: every difference with its reason and its part of the profit, and the sums.

Exact: the session's profit is the backtest's plus the effects of all rows. Knows no engine and no journal;
docs/parity.md defines each kind.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tradekit.model.money import EXACT, ZERO
from tradekit.report.words import plain

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KINDS", "Difference", "Parity", "Replay"]

KINDS: dict[str, str] = {
    "slippage": "filled at another price than the simulated exchange gives, in the same bar",
    "late fill": "filled in a later bar than at the simulated exchange",
    "early fill": "filled in an earlier bar than at the simulated exchange",
    "partial": "another part of the order filled",
    "missed fill": "the simulated exchange fills the order, the venue did not",
    "extra fill": "the venue filled the order, the simulated exchange does not",
    "fee": "another fee was charged",
    "cash": "cash moved that a backtest does not move so: funding, dividends, interest",
    "refused": "risk, a halt, a hold or the session's not being armed refused the order",
    "rejected": "the venue, or the gate in front of it, rejected the order",
    "canceled": "the venue ended the order, or did not end it",
    "unknown": "the venue gave no certain answer about the order",
    "command": "a human, or a dead man's rule, told the session to",
    "external": "somebody else's order or trade on the account, or one that was booked from the venue's books",
    "restart gap": "the session was down, or caught up with what it had missed",
    "missed bar": "the session did not see a bar, or saw it too late",
    "extra bar": "the session saw a bar that the other data do not have",
    "revised bar": "the bar that the session saw has other prices in the other data",
    "end of record": "the record ends before the simulated exchange has a price to fill at",
    "strategy": "the strategy does not decide the same from the same inputs any more",
    "consequence": "follows from an earlier difference, whose event `after` names",
    "unexplained": "no earlier difference leads to it",
}
_SHOWN = 20


class Replay(msgspec.Struct, frozen=True):
    """Whether the engine, given the journaled inputs again, told what the journal holds.

    seq                  the first event that differs, 0 where none does
    journaled, replayed  that event as it is in the journal, and as it came now
    reasons              what may have brought it about
    """

    seq: int = 0
    journaled: str = ""
    replayed: str = ""
    reasons: list[str] = []

    @property
    def equal(self) -> bool:
        """Whether nothing differs."""
        return self.seq == 0


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A difference, explained.

    ts         when [UTC ns]; kind one of KINDS
    what       "order", "fill", "fee", "signal", "bar" or "cash"; instrument "" where it is about none
    order, twin  the session's order and the backtest's, "" where there is none
    seqs       the session's events that it is about
    session, backtest  what each did, in words
    why        the reason, in words
    effect     session's profit minus backtest's that it makes up [account's currency]
    price      by how much the session's average price was worse for it [quote currency], None where it is no such thing
    ticks      the same in ticks, None where the instrument has none
    after      the event of the difference that this one follows from, 0 where it follows from none
    """

    ts: int
    kind: str
    what: str
    instrument: str
    order: str = ""
    twin: str = ""
    seqs: list[int] = []
    session: str = ""
    backtest: str = ""
    why: str = ""
    effect: Decimal = ZERO
    price: Decimal | None = None
    ticks: Decimal | None = None
    after: int = 0

    @property
    def seq(self) -> int:
        """The first of its events: what other rows call it by."""
        return self.seqs[0] if self.seqs else 0


_COLUMNS = Difference.__struct_fields__


class Parity:
    """The report. Truthy things are plain: `equal`, `replay`, `rows`, `differences`, `summary()`.

    name, mode, strategy  whose session; currency of all amounts
    replay       the engine over the journaled inputs
    differences  all of them, in the order of time
    orders, fills  how many the session and the backtest had of each: (session, backtest)
    profit       of the session, and of its backtest
    notes        what a reader of the numbers should know
    """

    def __init__(
        self,
        *,
        name: str,
        mode: str,
        strategy: str,
        currency: str,
        replay: Replay,
        differences: Sequence[Difference],
        orders: tuple[int, int],
        fills: tuple[int, int],
        profit: tuple[Decimal, Decimal],
        events: int,
        notes: Sequence[str] = (),
    ) -> None:
        self.name, self.mode, self.strategy, self.currency = name, mode, strategy, currency
        self.replay = replay
        self.differences = tuple(differences)
        self.orders, self.fills, self.profit, self.events = orders, fills, profit, events
        self.notes = tuple(notes)

    @property
    def equal(self) -> bool:
        """Whether the replay gave the same events, and the backtest the same orders and fills."""
        return self.replay.equal and not self.differences

    @property
    def difference(self) -> Decimal:
        """The session's profit minus the backtest's [currency]."""
        return EXACT.subtract(*self.profit)

    @property
    def unexplained(self) -> Decimal:
        """The part of it that has no reason [currency]."""
        return _sum(one.effect for one, root in self._rooted() if root == "unexplained")

    @property
    def explained(self) -> Decimal:
        """The part of it that has one [currency]."""
        return _sum(one.effect for one, root in self._rooted() if root != "unexplained")

    @property
    def rows(self) -> "pd.DataFrame":
        """A row a difference by time (UTC); numbers as floats. The columns are `Difference`'s fields."""
        import pandas as pd

        table = pd.DataFrame(
            [[_plain(getattr(one, name)) for name in _COLUMNS] for one in self.differences],
            columns=list(_COLUMNS),
        )
        table["ts"] = pd.to_datetime(table["ts"].astype("int64"), utc=True, unit="ns")
        numbers = dict.fromkeys(("effect", "price", "ticks"), "float64")
        return table.astype({**numbers, "after": "int64"}).set_index("ts")

    def kinds(self) -> list[dict[str, Any]]:
        """What each kind comes to, the largest effect first: kind, count, effect, and `whole`: with what followed.

        `whole` gives each consequence to the kind of the difference that it follows from. Both columns add up to the
        difference of the profits.
        """
        found: dict[str, dict[str, Any]] = {}
        for one, root in self._rooted():
            row = _row(found, one.kind)
            row["count"] += 1
            row["effect"] = EXACT.add(row["effect"], one.effect)
            whole = _row(found, root)
            whole["whole"] = EXACT.add(whole["whole"], one.effect)
        return sorted(found.values(), key=lambda row: (-abs(row["whole"]), -row["count"], row["kind"]))

    def _rooted(self) -> Iterator[tuple[Difference, str]]:
        """Each difference with the kind of the one that it follows from in the end."""
        roots = {one.seq: one.kind for one in reversed(self.differences) if not one.after}
        for one in self.differences:
            yield one, roots.get(one.after, one.kind) if one.after else one.kind

    def summary(self) -> str:
        """The report in lines: whether it is equal, the profits, the sums by kind, the notes."""
        from tradekit.report.parity_page import parity_text

        return parity_text(self, rows=0)

    def __str__(self) -> str:
        from tradekit.report.parity_page import parity_text

        return parity_text(self, rows=_SHOWN)

    def __repr__(self) -> str:
        if self.equal:
            return f"<Parity of {self.name}: equal; {self.orders[0]:,} orders, {self.fills[0]:,} fills>"
        told = f"{len(self.differences):,} differences, {plain(self.difference)} {self.currency}"
        replay = "" if self.replay.equal else f"; the replay differs at #{self.replay.seq:,}"
        return f"<Parity of {self.name}: different; {told}{replay}; .rows is the table>"

    def _repr_html_(self) -> str:
        from tradekit.report.parity_page import parity_html

        return parity_html(self)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain values for JSON: amounts are exact, times ISO 8601 in UTC."""
        from tradekit.report.sheets import iso

        sides = ("session", "backtest")
        return {
            "equal": self.equal,
            "name": self.name,
            "mode": self.mode,
            "strategy": self.strategy,
            "currency": self.currency,
            "events": self.events,
            "replay": {"equal": self.replay.equal, **msgspec.structs.asdict(self.replay)},
            "orders": dict(zip(sides, self.orders, strict=True)),
            "fills": dict(zip(sides, self.fills, strict=True)),
            "profit": {
                **dict(zip(sides, self.profit, strict=True)),
                "difference": self.difference,
                "explained": self.explained,
                "unexplained": self.unexplained,
            },
            "kinds": self.kinds(),
            "rows": [{**msgspec.structs.asdict(one), "ts": iso(one.ts)} for one in self.differences],
            "notes": list(self.notes),
        }


def _row(found: dict[str, dict[str, Any]], kind: str) -> dict[str, Any]:
    return found.setdefault(kind, {"kind": kind, "count": 0, "effect": ZERO, "whole": ZERO})


def _sum(amounts: Any) -> Decimal:
    total = ZERO
    for amount in amounts:
        total = EXACT.add(total, amount)
    return total


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
