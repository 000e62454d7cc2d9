"""What a session trades and sees: its instruments, and where their bars come from, recorded or live.

Knows no strategy beyond the timeframes that it follows, and no broker.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from tradekit.config.schema import Config
from tradekit.core.clock import Clock
from tradekit.data.columns import BarColumns
from tradekit.data.load import load_bars
from tradekit.errors import ConfigError, ConnectionLostError
from tradekit.model.instrument import Instrument, duration
from tradekit.run.feed import ReplayFeed, hours_taken, position_of
from tradekit.run.live_feed import Key, LiveFeed
from tradekit.run.loop import Feed
from tradekit.run.now import WallTime
from tradekit.state.shape import State
from tradekit.wiring.tail import TAIL, tail_feed, tailed_files
from tradekit.wiring.venues import venue

__all__ = ["Market", "feed_of", "load_columns", "market_of", "taken"]

_log = logging.getLogger("tradekit.session")
Ticks = Callable[[list[dict[str, Any]]], None]


class Market(msgspec.Struct, frozen=True):
    """Instruments and the series that are taken of them.

    columns  the recorded bars of a replay; none of a live market
    series   what a live market is asked for, one timeframe of each instrument; none of a replay
    opened   when a live market was looked at first: bars up to then are history [UTC ns]; 0 of a replay
    """

    instruments: list[Instrument]
    columns: list[BarColumns] = []
    series: list[Key] = []
    opened: int = 0

    @property
    def live(self) -> bool:
        """Whether its bars are told as they close."""
        return bool(self.series)

    @property
    def timeframes(self) -> list[str]:
        """The feed's own, by instrument."""
        return [one.timeframe for one in self.columns] or [timeframe for _, timeframe in self.series]

    @property
    def start(self) -> int:
        """Session time while nothing has happened [UTC ns]."""
        return self.opened or min((int(one.ts[0]) for one in self.columns if len(one)), default=0)


def market_of(
    config: Config, follows: Iterable[str], clock: Clock, *, known: Mapping[str, Instrument]
) -> Market:
    """The market of a configuration.

    follows  the timeframes that the strategy follows
    known    instruments by name as the journal has them, for a venue that gives no answer
    """
    if config.market_data.source == "replay":
        columns = [load_columns(source, config) for source in config.bars]
        return Market([one.spec for one in columns], columns)
    if config.market_data.source == TAIL:
        tailed = tailed_files(config, follows)
        return Market([one.spec for one in tailed], series=[one.key for one in tailed], opened=clock.now())
    series = _series(config, follows)
    return Market(_instruments(config, clock, known), series=series, opened=clock.now())


def feed_of(market: Market, config: Config, clock: Clock, ticks: Ticks | None) -> Feed:
    """The feed of a session; `ticks` is told the forming bar of a replay."""
    data = config.market_data
    if data.source == TAIL:
        return tail_feed(config, market.instruments, market.series, clock)
    if market.live:
        stream = venue(data.source).feed(config, market.series, clock)
        calendars = {one.id: one.calendar for one in market.instruments}
        return LiveFeed(stream, market.series, time=WallTime(clock), calendars=calendars)
    speed = None if data.speed == "max" else float(data.speed)
    return ReplayFeed(market.columns, clock=clock, speed=speed, quick=data.fast_forward_bars, ticks=ticks)


def taken(market: Market, state: State, *, warmup: int) -> dict[str, int]:
    """The positions behind which a session's feed goes on; at its start a live one is `warmup` bars back."""
    if not market.live:
        return position_of(state)
    found = hours_taken(state)
    for instrument, timeframe in market.series:
        rows = state.bars.get(instrument, {}).get(timeframe)
        length = duration(timeframe)
        found[instrument] = rows[-1].ts if rows else market.opened // length * length - (warmup + 1) * length
    return found


def load_columns(source: str, config: Config) -> BarColumns:
    """One of the configuration's sources of bars, as its `instruments` and `timeframes` want it; raises DataError."""
    frame = load_bars(source)
    said = {section.id: section for section in config.instruments}.get(frame.attrs["instrument"])
    if said is not None:
        spec = msgspec.convert(frame.attrs["spec"], Instrument)
        frame = load_bars(frame, instrument=_as_said(spec, said), timeframe=frame.attrs["timeframe"])
    for timeframe in config.market_data.timeframes:
        if duration(timeframe) % duration(frame.attrs["timeframe"]):
            raise ConfigError(
                f"market_data.timeframes: {timeframe} bars cannot be made from {source}, "
                f"which has {frame.attrs['timeframe']} bars"
            )
    return BarColumns.from_frame(frame)


# --- a live market ------------------------------------------------------------------------------------------


def _series(config: Config, follows: Iterable[str]) -> list[Key]:
    """The shortest timeframe that is wanted, of each instrument: the longer ones are made of it here."""
    wanted = sorted({*follows, *config.market_data.timeframes} or {"1m"}, key=duration)
    shortest = wanted[0]
    for timeframe in wanted:
        if duration(timeframe) % duration(shortest):
            raise ConfigError(
                f"{config.file.name}: market_data.timeframes: {timeframe} bars cannot be made from {shortest} bars; "
                f"name a shorter timeframe that both can be made from"
            )
    return [(one.id, shortest) for one in config.instruments]


def _instruments(config: Config, clock: Clock, known: Mapping[str, Instrument]) -> list[Instrument]:
    """The configured ones, with what the venue says where the configuration says nothing."""
    try:
        there: Mapping[str, Instrument] = venue(config.market_data.source).instruments(config, clock)
    except ConnectionLostError as error:
        if any(one.id not in known for one in config.instruments):
            raise
        _log.warning("%s; the instruments are as the journal has them", error)
        there = known
    missing = [one.id for one in config.instruments if one.id not in there]
    if missing:
        raise ConfigError(
            f"{config.file.name}: instruments: {', '.join(missing)} is not traded at the venue of "
            f"{config.market_data.source}; tradekit doctor {config.file} looks at each"
        )
    return [_as_said(there[one.id], one) for one in config.instruments]


def _as_said(spec: Instrument, said: msgspec.Struct) -> Instrument:
    """An instrument with what the configuration says of it in place of what its source says."""
    given = {name: value for name, value in msgspec.structs.asdict(said).items() if value is not None}
    return msgspec.convert(msgspec.structs.asdict(spec) | given, Instrument)
