"""The settings of backtesting.py as a set of fill rules, and what it charges.

The rules themselves are carried out by `trade_exchange`; they are listed in docs/rules.md. Knows no order.
"""

from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from tradekit.errors import ConfigError
from tradekit.model.instrument import Instrument
from tradekit.model.money import CENT, ZERO, exact

__all__ = ["BacktestingPy", "Commission", "backtesting_py"]

Commission = Callable[[float, float], float]


class BacktestingPy(msgspec.Struct, frozen=True, kw_only=True):
    """How backtesting.py fills orders. Make it with `tk.rules.backtesting_py`, which checks the settings.

    trade_on_close    market orders trade at the close that decided them instead of the next open
    exclusive_orders  each entry first cancels pending entries and closes all open trades
    hedging           opposite orders leave open trades alone
    margin            share of a trade's value that it binds; 1 / margin is the leverage
    spread            fraction of the price by which entries pay more (buys) or get less (sells)
    fixed, rate       commission of each entry and each exit: money, and a fraction of the value
    commission        or a function of signed units and price that gives it; None uses the two above
    finalize_trades   what is open at the end is closed on the last bar
    unit              the smallest quantity; all quantities are whole multiples of it
    """

    trade_on_close: bool = False
    exclusive_orders: bool = False
    hedging: bool = False
    margin: Decimal = Decimal(1)
    spread: Decimal = ZERO
    fixed: Decimal = ZERO
    rate: Decimal = ZERO
    commission: Commission | None = None
    finalize_trades: bool = False
    unit: Decimal = Decimal(1)

    @property
    def free(self) -> bool:
        """Whether no commission was set."""
        return self.commission is None and not self.fixed and not self.rate

    @property
    def plain(self) -> None:
        """The fast loops cover none of this."""
        return None

    def charged(self, *, fee: object = None, slippage: object = None) -> "BacktestingPy":
        """These rules with a run's `fee` as the commission; raises ConfigError for a second one, and for slippage."""
        if slippage is not None and exact(slippage, name="slippage"):
            raise ConfigError("backtesting.py knows no slippage; use its `spread`, which entries pay")
        fixed, rate, function = _commission(0 if fee is None else fee)
        if not (fixed or rate or function):
            return self
        if not self.free:
            raise ConfigError("the rules have a commission already; give it there or as the fee, not both")
        return msgspec.structs.replace(self, fixed=fixed, rate=rate, commission=function)

    def instrument(self, instruments: Sequence[Instrument]) -> Instrument:
        """The one instrument as these rules trade it: in whole units; raises ConfigError where they cannot."""
        if len(instruments) != 1:
            names = ", ".join(i.id for i in instruments)
            raise ConfigError(f"backtesting.py trades one instrument at a time; given: {names}")
        spec = instruments[0]
        if spec.multiplier != 1 or spec.inverse:
            raise ConfigError(
                f"{spec.id}: backtesting.py knows no contract multipliers and no inverse contracts; "
                f"use the default rules"
            )
        return msgspec.structs.replace(spec, lot=self.unit)

    def charge(self, units: Decimal, price: Decimal) -> Decimal:
        """The commission on `units` (signed, a multiple of `unit` or a share) at `price`, per whole unit scaled.

        `units` counts whole units and `price` is that of one: what the library's own function is called with.
        """
        if self.commission is not None:
            return exact(self.commission(float(units), float(price)), name="commission(size, price)")
        return self.fixed + abs(units) * price * self.rate

    def fee(self, qty: Decimal, price: Decimal) -> Decimal:
        """The commission of a fill of `qty` (signed, base units) at `price`, rounded half-even to 1e-8."""
        return self.charge(qty / self.unit, price * self.unit).quantize(CENT, ROUND_HALF_EVEN)

    def paid(self, price: Decimal, sign: int) -> Decimal:
        """The price of an entry after the spread."""
        return price * (1 + self.spread * sign)


def backtesting_py(
    *,
    trade_on_close: bool = False,
    exclusive_orders: bool = False,
    hedging: bool = False,
    margin: object = 1,
    spread: object = 0,
    commission: object = 0,
    finalize_trades: bool = False,
    fractional_unit: object = 1,
) -> BacktestingPy:
    """The fill rules of backtesting.py 0.6, by the names of its own settings; see docs/rules.md.

    commission       a fraction of the value, a pair (money, fraction), or a function of (signed size, price); paid
                     at entry and again at exit. Left at 0, the run's `fee` is taken as the fraction.
    fractional_unit  the smallest quantity, as of `FractionalBacktest`

    Raises ConfigError for a setting that the library refuses too.
    """
    fixed, rate, function = _commission(commission)
    made = BacktestingPy(
        trade_on_close=bool(trade_on_close),
        exclusive_orders=bool(exclusive_orders),
        hedging=bool(hedging),
        margin=exact(margin, name="margin"),
        spread=exact(spread, name="spread"),
        fixed=fixed,
        rate=rate,
        commission=function,
        finalize_trades=bool(finalize_trades),
        unit=exact(fractional_unit, name="fractional_unit"),
    )
    if not 0 < made.margin <= 1:
        raise ConfigError(f"margin is {margin}: give a fraction above 0 up to 1, for example 0.02 for 50:1")
    if not 0 <= made.spread < 1:
        raise ConfigError(f"spread is {spread}: give a fraction from 0 to below 1, for example 0.0002")
    if made.unit <= 0:
        raise ConfigError(f"fractional_unit is {fractional_unit}: give a quantity above 0")
    return made


def _commission(given: object) -> tuple[Decimal, Decimal, Commission | None]:
    """The fixed part, the fraction and the function that a commission was given as."""
    if callable(given):
        return ZERO, ZERO, given
    if isinstance(given, Sequence) and not isinstance(given, str):
        if len(given) != 2:
            raise ConfigError(f"commission is {given!r}: give a fraction, or a pair (money, fraction)")
        fixed, rate = (exact(part, name="commission") for part in given)
    else:
        fixed, rate = ZERO, exact(given, name="commission")
    if fixed < 0 or not Decimal("-0.1") <= rate < Decimal("0.1"):
        raise ConfigError(
            f"commission is {given!r}: the money must not be negative, the fraction from -0.1 to below 0.1"
        )
    return fixed, rate, None
