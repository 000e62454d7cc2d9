"""Indicators computed ahead by the chunk, for loops that do not go through `Engine.step`: every line of each.

Knows no order and no event.
"""

from tradekit.data.columns import BarColumns
from tradekit.trading.series import Feedline

__all__ = ["ahead", "outputs", "warm_up"]


def outputs(line: Feedline) -> tuple[str, ...]:
    """The lines that an indicator holds, the main one first."""
    return tuple(getattr(line.indicator, "outputs", ("value",)))


def warm_up(lines: list[Feedline], columns: BarColumns) -> int:
    """Bars until all of these are ready; one that does not say when is fed bar by bar anyway."""
    return min(len(columns), max((int(getattr(line.indicator, "warmup", 0)) for line in lines), default=0))


def ahead(line: Feedline, columns: BarColumns, start: int, stop: int) -> list[list[float]]:
    """Each line of an indicator after each of these bars; until the loop takes them it shows what it showed before."""
    indicator, names = line.indicator, outputs(line)
    given = [getattr(columns, field)[start:stop] for field in line.fields]
    shown = [getattr(indicator, name) for name in names]
    if len(names) == 1:
        values = [indicator.batch(*given)]
    else:
        values = [column.tolist() for column in indicator.arrays(*given).values()]
    for name, value in zip(names, shown, strict=True):
        setattr(indicator, name, value)
    return values
