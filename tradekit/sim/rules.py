"""The fill rules of the simulated exchange, as one value: what a profile of another engine changes, and nothing else.

Each field is explained, with its test, in docs/fills.md. Knows no order and no price.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Literal, get_args

import msgspec

from tradekit.errors import ConfigError, did_you_mean
from tradekit.model.money import CENT, ZERO, exact
from tradekit.sim.checks import at_least_zero, fraction
from tradekit.sim.costs import Costs
from tradekit.sim.fees import Execution, Fee, PercentFee, fee_model
from tradekit.sim.slippage import PercentSlippage, Slippage, Taking, slippage_model

__all__ = ["Rules"]

Market = Literal["next_open", "this_close"]
Path = Literal["pessimistic", "open_high_low_close", "open_low_high_close"]
_CHOICES: dict[str, tuple[str, ...]] = {
    "market": get_args(Market),
    "path": get_args(Path),
    "limits": ("touch", "through"),
    "limit_gap": ("open", "limit"),
    "stop_gap": ("open", "stop"),
    "spread_on": ("sides", "entries"),
}


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """How orders fill. The defaults are the rules that a backtest and a paper session have of themselves.

    market          where a market order trades: at the next bar's open (the next quote, the next trade), or at the
                    close of the bar it was decided on (the quote or trade at hand)
    path            how prices went inside a bar: "pessimistic" takes, of what could have come first, what is worse;
                    the others walk from the open to one extreme, the other one, and the close
    limits          whether a limit trades when the price touches it, or only when it goes through
    limit_gap       a limit that an open betters trades at the open, or at its own price
    stop_gap        a stop that an open has passed trades at the open, or at its own price (which nobody traded at)
    participation   the largest share of a bar's or a trade's volume that orders here take, all together; None for all
                    that is wanted. What is left over waits.
    quote_sizes     whether a quote's sizes, where known, bound what trades against it
    submit_latency  from an order's sending until it is in the market [ns]
    cancel_latency  from the wish to cancel or replace until it acts [ns]
    spread          between bid and ask as a fraction of the price, for bars and trades, which do not show it
    spread_ticks    the same in ticks, in addition
    spread_on       "sides": market orders pay half of the spread either way; "entries": what opens or adds to a
                    position pays all of it, limits too, and what closes pays nothing
    fee, slippage   a number (a fraction of value, of price), a model or a function; see docs/costs.md
    fee_step        fees are rounded half-even to this
    slip_in_range   whether a slipped price is held within its bar's high and low
    """

    market: Market = "next_open"
    path: Path = "pessimistic"
    limits: Literal["touch", "through"] = "touch"
    limit_gap: Literal["open", "limit"] = "open"
    stop_gap: Literal["open", "stop"] = "open"
    participation: Decimal | None = None
    quote_sizes: bool = True
    submit_latency: int = 0
    cancel_latency: int = 0
    spread: Decimal = ZERO
    spread_ticks: Decimal = ZERO
    spread_on: Literal["sides", "entries"] = "sides"
    fee: Fee | Callable[[Execution], object] | Decimal | float = PercentFee()
    slippage: Slippage | Callable[[Taking], object] | Decimal | float = PercentSlippage()
    fee_step: Decimal = CENT
    slip_in_range: bool = False

    def __post_init__(self) -> None:
        """Make numbers exact and models of fee and slippage; raises ConfigError for what is no rule."""
        for name, known in _CHOICES.items():
            if getattr(self, name) not in known:
                raise ConfigError(
                    f"rules: {name} is {getattr(self, name)!r}; write one of {', '.join(known)}"
                    f"{did_you_mean(str(getattr(self, name)), known)}"
                )
        if self.participation is not None:
            self._keep("participation", exact(self.participation, name="participation"))
            if not 0 < self.participation <= 1:
                raise ConfigError(
                    f"rules: participation is {self.participation}; give a share above 0 up to 1, or None"
                )
        for name in ("submit_latency", "cancel_latency"):
            latency = getattr(self, name)
            if type(latency) is not int or latency < 0:
                raise ConfigError(f"rules: {name} is {latency!r}; give whole nanoseconds, 0 or more")
        fraction(self, "spread")
        at_least_zero(self, "spread_ticks")
        if at_least_zero(self, "fee_step") == 0:
            raise ConfigError("rules: fee_step is 0; give the smallest amount, for example 0.01")
        self._keep("fee", fee_model(self.fee))
        self._keep("slippage", slippage_model(self.slippage))

    def _keep(self, name: str, value: object) -> None:
        msgspec.structs.force_setattr(self, name, value)

    @classmethod
    def of(cls, rules: "Rules | None" = None, *, fee: object = None, slippage: object = None) -> "Rules":
        """`rules` (default: the plain ones) with another fee and slippage, where they are given."""
        changes: dict[str, Any] = {}
        if fee is not None:
            changes["fee"] = fee_model(fee)
        if slippage is not None:
            changes["slippage"] = slippage_model(slippage)
        made = rules if rules is not None else cls()
        return msgspec.structs.replace(made, **changes) if changes else made

    @property
    def fees(self) -> Fee:
        """The fee model."""
        return fee_model(self.fee)

    @property
    def slips(self) -> Slippage:
        """The slippage model."""
        return slippage_model(self.slippage)

    @property
    def plain(self) -> Costs | None:
        """The two fractions, where these are the plain rules with plain costs: what the fast loops cover; else None."""
        fee, slippage = self.fee, self.slippage
        if not isinstance(fee, PercentFee) or not isinstance(slippage, PercentSlippage) or fee.minimum:
            return None
        plain = Rules(fee=fee, slippage=slippage)
        return Costs(fee.rate, slippage.rate) if self == plain else None
