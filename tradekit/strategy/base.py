"""What a user writes: a Strategy with declared parameters, callbacks for what happens, and wishes for what to do.

The same class runs in a backtest, on paper and live. It sees closed bars and its own orders; it knows neither the
journal, the data's source nor the venue.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Protocol, TypeVar

import param

from tradekit.errors import StrategyError
from tradekit.model.market import Bar, MarkUpdated, Quote, TradeTick
from tradekit.model.order import OrderFilled, Side
from tradekit.state.shape import Order, State

__all__ = ["Dealer", "Indicator", "Strategy"]


class Indicator(Protocol):
    """Anything with `value`, `ready` and `update`; `inputs` names the bar fields that `update` takes."""

    inputs: ClassVar[tuple[str, ...]]
    value: float
    ready: bool

    def update(self, *fields: float) -> object:
        """Take the next bar's fields."""


I = TypeVar("I")  # noqa: E741 - the indicator class that was asked for


class Dealer(Protocol):
    """Who carries out a strategy's wishes: the engine."""

    @property
    def state(self) -> State:
        """The session's state."""

    def position(self, instrument: str | None) -> Decimal:
        """What is held."""

    def order(self, side: Side, qty: object, **terms: Any) -> str:
        """Wish for an order."""

    def target(
        self, qty: object, *, instrument: str | None = None, tag: str = "", reason: str = ""
    ) -> str | None:
        """Wish for a position."""

    def target_percent(self, percent: float, **terms: Any) -> str | None:
        """Wish for a position worth a share of equity."""

    def cancel(self, order_id: str, reason: str) -> None:
        """Wish for an order's end."""

    def cancel_all(self, instrument: str | None, reason: str) -> None:
        """Wish for the end of all orders."""

    def signal(self, name: str, direction: float, *, instrument: str | None = None, note: str = "") -> None:
        """Tell an opinion."""

    def bars(self, instrument: str | None, timeframe: str | None, count: int) -> list[Bar]:
        """The last closed bars."""

    def add_indicator(
        self, indicator: Any, on: str | None, instrument: str | None, timeframe: str | None
    ) -> None:
        """Feed an indicator from now on."""


class Strategy(param.Parameterized):
    """Derive from this, declare parameters with `param`, and answer what happens with wishes.

    `timeframes` names the bars that `on_bar` is called with; empty means the feed's own. Coarser bars that close at
    the same moment come first. `instruments` restricts what it sees; empty means all of the session's.

    During a run parameters are plain attributes and cannot be assigned (use `set_param` from outside).
    """

    timeframes: ClassVar[tuple[str, ...]] = ()
    instruments: ClassVar[tuple[str, ...]] = ()

    _dealer: Dealer | None = None
    _goal: float | None = (
        None  # the position of the current instrument once working market orders have filled
    )

    # --- what happens: override what you need ---------------------------------------------------------------

    def on_start(self) -> None:
        """Called once before the first bar: make indicators here."""

    def on_bar(self, bar: Bar) -> None:
        """A bar of one of `timeframes` has closed; indicators on it are up to date."""

    def on_quote(self, quote: Quote) -> None:
        """The top of an instrument's book changed. One that overrides this decides on quotes: each is an input."""

    def on_trade(self, trade: TradeTick) -> None:
        """Somebody traded. One that overrides this decides on trades: each is an input."""

    def on_mark(self, mark: MarkUpdated) -> None:
        """An instrument's mark moved."""

    def on_order(self, order: Order) -> None:
        """One of the strategy's orders changed its status."""

    def on_fill(self, fill: OrderFilled) -> None:
        """One of the strategy's orders traded; position and cash are up to date."""

    def on_params(self, changed: Mapping[str, Any]) -> None:
        """Parameters were changed by a command: by default start again, with indicators warmed up from past bars."""
        self.on_start()

    def on_stop(self) -> None:
        """The run is over."""

    # --- wishes ---------------------------------------------------------------------------------------------

    def buy(
        self,
        qty: object,
        *,
        instrument: str | None = None,
        limit: object = None,
        stop: object = None,
        stop_loss: object = None,
        take_profit: object = None,
        reduce_only: bool = False,
        tag: str = "",
        reason: str = "",
    ) -> str:
        """Buy `qty` units [base units]; returns the order's id.

        At the next open, or at `limit` or better, or once `stop` is reached [quote currency]. `stop_loss` and
        `take_profit` come to life with the fill and cancel each other. Raises OrderError for terms without sense;
        an order that a risk rule denies gets an id too, and the status "denied".
        """
        return self._desk.order(
            Side.BUY, qty, instrument=instrument, limit=limit, stop=stop, stop_loss=stop_loss,
            take_profit=take_profit, reduce_only=reduce_only, tag=tag, reason=reason,
        )  # fmt: skip

    def sell(
        self,
        qty: object,
        *,
        instrument: str | None = None,
        limit: object = None,
        stop: object = None,
        stop_loss: object = None,
        take_profit: object = None,
        reduce_only: bool = False,
        tag: str = "",
        reason: str = "",
    ) -> str:
        """Sell `qty` units [base units]; the mirror of `buy`."""
        return self._desk.order(
            Side.SELL, qty, instrument=instrument, limit=limit, stop=stop, stop_loss=stop_loss,
            take_profit=take_profit, reduce_only=reduce_only, tag=tag, reason=reason,
        )  # fmt: skip

    def buy_to(
        self, qty: Any, *, instrument: str | None = None, tag: str = "", reason: str = ""
    ) -> str | None:
        """Trade at the next open until the position is `qty` units (negative is short); None when it is so already."""
        if qty == self._goal and instrument is None:
            return None
        return self._desk.target(qty, instrument=instrument, tag=tag, reason=reason)

    def target_percent(
        self, percent: float, *, instrument: str | None = None, tag: str = "", reason: str = ""
    ) -> str | None:
        """Like `buy_to`, for a position worth `percent` % of equity at the last close."""
        return self._desk.target_percent(percent, instrument=instrument, tag=tag, reason=reason)

    def close(self, *, instrument: str | None = None, tag: str = "", reason: str = "") -> str | None:
        """Leave the position at the next open; None when there is none."""
        if self._goal == 0 and instrument is None:
            return None
        return self._desk.target(0, instrument=instrument, tag=tag, reason=reason)

    def cancel(self, order_id: str, *, reason: str = "") -> None:
        """Cancel a working order; nothing happens for one that has ended."""
        self._desk.cancel(order_id, reason)

    def cancel_all(self, *, instrument: str | None = None, reason: str = "") -> None:
        """Cancel all working orders of this strategy (of one instrument, if named)."""
        self._desk.cancel_all(instrument, reason)

    def signal(self, name: str, direction: float, *, instrument: str | None = None, note: str = "") -> None:
        """Tell an opinion of -1 (down) to +1 (up); orders wished for in the same callback carry it as their cause."""
        self._desk.signal(name, direction, instrument=instrument, note=note)

    # --- what it may look at --------------------------------------------------------------------------------

    def indicator(
        self,
        kind: type[I],
        *args: Any,
        on: str | None = None,
        instrument: str | None = None,
        timeframe: str | None = None,
        **kwargs: Any,
    ) -> I:
        """Make an indicator `kind(*args)` that is fed with each closed bar before `on_bar`; only in `on_start`.

        `on` is the bar field it takes (default: what the class declares, else "close"); `timeframe` and `instrument`
        default to the first that the strategy sees.
        """
        made = kind(*args, **kwargs)
        self._desk.add_indicator(made, on, instrument, timeframe)
        return made

    def bars(self, count: int, *, instrument: str | None = None, timeframe: str | None = None) -> list[Bar]:
        """The last `count` closed bars, oldest first (at most as many as the state keeps)."""
        return self._desk.bars(instrument, timeframe, count)

    @property
    def state(self) -> State:
        """The session's state, to read only."""
        return self._desk.state

    def position(self, instrument: str | None = None) -> Decimal:
        """Signed quantity held of an instrument (default: that of the bar or fill under way) [base units]."""
        return self._desk.position(instrument)

    @property
    def _desk(self) -> Dealer:
        if self._dealer is None:
            raise StrategyError(
                f"{type(self).__name__} is not running: wishes and indicators are for on_start and the other callbacks"
            )
        return self._dealer
