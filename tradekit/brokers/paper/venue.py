"""Paper in the house: the simulated exchange that a paper session asks directly, trading against its own feed.

Knows what trading costs from its configuration; the matching is `tradekit.sim`'s.
"""

from tradekit.model.instrument import Instrument
from tradekit.sim.exchange import Exchange
from tradekit.sim.rules import Rules
from tradekit.sim.venue import SimulatedVenue

__all__ = ["PaperVenue"]


class PaperVenue(SimulatedVenue):
    """Paper money: fills against what the session's feed delivers.

    fee, slippage  fractions of value and price (0.001 is 0.1 %), or models of them
    rules          the fill rules, the default ones unless they are given
    """

    name = "paper"

    def __init__(
        self,
        instruments: list[Instrument],
        *,
        fee: object = None,
        slippage: object = None,
        rules: Rules | None = None,
    ) -> None:
        super().__init__(Exchange(instruments, Rules.of(rules, fee=fee, slippage=slippage)))
