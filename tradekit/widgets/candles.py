"""The chart's data: bars as columns, the forming bar, fill markers, price lines and precision.

Pure; knows no canvas. Times are UTC seconds, as the chart's library wants; a bar is labelled by its open.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from tradekit.model.instrument import Instrument, duration
from tradekit.model.order import OrderType, Side
from tradekit.model.session import params_of
from tradekit.state.shape import BarRow, Command, Fill, Order, Position, Signal, State
from tradekit.widgets import words
from tradekit.widgets.headline import protection
from tradekit.widgets.studies import Curves

__all__ = ["Plot", "columns", "forming", "lines", "markers", "precision", "series_of"]

_S = 1_000_000_000
_TAIL = 20  # rows that a delta may hold before the whole series is sent again
_LINES = 12  # orders that are drawn beside stops and targets: more would cover the candles
_MARKERS = 200  # newest fills, and signals, that are marked
_STOPS = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)

Row = list[float]  # [open time s, open, high, low, close, volume]


def series_of(state: State, instrument: str = "", timeframe: str = "") -> tuple[str, str]:
    """The series to show: what was asked for if it is declared, else the first instrument and timeframe."""
    instruments, timeframes = _instruments(state), _timeframes(state)
    if instrument not in instruments:
        instrument = instruments[0] if instruments else ""
    if timeframe not in timeframes:
        timeframe = timeframes[0] if timeframes else ""
    return instrument, timeframe


def _instruments(state: State) -> list[str]:
    return list(state.instruments) or list(state.bars)


def _timeframes(state: State) -> list[str]:
    declared = set(state.session.timeframes)
    seen = {frame for series in state.bars.values() for frame in series}
    return sorted(declared | seen, key=duration)


def columns(rows: list[BarRow]) -> dict[str, list[float]]:
    """Closed bars as columns t, o, h, l, c, v."""
    return {
        "t": [row.ts // _S for row in rows],
        "o": [row.open for row in rows],
        "h": [row.high for row in rows],
        "l": [row.low for row in rows],
        "c": [row.close for row in rows],
        "v": [row.volume for row in rows],
    }


def forming(state: State, instrument: str, timeframe: str, tick: Mapping[str, Any]) -> Row | None:
    """The bar of `timeframe` that is still open, from its finer closed bars and a tick's forming bar.

    None when the tick's bar is older than the last closed one, or coarser than what is asked for.
    """
    bar = tick.get("bar")
    if not bar or duration(bar["timeframe"]) > duration(timeframe):
        return None
    length = duration(timeframe)
    start = bar["ts"] // length * length
    closed = state.bars.get(instrument, {}).get(timeframe, [])
    if closed and start <= closed[-1].ts:
        return None
    finer = state.bars.get(instrument, {}).get(bar["timeframe"], []) if bar["timeframe"] != timeframe else []
    parts = [row for row in finer[-(length // duration(bar["timeframe"])) :] if start <= row.ts < bar["ts"]]
    return [
        start // _S,
        parts[0].open if parts else bar["open"],
        max([bar["high"], *(row.high for row in parts)]),
        min([bar["low"], *(row.low for row in parts)]),
        bar["close"],
        bar["volume"] + sum(row.volume for row in parts),
    ]


def markers(state: State, instrument: str, timeframe: str) -> dict[str, Any]:
    """The last fills, signals and changes of parameters as rows, each at the bar it happened in.

    A row's `kind` is fill ("buy 0.75 @ 17,204.5"), signal ("inside bar: close above") or param ("fast = 12").
    """
    length = duration(timeframe)
    known = state.instruments.get(instrument)
    fills = [fill for fill in state.fills if fill.instrument == instrument][-_MARKERS:]
    signals = [signal for signal in state.signals.history if signal.instrument == instrument][-_MARKERS:]
    changes = [c for c in state.commands if c.name == "set_param" and not c.refused]
    rows = [
        *(_marker(fill, length, known) for fill in fills),
        *(_opinion(signal, length) for signal in signals if signal.direction),
        *(_change(command, length) for command in changes),
    ]
    return {"rows": sorted(rows, key=lambda mark: (mark["t"], mark["key"]))}


@lru_cache(maxsize=1024)
def _marker(fill: Fill, length: int, instrument: Instrument | None) -> dict[str, Any]:
    text = f"{fill.side} {words.qty(fill.qty)} @ {words.price(fill.price, instrument)}"
    return _mark(fill.seq, fill.ts, length, "fill", str(fill.side), text)


@lru_cache(maxsize=1024)
def _opinion(signal: Signal, length: int) -> dict[str, Any]:
    side = "buy" if signal.direction > 0 else "sell"
    return _mark(
        signal.seq, signal.ts, length, "signal", side, ": ".join(filter(None, (signal.name, signal.note)))
    )


def _change(command: Command, length: int) -> dict[str, Any]:
    text = ", ".join(f"{name} = {value}" for name, value in params_of(command.args).items())
    return _mark(command.seq, command.ts, length, "param", "", text)


def _mark(seq: int, ts: int, length: int, kind: str, side: str, text: str) -> dict[str, Any]:
    return {"key": seq, "t": ts // length * length // _S, "kind": kind, "side": side, "text": text}


def lines(state: State, instrument: str) -> dict[str, Any]:
    """Price lines as rows: each open position's entry, its stop and target, and working orders with a price.

    Of many such orders the nearest to the last price; `left` is how many are not drawn.
    """
    positions = [p for p in state.positions.values() if p.instrument == instrument and p.qty]
    guards = {
        order.id for position in positions for order in protection(state, position) if order is not None
    }
    rows = [_entry(position) for position in positions]
    others: list[dict[str, Any]] = []
    for order in state.orders.values():
        if order.instrument == instrument and order.working:
            guard = order.id in guards
            (rows if guard else others).extend(_order_lines(order, guard=guard))
    left = max(0, len(others) - _LINES)
    if left:
        mark = state.marks.get(instrument)
        last = mark.last if mark is not None else others[-1]["price"]
        others = sorted(others, key=lambda line: abs(line["price"] - last))[:_LINES]
    return {"rows": rows + others, "left": left}


def _entry(position: Position) -> dict[str, Any]:
    word = "long" if position.qty > 0 else "short"
    title = f"{word} {words.qty(abs(position.qty))}"
    key = " ".join(filter(None, ("position", position.strategy, position.position)))
    return {"key": key, "price": position.entry, "title": title, "tone": "accent", "style": "solid"}


def _order_lines(order: Order, *, guard: bool) -> list[dict[str, Any]]:
    stops = order.type in _STOPS
    level = order.stop if stops or order.limit is None else order.limit
    if level is None:
        return []
    protects = guard or order.reduce_only or bool(order.parent)
    if stops:
        word, tone = "stop", "down" if protects else "warning"
    else:
        word, tone = ("target", "up") if protects else ("limit", "accent")
    side = "buy" if order.side is Side.BUY else "sell"
    title = f"{word} {side} {words.qty(order.leaves)}"
    style = "dashed" if order.status != "held" else "dotted"
    return [{"key": order.id, "price": float(level), "title": title, "tone": tone, "style": style}]


def precision(state: State, instrument: str) -> dict[str, float]:
    """Digits and step of the price axis, from the instrument's tick or, without one, from its prices."""
    known = state.instruments.get(instrument)
    tick = known.tick if known is not None else None
    mark = state.marks.get(instrument)
    digits = words.digits_of(tick, mark.last if mark is not None else 0.0)
    return {"digits": digits, "step": float(tick) if tick is not None else 10.0**-digits}


class Plot:
    """One viewer's chart: which series it shows and what it was sent, so that a delta is all it needs.

    The parts `bars` (whole) and `bar` (every row since) are complete together at any time, with the lines of the
    strategy's indicators on this series, where `study` has named them.
    """

    def __init__(self, instrument: str = "", timeframe: str = "") -> None:
        self.instrument = instrument
        self.timeframe = timeframe
        self._base = ("", 0, 0)  # key, time of the first and the last row in `bars` [UTC ns]
        self._forming: Row | None = None
        self._studies: list[dict[str, Any]] = []
        self._curves = Curves([])

    def study(self, rows: list[dict[str, Any]]) -> None:
        """The strategy's indicators, a row each as `session.indicators()` gives them; drawn from the next parts on."""
        if rows is not self._studies:
            self._studies = rows
            self._base = ("", 0, 0)

    def choose(self, *, instrument: str | None = None, timeframe: str | None = None) -> None:
        """Show another series from the next `parts` on; one that is not declared becomes the first one."""
        self.instrument = instrument if instrument is not None else self.instrument
        self.timeframe = timeframe if timeframe is not None else self.timeframe
        self._forming = None

    def parts(self, state: State, *, whole: bool = True) -> dict[str, Any]:
        """The parts to send for a state; `whole` includes markers, lines and the choice of series."""
        self.instrument, self.timeframe = series_of(state, self.instrument, self.timeframe)
        out = self._bars(state)
        if whole and self.timeframe:
            out["series"] = {
                "instrument": self.instrument,
                "instruments": _instruments(state),
                "timeframe": self.timeframe,
                "timeframes": _timeframes(state),
            }
            out["precision"] = precision(state, self.instrument)
            out["markers"] = markers(state, self.instrument, self.timeframe)
            out["lines"] = lines(state, self.instrument)
        return out

    def tick(self, state: State, ticks: Mapping[str, Any]) -> dict[str, Any]:
        """The parts to send when display ticks came, {} when none is this chart's."""
        tick = ticks.get(self.instrument)
        row = (
            forming(state, self.instrument, self.timeframe, tick)
            if tick is not None and self.timeframe
            else None
        )
        if row is None:
            return {}
        self._forming = row
        return self._bars(state)

    def _bars(self, state: State) -> dict[str, Any]:
        rows = state.bars.get(self.instrument, {}).get(self.timeframe, [])
        key = f"{self.instrument} {self.timeframe}"
        base, _, last = self._base
        if base != key:
            series = (self.instrument, self.timeframe)
            wanted = [row for row in self._studies if (row["instrument"], row["timeframe"]) == series]
            self._curves = Curves(wanted)
        self._curves.follow(rows)
        since = [row for row in rows[-_TAIL:] if row.ts >= last] if base == key and rows else []
        out: dict[str, Any] = {}
        if base != key or not self._continues(rows) or len(since) >= _TAIL:
            out["bars"] = {"key": key, **columns(rows), "studies": self._curves.whole(rows)}
            self._base = (key, rows[0].ts if rows else 0, rows[-1].ts if rows else 0)
            since = rows[-1:]
        studies = [[row.ts // _S, *self._curves.at(row)] for row in since] if self._curves.rows else []
        tail: list[Row] = [[r.ts // _S, r.open, r.high, r.low, r.close, r.volume] for r in since]
        forming = self._forming is not None and (not rows or self._forming[0] * _S > rows[-1].ts)
        if self._forming is not None and forming:
            tail.append(self._forming)
        out["bar"] = {"key": key, "rows": tail, "forming": forming, "studies": studies}
        return out

    def _continues(self, rows: list[BarRow]) -> bool:
        """Whether the rows only grew since `bars` was sent (another journal or a jump back did not)."""
        _, first, last = self._base
        if not rows or not last:
            return not rows and not last
        return rows[0].ts >= first and any(row.ts == last for row in rows[-_TAIL:])
