"""Bars from files that another program appends to, as a live market: closed bars, each once, told when they are there.

Stands behind the same port as a venue's stream. Knows files and clocks, no venue and no engine.
"""

import asyncio
import csv
import io
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd

from tradekit.core.clock import Clock
from tradekit.data.calendar import sessions
from tradekit.data.growing import GrowingFile, Grown
from tradekit.data.load import load_columns
from tradekit.data.sessions import ROUND_THE_CLOCK
from tradekit.data.times import utc_text
from tradekit.errors import DataError
from tradekit.model.instrument import Instrument, duration
from tradekit.model.market import Bar
from tradekit.model.reconciliation import AlertRaised
from tradekit.run.live_feed import Key, Told

__all__ = ["TailStream", "Tailed"]

_LOOK_S = 0.5  # from one look at a file to the next
_GRACE_S = 30.0  # what a program may take to write a bar after its close, half a bar if that is longer
_NAMED = 20  # bad lines of one reading that are looked for one by one
_Line: TypeAlias = tuple[int, str]  # its number and what it says
_Bad: TypeAlias = tuple[int, int, str]  # the first line's number, how many they are, what is wrong
_log = logging.getLogger("tradekit.session")


class Tailed:
    """One file, and the series whose bars stand in it."""

    def __init__(self, path: Path, spec: Instrument, timeframe: str) -> None:
        self.file, self.spec, self.timeframe = GrowingFile(path), spec, timeframe
        self.key: Key = (spec.id, timeframe)
        self.length = duration(timeframe)
        self.last: int | None = None  # open of the last bar that was told [UTC ns]
        self.heard = 0  # when the last one was told [UTC ns]
        self.coming: list[Bar] = []  # in the file, and not closed yet by our clock
        self.begun = False  # whether the file had a bar that was told, so that a gap behind it is one
        self.early = False  # whether it was said that bars come before they close


class TailStream:
    """What stands in the files, from behind the bars that were taken on; then what is appended.

    Half a line waits for its end. A bar that was told already is left out, whatever its numbers are now; one that has
    not closed yet waits for its close; lines that are no bars, and bars that are missing, are said in an alert.
    """

    name = "tail"

    def __init__(self, tailed: Sequence[Tailed], *, clock: Clock) -> None:
        self._tailed, self._clock = tailed, clock
        self._closed = False
        self.source = ", ".join(f"{one.file.path} ({one.timeframe})" for one in tailed)

    async def facts(self, after: Mapping[Key, int]) -> AsyncIterator[Told]:
        """Bars with the moment of their close, and alerts, until it is closed."""
        for one in self._tailed:
            one.file.close()
            one.coming.clear()
            one.last, one.heard, one.begun = after.get(one.key), self._clock.now(), False
        while not self._closed:
            more = False
            for one in self._tailed:
                grown = one.file.read()
                more = more or grown.more
                for told in self._taken(one, grown):
                    yield told
            await asyncio.sleep(0.0 if more else _LOOK_S)

    def stale(self) -> list[Key]:
        """The series whose next bar should have been told for longer than a program needs to write it."""
        now = self._clock.now()
        return [one.key for one in self._tailed if self._late_by(one, now) > 0]

    async def close(self) -> None:
        """End the stream and let the files go."""
        self._closed = True
        for one in self._tailed:
            one.file.close()

    def _taken(self, one: Tailed, grown: Grown) -> list[Told]:
        told: list[Told] = []
        if grown.news:
            told.append(self._alert(one, grown.news))
        if grown.lines.strip():
            bars, bad = _parsed(grown, one)
            if bad:
                told.append(self._alert(one, bad))
            told += self._checked(one, bars)
        return told + self._closing(one)

    def _checked(self, one: Tailed, bars: Sequence[Bar]) -> list[Told]:
        """Queue what is new, and say what is missing."""
        told = []
        for bar in bars:
            last, begun = one.coming[-1].ts if one.coming else one.last, one.begun
            one.begun = True
            if last is not None and bar.ts <= last:
                continue  # told already: a file that is read anew begins with them
            step = one.length if last is None else bar.ts - last
            if one.spec.calendar == ROUND_THE_CLOCK and step != one.length:
                moment = utc_text(bar.ts)
                if step < one.length:
                    told.append(
                        self._alert(one, f"{moment} comes {step / 1e9:g} s after the bar before: left out")
                    )
                    continue
                if begun:
                    told.append(
                        self._alert(one, f"{step // one.length - 1} bars are missing before {moment}")
                    )
            one.coming.append(bar)
        return told

    def _closing(self, one: Tailed) -> list[Told]:
        """The bars that wait and have closed."""
        told: list[Told] = []
        now = self._clock.now()
        while one.coming and one.coming[0].ts + one.length <= now:
            bar = one.coming.pop(0)
            one.last, one.heard = bar.ts, now
            told.append((bar.ts + one.length, bar))
        if one.coming and not one.early:
            one.early = True
            told.append(
                self._alert(
                    one,
                    f"the bar of {utc_text(one.coming[0].ts)} is there before it has closed and waits: is the time of "
                    "a line its bar's open, and this machine's clock right?",
                )
            )
        return told

    def _alert(self, one: Tailed, text: str) -> Told:
        """A fact of the file, not of the instrument: nothing is fresh because of it."""
        _log.warning("%s: %s", one.file.path, text)
        return self._clock.now(), AlertRaised("file", f"{one.spec.id}: {text}")

    def _late_by(self, one: Tailed, now: int) -> int:
        """How much later than due the next bar is [ns], what a program may take left out; negative while it is not."""
        since = one.heard if one.last is None else max(one.last + 2 * one.length, one.heard)
        if one.spec.calendar != ROUND_THE_CLOCK:
            table = sessions(one.spec.calendar, now, now)
            at = int(table.of(np.array([now]))[0])
            if at < 0:
                return -1  # it rests
            since = max(since, int(table.opens[at]) + one.length)
        elif one.last is None:
            since += one.length
        return now - since - max(int(_GRACE_S * 1e9), one.length // 2)


def _parsed(grown: Grown, one: Tailed) -> tuple[list[Bar], str]:
    """The bars of new lines, and what is wrong with the others, in words."""
    columns = len(next(csv.reader([grown.header]), []))
    lines: list[_Line] = []
    bad: list[_Bad] = []
    for number, text in enumerate(grown.lines.splitlines(), grown.first):
        found = len(next(csv.reader([text]), []))
        if found and found != columns:
            bad.append((number, 1, f"it has {found} columns, and the first line {columns}"))
        elif found:
            lines.append((number, text))
    bars = _readable(grown.header, lines, one, bad)
    if not bad:
        return bars, ""
    first, _, reason = min(bad)
    count = sum(some for _, some, _ in bad)
    more = f", with {count - 1} more" if count > 1 else ""
    return bars, f"line {first}{more} is no bar and is left out: {reason}"


def _readable(header: str, lines: list[_Line], one: Tailed, bad: list[_Bad]) -> list[Bar]:
    """The bars of the lines that can be read; a bad one is looked for by halves, so that it spoils no other."""
    if not lines:
        return []
    try:
        return _bars(header, lines, one)
    except (DataError, ValueError) as error:
        if len(lines) == 1 or len(bad) >= _NAMED:
            reason = str(error).removeprefix(f"{one.file.path.name}: ").partition(" To mend:")[0]
            bad.append((lines[0][0], len(lines), reason))
            return []
    half = len(lines) // 2
    return _readable(header, lines[:half], one, bad) + _readable(header, lines[half:], one, bad)


def _bars(header: str, lines: list[_Line], one: Tailed) -> list[Bar]:
    text = "\n".join([header, *(line for _, line in lines)])
    table = pd.read_csv(io.StringIO(text), index_col=False)
    table.attrs["source"] = one.file.path.name
    columns = load_columns(table, instrument=one.spec, timeframe=one.timeframe)
    rows = zip(
        columns.ts.tolist(), columns.open.tolist(), columns.high.tolist(), columns.low.tolist(),
        columns.close.tolist(), columns.volume.tolist(), strict=True,
    )  # fmt: skip
    return [Bar(one.spec.id, one.timeframe, *row) for row in rows]
