"""What executions and flows of cash are worth at the end, in the account's currency: exact, so that sums are.

A fill is worth what has become of its quantity since at the last price known, less what was paid, less its fee. Both
records are valued at the session's own last prices and rates. Knows no order.
"""

from decimal import Decimal

from tradekit.model.instrument import Instrument
from tradekit.model.money import CENT, EXACT, ZERO, exact
from tradekit.model.order import Side
from tradekit.run.parity.lives import Traded
from tradekit.state.currency import rate_of
from tradekit.state.shape import State

__all__ = ["Worth"]


class Worth:
    """Prices, rates and instruments as a state has them.

    unpriced  currencies whose rate is not known: what is in them counts as nothing
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._rates: dict[str, Decimal] = {}
        self.unpriced: set[str] = set()

    def paid(self, instrument: str, side: Side, qty: Decimal, price: Decimal) -> Decimal:
        """What a quantity was bought for, with a minus for a sale: less of it is better."""
        spec = self._spec(instrument)
        worth = EXACT.multiply(spec.value(qty, price), self._rate(spec.currency))
        return -worth if (side is Side.BUY) is spec.inverse else worth

    def gross(self, instrument: str, side: Side, fill: Traded) -> Decimal:
        """What a fill has brought by now, before its fee."""
        last = self._last(instrument, fill.price)
        now = self.paid(instrument, side, fill.held, last)
        return EXACT.subtract(now, self.paid(instrument, side, fill.qty, fill.price))

    def fee(self, instrument: str, fill: Traded) -> Decimal:
        """What its fee costs by now: one that was taken out of what was traded at the last price."""
        if not fill.fee:
            return ZERO
        spec = self._spec(instrument)
        if not spec.margined and spec.base == fill.fee_currency != spec.currency:
            return self.paid(instrument, Side.BUY, fill.fee, self._last(instrument, fill.price))
        return self.cash(fill.fee_currency, fill.fee)

    def cash(self, currency: str, amount: Decimal) -> Decimal:
        """What an amount of a currency is worth."""
        return EXACT.multiply(amount, self._rate(currency))

    def ticks(self, instrument: str, distance: Decimal) -> Decimal | None:
        """A distance of prices in ticks, None where the instrument has none."""
        tick = self._spec(instrument).tick
        return None if tick is None else EXACT.divide(distance, tick).quantize(CENT)

    def _spec(self, instrument: str) -> Instrument:
        known = self._state.instruments.get(instrument)
        return known if known is not None else Instrument(id=instrument, quote=self._state.account.currency)

    def _last(self, instrument: str, otherwise: Decimal) -> Decimal:
        mark = self._state.marks.get(instrument)
        return otherwise if mark is None else exact(mark.last)

    def _rate(self, currency: str) -> Decimal:
        rate = self._rates.get(currency)
        if rate is None:
            found = rate_of(self._state, currency, self._state.account.currency)
            if found is None:
                self.unpriced.add(currency)
            rate = self._rates[currency] = ZERO if found is None else found
        return rate
