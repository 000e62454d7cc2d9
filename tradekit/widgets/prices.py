"""The ticker's rows: each instrument's last price, where it stands since the day began, bid and ask.

Pure; knows no widget. Display ticks run ahead of the state: the newer of the two is shown.
"""

from collections.abc import Mapping
from typing import Any

from tradekit.model.instrument import Instrument, duration
from tradekit.state.shape import BarRow, Mark, State
from tradekit.widgets import words

__all__ = ["Prices"]

_DAY = 86_400_000_000_000

Row = dict[str, Any]


class Prices:
    """One screen's prices: the last tick of each instrument beside what the state holds."""

    def __init__(self) -> None:
        self._ticks: dict[str, Mapping[str, Any]] = {}

    def tick(self, ticks: Mapping[str, Mapping[str, Any]]) -> None:
        """Display ticks came."""
        self._ticks.update(ticks)

    def rows(self, state: State) -> dict[str, Any]:
        """A row an instrument: those that the session declares, then others that have a price."""
        names = dict.fromkeys((*state.instruments, *state.marks))
        return {"rows": [self._row(state, name) for name in names], "count": 0}

    def _row(self, state: State, name: str) -> Row:
        known, mark = state.instruments.get(name), state.marks.get(name)
        ts, last = self._last(name, mark)
        row: Row = {
            "key": name,
            "instrument": name,
            "last": "",
            "change": "",
            "change_tone": "",
            "share": "",
            "share_tone": "",
        }
        row |= {"bid": "", "ask": "", "ts": words.milliseconds(ts)}
        if last is None:
            return row
        row["last"] = words.price(last, known)
        if mark is not None and mark.ts == ts:
            row |= {"bid": words.price(mark.bid, known), "ask": words.price(mark.ask, known)}
        began = _day_open(state.bars.get(name, {}), ts)
        return row if began is None else row | _change(last, began, known)

    def _last(self, name: str, mark: Mark | None) -> tuple[int, float | None]:
        tick = self._ticks.get(name)
        if tick is not None and "last" in tick and (mark is None or tick["ts"] >= mark.ts):
            return tick["ts"], tick["last"]
        return (0, None) if mark is None else (mark.ts, mark.last)


def _change(last: float, began: float, known: Instrument | None) -> Row:
    gain = last - began
    digits = words.digits_of(known.tick if known is not None else None, last)
    arrow = {"up": "▲ ", "down": "▼ "}.get(words.tone(gain), "")
    return {
        "change": arrow + words.signed(gain, digits),
        "change_tone": words.tone(gain),
        "share": f"{words.signed(100 * gain / began)} %" if began else "",
        "share_tone": words.tone(gain),
    }


def _day_open(series: Mapping[str, list[BarRow]], ts: int) -> float | None:
    """The open of the UTC day that `ts` is in; None where the bars do not reach back to its beginning."""
    day = ts // _DAY * _DAY
    for frame in sorted(series, key=duration):
        rows = series[frame]
        if duration(frame) < _DAY and rows and rows[0].ts <= day:
            return next((row.open for row in rows if row.ts >= day), None)
    return None
