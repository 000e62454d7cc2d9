"""What the broker needs to know of one venue: which requests to make, and what its messages say.

ccxt makes requests alike, and leaves answers unlike: what a trade's count, the client id in a cancel's report or an
error's code means is each venue's own. So venues are proven one by one; a new one is a class like `binance.Binance`.
It knows no session.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from tradekit.brokers.ccxt.binance import Binance
from tradekit.brokers.ccxt.names import Names
from tradekit.errors import ConfigError, did_you_mean
from tradekit.model.instrument import Instrument
from tradekit.model.market import Bar
from tradekit.model.order import OrderReplaceRequested, OrderSubmitted
from tradekit.model.said import Ask, Item, OrderSaid, Said
from tradekit.trading.broker import Abilities, AtVenue
from tradekit.trading.quota import Quota

__all__ = ["MARKETS", "Dialect", "dialect_of"]

MARKETS = ("spot", "linear")


class Dialect(Protocol):
    """One market of one venue. `client` is ccxt's; what is raised is judged by `errors`.

    options  ccxt's for this market
    unit     what one of the venue's units of weight is in ccxt's units of cost
    trades_s, orders_s  how far back it tells trades, and orders that have ended without one [s]; 0 is for ever
    """

    venue: str
    market: str
    abilities: Abilities
    options: Mapping[str, Any]
    unit: float
    trades_s: int
    orders_s: int

    def quota(self) -> Quota:
        """How much the venue takes, in ccxt's units of cost."""

    async def submit(self, client: Any, order: OrderSubmitted, names: Names) -> tuple[Said, ...]:
        """Send an order."""

    async def cancel(self, client: Any, order: AtVenue, names: Names) -> OrderSaid:
        """Ask for an order's end."""

    async def replace(
        self, client: Any, order: AtVenue, wanted: OrderReplaceRequested, names: Names
    ) -> OrderSaid:
        """Ask for other terms."""

    def unable(self, order: OrderSubmitted) -> str:
        """Why the venue cannot take such an order; "" where it can."""

    def unchangeable(self, order: AtVenue, wanted: OrderReplaceRequested) -> str:
        """Why an order cannot be changed; "" where it can."""

    async def book(self, client: Any, ask: Ask, names: Names, now: int) -> tuple[Item, ...]:
        """A whole book, all its pages."""

    async def order(self, client: Any, ask: Ask, names: Names) -> OrderSaid:
        """One order by its client id."""

    async def time(self, client: Any) -> int:
        """The venue's clock [UTC ns]."""

    async def account(self, client: Any) -> str:
        """What the venue calls the account, whatever key it is reached with."""

    async def refusal(self, client: Any) -> str:
        """Why this account cannot be traded on; "" where it can."""

    async def listen(self, client: Any) -> Any:
        """Open the account's stream; once it is confirmed, a future that ends with the connection."""

    def heard(self, message: Any, names: Names) -> tuple[Said, ...] | None:
        """What a message of the account's stream says; None where it is none of the account's."""

    def ended(self, message: Any) -> str:
        """Why the account's stream is over, where this message says so; else ""."""

    def forget(self, client: Any) -> None:
        """Drop the stream's credentials, so that the next `listen` gets new ones."""

    async def subscribe(self, client: Any, series: list[tuple[str, str]], names: Names) -> Any:
        """Open the market's stream of bars; once it is confirmed, a future that ends with the connection."""

    def bar(self, message: Any, names: Names) -> tuple[Bar, bool] | None:
        """A frame's bar, and whether it has closed; None where the frame is none of bars."""

    async def bars(
        self, client: Any, instrument: str, timeframe: str, since: int, until: int, names: Names
    ) -> list[Bar]:
        """Closed bars whose open lies in [since, until) [UTC ns], all pages, oldest first."""

    async def instruments(self, client: Any, names: Names) -> dict[str, Instrument]:
        """What is traded, by the session's name, with the steps that the venue keeps."""

    async def rights(self, client: Any) -> dict[str, bool]:
        """What the key may do, as far as the venue tells: read, trade, withdraw, and `bound` to addresses."""


def dialect_of(venue: str, market: str) -> Dialect:
    """The dialect of a venue's market; raises ConfigError for one that is not proven."""
    if market not in MARKETS:
        raise ConfigError(f"market {market!r} is not known; write one of {', '.join(MARKETS)}")
    if venue != "binance":
        raise ConfigError(
            f"venue {venue!r} is not proven with tradekit{did_you_mean(venue, ['binance'])}; this version has binance. "
            f"docs/brokers.md says what it takes to add one"
        )
    return Binance(market)
