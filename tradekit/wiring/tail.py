"""A session on files that grow, as its configuration names them: instruments, series, feed, what the doctor finds.

Knows no venue; the files are read by `run.tail`.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from tradekit.config.schema import Config
from tradekit.core.clock import Clock
from tradekit.data.load import load_bars
from tradekit.data.quality import series_name
from tradekit.data.times import utc_text
from tradekit.errors import ConfigError, DataError, NotFoundError
from tradekit.health.finding import Finding, note, well
from tradekit.model.instrument import Instrument, duration
from tradekit.run.live_feed import Key, LiveFeed
from tradekit.run.now import WallTime
from tradekit.run.tail import Tailed, TailStream

__all__ = ["TAIL", "tail_feed", "tail_findings", "tailed_files"]

TAIL = "tail"  # what market_data.source calls it
_FRESH_NS = 15_000_000_000  # or the length of a bar: until the next one closes it is the latest there is


def tailed_files(config: Config, follows: Iterable[str]) -> list[Tailed]:
    """The files with their instruments and timeframes; raises ConfigError where those do not fit together.

    follows  the timeframes that the strategy follows

    An instrument is called as its file, without the ending, and is as `instruments` says. Its bars are as long as the
    steps between those that stand in the file; of a file that has fewer than two, as the shortest that is wanted.
    """
    wanted = sorted({*follows, *config.market_data.timeframes}, key=duration)
    said = {one.id: one for one in config.instruments}
    found: list[Tailed] = []
    for source in config.bars:
        name = series_name(source)
        spec = Instrument(id=name)
        if name in said:
            given = {k: v for k, v in msgspec.structs.asdict(said[name]).items() if v is not None}
            spec = msgspec.convert(msgspec.structs.asdict(spec) | given, Instrument)
        timeframe = _step(Path(source)) or (wanted[0] if wanted else "")
        if not timeframe:
            raise ConfigError(
                f"{config.file.name}: market_data.timeframes: {source} has no two bars yet, which would tell how long "
                "they are; name their length, for example [1m]"
            )
        for longer in wanted:
            if duration(longer) % duration(timeframe):
                raise ConfigError(
                    f"{config.file.name}: market_data.timeframes: {longer} bars cannot be made from {source}, which "
                    f"has {timeframe} bars"
                )
        found.append(Tailed(Path(source), spec, timeframe))
    unknown = said.keys() - {one.spec.id for one in found}
    if unknown:
        names = ", ".join(one.spec.id for one in found)
        raise ConfigError(
            f"{config.file.name}: instruments: {', '.join(sorted(unknown))} has no file; the files are of {names}"
        )
    return found


def tail_feed(
    config: Config, instruments: Sequence[Instrument], series: Sequence[Key], clock: Clock
) -> LiveFeed:
    """The feed of a session whose market is of these instruments and series, in the order of the files."""
    files = [Path(source) for source in config.bars]
    tailed = [
        Tailed(file, spec, timeframe)
        for file, spec, (_, timeframe) in zip(files, instruments, series, strict=True)
    ]
    fresh = {one.spec.id: max(_FRESH_NS, one.length) for one in tailed}
    calendars = {one.spec.id: one.spec.calendar for one in tailed}
    stream = TailStream(tailed, clock=clock)
    return LiveFeed(stream, series, time=WallTime(clock), fresh=fresh, calendars=calendars)


def tail_findings(config: Config) -> Iterator[Finding]:
    """What stands in the files now."""
    for source in config.bars:
        try:
            frame = load_bars(source, timeframe=_step(Path(source)) or "1m", on_bad="drop")
        except NotFoundError:
            yield note("data", f"{source} is not there yet: a session waits for it", "start what writes it")
        except DataError as error:
            yield note("data", f"{error}", "see to what writes it")
        else:
            last = utc_text(int(frame.index[-1].value))
            yield well(
                "data", f"{source}: {len(frame):,} bars so far, the last of {last}; it is read as it grows"
            )


def _step(file: Path) -> str:
    """How long the bars in a file are; "" while that cannot be told."""
    try:
        return str(load_bars(file, on_bad="drop").attrs["timeframe"])
    except (DataError, NotFoundError):
        return ""
