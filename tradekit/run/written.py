"""The text of the written-out loops: one for each number of indicators, compiled once.

Knows nothing of what it drives but the names that it calls.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

__all__ = ["interleaved", "written_out"]

Names: TypeAlias = tuple[tuple[str, ...], ...]

_LOOPS: dict[tuple[Any, ...], Callable[..., None]] = {}


def written_out(quick: Names, slow: Names, sees: bool, longer: bool = False) -> Callable[..., None]:
    """The loop for indicators with these lines, and others that are fed these fields; compiled once.

    sees    the strategy is called with the bars
    longer  bars of longer timeframes close with some of them
    """
    return _compiled(_source, quick, slow, sees, longer)


def interleaved(quick: Names) -> Callable[..., None]:
    """The loop over several series in turn, each with indicators of these lines; compiled once.

    What it takes with each bar: its number; of its series the lane, whom to call with the bar, what is fed with it, the
    indicators; the bar; the values that the indicators show from now on.
    """
    return _compiled(_interleaved, quick)


def _compiled(source: Callable[..., Iterator[str]], *key: Any) -> Callable[..., None]:
    if (source, *key) not in _LOOPS:
        scope: dict[str, Any] = {}
        exec("\n".join(source(*key)), scope)  # noqa: S102 - our own text; names are identifiers
        _LOOPS[source, *key] = scope["loop"]
    return _LOOPS[source, *key]


def _interleaved(quick: Names) -> Iterator[str]:
    """Lines of the loop. `lane.waiting` are an instrument's orders, none most of the time."""
    held = [f"i{i}.{output}" for i, outputs in enumerate(quick) for output in outputs]
    indicators = "".join(f", i{i}" for i in range(len(quick)))
    values = "".join(f", v{i}" for i in range(len(held)))
    yield "def loop(me, engine, strategy, goals, bars):"
    yield f"    for n, (lane, on_bar, feeds{indicators}), bar{values} in bars:"
    yield "        me.n = n"
    yield "        if lane.waiting:"
    yield "            me.match(bar)"
    for i, line in enumerate(held):
        yield f"        {line} = v{i}"
    yield "        for feed in feeds:"
    yield "            feed(bar)"
    yield "        strategy._goal = goals[bar.instrument]"
    yield "        on_bar(bar)"
    yield "        if engine.out:"
    yield "            me.settle()"


def _source(quick: Names, slow: Names, sees: bool, longer: bool) -> Iterator[str]:
    """Lines of the loop. `book` is the exchange's, empty most of the time; `engine.out` is what was told."""
    yield "def loop(me, engine, book, on_bar, numbers, bars, indicators, values, updates):"
    for i in range(len(quick)):
        yield f"    i{i} = indicators[{i}]"
    for i in range(len(slow)):
        yield f"    u{i} = updates[{i}]"
    held = [f"i{i}.{output}" for i, outputs in enumerate(quick) for output in outputs]
    names = "".join(f", v{i}" for i in range(len(held)))
    yield f"    for n, bar{names} in zip(numbers, bars, *values):"
    yield "        me.n = n"
    yield "        if book:"
    yield "            me.match(bar)"
    if longer:
        yield "        if n == me.longer.due:"
        yield "            me.close_longer()"
    for i, line in enumerate(held):
        yield f"        {line} = v{i}"
    for i, fields in enumerate(slow):
        yield f"        u{i}({', '.join(f'bar.{field}' for field in fields)})"
    if sees:
        yield "        on_bar(bar)"
    yield "        if engine.out:"
    yield "            me.settle()"
