"""Convergence and divergence of two moving averages, as TA-Lib defines it.

Knows nothing of what level calls for a trade.
"""

from typing import ClassVar

from tradekit.errors import StrategyError
from tradekit.indicators.averages import EMA
from tradekit.indicators.base import Floats, Indicator, positive_period

__all__ = ["MACD"]


class MACD(Indicator):
    """The fast EMA less the slow one, a signal line (an EMA of that) and the histogram between the two.

    value      fast less slow
    signal     EMA of `value` over `signal` bars
    histogram  value less signal

    Both averages start with the slow one's first value, as in TA-Lib: the fast one from the mean of the last
    `fast` values then. All three lines come together, with bar `slow` + `signal` - 1.
    """

    __slots__ = ("_fast", "_signal", "_skip", "_slow", "histogram", "signal")
    outputs: ClassVar[tuple[str, ...]] = ("value", "signal", "histogram")
    signal: float
    histogram: float

    def __init__(self, fast: int = 12, slow: int = 26, signal: int = 9) -> None:
        fast = positive_period("MACD", fast, least=2, what="fast period")
        slow = positive_period("MACD", slow, least=2, what="slow period")
        signal = positive_period("MACD", signal, what="signal period")
        if fast >= slow:
            raise StrategyError(f"MACD: the fast period is {fast}, the slow one {slow}; fast must be shorter")
        super().__init__(warmup=slow + signal - 1)
        self._fast, self._slow, self._signal = EMA(fast), EMA(slow), EMA(signal)
        self._skip = slow - fast  # values that the fast average does not see

    def update(self, value: float) -> None:
        """Take the next value."""
        fast, slow, signal = self._fast, self._slow, self._signal
        slow.update(value)
        if self._skip:
            self._skip -= 1
            return
        fast.update(value)
        if not slow.ready:
            return
        line = fast.value - slow.value
        signal.update(line)
        if signal.ready:
            self.ready = True
            self.value, self.signal = line, signal.value
            self.histogram = line - signal.value

    def _lines(self, given: Floats) -> tuple[Floats, Floats, Floats]:
        line = self._fast.array(given) - self._slow.array(given)
        signal = self._signal.array(line)
        return line, signal, line - signal
