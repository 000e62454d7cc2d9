"""What a user writes: a Strategy with declared parameters, callbacks for what happens, and a look at what is known.

What it may wish for is in `strategy.wishes`.

The same class runs in a backtest, on paper and live. It sees closed bars and its own orders; it knows neither the
journal, the data's source nor the venue.
"""

from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from inspect import iscoroutinefunction
from typing import Any, ClassVar, Protocol, TypeVar

import param

from tradekit.errors import StrategyError, did_you_mean
from tradekit.model.market import Bar, MarkUpdated, Quote, TimerFired, TradeTick
from tradekit.model.order import OrderFilled
from tradekit.state.shape import Order, State
from tradekit.strategy.timers import Every, Moment, moment, period
from tradekit.strategy.wishes import Dealer, Wishes

__all__ = ["Dealer", "Indicator", "Strategy"]


class Indicator(Protocol):
    """Anything with `value`, `ready` and `update`; `inputs` names the bar fields that `update` takes."""

    inputs: ClassVar[tuple[str, ...]]
    value: float
    ready: bool

    def update(self, *fields: float) -> object:
        """Take the next bar's fields."""


I = TypeVar("I")  # noqa: E741 - the indicator class that was asked for


def _check_callback(cls: type, name: str, value: object) -> None:
    """Refuse what would never be called: a coroutine, and a name one slip of the keyboard away from a callback's."""
    if iscoroutinefunction(value) and hasattr(Strategy, name):
        raise StrategyError(
            f"{cls.__name__}.{name} is a coroutine, which nobody awaits; write def {name}, without async"
        )
    known = [one for one in vars(Strategy) if one.startswith("on_")]
    if not hasattr(Strategy, name) and (near := get_close_matches(name.lower(), known, n=1, cutoff=0.9)):
        raise StrategyError(
            f"{cls.__name__}.{name} would never be called: the callback is {near[0]}; give a helper another name"
        )


class Strategy(Wishes, param.Parameterized):
    """Derive from this, declare parameters with `param`, and answer what happens with wishes.

    `timeframes` names the bars that `on_bar` is called with; empty means the feed's own. Coarser bars that close at
    the same moment come first. `instruments` restricts what it sees; empty means all of the session's.

    During a run parameters are plain attributes and cannot be assigned (use `set_param` from outside).
    """

    timeframes: ClassVar[tuple[str, ...]] = ()
    instruments: ClassVar[tuple[str, ...]] = ()

    _dealer: Dealer | None = None

    def __init__(self, **params: Any) -> None:
        for name in params:
            if name not in type(self).param:
                known = [one for one in type(self).param if one != "name"]
                there = ", ".join(known) or "none"
                raise StrategyError(
                    f"{type(self).__name__} has no parameter {name!r}{did_you_mean(name, known)}; it has {there}"
                )
        super().__init__(**params)  # type: ignore[no-untyped-call]  # param declares none

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("timeframes", "instruments"):
            given = vars(cls).get(name)
            if isinstance(given, str):
                raise StrategyError(
                    f"{cls.__name__}.{name} is the text {given!r}; write {name} = ({given!r},)"
                )
        if callable(vars(cls).get("next")) and cls.on_bar is Strategy.on_bar:
            raise StrategyError(f"{cls.__name__}.next would never be called: write on_bar(self, bar)")
        for name, value in vars(cls).items():
            if name.startswith("on_") and callable(value):
                _check_callback(cls, name, value)

    # --- what happens: override what you need ---------------------------------------------------------------

    def on_start(self) -> None:
        """Called once before the first bar: make indicators here."""

    def on_bar(self, bar: Bar) -> None:
        """A bar of one of `timeframes` has closed; indicators on it are up to date."""

    def on_quote(self, quote: Quote) -> None:
        """The top of an instrument's book changed. One that overrides this decides on quotes: each is an input."""

    def on_trade(self, trade: TradeTick) -> None:
        """Somebody traded. One that overrides this decides on trades: each is an input."""

    def on_timer(self, timer: TimerFired) -> None:
        """A timer came due (`timer.name`). Wishes without an instrument are about the first that the strategy sees."""

    def on_mark(self, mark: MarkUpdated) -> None:
        """An instrument's mark moved."""

    def on_order(self, order: Order) -> None:
        """Something was told of one of the strategy's orders: a new status, other terms, a refused change."""

    def on_fill(self, fill: OrderFilled) -> None:
        """One of the strategy's orders traded; position and cash are up to date."""

    def on_params(self, changed: Mapping[str, Any]) -> None:
        """Parameters were changed by a command: by default start again, with indicators warmed up from past bars."""
        self.on_start()

    def on_stop(self) -> None:
        """The run is over."""

    # --- timers ---------------------------------------------------------------------------------------------

    def set_timer(self, name: str, *, at: Moment | None = None, every: Every | None = None) -> None:
        """Have `on_timer` called: once at a moment, or again and again.

        name   the timer's; setting it again replaces it
        at     UTC ns, ISO 8601 ("2022-12-13T14:30:00Z") or a datetime with its zone
        every  "15m", or a timedelta; the first time at `at`, else so long from now

        It survives a restart. Raises StrategyError for a moment that is over, or where nothing listens.
        """
        if type(self).on_timer is Strategy.on_timer:
            raise StrategyError(f"{type(self).__name__} sets a timer and has no on_timer; define it")
        if at is None and every is None:
            raise StrategyError(f"timer {name!r} says neither `at` nor `every`")
        self._desk.set_timer(name, None if at is None else moment(at), 0 if every is None else period(every))

    def clear_timer(self, name: str) -> None:
        """Have a timer called no more; nothing happens for one that is not set."""
        self._desk.clear_timer(name)

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
