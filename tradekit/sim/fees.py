"""What a venue charges for an execution: fee models, exact.

A model gives the unrounded fee; the exchange rounds it, once per execution. Formulas and sources are in
docs/costs.md. Knows neither book nor bars.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Protocol, runtime_checkable

import msgspec

from tradekit.errors import ConfigError
from tradekit.model.instrument import Instrument
from tradekit.model.money import ZERO, exact
from tradekit.model.order import Side
from tradekit.sim.checks import at_least_zero, fraction

__all__ = [
    "Execution",
    "Fee",
    "FixedFee",
    "MakerTakerFee",
    "PerShareFee",
    "PercentFee",
    "TieredFee",
    "fee_model",
    "notional",
]


class Execution(msgspec.Struct, frozen=True):
    """What a fee model is shown of an execution.

    qty, price  [base units], [quote currency]: the price after slippage
    taker       whether it took liquidity: market, stop and touched orders, and limits that trade on arrival
    ts          when [UTC ns]
    number      which execution of its order this is, from 1
    filled      what the order had filled before it [base units]
    turnover    value that the account has traded before it, within the model's `window_ns` [quote currency]
    """

    instrument: Instrument
    side: Side
    qty: Decimal
    price: Decimal
    taker: bool = True
    ts: int = 0
    number: int = 1
    filled: Decimal = ZERO
    turnover: Decimal = ZERO

    @property
    def value(self) -> Decimal:
        """What changes hands [quote currency; an inverse contract's base currency]."""
        return notional(self.instrument, self.qty, self.price)


@runtime_checkable
class Fee(Protocol):
    """A fee model. `window_ns` is how far back it looks at turnover [ns]: 0 not at all, None for ever."""

    @property
    def window_ns(self) -> int | None:
        """How far back turnover counts [ns]."""

    def charge(self, execution: Execution) -> Decimal:
        """The fee for an execution, positive is paid; not rounded."""


def notional(instrument: Instrument, qty: Decimal, price: Decimal) -> Decimal:
    """The value of a quantity: qty x price x multiplier; of an inverse contract qty x multiplier / price."""
    if instrument.inverse:
        return qty * instrument.multiplier / price
    return qty * price * instrument.multiplier


class _Model(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="model"):
    """What the models share: they look back at nothing unless they say so."""

    @property
    def window_ns(self) -> int | None:
        """How far back turnover counts [ns]."""
        return 0


class PercentFee(_Model, frozen=True, tag="percent"):
    """A share of the traded value. rate: fraction (0.001 is 0.1 %); minimum: the least per execution."""

    rate: Decimal = ZERO
    minimum: Decimal = ZERO

    def __post_init__(self) -> None:
        """Make the numbers exact; raises ConfigError."""
        fraction(self, "rate")
        at_least_zero(self, "minimum")

    def charge(self, execution: Execution) -> Decimal:
        """Value x rate, at least the minimum."""
        return max(execution.value * self.rate, self.minimum)


class FixedFee(_Model, frozen=True, tag="fixed"):
    """A fixed amount for each execution, or for each order (`per`), and on top a share of the traded value."""

    amount: Decimal
    rate: Decimal = ZERO
    per: str = "fill"

    def __post_init__(self) -> None:
        """Make the numbers exact; raises ConfigError."""
        at_least_zero(self, "amount")
        fraction(self, "rate")
        if self.per not in ("fill", "order"):
            raise ConfigError(f'FixedFee: per is {self.per!r}; write "fill" or "order"')

    def charge(self, execution: Execution) -> Decimal:
        """Amount + value x rate; the amount with the first execution only where it is per order."""
        first = execution.number == 1 or self.per == "fill"
        return (self.amount if first else ZERO) + execution.value * self.rate


class PerShareFee(_Model, frozen=True, tag="per_share"):
    """An amount for each unit, as US stock brokers charge.

    amount        for each unit [quote currency]
    minimum       the least for an order: its first execution pays it, later ones what exceeds it
    most          the most for an execution, as a fraction of its value (0.01 is 1 %); None for no bound
    """

    amount: Decimal
    minimum: Decimal = ZERO
    most: Decimal | None = None

    def __post_init__(self) -> None:
        """Make the numbers exact; raises ConfigError."""
        at_least_zero(self, "amount")
        at_least_zero(self, "minimum")
        if self.most is not None:
            fraction(self, "most")

    def charge(self, execution: Execution) -> Decimal:
        """The order's due with it, less its due before it; `most` bounds each execution, the minimum too."""
        due = max((execution.filled + execution.qty) * self.amount, self.minimum)
        if execution.filled:
            due -= max(execution.filled * self.amount, self.minimum)
        return due if self.most is None else min(due, execution.value * self.most)


class MakerTakerFee(_Model, frozen=True, tag="maker_taker"):
    """One rate for who rested in the book, another for who came. A negative maker rate is a rebate."""

    maker: Decimal
    taker: Decimal

    def __post_init__(self) -> None:
        """Make the numbers exact; raises ConfigError."""
        fraction(self, "maker", rebate=True)
        fraction(self, "taker")

    def charge(self, execution: Execution) -> Decimal:
        """Value x the rate of its side of the trade."""
        return execution.value * (self.taker if execution.taker else self.maker)


class TieredFee(_Model, frozen=True, tag="tiered"):
    """Rates that fall with turnover: the tier reached before an execution is the tier it pays.

    tiers  (turnover from which it holds, maker rate, taker rate), ascending, the first from 0
    days   how far back turnover counts [days of 24 hours]; None counts all of it
    """

    tiers: tuple[tuple[Decimal, Decimal, Decimal], ...]
    days: int | None = 30

    def __post_init__(self) -> None:
        """Make the numbers exact; raises ConfigError."""
        made = tuple(
            (
                exact(start, name="tier"),
                fraction(None, "maker", maker, rebate=True),
                fraction(None, "taker", taker),
            )
            for start, maker, taker in self.tiers
        )
        starts = [start for start, _, _ in made]
        if not made or starts[0] != 0 or starts != sorted(set(starts)):
            raise ConfigError(
                f"TieredFee: tiers start at {', '.join(map(str, starts)) or 'nothing'}; give the first from 0 and "
                f"the others ascending, for example ((0, 0.001, 0.002), (50_000, 0.0008, 0.0018))"
            )
        if self.days is not None and self.days < 1:
            raise ConfigError(f"TieredFee: days is {self.days}; give 1 or more, or None for all turnover")
        msgspec.structs.force_setattr(self, "tiers", made)

    @property
    def window_ns(self) -> int | None:
        """How far back turnover counts [ns]."""
        return None if self.days is None else self.days * 86_400_000_000_000

    def charge(self, execution: Execution) -> Decimal:
        """Value x the rate of the tier that turnover has reached."""
        _, maker, taker = next(t for t in reversed(self.tiers) if execution.turnover >= t[0])
        return execution.value * (taker if execution.taker else maker)


class _Own(msgspec.Struct, frozen=True):
    """A user's own function as a model; all turnover is counted for it."""

    function: Callable[[Execution], object]

    @property
    def window_ns(self) -> int | None:
        """How far back turnover counts [ns]."""
        return None

    def charge(self, execution: Execution) -> Decimal:
        """What the function says, made exact."""
        return exact(self.function(execution), name="the fee")


def fee_model(fee: object) -> Fee:
    """A fee as a model: a number is a fraction of the traded value, a function takes an Execution.

    Raises ConfigError for a number that is no fraction, OrderError for what is no number.
    """
    if isinstance(fee, Fee):
        return fee
    if callable(fee):
        return _Own(fee)
    return PercentFee(fraction(None, "fee", fee))
