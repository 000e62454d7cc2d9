"""Facts of a session: how it opened, what it was told, what it was allowed, what its strategy said.

Knows no process, no socket and no market data.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

import msgspec

from tradekit.core.event import Fact, fact
from tradekit.model.account import AccountType
from tradekit.model.instrument import Instrument

__all__ = [
    "COMMANDS",
    "ClientsChanged",
    "CommandReceived",
    "CommandRefused",
    "HandlerFailed",
    "Mode",
    "ParamsChanged",
    "RiskChanged",
    "SessionClosed",
    "SessionOpened",
    "SignalRaised",
    "StrategyFailed",
    "params_of",
]


class Mode(StrEnum):
    """What a session's orders are worth."""

    BACKTEST = "backtest"
    PAPER = "paper"
    SHADOW = "shadow"
    LIVE = "live"


@fact("session.opened", critical=True)
class SessionOpened(Fact, frozen=True, gc=False):
    """A session took the journal: once for each start. The first one sets the cash, later ones only the epoch.

    name, mode       the session's name and what its orders are worth
    account          the account's name; `currency` its currency, `cash` its opening balance
    strategy         the strategy's id in orders and signals; `strategy_class` where it is ("module:Class")
    params           the strategy's parameters; `source` the sha256 of its source
    instruments      what may be traded; `timeframes` what the strategy sees
    limits           risk limits by rule name, as plain numbers or text
    warm_until       what happened up to this moment only warms indicators up [UTC ns]; 0 where nothing does
    armed            whether orders may be sent from the first bar on
    program, reducer versions of tradekit and of the fold
    account_type     what orders may do with the money there is
    hedging          whether positions of one instrument are kept apart by name, instead of netted
    terms            how a simulated exchange fills and charges these orders, as configured: fee, slippage, rules,
                     borrow_rate, interest_rate; `flips` whether one order may lead through zero
    """

    name: str
    mode: Mode
    account: str
    currency: str
    cash: Decimal
    strategy: str
    strategy_class: str
    params: dict[str, Any]
    source: str
    instruments: list[Instrument]
    timeframes: list[str]
    limits: dict[str, str]
    armed: bool
    program: str
    reducer: int
    account_type: AccountType = AccountType.UNLIMITED
    hedging: bool = False
    warm_until: int = 0
    terms: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def key(self) -> str:
        """The session's name."""
        return self.name

    @property
    def plain(self) -> bool:
        """Whether the account is in one currency, paid in full, netted and unlimited."""
        one_currency = all(not i.margined and i.currency == self.currency for i in self.instruments)
        return one_currency and not self.hedging and self.account_type is AccountType.UNLIMITED


@fact("session.closed", critical=True)
class SessionClosed(Fact, frozen=True, gc=False):
    """The session ended in good order."""

    name: str
    reason: str

    @property
    def key(self) -> str:
        """The session's name."""
        return self.name


COMMANDS = (
    "arm",
    "disarm",
    "halt",
    "kill",
    "cancel",
    "cancel_all",
    "flatten",
    "set_param",
    "submit",
    "replace",
    "reconcile",
    "resolve",
    "claim",
    "snapshot",
    "stop",
)


def params_of(args: Mapping[str, Any]) -> dict[str, Any]:
    """What a `set_param` command asks for, by parameter: one as `name` and `value`, or several as `values`."""
    values = args.get("values")
    return dict(values) if isinstance(values, Mapping) else {str(args.get("name", "")): args.get("value")}


@fact("clients.changed")
class ClientsChanged(Fact, frozen=True, gc=False):
    """How many clients (dashboards, notebooks) are connected, told where a rule goes by it: the first, and none."""

    clients: int


@fact("command.received", critical=True)
class CommandReceived(Fact, frozen=True, gc=False):
    """Somebody told the session to do something; journaled before it acts.

    id    the sender's identity of the command: a second one with this id does nothing
    name  one of COMMANDS; `args` its arguments
    user  who sent it
    """

    id: str
    name: str
    args: dict[str, Any]
    user: str

    @property
    def key(self) -> str:
        """The command's name: `command.received.halt`."""
        return self.name


@fact("command.refused", critical=True)
class CommandRefused(Fact, frozen=True, gc=False):
    """The engine could not do as it was told, and why."""

    id: str
    name: str
    reason: str

    @property
    def key(self) -> str:
        """The command's name."""
        return self.name


@fact("risk.changed", critical=True)
class RiskChanged(Fact, frozen=True, gc=False):
    """Who may send orders has changed: armed, halted (nothing that adds risk), killed (nothing at all)."""

    armed: bool
    halted: bool
    killed: bool
    reason: str
    user: str


@fact("strategy.params_changed", critical=True)
class ParamsChanged(Fact, frozen=True, gc=False):
    """A strategy's parameters took new values between two events."""

    strategy: str
    params: dict[str, Any]

    @property
    def key(self) -> str:
        """The strategy's id."""
        return self.strategy


@fact("strategy.failed", critical=True)
class StrategyFailed(Fact, frozen=True, gc=False):
    """A strategy's callback raised; the session halts. `where` is callback and line, `error` the message."""

    strategy: str
    where: str
    error: str

    @property
    def key(self) -> str:
        """The strategy's id."""
        return self.strategy


@fact("signal.raised")
class SignalRaised(Fact, frozen=True, gc=False):
    """A strategy saw something: a named opinion of -1..+1 with a note; the `why` behind its orders.

    price  the last close when it was raised [quote currency], 0 when there was none
    """

    strategy: str
    instrument: str
    name: str
    direction: float
    price: float = 0.0
    note: str = ""

    @property
    def key(self) -> str:
        """The instrument."""
        return self.instrument


@fact("error.handler")
class HandlerFailed(Fact, frozen=True, gc=False):
    """A subscriber's handler raised; it was isolated and the others went on."""

    handler: str
    subject: str
    error: str

    @property
    def key(self) -> str:
        """The handler's name."""
        return self.handler
