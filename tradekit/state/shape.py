"""The shape of a session's state: what the fold of its journal holds at one `seq`.

Plain typed records, encodable as JSON path by path; knows neither how they change (`state.reducer`) nor who shows them.
"""

from decimal import Decimal, localcontext
from typing import Any

import msgspec

from tradekit.core.codec import canonical_hash
from tradekit.model.account import AccountType, CashKind
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.money import EXACT, ZERO
from tradekit.model.order import OrderType, Side, Status, TimeInForce
from tradekit.model.session import Mode
from tradekit.state.seen import Doubt, Health, Market, Monitor, Timer

__all__ = [
    "Account",
    "BarRow",
    "Command",
    "DayPnl",
    "EquityPoint",
    "Fill",
    "Mark",
    "Order",
    "Pnl",
    "Position",
    "Risk",
    "SessionInfo",
    "Signal",
    "Signals",
    "State",
    "StrategyInfo",
    "fingerprint",
]


class SessionInfo(msgspec.Struct):
    """Who runs, for what, since when [UTC ns]: `started` first, `opened` this time."""

    name: str = ""
    mode: Mode = Mode.BACKTEST
    account: str = ""
    epoch: int = 0
    started: int = 0
    open: bool = False
    closed_reason: str = ""
    program: str = ""
    timeframes: list[str] = []
    warm_until: int = 0
    opened: int = 0


class StrategyInfo(msgspec.Struct):
    """The strategy: its class, parameters, source hash, and the last thing that went wrong in it."""

    id: str = ""
    cls: str = ""
    params: dict[str, Any] = {}
    source: str = ""
    error: str = ""
    intents: int = 0  # orders wished for so far, denied ones included; numbers the next order id


class Order(msgspec.Struct):
    """One order's life so far. Prices [quote currency], quantities [base units], times [UTC ns].

    Terms are those in force: a replacement changes them, a trailing stop's `stop` follows the market.
    """

    id: str
    strategy: str
    account: str
    instrument: str
    side: Side
    type: OrderType
    qty: Decimal
    status: Status
    limit: Decimal | None = None
    stop: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    reduce_only: bool = False
    parent: str = ""
    group: str = ""
    tag: str = ""
    reason: str = ""
    filled: Decimal = ZERO
    value: Decimal = ZERO  # sum of fill quantity x price
    fees: Decimal = ZERO
    venue_id: str = ""
    cancel_requested: bool = False
    note: str = ""  # why it was canceled, rejected, denied; why a cancel or a replacement was refused
    created: int = 0
    updated: int = 0
    intent: int = 0  # seq of the intent
    cause: int = 0  # seq of what led to it (signal or bar)
    trail: Decimal | None = None
    trail_pct: Decimal | None = None
    expires: int | None = None
    post_only: bool = False
    share: Decimal | None = None
    position: str = ""
    replace_requested: bool = False
    wanted: Decimal | None = None  # the quantity that a replacement under way asks for
    end: str = (
        ""  # "canceled", "expired" or "rejected" where the venue said so, also if it had filled by then
    )
    executions: dict[str, int] = {}  # what has filled: seq of the fact by the venue's id of the execution
    wants: dict[str, Decimal] | None = None  # the prices that a replacement under way asks for
    asked: int = 0  # when its end or a replacement was asked for last [UTC ns]
    doubt: Doubt | None = None
    told: Decimal | None = None  # what the venue says has filled in all, where that is more than `filled`
    earlier: tuple[str, ...] = ()  # the venue's ids before replacements: their fills still count
    given_up: bool = False  # look-ups have ended it, no statement of the venue
    claimed: bool = False  # an adopted order that we may cancel
    largest: Decimal = (
        ZERO  # the largest quantity it had before it was made smaller: trades of then may be told late
    )
    told_average: Decimal | None = None  # at which price on average what it has `told` has filled

    @property
    def working(self) -> bool:
        """Whether it may still trade."""
        return self.status.working

    @property
    def leaves(self) -> Decimal:
        """Quantity still to fill, 0 for an order that the venue is to size."""
        return max(ZERO, self.qty - self.filled)

    @property
    def most(self) -> Decimal:
        """The most that may still fill, a replacement under way included."""
        return self.leaves if self.wanted is None else max(self.leaves, self.wanted - self.filled)


class Fill(msgspec.Struct, frozen=True):
    """One execution."""

    seq: int
    ts: int
    order: str
    exec_id: str
    strategy: str
    account: str
    instrument: str
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    realised: Decimal  # profit that this fill realised, before its fee [quote currency]
    rule: str = ""
    tag: str = ""


class Position(msgspec.Struct):
    """What is held of one instrument by one strategy: signed quantity and exact cost totals, never averages.

    The cost of an inverse contract is what its value in the base currency was, with the opposite sign: it earns when
    that value falls. Its terms (multiplier, inverse, margined, currency) are those it was opened with.
    """

    strategy: str
    account: str
    instrument: str
    qty: Decimal = ZERO
    cost: Decimal = ZERO  # signed cost of what is held [currency]
    realised: Decimal = ZERO  # before fees [currency]
    fees: Decimal = ZERO  # those that were paid in `currency`
    mark: float = 0.0  # last price seen
    unrealised: float = 0.0  # [currency]
    opened: int = 0  # when it last left zero [UTC ns]
    updated: int = 0
    position: str = ""  # its name in a hedging account
    currency: str = "USD"  # of costs and profits
    value: float = 0.0  # signed market value [currency]
    multiplier: Decimal = Decimal(1)
    inverse: bool = False
    margined: bool = False  # whether its cost is kept out of cash

    @property
    def entry(self) -> float:
        """Average entry price [quote currency], 0 when flat; the harmonic mean for an inverse contract."""
        if not self.qty:
            return 0.0
        if self.inverse:
            return float(-self.qty * self.multiplier / self.cost) if self.cost else 0.0
        return float(self.cost / (self.qty * self.multiplier))


class Account(msgspec.Struct):
    """Money: cash by currency is exact; what is marked (equity, unrealised, margins) is float.

    equity = opening + realised + unrealised - fees + flows + currency_gain, in the account's currency. Realised
    profit, fees and flows are booked at the currency's rate of their moment; what has changed with the rates since
    is the currency gain. A currency in `rates` with None has no known rate: it is left out, see `complete`.
    `adopted` is when it was taken over as the venue had it [UTC ns], 0 where it was opened with a balance of ours.
    """

    currency: str = "USD"
    opening: Decimal = ZERO
    cash: dict[str, Decimal] = {}
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    equity: float = 0.0
    unrealised: float = 0.0
    peak: float = 0.0
    type: AccountType = AccountType.UNLIMITED
    hedging: bool = False
    flows: dict[CashKind, Decimal] = {}  # cash that moved without a trade, by kind
    currency_gain: float = 0.0
    rates: dict[str, Decimal | None] = {}  # worth of one unit of each other currency in use
    unbooked: dict[str, dict[str, Decimal]] = {}  # by currency without a rate: what is to be booked, by total
    used: float = 0.0  # initial margin of what is held; 0 in an unlimited account
    maintenance: float = 0.0  # margin below which equity must not fall
    margin_calls: int = 0
    adopted: int = 0

    @property
    def complete(self) -> bool:
        """Whether everything that is held could be valued: no rate is missing."""
        return None not in self.rates.values()

    @property
    def free(self) -> float:
        """Equity that secures nothing yet [account's currency]."""
        return self.equity - self.used


class DayPnl(msgspec.Struct):
    """One day: equity at its start and end; realised profit, fees and flows within it [account's currency]."""

    start: float
    end: float
    realised: Decimal = ZERO
    fees: Decimal = ZERO
    flows: Decimal = ZERO


class EquityPoint(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """Equity at a bar's close: [ts UTC ns, equity]."""

    ts: int
    equity: float


class Pnl(msgspec.Struct):
    """Profit and loss by day ("2022-12-13"), and the last points of the equity curve.

    A day is a trading session by its date; with an instrument that trades around the clock the UTC day counts too.

    until  facts before it belong to the latest day, whatever the calendar says [UTC ns]; 0 where that is to be asked
    """

    days: dict[str, DayPnl] = {}
    curve: list[EquityPoint] = []
    session: str = ""  # the date of the latest trading session that has opened
    around_the_clock: bool = True
    until: int = 0


class Signal(msgspec.Struct, frozen=True):
    """An opinion that a strategy raised."""

    seq: int
    ts: int
    strategy: str
    instrument: str
    name: str
    direction: float
    price: float
    note: str = ""


class Signals(msgspec.Struct):
    """The latest signal by "strategy/instrument/name", and the last ones in order."""

    active: dict[str, Signal] = {}
    history: list[Signal] = []


class BarRow(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """A closed bar in state: [ts of its open UTC ns, open, high, low, close, volume]."""

    ts: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    def as_bar(self, instrument: str, timeframe: str) -> Bar:
        """The same bar with its names."""
        return Bar(instrument, timeframe, self.ts, self.open, self.high, self.low, self.close, self.volume)


class Mark(msgspec.Struct, frozen=True, gc=False):
    """The latest price of an instrument and when it held [UTC ns]."""

    ts: int
    last: float
    bid: float | None = None
    ask: float | None = None


class Risk(msgspec.Struct):
    """Who may send orders, the limits, how often we refused, by rule, and what the rules count.

    holds    by instrument ("*" is all): what lets only orders through that reduce a position, and why
    sent     when the latest orders went out, as many as `max_orders_per_minute` allows [session time, UTC ns]
    rejects  orders that the venue has refused since it last took one, or since the session was armed
    refused  when it refused the last of them [session time, UTC ns]
    """

    armed: bool = False
    halted: bool = False
    killed: bool = False
    reason: str = ""
    user: str = ""
    since: int = 0
    limits: dict[str, str] = {}
    denials: dict[str, int] = {}
    holds: dict[str, dict[str, str]] = {}
    sent: list[int] = []
    rejects: int = 0
    refused: int = 0


class Command(msgspec.Struct, frozen=True):
    """A command that was received, and what came of it ("" is done)."""

    seq: int
    ts: int
    id: str
    name: str
    user: str
    args: dict[str, Any]
    refused: str = ""


class State(msgspec.Struct, dict=True):
    """Everything a session knows at one `seq`; `time` is session time, the running maximum of `ts` [UTC ns].

    `positions` is keyed "strategy/instrument", with "/position" behind it for a named one of a hedging account;
    `held` has their keys by instrument. `orders` is keyed by order id (all working ones and the last ended), `bars` by
    instrument and timeframe (the last ones, oldest first), `rates` by pair ("EUR/USD": USD for one EUR), `markets` by
    calendar, `timers` by name, `monitors` by their entry's id. Histories are bounded: see the reducer. What is
    remembered beside it, in its `__dict__`, is neither encoded nor compared (`state.totals`).
    """

    seq: int = 0
    time: int = 0
    session: SessionInfo = msgspec.field(default_factory=SessionInfo)
    strategy: StrategyInfo = msgspec.field(default_factory=StrategyInfo)
    instruments: dict[str, Instrument] = {}
    orders: dict[str, Order] = {}
    fills: list[Fill] = []
    positions: dict[str, Position] = {}
    held: dict[str, list[str]] = {}
    rates: dict[str, Decimal] = {}
    account: Account = msgspec.field(default_factory=Account)
    pnl: Pnl = msgspec.field(default_factory=Pnl)
    signals: Signals = msgspec.field(default_factory=Signals)
    monitors: dict[str, Monitor] = {}
    bars: dict[str, dict[str, list[BarRow]]] = {}
    marks: dict[str, Mark] = {}
    markets: dict[str, Market] = {}
    timers: dict[str, Timer] = {}
    health: Health = msgspec.field(default_factory=Health)
    risk: Risk = msgspec.field(default_factory=Risk)
    commands: list[Command] = []

    def position(self, strategy: str, instrument: str) -> Decimal:
        """Signed quantity held, 0 when there is none [base units]; the sum of all in a hedging account."""
        if self.account.hedging:
            held = [self.positions[key] for key in self.held.get(instrument, ())]
            with localcontext(EXACT):
                return sum((one.qty for one in held if one.strategy == strategy), start=ZERO)
        netted = self.positions.get(f"{strategy}/{instrument}")
        return ZERO if netted is None else netted.qty

    def due(self) -> tuple[int, str] | None:
        """The timer that comes due next: when [UTC ns] and its name; at one moment by name."""
        return (
            min(((timer.due, name) for name, timer in self.timers.items()), default=None)
            if self.timers
            else None
        )


def fingerprint(state: State) -> str:
    """The canonical hash (sha256, hex) of a state. Leaves out the epoch: equal inputs give equal hashes."""
    fields = {name: getattr(state, name) for name in state.__struct_fields__}
    fields["session"] = msgspec.structs.replace(state.session, epoch=0)
    return canonical_hash(fields)
