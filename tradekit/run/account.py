"""The account of a run over time: by array where it is a plain one, else folded from the events by the one reducer.

Plain is an account in one currency without splits. Knows the state's money and the run's events; what is read
from the curve is `report`'s.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from tradekit.core.event import Event
from tradekit.data.columns import BarColumns
from tradekit.data.ticks import Ticks
from tradekit.model.account import CashMoved, SplitEffected
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar
from tradekit.model.money import ZERO
from tradekit.model.order import OrderFilled
from tradekit.model.session import SessionOpened
from tradekit.report.equity import Row, Series, equity_curve, equity_frame
from tradekit.report.executions import Execution, Split, executions, splits
from tradekit.run.record import Told
from tradekit.run.timeline import Hours
from tradekit.state.booking import Booked, booked
from tradekit.state.reducer import apply
from tradekit.state.shape import Fill, Order, State
from tradekit.state.valuation import rate

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Account",
    "account_of",
    "fills_and_orders",
    "folded_account",
    "is_plain",
    "moments_of",
]


class Account(NamedTuple):
    """What an account did in a run.

    curve       as from `equity_curve`
    executions  the fills, their fees in the currency of their instrument
    splits      of what is traded
    fees        all that were paid [account currency]
    unpriced    currencies whose rate was never known: the curve leaves them out
    """

    curve: "pd.DataFrame"
    executions: list[Execution]
    splits: list[Split]
    fees: float
    unpriced: list[str]


def account_of(
    opened: SessionOpened,
    columns: Mapping[str, BarColumns],
    told: Sequence[Told],
    moments: Callable[[], NDArray[np.int64]],
    events: Callable[[], Iterable[Event]],
    *,
    late: bool = False,
) -> Account:
    """The account of a run: by array where that is enough, else folded.

    columns  each instrument's shortest bars; told events with the number of inputs taken before them
    moments  gives those of all inputs (`moments_of`); events gives all events, bars too
    late     of one series: a fill counts in the bar under way when it was told, though it is booked on an earlier one
             (what traded at that one's close); what was told after the last bar counts in it
    """
    reading = _Reading(opened)
    if reading.knows(one.spec for one in columns.values()):
        found = executions(reading.of(told))
        if reading.plain:
            return _plain_account(opened, columns, found, reading, moments, late=late)
    return folded_account(columns, events())


def moments_of(inputs: Iterable[BarColumns | Ticks | Hours]) -> NDArray[np.int64]:
    """When each bar closed, each tick came, each session began and ended, in the order of time [UTC ns]."""
    each = [_times(one) for one in inputs]
    return np.sort(np.concatenate(each))


def _times(one: BarColumns | Ticks | Hours) -> NDArray[np.int64]:
    if isinstance(one, Hours):
        return one.times
    return one.closes if isinstance(one, BarColumns) else one.ts


def is_plain(opened: SessionOpened, specs: Iterable[Instrument], told: Iterable[Told]) -> bool:
    """Whether the account knows one currency and its positions change by trades alone."""
    reading = _Reading(opened)
    return reading.knows(specs) and all(reading.plain for _ in reading.of(told))


class _Reading:
    """The events of a run as they are read, once: they may be many, and made only then.

    plain  whether those read so far are a plain account's
    fills  the inputs taken before each fill
    flows  cash that moved without a trade, each with the inputs taken before it
    """

    def __init__(self, opened: SessionOpened) -> None:
        self.plain = True
        self.fills: list[int] = []
        self.flows: list[tuple[int, Decimal]] = []
        self._currency = opened.currency

    def knows(self, specs: Iterable[Instrument]) -> bool:
        """Whether all of these are traded in the account's currency."""
        return not any(spec.inverse or spec.currency != self._currency for spec in specs)

    def of(self, told: Iterable[Told]) -> Iterator[Event]:
        """The events."""
        for taken, event in told:
            data = (
                event.data
            )  # most are none of these: a struct's class answers `is` much faster than `isinstance`
            if type(data) is OrderFilled:
                self.fills.append(taken)
                self.plain = self.plain and data.fee_currency == self._currency
            elif type(data) is CashMoved:
                self.flows.append((taken, data.amount))
                self.plain = self.plain and data.currency == self._currency
            elif type(data) is SplitEffected:
                self.plain = False
            yield event


def _plain_account(
    opened: SessionOpened,
    columns: Mapping[str, BarColumns],
    found: list[Execution],
    reading: _Reading,
    moments: Callable[[], NDArray[np.int64]],
    *,
    late: bool,
) -> Account:
    """The account of a plain run, by array; see `account_of`."""
    counted, flows = found, []
    if reading.flows:
        closes = moments()
        flows = [
            (int(closes[min(taken, len(closes) - 1)]), amount)
            for taken, amount in reading.flows
            if late or taken < len(closes)
        ]
    if late and found:
        counted = _counted_late(found, columns, reading.fills, moments())
    series = {
        name: Series(
            one.ts, one.close, duration(one.timeframe), float(one.spec.multiplier), one.spec.margined
        )
        for name, one in columns.items()
    }
    fees = float(sum((fill.fee for fill in found), start=ZERO))
    return Account(equity_curve(series, counted, float(opened.cash), flows=flows), found, [], fees, [])


def _counted_late(
    found: list[Execution],
    columns: Mapping[str, BarColumns],
    taken: list[int],
    moments: NDArray[np.int64],
) -> list[Execution]:
    """The executions at the bars in which they were told, after so many inputs each."""
    (one,) = columns.values()
    under_way = moments[np.minimum(taken, len(moments) - 1)]
    bars = np.minimum(np.searchsorted(one.closes, under_way), len(one) - 1)
    return [
        msgspec.structs.replace(fill, ts=ts) for fill, ts in zip(found, one.ts[bars].tolist(), strict=True)
    ]


def folded_account(columns: Mapping[str, BarColumns], events: Iterable[Event]) -> Account:
    """The account of any run: `events` are all of it, bars too, folded one by one (about 25 us each)."""
    state = State()
    rows: dict[int, Row] = {}
    told: list[Event] = []
    terms: list[Booked] = []
    lengths = {name: duration(one.timeframe) for name, one in columns.items()}
    shortest = min(lengths.values())
    for event in events:
        apply(state, event)
        data = event.data
        if isinstance(data, Bar):
            length = duration(data.timeframe)
            if length == lengths.get(data.instrument):  # longer bars are made of these
                rows[data.ts + length - shortest] = _row(state)
            continue
        told.append(event)
        if isinstance(data, OrderFilled):
            terms.append(booked(state, data))
    found = [
        msgspec.structs.replace(fill, qty=qty, rate=worth, fee=fill.fee if fee is None else fee)
        for fill, (qty, fee, worth) in zip(executions(told), terms, strict=True)
    ]
    account = state.account
    unpriced = [currency for currency, known in account.rates.items() if known is None]
    curve = equity_frame(rows, float(account.opening))
    return Account(curve, found, splits(told), float(account.fees), unpriced)


def _row(state: State) -> Row:
    """Equity, cash, net and gross value held [account currency]; what has no known rate is left out."""
    account = state.account
    cash = sum(float(amount) * rate(account, currency) for currency, amount in account.cash.items())
    held = [
        (position.instrument, position.value * rate(account, position.currency))
        for position in state.positions.values()
        if position.qty
    ]
    by_instrument: dict[str, float] = {}
    for instrument, value in held:
        by_instrument[instrument] = by_instrument.get(instrument, 0.0) + value
    values = by_instrument.values()
    return account.equity, cash, sum(values), sum(map(abs, values))


def fills_and_orders(told: Iterable[Event]) -> tuple[list[Fill], list[Order]]:
    """Every fill and order among the events, bars left out: kept before the state forgets the oldest."""
    state = State()
    fills: list[Fill] = []
    orders: dict[str, Order | None] = {}
    for event in told:
        for path in apply(state, event):
            if path[0] == "orders":
                orders[path[1]] = state.orders.get(path[1], orders.get(path[1]))
        if isinstance(event.data, OrderFilled):
            fills.append(state.fills[-1])
    return fills, [order for order in orders.values() if order is not None]
