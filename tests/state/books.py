"""An account's book in one line: the state after some facts, and the instruments that the ledger's tests trade.

Knows no engine.
"""

from decimal import Decimal
from typing import Any

from tests.builders import BTC, MINUTE, START, event, opened
from tradekit.core.event import Fact
from tradekit.model.instrument import Instrument, Kind
from tradekit.state.reducer import apply
from tradekit.state.shape import State

D = Decimal
ES = Instrument(id="ES", multiplier=D(50))  # paid in full, whatever its multiplier
FUTURE = Instrument(id="FES", multiplier=D(50), kind=Kind.FUTURE, margin=D("0.1"))
INVERSE = Instrument(id="XBTUSD", base="BTC", multiplier=D(100), inverse=True, margin=D("0.1"))
BUND = Instrument(id="BUND", quote="EUR")
EURUSD = Instrument(id="EURUSD", base="EUR", quote="USD")
USDJPY = Instrument(id="USDJPY", base="USD", quote="JPY")
NIKKEI = Instrument(id="NK", quote="JPY")
STOCK = Instrument(id="AAPL", lot=D(1), calendar="XNYS")
ALL = [BTC, ES, FUTURE, INVERSE, BUND, EURUSD, USDJPY, NIKKEI, STOCK]


def book(*facts: Fact, cash: object = 10_000, **terms: Any) -> State:
    """The state after these facts, one a minute from START; `terms` are those of the session's opening."""
    state = State()
    first = opened(**{"cash": D(str(cash)), "instruments": ALL} | terms)
    for n, fact in enumerate((first, *facts)):
        apply(state, event(fact, seq=n + 1, ts=START + n * MINUTE))
    return state


def tell(state: State, *facts: Fact, ts: int | None = None) -> State:
    """The same state after more facts, at `ts` (default: session time) [UTC ns]."""
    for fact in facts:
        apply(state, event(fact, seq=state.seq + 1, ts=state.time if ts is None else ts))
    return state
