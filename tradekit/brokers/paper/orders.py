"""The paper broker: the simulated exchange behind the broker port, trading against the session's own feed.

Knows what trading costs from its configuration; the matching is `tradekit.sim`'s.
"""

from tradekit.model.instrument import Instrument
from tradekit.sim.costs import Costs
from tradekit.sim.exchange import Exchange
from tradekit.sim.venue import SimulatedVenue

__all__ = ["PaperBroker"]


class PaperBroker(SimulatedVenue):
    """Paper money: fills against the bars that the session's feed delivers.

    fee, slippage  fractions of value and price (0.001 is 0.1 %)
    """

    name = "paper"

    def __init__(self, instruments: list[Instrument], *, fee: object = 0, slippage: object = 0) -> None:
        super().__init__(Exchange(instruments, Costs.of(fee, slippage)))
