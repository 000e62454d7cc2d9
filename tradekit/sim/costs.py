"""What trading costs in simulation: fees and slippage, exact.

Knows neither orders nor bars.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import msgspec

from tradekit.errors import ConfigError
from tradekit.model.instrument import Instrument
from tradekit.model.money import CENT, ZERO, exact
from tradekit.model.order import Side

__all__ = ["Costs"]


class Costs(msgspec.Struct, frozen=True):
    """The price of a trade.

    fee       fraction of the traded value, paid on every fill (0.002 is 0.2 %)
    slippage  fraction of the price, always against us, on market and stop orders
    """

    fee: Decimal = ZERO
    slippage: Decimal = ZERO

    @classmethod
    def of(cls, fee: object = 0, slippage: object = 0) -> "Costs":
        """Costs from plain numbers; raises ConfigError unless each is a fraction of 0 up to 1."""
        made = {"fee": exact(fee, name="fee"), "slippage": exact(slippage, name="slippage")}
        for name, value in made.items():
            if not 0 <= value < 1:
                raise ConfigError(
                    f"{name} is {value}: give a fraction from 0 to below 1, for example 0.002 for 0.2 %"
                )
        return cls(**made)

    def charge(self, instrument: Instrument, qty: Decimal, price: Decimal) -> Decimal:
        """The fee for a fill [quote currency], rounded half-even to 1e-8."""
        if not self.fee:
            return ZERO
        return (qty * price * instrument.multiplier * self.fee).quantize(CENT, ROUND_HALF_EVEN)

    def slip(self, instrument: Instrument, side: Side, price: Decimal) -> Decimal:
        """The price after slippage, rounded against us to the instrument's tick."""
        if self.slippage:
            price = price * (1 + self.slippage * side.sign)
        tick = instrument.tick
        if tick is None:
            return price
        rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
        return (price / tick).to_integral_value(rounding) * tick
