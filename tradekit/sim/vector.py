"""The fill simulation of one set of rules, compiled: market orders at the next open, fee and slippage as fractions.

Knows targets, opens and closes as arrays; no orders, no events and no limits. What it gives is what `Engine.step` and
the simulated exchange give under these rules: positions and bars exactly, money as floats. With numba (the extra
`fast`) the functions run as machine code, without it as they stand here, with the same result.
"""

import functools
import warnings
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tradekit.model.instrument import Instrument
from tradekit.model.money import exact, floor_to
from tradekit.sim.costs import Costs

__all__ = ["Fills", "Terms", "compiled", "equity_of", "fills_of", "on_lots"]

Floats: TypeAlias = NDArray[np.float64]
Places: TypeAlias = NDArray[np.int64]


class Terms(NamedTuple):
    """What a trade costs, as floats.

    multiplier     quote currency per unit of price for one unit of quantity
    fee, slippage  fractions of the value, of the price
    tick           smallest price step, 0 when any price is allowed
    per_unit       steps in one unit of price where that is a whole number, else 0: dividing by it rounds once only
    """

    multiplier: float
    fee: float
    slippage: float
    tick: float
    per_unit: float

    @classmethod
    def of(cls, instrument: Instrument, costs: Costs) -> "Terms":
        """The terms of an instrument and a run's costs."""
        tick = instrument.tick
        inverse = 0 if tick is None else 1 / tick
        return cls(
            float(instrument.multiplier), float(costs.fee), float(costs.slippage),
            float(tick or 0), float(inverse) if inverse == int(inverse) else 0.0,
        )  # fmt: skip


class Fills(NamedTuple):
    """Executions as columns, shape (fills,).

    at     the bar that each traded in, by its number from 0
    held   the position after it [base units]
    price  after slippage, on the tick [quote currency]
    fee    [quote currency]
    """

    at: Places
    held: Floats
    price: Floats
    fee: Floats

    @property
    def qty(self) -> Floats:
        """Signed quantities: what was bought, or sold as a negative number [base units]."""
        return np.diff(self.held, prepend=0.0)


def on_lots(targets: Floats, lot: Decimal | None) -> Floats:
    """The targets rounded towards zero to whole lots, exactly: each distinct one as the number that it is written."""
    whole = lot is None or (1 % lot == 0 and bool(np.all((targets == np.trunc(targets)) | np.isnan(targets))))
    if whole:
        return targets
    distinct, places = np.unique(targets, return_inverse=True)
    floored = [value if value != value else float(floor_to(exact(value), lot)) for value in distinct.tolist()]
    return np.array(floored)[places]


def fills_of(opens: Floats, targets: Floats, terms: Terms) -> Fills:
    """The executions that lead from target to target, each at the open of the bar after its decision.

    targets  the position wanted after each bar, shape (bars,); nan leaves the wish before it as it is. What the last
             bar decides is not traded any more.
    """
    bars = len(targets)
    room = Fills(
        np.empty(bars, np.int64), np.empty(bars), np.empty(bars), np.empty(bars)
    )  # touched as far as filled
    count = compiled(_fill)(opens, targets, *terms, *room)
    at, held, price, fee = room
    return Fills(at[:count].copy(), held[:count].copy(), price[:count].copy(), fee[:count].copy())


def equity_of(closes: Floats, fills: Fills, terms: Terms, cash: float, out: Floats | None = None) -> Floats:
    """Equity after each bar [account currency], shape (bars,), in `out` if given; `cash` is the opening balance."""
    equity = np.empty(len(closes)) if out is None else out
    compiled(_mark)(closes, *fills, terms.multiplier, cash, equity)
    return equity


# --- compiled where numba is there ---------------------------------------------------------------------------


@functools.cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as machine code that leaves the GIL to others, kept on disk; as it is where numba is not installed.

    The code is kept beside the module, else in the user's cache folder, else in memory for this process.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numba's own imports, which is nothing to do with the user
            import numba
    except ImportError:
        return function
    try:
        made: Callable[..., Any] = numba.njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no folder to keep it in
        made = numba.njit(nogil=True)(function)
    return made


def _fill(
    opens: Floats,
    targets: Floats,
    multiplier: float,
    fee: float,
    slippage: float,
    tick: float,
    per_unit: float,
    at: Places,
    held: Floats,
    price: Floats,
    paid: Floats,
) -> int:
    """Write the executions into `at`, `held`, `price` and `paid`; how many there are."""
    holding, n = 0.0, 0
    for bar in range(len(targets) - 1):
        wanted = targets[bar]
        if wanted == holding or wanted != wanted:
            continue
        side = 1.0 if wanted > holding else -1.0
        traded = opens[bar + 1]
        if slippage:
            traded *= 1.0 + slippage * side
        if tick:  # rounded against us, but not by what a float is away from a price on the tick
            steps = traded * per_unit if per_unit else traded / tick
            whole = np.rint(steps)
            if abs(steps - whole) > 1e-15 * abs(steps):
                whole = np.ceil(steps) if side > 0.0 else np.floor(steps)
            traded = whole / per_unit if per_unit else whole * tick
        at[n] = bar + 1
        held[n] = wanted
        price[n] = traded
        paid[n] = np.rint(abs(wanted - holding) * traded * multiplier * fee * 1e8) / 1e8
        holding = wanted
        n += 1
    return n


def _mark(
    closes: Floats,
    at: Places,
    held: Floats,
    price: Floats,
    paid: Floats,
    multiplier: float,
    cash: float,
    equity: Floats,
) -> None:
    """Write equity after each bar into `equity`: between two executions it is cash and a multiple of the close."""
    holding, money, bar = 0.0, cash, 0
    for n in range(len(at) + 1):
        until = at[n] if n < len(at) else len(closes)
        worth = holding * multiplier
        for i in range(bar, until):
            equity[i] = money + worth * closes[i]
        if n < len(at):
            money -= (held[n] - holding) * price[n] * multiplier + paid[n]
            holding, bar = held[n], until
