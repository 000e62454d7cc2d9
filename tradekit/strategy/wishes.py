"""What a strategy may wish for, in a trader's words: orders, their change and end, positions, opinions.

A wish is told before anything is sent, and whoever carries it out may refuse it. Knows no state and no venue; what each
order does is explained in docs/orders.md.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from tradekit.model.market import Bar
from tradekit.model.order import Side, TimeInForce
from tradekit.state.shape import State

__all__ = ["Dealer", "Wishes"]


class Dealer(Protocol):
    """Who carries out a strategy's wishes: the engine."""

    @property
    def state(self) -> State:
        """The session's state."""

    def position(self, instrument: str | None) -> Decimal:
        """What is held."""

    def order(self, side: Side, qty: object, *, instrument: str | None = None, **terms: Any) -> str:
        """Wish for an order."""

    def target(
        self, qty: object, *, instrument: str | None = None, tag: str = "", reason: str = ""
    ) -> str | None:
        """Wish for a position."""

    def target_percent(self, percent: float, **terms: Any) -> str | None:
        """Wish for a position worth a share of equity."""

    def leave(
        self, position: str, *, portion: object, instrument: str | None = None, **words: str
    ) -> str | None:
        """Wish for the end of a position, or of a part of it."""

    def replace(self, order_id: str, **terms: Any) -> bool:
        """Wish for other terms of an order."""

    def cancel(self, order_id: str, reason: str) -> None:
        """Wish for an order's end."""

    def cancel_all(self, instrument: str | None, reason: str) -> None:
        """Wish for the end of all orders."""

    def signal(self, name: str, direction: float, *, instrument: str | None = None, note: str = "") -> None:
        """Tell an opinion."""

    def set_timer(self, name: str, at: int | None, every: int) -> None:
        """Wish to be called later."""

    def clear_timer(self, name: str) -> None:
        """Wish not to be."""

    def bars(self, instrument: str | None, timeframe: str | None, count: int) -> list[Bar]:
        """The last closed bars."""

    def add_indicator(
        self, indicator: Any, on: str | None, instrument: str | None, timeframe: str | None
    ) -> None:
        """Feed an indicator from now on."""


class Wishes:
    """The wishes of a strategy. Each is about the instrument of the event under way unless it names another."""

    _goal: float | None = (
        None  # the position of the current instrument once working market orders have filled
    )

    @property
    def _desk(self) -> Dealer:
        raise NotImplementedError  # pragma: no cover - a strategy has one

    def buy(
        self,
        qty: object = None,
        *,
        instrument: str | None = None,
        limit: object = None,
        stop: object = None,
        if_touched: object = None,
        trail: object = None,
        trail_pct: object = None,
        stop_loss: object = None,
        stop_loss_trail: object = None,
        stop_loss_trail_pct: object = None,
        take_profit: object = None,
        break_even: object = None,
        exit_after: timedelta | int | str | None = None,
        tif: TimeInForce | str | None = None,
        expires: datetime | int | str | None = None,
        reduce_only: bool = False,
        post_only: bool = False,
        share: object = None,
        position: str = "",
        group: str = "",
        after: str = "",
        tag: str = "",
        reason: str = "",
    ) -> str:
        """Buy `qty` units [base units] at the market, or as the prices say [quote currency]; returns the order's id.

        limit         at this price or better
        stop          at the market once the price has risen to this; with `limit` a limit order from then on
        if_touched    at the market once the price has fallen to this; with `limit` a limit order from then on
        trail, trail_pct  a stop this far from the best price, in price or in percent; `stop` is where it starts
        stop_loss, take_profit  exits that wake with the fill and cancel each other; `stop_loss_trail` and
                      `stop_loss_trail_pct` let the stop loss follow (from `stop_loss`, if given)
        take_profit may be pairs of a price and a fraction of the entry: [(105, 0.5), (110, 0.5)]
        break_even    once the price has moved so far in the position's favour, the stop loss goes to the entry's price
        exit_after    so long after the first fill what is left is left at the market ("4h", a timedelta, nanoseconds)
        tif, expires  how long it lives: "gtc" (default), "day", "gtd" until `expires` (a datetime, its ISO text or
                      nanoseconds; UTC without a zone), "ioc", "fok", "at_open", "at_close"
        reduce_only   never turns or opens a position; post_only: never takes liquidity
        share         a fraction of the buying power at the fill instead of `qty`, where the venue sizes orders itself
        position      the position of a hedging account that it belongs to
        group         orders of one group cancel each other: the first fill ends the rest (give each set its own name)
        after         the order whose fill brings this one to life; at once if that has filled already
        tag, reason   carried along; the reason says why

        Quantities are floored to the lot, triggers rounded to the nearest tick, limits to the tick that is no worse.
        Raises OrderError for terms without sense, and nothing is sent; an order that a risk rule denies gets an id
        too, and the status "denied".
        """
        return self._desk.order(
            Side.BUY, qty, instrument=instrument, limit=limit, stop=stop, if_touched=if_touched, trail=trail,
            trail_pct=trail_pct, stop_loss=stop_loss, stop_loss_trail=stop_loss_trail,
            stop_loss_trail_pct=stop_loss_trail_pct, take_profit=take_profit, break_even=break_even,
            exit_after=exit_after, tif=tif, expires=expires, reduce_only=reduce_only, post_only=post_only, share=share,
            position=position, group=group, after=after, tag=tag, reason=reason,
        )  # fmt: skip

    def sell(
        self,
        qty: object = None,
        *,
        instrument: str | None = None,
        limit: object = None,
        stop: object = None,
        if_touched: object = None,
        trail: object = None,
        trail_pct: object = None,
        stop_loss: object = None,
        stop_loss_trail: object = None,
        stop_loss_trail_pct: object = None,
        take_profit: object = None,
        break_even: object = None,
        exit_after: timedelta | int | str | None = None,
        tif: TimeInForce | str | None = None,
        expires: datetime | int | str | None = None,
        reduce_only: bool = False,
        post_only: bool = False,
        share: object = None,
        position: str = "",
        group: str = "",
        after: str = "",
        tag: str = "",
        reason: str = "",
    ) -> str:
        """Sell `qty` units [base units]; the mirror of `buy`: a stop is reached by a fall, `if_touched` by a rise."""
        return self._desk.order(
            Side.SELL, qty, instrument=instrument, limit=limit, stop=stop, if_touched=if_touched, trail=trail,
            trail_pct=trail_pct, stop_loss=stop_loss, stop_loss_trail=stop_loss_trail,
            stop_loss_trail_pct=stop_loss_trail_pct, take_profit=take_profit, break_even=break_even,
            exit_after=exit_after, tif=tif, expires=expires, reduce_only=reduce_only, post_only=post_only, share=share,
            position=position, group=group, after=after, tag=tag, reason=reason,
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

    def close(
        self,
        *,
        instrument: str | None = None,
        position: str = "",
        portion: object = 1,
        tag: str = "",
        reason: str = "",
    ) -> str | None:
        """Leave the position at the next open; None when there is none.

        portion   how much of it, above 0 up to 1: rounded to the lot, half to even, one lot at least
        position  which one to leave in a hedging account; all of them, each by an order of its own, unless it is named

        Returns the order's id, the last one where there are several.
        """
        if position or portion != 1:
            return self._desk.leave(position, portion=portion, instrument=instrument, tag=tag, reason=reason)
        if self._goal == 0 and instrument is None:
            return None
        return self._desk.target(0, instrument=instrument, tag=tag, reason=reason)

    def replace(
        self,
        order_id: str,
        *,
        qty: object = None,
        limit: object = None,
        stop: object = None,
        trail: object = None,
        trail_pct: object = None,
        reason: str = "",
    ) -> bool:
        """Change a working order's terms; whether that was asked for. It stands as it was until the venue confirms.

        qty counts from the order's beginning, what has filled included; stop is the trigger, also of an if-touched
        order. Only prices that the order has can be changed. The exits of an entry follow its quantity.

        False, and nothing is sent, for an order that has ended or is to end, that is being replaced, that has these
        terms already, or whose change a risk rule refuses (told as `order.replace_rejected`). Raises OrderError for
        terms without sense.
        """
        return self._desk.replace(
            order_id, qty=qty, limit=limit, stop=stop, trail=trail, trail_pct=trail_pct, reason=reason
        )

    def cancel(self, order_id: str, *, reason: str = "") -> None:
        """Cancel a working order; nothing happens for one that has ended."""
        self._desk.cancel(order_id, reason)

    def cancel_all(self, *, instrument: str | None = None, reason: str = "") -> None:
        """Cancel all working orders of this strategy (of one instrument, if named)."""
        self._desk.cancel_all(instrument, reason)

    def signal(self, name: str, direction: float, *, instrument: str | None = None, note: str = "") -> None:
        """Tell an opinion of -1 (down) to +1 (up); orders wished for in the same callback carry it as their cause."""
        self._desk.signal(name, direction, instrument=instrument, note=note)
