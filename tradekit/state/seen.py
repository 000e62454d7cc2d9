"""What a session sees of its markets and links: trading hours, timers, and how regularly facts come.

Records of the state's shape; knows neither how they change (`state.hours`, `state.reducer`) nor who shows them.
"""

from decimal import Decimal

import msgspec

from tradekit.model.doubt import About
from tradekit.model.money import ZERO
from tradekit.model.monitor import Part
from tradekit.model.order import Side
from tradekit.model.reconciliation import Proposal

__all__ = [
    "Alert",
    "Attendance",
    "Difference",
    "Doubt",
    "FeedHealth",
    "Health",
    "Link",
    "Market",
    "Monitor",
    "Quarantined",
    "Reconciliation",
    "SeriesHealth",
    "Share",
    "Timer",
]


class Market(msgspec.Struct, frozen=True):
    """A calendar's trading session, under way or the last one: its date, when it opens and closes [UTC ns].

    next  when the one after it opens, 0 while it is under way or when unknown
    """

    open: bool
    session: str
    opens: int
    closes: int
    next: int = 0


class Share(Part, frozen=True):
    """A part of a position that is watched, with what its exits have filled of it [base units]."""

    left: Decimal = ZERO


class Monitor(msgspec.Struct):
    """What watches a position; see `MonitorSet` and `MonitorMoved`. Quantities [base units], times [UTC ns].

    side, position, tag  those of its entry
    entered   what its entry has filled, `value` the sum of that by price; `left` what was left of it since
    opened    the entry's first fill
    updated   its last, or since when `watched` counts: a bar that opened before counts with its close alone
    moved_to  where stops go, once break-even was reached
    watched   where what is left is left, as a stop of it has come to an early end
    leaving   why it is left: "time exit" or "stop loss", "" while it is not
    closing   the orders that were to leave it, the last ones; `tried`: since when, or when the latest was sent
    """

    instrument: str
    strategy: str
    parts: tuple[Share, ...] = ()
    break_even: Decimal | None = None
    exit_after: int = 0
    entered: Decimal = ZERO
    value: Decimal = ZERO
    left: Decimal = ZERO
    opened: int = 0
    updated: int = 0
    moved_to: Decimal | None = None
    leaving: str = ""
    side: Side = Side.BUY
    position: str = ""
    tag: str = ""
    watched: Decimal | None = None
    closing: tuple[str, ...] = ()
    tried: int = 0


class Timer(msgspec.Struct):
    """When a timer comes due [UTC ns], and how long after that again [ns], 0 for once."""

    due: int
    every: int = 0


class FeedHealth(msgspec.Struct):
    """A feed: "running" or "ended", since when, and the last bar's close [UTC ns]."""

    status: str
    since: int
    detail: str = ""
    last: int = 0


class SeriesHealth(msgspec.Struct):
    """How regularly the bars of a series come.

    expected  when the next one opens unless one is missing [UTC ns], 0 while the market rests
    missing   how many never came; late how many came after a later one, and were left out
    """

    expected: int = 0
    missing: int = 0
    late: int = 0


class Alert(msgspec.Struct, frozen=True):
    """Something that a human should know of."""

    seq: int
    ts: int
    kind: str
    text: str
    instrument: str = ""
    order: str = ""


class Attendance(msgspec.Struct, frozen=True):
    """How many clients are connected, as far as that was told, and since when [UTC ns]."""

    clients: int = 0
    since: int = 0


class Link(msgspec.Struct, frozen=True):
    """The connection to the venue: "" while nothing was told of it, "up" or "down", since when [UTC ns]."""

    status: str = ""
    since: int = 0
    detail: str = ""


class Difference(msgspec.Struct):
    """What the venue's books and ours disagree about, as it was found; see `DifferenceFound`.

    since    when it was found [UTC ns]; rounds: completed rounds that it has outlived
    refused  who has refused it: it is kept, and not told again while both values stay as they are
    """

    id: str
    kind: str
    instrument: str
    ours: str
    theirs: str
    text: str
    since: int
    proposed: tuple[Proposal, ...] = ()
    rounds: int = 0
    reported: bool = False
    refused: str = ""


class Quarantined(msgspec.Struct, frozen=True):
    """A reported trade that was not booked; see `FillQuarantined`."""

    seq: int
    order: str
    instrument: str
    venue_id: str
    exec_id: str
    side: Side
    qty: Decimal
    price: Decimal
    reason: str


class Doubt(msgspec.Struct, frozen=True):
    """What is not known of an order: what it is about, why, since when [UTC ns].

    missed  look-ups that succeeded and did not find it; `first` and `last` when the first and the last were [UTC ns]
    """

    about: About
    reason: str
    since: int
    missed: int = 0
    first: int = 0
    last: int = 0


class Reconciliation(msgspec.Struct):
    """How our books and the venue's compare.

    status  before the first round of this start "", or "due" where it must come before arming; then "green" (all
            agree), "open" (differences) or "failed" (a book had no answer)
    last    when the last round was completed [UTC ns]; rounds how many there were
    done    when the last one that had all its answers was completed [UTC ns]
    failed  rounds in a row that failed; reasons what failed in the last one, by book
    differences  by id, the open ones and those that were refused
    quarantine   trades that were set aside, the last ones
    """

    status: str = ""
    last: int = 0
    rounds: int = 0
    failed: int = 0
    reasons: dict[str, str] = {}
    differences: dict[str, Difference] = {}
    quarantine: list[Quarantined] = []
    done: int = 0

    @property
    def open(self) -> list[Difference]:
        """The differences that nobody has refused."""
        return [one for one in self.differences.values() if not one.refused]


class Health(msgspec.Struct):
    """What the links say of themselves; `series` by instrument and timeframe ("BTC-USD.1m")."""

    feeds: dict[str, FeedHealth] = {}
    series: dict[str, SeriesHealth] = {}
    link: Link = Link()
    attendance: Attendance = Attendance()
    reconciliation: Reconciliation = msgspec.field(default_factory=Reconciliation)
    alerts: list[Alert] = []
    errors: int = 0
    last_error: str = ""
