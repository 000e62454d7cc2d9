"""The blotter's rows: positions, orders, fills and signals of a state as words, newest first.

Pure; knows no widget. A row's `key` names it as long as it lives; times are UTC milliseconds; tones, colours.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import Any

from tradekit.model.instrument import Instrument
from tradekit.model.order import OrderType, Side, TimeInForce
from tradekit.state.shape import Fill, Order, Position, Signal, State
from tradekit.widgets import words

__all__ = ["KEPT", "Row", "currencies", "fills", "named", "orders", "positions", "signals"]

KEPT = 100  # rows of a history that a table shows; the journal has the rest

Row = dict[str, Any]
_ARROWS = {1: "▲", -1: "▼", 0: "•"}


def positions(state: State) -> dict[str, Any]:
    """Open positions, and the ones that were closed (flat rows last)."""
    held = sorted(state.positions.values(), key=lambda p: (p.qty == 0, -p.updated, p.instrument))
    several = currencies(state)
    rows = [_position(p, state.instruments.get(p.instrument), several) for p in held]
    return {"rows": rows, "count": sum(p.qty != 0 for p in held)}


def currencies(state: State) -> int:
    """In how many currencies a session's profits and fees are."""
    return len({state.account.currency, *(known.currency for known in state.instruments.values())})


def named(instrument: str, position: str) -> str:
    """What is held: the instrument, and the position's own name in a hedging account."""
    return " ".join(filter(None, (instrument, position)))


def orders(state: State) -> dict[str, Any]:
    """Working orders first, then the ended ones; each newest first."""
    newest = list(reversed(state.orders.values()))
    shown = [o for o in newest if o.working] + list(islice((o for o in newest if not o.working), KEPT))
    rows = [_order(o, state.instruments.get(o.instrument)) for o in shown]
    return {"rows": rows, "count": sum(o.working for o in newest)}


def fills(state: State) -> dict[str, Any]:
    """The last executions."""
    several = currencies(state)
    rows = [_fill(f, state.instruments.get(f.instrument), several) for f in _last(state.fills)]
    return {"rows": rows, "count": 0}


def signals(state: State) -> dict[str, Any]:
    """The last opinions of the strategy."""
    history = _last(state.signals.history)
    return {"rows": [_signal(s, state.instruments.get(s.instrument)) for s in history], "count": 0}


def _last(history: list[Any]) -> Iterable[Any]:
    return islice(reversed(history), KEPT)


def _side(side: Side) -> tuple[str, str]:
    return (f"{_ARROWS[side.sign]} {side}", "up" if side is Side.BUY else "down")


def _position(position: Position, instrument: Instrument | None, several: int) -> Row:
    way = (position.qty > 0) - (position.qty < 0)
    currency, behind = position.currency, words.unit(position.currency, several)
    unrealised, unrealised_tone = words.gain(position.unrealised, currency)
    realised, realised_tone = words.gain(position.realised, currency)
    return {
        "key": "/".join(filter(None, (position.strategy, position.instrument, position.position))),
        "instrument": named(position.instrument, position.position),
        "side": f"{_ARROWS[way]} {('flat', 'long', 'short')[way]}",
        "side_tone": words.tone(way),
        "qty": words.qty(abs(position.qty)),
        "entry": words.price(position.entry, instrument) if way else "",
        "mark": words.price(position.mark, instrument) if position.mark else "",
        "unrealised": unrealised + behind,
        "unrealised_tone": unrealised_tone,
        "realised": realised + behind,
        "realised_tone": realised_tone,
        "fees": words.money(position.fees, currency) + behind,
        "opened": words.milliseconds(position.opened) if way else 0,
        "strategy": position.strategy,
        "ended": not way,
    }


def _order(order: Order, instrument: Instrument | None) -> Row:
    side, tone = _side(order.side)
    average = order.value / order.filled if order.filled else None
    return {
        "key": order.id,
        "updated": words.milliseconds(order.updated),
        "id": order.id,
        "instrument": order.instrument,
        "side": side,
        "side_tone": tone,
        "type": _type(order),
        "qty": words.qty(order.qty),
        "filled": words.qty(order.filled) if order.filled else "",
        "price": _prices(order, instrument),
        "average": words.price(average, instrument),
        "status": _status(order),
        "note": order.note or order.reason or order.tag,
        "ended": not order.working,
    }


def _type(order: Order) -> str:
    """The type in words, and how long it lives where that is not until canceled."""
    kind = str(order.type).replace("_", " ")
    return kind if order.tif is TimeInForce.GTC else f"{kind}, {str(order.tif).replace('_', ' ')}"


def _prices(order: Order, instrument: Instrument | None) -> str:
    """The order's one price, or several by name: the trigger, the limit behind it, how far it trails."""
    trail = "" if order.trail is None else f"trails {words.price(order.trail, instrument)}"
    if order.trail_pct is not None:
        trail = f"trails {order.trail_pct.normalize():f} %"
    limit, stop = (None if p is None else words.price(p, instrument) for p in (order.limit, order.stop))
    if trail:
        return trail if stop is None else f"{stop}, {trail}"
    if limit is not None and stop is not None:
        return f"{limit} from {stop}"
    return limit or stop or ("market" if order.type is OrderType.MARKET else "")


def _status(order: Order) -> str:
    if order.working and order.cancel_requested:
        return "cancel requested"
    if order.working and order.replace_requested:
        return "replace requested"
    return str(order.status).replace("_", " ")


@lru_cache(maxsize=1024)
def _fill(fill: Fill, instrument: Instrument | None, several: int) -> Row:
    side, tone = _side(fill.side)
    currency = instrument.currency if instrument is not None else ""
    realised, realised_tone = words.gain(fill.realised, currency)
    return {
        "key": fill.seq,
        "ts": words.milliseconds(fill.ts),
        "instrument": fill.instrument,
        "side": side,
        "side_tone": tone,
        "qty": words.qty(fill.qty),
        "price": words.price(fill.price, instrument),
        "fee": f"{words.money(fill.fee, fill.fee_currency)} {fill.fee_currency}".strip(),
        "realised": realised + words.unit(currency, several) if fill.realised else "",
        "realised_tone": realised_tone,
        "order": fill.order,
        "tag": fill.tag or fill.rule,
    }


@lru_cache(maxsize=1024)
def _signal(signal: Signal, instrument: Instrument | None) -> Row:
    way = (signal.direction > 0) - (signal.direction < 0)
    return {
        "key": signal.seq,
        "ts": words.milliseconds(signal.ts),
        "instrument": signal.instrument,
        "direction": f"{_ARROWS[way]} {('neutral', 'up', 'down')[way]}",
        "direction_tone": words.tone(way),
        "name": signal.name,
        "price": words.price(signal.price, instrument) if signal.price else "",
        "note": signal.note,
        "strategy": signal.strategy,
    }
