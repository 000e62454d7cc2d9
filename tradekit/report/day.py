"""A session's day as it is reported: money, trades, exposure, refused orders, alerts, books, and uptime of its links.

Records, and sums on them. Knows neither how a journal is read (`client.dayreport`) nor how a page looks (`day_page`).
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from tradekit.model.money import ZERO, exact
from tradekit.report.tradelog import LoggedTrade

__all__ = ["DayReport", "Held", "Moment", "Point", "Uptime", "uptime"]

Span = tuple[int, int]


class Point(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Equity at a moment: [ts UTC ns, equity]."""

    ts: int
    equity: float


class Moment(msgspec.Struct, frozen=True):
    """Something that happened: when [UTC ns], under which number, one word for it, and what, in words."""

    ts: int
    seq: int
    kind: str
    text: str
    instrument: str = ""
    order: str = ""


class Held(msgspec.Struct, frozen=True):
    """A position at the day's end: signed quantity, entry and mark [quote currency], value and profit [currency]."""

    strategy: str
    instrument: str
    qty: Decimal
    entry: float
    mark: float
    value: float
    unrealised: float
    currency: str
    position: str = ""


class Uptime(msgspec.Struct, frozen=True):
    """How long something was up within the day: `up_s` of `of_s` seconds, and how often it went away.

    missing  bars that never came, where it is a series
    """

    name: str
    up_s: float
    of_s: float
    outages: int
    missing: int = 0

    @property
    def share(self) -> float | None:
        """The fraction of the time; None where no time has passed."""
        return self.up_s / self.of_s if self.of_s > 0 else None


class DayReport(msgspec.Struct, frozen=True, kw_only=True):
    """One day of a session, from its journal.

    day               its date: the trading session's, or the UTC day's where something trades around the clock
    begins, ends      the first and the last moment that the journal has of it [session time, UTC ns]
    over              whether a later day has begun: until then the numbers are those so far
    start, end        equity [currency]; `result` is end - start - flows: what was earned after fees
    realised, fees, flows  realised before fees, fees paid, and cash that came or went without a trade [currency]
    deepest           the deepest fall of equity from a high of the day, as a fraction of it; 0 or negative
    curve             equity through the day, thinned out
    gross_peak        the largest gross exposure [currency]; gross_end, net_end what it was at the end
    trades            those that were closed this day, as the trade log has them
    orders            how many orders were sent, filled, canceled, expired, rejected (by the venue), denied (by us)
    refused           the rejected and the denied ones
    alerts            what a human was told; `risk` who armed, disarmed, halted, killed
    found, open       differences of the books that were found this day, and those that are open at its end
    failures          what the strategy or a handler raised
    links             the process, its feeds, the venue's link, and the series of bars
    notes             what a reader of the numbers should know
    """

    session: str
    mode: str
    account: str
    strategy: str
    currency: str
    day: str
    begins: int
    ends: int
    over: bool
    start: float
    end: float
    result: float
    realised: Decimal
    fees: Decimal
    flows: Decimal
    deepest: float
    gross_peak: float | None
    gross_end: float | None
    net_end: float | None
    orders: dict[str, int]
    curve: list[Point] = []
    positions: list[Held] = []
    trades: list[LoggedTrade] = []
    refused: list[Moment] = []
    alerts: list[Moment] = []
    risk: list[Moment] = []
    found: list[Moment] = []
    open: list[Moment] = []
    failures: list[Moment] = []
    links: list[Uptime] = []
    notes: list[str] = []

    @property
    def slippage(self) -> Decimal | None:
        """What the trades' fills were worse than decided, of those where it is known, at the rate of each exit.

        [account currency], None where of none.
        """
        known = [
            one.slippage * exact(one.rate) for one in self.trades if one.slippage is not None and one.rate
        ]
        return sum(known, start=ZERO) if known else None

    @property
    def won(self) -> int:
        """Trades with a profit after fees."""
        return sum(one.net > 0 for one in self.trades)

    @property
    def worries(self) -> int:
        """Things that a human should look at: refused orders, alerts, open differences, failures."""
        return len(self.refused) + len(self.alerts) + len(self.open) + len(self.failures)


def uptime(name: str, spans: Iterable[Span], within: Sequence[Span], *, missing: int = 0) -> Uptime:
    """How long of `within` the `spans` cover [UTC ns, (from, until)]; both are in order and do not overlap.

    An outage is a piece of `within` that no span covers.
    """
    spans = list(spans)
    up = outages = 0
    for begin, end in within:
        at = begin
        for first, last in spans:
            first, last = max(first, begin), min(last, end)
            if first >= last:
                continue
            up += last - first
            outages += first > at
            at = last
        outages += at < end
    total = sum(end - begin for begin, end in within)
    return Uptime(name, up / 1e9, total / 1e9, outages, missing)
