"""What other data say of the bars that a session saw: bars missed, bars too many, bars with other prices.

Neighbours of one kind are one difference. Knows no order.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tradekit.core.event import Event
from tradekit.model.instrument import duration
from tradekit.model.market import Bar
from tradekit.report.parity import Difference
from tradekit.run.parity.inputs import Item, Key, key_of

__all__ = ["Found", "came_again", "came_late", "compared", "differences"]

_FIELDS = ("open", "high", "low", "close")


class Found(NamedTuple):
    """A difference of a bar, and the place that it is about."""

    place: int
    kind: str
    bar: Bar
    session: str
    backtest: str
    why: str
    seq: int = 0


def compared(seen: Mapping[Key, Bar], places: Mapping[Key, int], given: Sequence[Item]) -> list[Found]:
    """The session's bars against other data, in the order of their ends; prices count, volume does not."""
    found = []
    theirs = {key_of(item.fact): item for item in given if isinstance(item.fact, Bar)}
    for key, item in theirs.items():
        bar, mine = item.fact, seen.get(key)
        if not isinstance(bar, Bar):
            continue
        if mine is None:
            found.append(Found(item.place, "missed bar", bar, "no such bar", _prices(bar), "it was not told"))
        elif any(getattr(mine, name) != getattr(bar, name) for name in _FIELDS):
            found.append(
                Found(item.place, "revised bar", bar, _prices(mine), _prices(bar), "its prices are others", places[key])
            )  # fmt: skip
    for key, mine in seen.items():
        if key not in theirs:
            found.append(
                Found(places[key], "extra bar", mine, _prices(mine), "no such bar", "the data lack it", places[key])
            )  # fmt: skip
    return sorted(found, key=lambda one: (one.bar.ts + duration(one.bar.timeframe), one.bar.instrument))


def came_late(late: Iterable[Event], items: Sequence[Item]) -> list[Found]:
    """Bars that came after a later one: the session passed them over, the backtest has them in their place."""
    seqs = {key_of(event.data): event.seq for event in late if isinstance(event.data, Bar)}
    return [
        Found(item.place, "missed bar", item.fact, "it came after a later one and was passed over", _prices(item.fact),
              "it came too late", seqs.get(key_of(item.fact), 0))
        for item in items if isinstance(item.fact, Bar)
    ]  # fmt: skip


def came_again(repeated: Iterable[Event], seen: Mapping[Key, Bar]) -> list[Found]:
    """Bars that came a second time with other prices: the session, and its backtest, keep the first."""
    found = []
    for event in repeated:
        bar = event.data
        if isinstance(bar, Bar):
            first = seen.get(key_of(bar))
            if first is not None and any(getattr(first, name) != getattr(bar, name) for name in _FIELDS):
                found.append(
                    Found(event.seq, "revised bar", bar, _prices(first), _prices(first),
                          f"it was told again later: {_prices(bar)}", event.seq)
                )  # fmt: skip
    return found


def differences(found: Sequence[Found], rank: Mapping[int, int]) -> Iterator[tuple[int, Difference]]:
    """One for each run of neighbours, with the place of its first."""
    for run in _runs(found):
        first, more = run[0], f": {len(run):,} bars in a row" if len(run) > 1 else ""
        seqs = [one.seq for one in run if one.seq] or [rank.get(first.place, max(first.place, 0))]
        yield first.place, Difference(
            ts=first.bar.ts + duration(first.bar.timeframe), kind=first.kind, what="bar",
            instrument=first.bar.instrument, seqs=seqs, session=first.session, backtest=first.backtest,
            why=first.why + more,
        )  # fmt: skip


def _runs(found: Sequence[Found]) -> list[list[Found]]:
    runs: list[list[Found]] = []
    latest: dict[tuple[str, str, str], list[Found]] = {}
    for one in found:
        series = (one.kind, one.bar.instrument, one.bar.timeframe)
        run = latest.get(series)
        if run is not None and one.bar.ts - run[-1].bar.ts == duration(one.bar.timeframe):
            run.append(one)
        else:
            latest[series] = run = [one]
            runs.append(run)
    return runs


def _prices(bar: Bar) -> str:
    return f"{bar.timeframe} bar " + ", ".join(f"{name} {getattr(bar, name):.12g}" for name in _FIELDS)
