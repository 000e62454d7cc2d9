"""By how much a market order fills worse than the price it met: slippage models, exact.

A model gives a distance; the exchange moves the price by it against the order. Formulas and sources are in
docs/costs.md. Knows neither book nor fees.
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

__all__ = ["FixedSlippage", "PercentSlippage", "Slippage", "Taking", "VolumeShareSlippage", "slippage_model"]


class Taking(msgspec.Struct, frozen=True):
    """What a slippage model is shown: who takes how much at which price, and the volume of that bar or tick.

    volume  [base units], None when unknown
    """

    instrument: Instrument
    side: Side
    qty: Decimal
    price: Decimal
    volume: Decimal | None = None


@runtime_checkable
class Slippage(Protocol):
    """A slippage model."""

    def distance(self, taking: Taking) -> Decimal:
        """How far the price moves against the order [quote currency], 0 or more."""


class PercentSlippage(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="model", tag="percent"
):
    """A share of the price. rate: fraction (0.0005 is 0.05 %)."""

    rate: Decimal = ZERO

    def __post_init__(self) -> None:
        """Make the number exact; raises ConfigError."""
        fraction(self, "rate")

    def distance(self, taking: Taking) -> Decimal:
        """Price x rate."""
        return taking.price * self.rate


class FixedSlippage(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="model", tag="fixed"):
    """The same distance always: `amount` [quote currency], and `ticks` of the instrument's tick."""

    amount: Decimal = ZERO
    ticks: Decimal = ZERO

    def __post_init__(self) -> None:
        """Make the numbers exact; raises ConfigError."""
        at_least_zero(self, "amount")
        at_least_zero(self, "ticks")

    def distance(self, taking: Taking) -> Decimal:
        """Amount + ticks x tick; raises ConfigError for ticks of an instrument that has none."""
        tick = taking.instrument.tick
        if not self.ticks:
            return self.amount
        if tick is None:
            raise ConfigError(
                f"slippage in ticks, and {taking.instrument.id} has no tick; give it one, or FixedSlippage(amount=)"
            )
        return self.amount + self.ticks * tick


class VolumeShareSlippage(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="model", tag="volume_share"
):
    """The square of the share of the volume that is taken, times `impact`: zipline's VolumeShareSlippage.

    impact  how far the price moves when all of the volume is taken, as a fraction of the price
    most    the greatest share that counts; set `Rules.participation` to it so that no more is taken
    Where the volume is unknown the share is taken to be `most`.
    """

    impact: Decimal = Decimal("0.1")
    most: Decimal = Decimal("0.025")

    def __post_init__(self) -> None:
        """Make the numbers exact; raises ConfigError."""
        at_least_zero(self, "impact")
        at_least_zero(self, "most")

    def distance(self, taking: Taking) -> Decimal:
        """Price x impact x (qty / volume)^2, the share at most `most`."""
        share = self.most if not taking.volume else min(taking.qty / taking.volume, self.most)
        return taking.price * self.impact * share * share


class _Own(msgspec.Struct, frozen=True):
    """A user's own function as a model."""

    function: Callable[[Taking], object]

    def distance(self, taking: Taking) -> Decimal:
        """What the function says, made exact; raises ConfigError when it would help the order."""
        distance = exact(self.function(taking), name="slippage")
        if distance < 0:
            raise ConfigError(f"slippage is {distance}: a distance against the order, 0 or more, is wanted")
        return distance


def slippage_model(slippage: object) -> Slippage:
    """Slippage as a model: a number is a fraction of the price, a function takes a Taking.

    Raises ConfigError for a number that is no fraction, OrderError for what is no number.
    """
    if isinstance(slippage, Slippage):
        return slippage
    if callable(slippage):
        return _Own(slippage)
    return PercentSlippage(fraction(None, "slippage", slippage))
