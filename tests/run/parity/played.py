"""A session played bar by bar at a venue that answers otherwise than the simulated exchange where a test says so.

What it tells is its journal. Knows no report.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, localcontext
from typing import Any, TypeAlias

import msgspec
import param

from tests.builders import MINUTE, bar, opened
from tradekit.core.event import Event, Fact
from tradekit.core.version import version
from tradekit.model.market import Bar
from tradekit.model.money import EXACT, exact
from tradekit.model.order import OrderCanceled, OrderFilled, OrderRejected, OrderSubmitted
from tradekit.model.session import CommandReceived, SessionOpened
from tradekit.report.parity import Difference, Parity
from tradekit.run.cycle import Cycle
from tradekit.run.parity.compare import compare
from tradekit.sim.venue import SimulatedVenue, exchange_for
from tradekit.sim.worded import rules_from
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import parameters
from tradekit.strategy.load import source_hash
from tradekit.trading.clearing import Clearing
from tradekit.trading.engine import Engine
from tradekit.trading.venue import Report

TERMS = {"fee": "0.001", "slippage": "0", "rules": {}}
Otherwise: TypeAlias = Callable[
    [Report], list[tuple[int, Report]]
]  # of a report: what is told, so many bars later


class Waves(Strategy):
    """Long while the close rises, flat when it falls; `percent` sizes it by equity instead."""

    qty = param.Number(1.0, bounds=(0, 100), doc="position [units]")
    percent = param.Number(0.0, bounds=(0, 100), doc="of equity")

    def on_start(self) -> None:
        self.before = 0.0

    def on_bar(self, bar: Bar) -> None:
        if bar.close > self.before > 0:
            self.signal("up", 1)
            if self.percent:
                self.target_percent(self.percent)
            else:
                self.buy_to(self.qty)
        elif bar.close < self.before:
            self.signal("down", -1)
            self.close()
        self.before = bar.close


class Resting(Strategy):
    """Rests a limit below each close, and leaves at the market a bar after it has filled."""

    def on_bar(self, bar: Bar) -> None:
        if self.position():
            self.close()
        else:
            self.cancel_all()
            self.buy(1, limit=bar.close - 2)


class Venue(SimulatedVenue):
    """Answers otherwise for the orders that are named by their number, from 0."""

    def __init__(self, exchange: Any, otherwise: Mapping[int, Otherwise]) -> None:
        super().__init__(exchange)
        self._otherwise = otherwise
        self._numbers: dict[str, int] = {}
        self._later: list[tuple[int, Report]] = []
        self.bar = 0

    def submit(self, order: OrderSubmitted, ts: int) -> list[Report]:
        self._numbers[order.id] = len(self._numbers)
        return self._told(super().submit(order, ts))

    def market(self, fact: Fact, ts: int) -> list[Report]:
        self.bar += isinstance(fact, Bar)
        told = [(ts, report[1]) for due, report in self._later if due <= self.bar]
        self._later = [one for one in self._later if one[0] > self.bar]
        return told + self._told(super().market(fact, ts))

    def _told(self, reports: list[Report]) -> list[Report]:
        found: list[Report] = []
        for report in reports:
            change = self._otherwise.get(self._numbers.get(getattr(report[1], "id", ""), -1))
            for bars, one in [(0, report)] if change is None else change(report):
                if bars:
                    self._later.append((self.bar + bars, one))
                else:
                    found.append(one)
        return found


class Play:
    """A session under way; `otherwise` says what its venue does to which order."""

    def __init__(
        self, cls: type[Strategy], *, otherwise: Mapping[int, Otherwise] | None = None, **fields: Any
    ) -> None:
        self.cls = cls
        self.events: list[Event] = []
        made = cls()
        for name, value in fields.get("params", {}).items():
            setattr(made, name, value)
        told = {
            "terms": TERMS,
            "params": parameters(made),
            "source": source_hash(cls),
            "program": version(),
        } | fields
        self.opened: SessionOpened = opened(**told)
        rules = rules_from(TERMS["rules"], fee=TERMS["fee"])  # type: ignore[arg-type]
        exchange = exchange_for(rules, list(self.opened.instruments), self.opened.cash)
        self.venue = Venue(exchange, otherwise or {})
        self.engine = Engine(made)
        self.cycle = Cycle(self.engine, self.venue, Clearing())
        self.now = 0
        self._commands = 0

    def start(self) -> "Play":
        """Open it."""
        self.take(self.opened, self.now)
        return self

    def take(self, fact: Fact, ts: int | None = None) -> list[Event]:
        """A fact from outside; `ts` is session time unless it is given."""
        self.now = self.now if ts is None else max(self.now, ts)
        told = self.cycle.settle(self.cycle.take(fact, self.now if ts is None else ts))
        self.events += told
        return told

    def bars(self, bars: Iterable[Bar]) -> "Play":
        """These close."""
        for one in bars:
            self.take(one, one.ts + MINUTE)
        return self

    def command(self, name: str, /, **args: Any) -> None:
        """Somebody tells it to."""
        self._commands += 1
        self.take(CommandReceived(f"c{self._commands}", name, args, "jo"))

    def restart(self, **changes: Any) -> None:
        """It was away, and takes its journal again."""
        self.take(msgspec.structs.replace(self.opened, **changes))

    def report(self, **options: Any) -> Parity:
        """Held against its backtest."""
        return compare(lambda: iter(self.events), self.cls, **options)


def played(
    cls: type[Strategy],
    closes: Iterable[float],
    *,
    otherwise: Mapping[int, Otherwise] | None = None,
    **fields: Any,
) -> Play:
    """A whole session over bars with these closes."""
    return Play(cls, otherwise=otherwise, **fields).start().bars(course(closes))


def course(closes: Iterable[float], *, first: int = 0, instrument: str = "BTC") -> list[Bar]:
    """Bars that open where the last one closed."""
    found: list[Bar] = []
    for number, close in enumerate(closes, start=first):
        before = found[-1].close if found else close
        prices = (before, max(before, close), min(before, close), close)
        found.append(bar(number, prices, instrument=instrument))
    return found


# --- what a venue does otherwise ----------------------------------------------------------------------------


def worse(by: str) -> Otherwise:
    """It fills at another price (a buy higher, a sale lower), the fee by value."""

    def change(report: Report) -> list[tuple[int, Report]]:
        ts, fact = report
        if isinstance(fact, OrderFilled):
            price = fact.price + Decimal(by) * fact.side.sign
            fact = msgspec.structs.replace(fact, price=price, fee=fact.fee * price / fact.price)
        return [(0, (ts, fact))]

    return change


def charged(more: str) -> Otherwise:
    """It takes another fee."""

    def change(report: Report) -> list[tuple[int, Report]]:
        ts, fact = report
        if isinstance(fact, OrderFilled):
            fact = msgspec.structs.replace(fact, fee=fact.fee + Decimal(more))
        return [(0, (ts, fact))]

    return change


def in_kind(fee: str) -> Otherwise:
    """It takes its fee out of what was bought."""

    def change(report: Report) -> list[tuple[int, Report]]:
        ts, fact = report
        if isinstance(fact, OrderFilled):
            fact = msgspec.structs.replace(fact, fee=Decimal(fee), fee_currency="BTC")
        return [(0, (ts, fact))]

    return change


def later(bars: int) -> Otherwise:
    """It fills so many bars later, at the same price."""
    return lambda report: [(bars if isinstance(report[1], OrderFilled) else 0, report)]


def part(share: str) -> Otherwise:
    """It fills a part, and ends the order."""

    def change(report: Report) -> list[tuple[int, Report]]:
        ts, fact = report
        if not isinstance(fact, OrderFilled):
            return [(0, report)]
        less = msgspec.structs.replace(fact, qty=fact.qty * Decimal(share), fee=fact.fee * Decimal(share))
        return [(0, (ts, less)), (0, (ts, OrderCanceled(fact.id, fact.instrument, "no more to be had")))]

    return change


def never(report: Report) -> list[tuple[int, Report]]:
    """It does not fill."""
    return [] if isinstance(report[1], OrderFilled) else [(0, report)]


def rejected(report: Report) -> list[tuple[int, Report]]:
    """It refuses the order."""
    ts, fact = report
    if isinstance(fact, OrderFilled):
        return []
    return [
        (
            0,
            (
                ts,
                OrderRejected(
                    getattr(fact, "id", ""), getattr(fact, "instrument", ""), "margin is insufficient"
                ),
            ),
        )
    ]


def kinds(report: Parity) -> list[str]:
    """The kinds of its differences, in order."""
    return [one.kind for one in report.differences]


def adds_up(report: Parity) -> bool:
    """Whether the session's profit is the backtest's and all effects, to the last digit."""
    with localcontext(EXACT):
        total = sum((one.effect for one in report.differences), start=Decimal(0))
        return total == report.difference == report.explained + report.unexplained


def worth(state: State) -> Decimal:
    """What an account in one currency is worth at the last prices, exactly."""
    with localcontext(EXACT):
        held = (
            one.qty * one.multiplier * exact(state.marks[one.instrument].last)
            for one in state.positions.values()
            if one.qty
        )
        return sum(state.account.cash.values(), start=sum(held, start=Decimal(0)))


def only(report: Parity, kind: str) -> Difference:
    """The one difference of a kind."""
    (found,) = [one for one in report.differences if one.kind == kind]
    return found
