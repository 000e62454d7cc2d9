"""Backtests of a `VectorStrategy`: decided beforehand by array, filled by the compiled twin under the twin's rules.

The twin gives the curve at once; the exact record (orders, fills, events) is written by the engine when somebody asks
for it. Knows no parameters and no sweep.
"""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from tradekit.data.columns import BarColumns
from tradekit.model.market import Bar
from tradekit.report.equity import curve_frame
from tradekit.run.record import Told
from tradekit.run.result import Result
from tradekit.sim.costs import Costs
from tradekit.sim.profiles import AnyRules
from tradekit.sim.vector import Fills, Terms, equity_of, fills_of, on_lots
from tradekit.strategy.base import Strategy
from tradekit.strategy.memo import Memo
from tradekit.strategy.vector import Bars, VectorStrategy, decided, decides_alone, units, window_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Decided",
    "Later",
    "VectorResult",
    "bars_of",
    "decided_ahead",
    "decides_ahead",
    "follows",
    "twin_fits",
]

Floats: TypeAlias = NDArray[np.float64]


def bars_of(columns: BarColumns) -> Bars:
    """Columns as a strategy sees them; no copy."""
    return Bars(
        columns.instrument, columns.timeframe, columns.ts, columns.open, columns.high, columns.low,
        columns.close, columns.volume,
    )  # fmt: skip


def decides_ahead(strategy: Strategy, columns: Sequence[BarColumns]) -> bool:
    """Whether all decisions can be made before the run: by a `target` alone, on bars as the feed has them."""
    plain = all(strategy.timeframes in ((), (one.timeframe,)) for one in columns)
    return plain and decides_alone(strategy)


def decided_ahead(strategy: Strategy, columns: Sequence[BarColumns]) -> dict[str, Floats] | None:
    """The decisions on every bar of each instrument that the strategy follows; None where they cannot be made ahead."""
    if not isinstance(strategy, VectorStrategy) or not decides_ahead(strategy, columns):
        return None
    window_of(strategy)
    memo = Memo()
    return {
        one.instrument: decided(strategy, bars_of(one), memo) for one in columns if follows(strategy, one)
    }


def follows(strategy: Strategy, columns: BarColumns) -> bool:
    """Whether a strategy sees these bars."""
    return not strategy.instruments or columns.instrument in strategy.instruments


def twin_fits(strategy: Strategy, columns: Sequence[BarColumns], rules: AnyRules, *, limited: bool) -> bool:
    """Whether the compiled twin knows these rules: the plain ones, one series, and nothing that could deny an order.

    limited  whether there are limits, or an account that is more than a balance
    """
    spec = columns[0].spec
    sized = spec.max_qty is not None or spec.min_notional is not None
    plain = rules.plain is not None and not sized and not spec.margined
    return plain and not limited and len(columns) == 1 and follows(strategy, columns[0])


class Decided(Strategy):
    """Carries out decisions that were made beforehand, bar by bar, in the place of the strategy that made them."""

    def __init__(self, maker: Strategy, targets: Mapping[str, Floats]) -> None:
        super().__init__()
        me: Any = self
        me.instruments, me.timeframes = maker.instruments, maker.timeframes  # of this one, not of the class
        self._wishes = {name: iter(wanted.tolist()) for name, wanted in targets.items()}

    def on_bar(self, bar: Bar) -> None:
        """Wish for what was decided on this bar."""
        wanted = next(self._wishes[bar.instrument])
        if wanted == wanted:
            self.buy_to(units(wanted))


class Later(Sequence[Told]):
    """A record that is written when it is first read."""

    def __init__(self, write: Callable[[], Sequence[Told]]) -> None:
        self._write = write

    @functools.cached_property
    def _written(self) -> Sequence[Told]:
        return self._write()

    def __len__(self) -> int:
        return len(self._written)

    def __iter__(self) -> Iterator[Told]:
        return iter(self._written)

    @overload
    def __getitem__(self, at: int) -> Told: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Told]: ...
    def __getitem__(self, at: int | slice) -> Told | Sequence[Told]:
        return self._written[at]


class VectorResult(Result):
    """A Result whose curve the twin has computed: equal to the exact one but for what floats round (1e-9)."""

    engine: ClassVar[str] = "vector"

    def __init__(self, *, targets: Floats, **record: Any) -> None:
        super().__init__(**record)
        self.targets = targets

    @functools.cached_property
    def twin(self) -> tuple[Fills, Floats]:
        """The twin's executions, and equity after each bar [account currency]."""
        (bars,) = self._columns
        terms = Terms.of(bars.spec, self.rules.plain or Costs())  # plain: `twin_fits` has seen to it
        fills = fills_of(bars.open, on_lots(self.targets, bars.spec.lot), terms)
        return fills, equity_of(bars.close, fills, terms, float(self.opened.cash))

    @functools.cached_property
    def equity(self) -> "pd.DataFrame":
        """Equity, cash, exposure, gross exposure and drawdown after each bar, by the bar's open time (UTC)."""
        (bars,) = self._columns
        fills, equity = self.twin
        lasts = np.diff(fills.at, prepend=0, append=len(bars))  # how many bars each position was held for
        exposure = np.repeat(np.insert(fills.held, 0, 0.0), lasts) * float(bars.spec.multiplier) * bars.close
        cash = equity - exposure
        return curve_frame(bars.ts, equity.copy(), cash, exposure, np.abs(exposure), float(self.opened.cash))
