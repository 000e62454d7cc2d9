"""Why an order or a trade exists: the events that led to it and what became of it, told in order.

Follows the causes that a record of facts carries. Knows no state and no engine; the record is handed in.
"""

import html
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from tradekit.core.event import Event
from tradekit.model.money import ZERO
from tradekit.model.order import OrderFact, OrderFilled
from tradekit.report.words import in_words, plain

__all__ = ["Chapter", "Find", "Step", "Story", "lives_of_orders", "order_story", "trade_story"]

Find: TypeAlias = Callable[[int], "Event | None"]

_MINUS, _HYPHEN = "\N{MINUS SIGN}", re.compile(r"(?<!\w)-(?=\d)")  # before a number, not within a date
_LONGEST = 50  # steps from an intent back to what came in from outside; more would be a circle


class Step(msgspec.Struct, frozen=True):
    """One event of a story.

    seq, ts, cause  as in the event: ts is UTC ns, cause the seq that led to it or 0
    what            its type in two words ("order filled")
    text            what it says
    """

    seq: int
    ts: int
    cause: int
    what: str
    text: str


class Chapter(msgspec.Struct, frozen=True):
    """One order's part of a story: a heading and its steps in the order of seq."""

    heading: str
    steps: list[Step]


class Story(msgspec.Struct, frozen=True):
    """Why something was traded; prints as lines, shows itself as a table in a notebook.

    title     what the story is about
    summary   its numbers: labels and values, in order
    chapters  one an order
    """

    title: str
    summary: list[tuple[str, str]]
    chapters: list[Chapter]

    def __str__(self) -> str:
        return "\n".join([self.title, *_summary_lines(self.summary), *self._lines()])

    def _lines(self) -> Iterator[str]:
        wide = max((len(str(step.seq)) for chapter in self.chapters for step in chapter.steps), default=1)
        named = max((len(step.what) for chapter in self.chapters for step in chapter.steps), default=1)
        for chapter in self.chapters:
            yield ""
            yield chapter.heading
            for step in chapter.steps:
                yield f"  {step.seq:>{wide}}  {_time(step.ts)}  {step.what:<{named}}  {step.text}"

    def _repr_html_(self) -> str:
        """The same as a block of HTML, light or dark with the page it stands in; every text is escaped."""
        from tradekit.report.page import style

        numbers = "".join(
            f'<div class="tk-line"><span>{html.escape(label)}</span>'
            f'<span class="tk-number">{html.escape(_HYPHEN.sub(_MINUS, value))}</span></div>'
            for label, value in self.summary
        )
        chapters = "".join(
            f'<div class="tk-name">{html.escape(chapter.heading)}</div><table class="tk-story">'
            + "".join(_row(step) for step in chapter.steps)
            + "</table>"
            for chapter in self.chapters
        )
        return (
            f'<style>{style()}</style><div class="tk-summary"><div class="tk-title">{html.escape(self.title)}</div>'
            f'<div class="tk-facts">{numbers}</div>{chapters}</div>'
        )


def lives_of_orders(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events of each order, by its id."""
    lives: dict[str, list[Event]] = {}
    for event in events:
        if isinstance(event.data, OrderFact):
            lives.setdefault(event.data.id, []).append(event)
    return lives


def trade_story(row: Mapping[Any, Any], number: int, lives: Mapping[str, list[Event]], find: Find) -> Story:
    """Why a trade exists: its entry, its exit, what it cost and what it brought.

    row  of the table of trades (first in first out); number its trade_id
    """
    title = f"Trade {number}: {row['side']} {plain(row['qty'])} {row['instrument']}"
    entry, leaving = str(row["entry_order"]), str(row["exit_order"])
    chapters = [_order_chapter(lives.get(entry, ()), find, heading=f"Entered by {entry}")]
    if leaving != entry:
        why = f" ({row['exit_reason']})" if row["exit_reason"] else ""
        known = {step.seq for step in chapters[0].steps}
        chapter = _order_chapter(lives.get(leaving, ()), find, heading=f"Left by {leaving}{why}", known=known)
        chapters.append(chapter)
    return Story(title, _numbers(row), chapters)


def order_story(order: str, events: Sequence[Event], find: Find) -> Story:
    """Why an order exists and what became of it."""
    fills = [event.data for event in events if isinstance(event.data, OrderFilled)]
    summary = []
    if fills:
        qty = sum((fill.qty for fill in fills), start=ZERO)
        price = sum((fill.qty * fill.price for fill in fills), start=ZERO) / qty
        paid: dict[str, Decimal] = {}
        for fill in fills:
            paid[fill.fee_currency] = paid.get(fill.fee_currency, ZERO) + fill.fee
        fees = ", ".join(f"{plain(fee)} {currency}".rstrip() for currency, fee in paid.items())
        summary = [("filled", plain(qty)), ("average price", plain(price)), ("fees", fees)]
    return Story(
        f"Order {order}", summary, [_order_chapter(events, find, heading="What led to it and became of it")]
    )


def _numbers(row: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """A trade's numbers as they are read."""
    told = [
        ("profit after fees", f"{plain(row['pnl'])} ({_pct(row['return_frac'])} of the value at entry)"),
        ("fees", plain(row["fees"])),
        ("entered", f"{_time(row['entry_time'].value)} UTC at {plain(row['entry_price'])}"),
        ("left", f"{_time(row['exit_time'].value)} UTC at {plain(row['exit_price'])}"),
    ]
    if row["bars"] == row["bars"]:
        told.append(
            ("held", f"{row['bars']:,.0f} bars; at worst {_pct(row['mae'])}, at best {_pct(row['mfe'])}")
        )
    return told


def _order_chapter(
    events: Sequence[Event], find: Find, *, heading: str, known: Collection[int] = ()
) -> Chapter:
    """An order's life, and before it what led to it, back to what came in from outside or is `known` already.

    events  all of the order, in the order of seq; find gives an event by its seq, or None where it is not kept
    """
    told = list(events)
    before: list[Event] = []
    cause = told[0].cause if told else 0
    while cause and cause not in known and len(before) < _LONGEST:
        event = find(cause)
        if event is None:
            break
        before.append(event)
        cause = event.cause
    own = next((event.data.id for event in told if isinstance(event.data, OrderFact)), "")
    return Chapter(heading, [_step(event, own) for event in (*reversed(before), *told)])


def _step(event: Event, own: str) -> Step:
    """A step of the order `own`; another order in it is named."""
    text, data = in_words(event), event.data
    if isinstance(data, OrderFact) and data.id != own:
        text = f"{data.id}: {text}"
    return Step(event.seq, event.ts, event.cause, event.type.replace(".", " ").replace("_", " "), text)


def _row(step: Step) -> str:
    because = f"because of {step.cause}" if step.cause else "came in from outside"
    return (
        f'<tr title="{because}"><td class="tk-number">{step.seq}</td><td class="tk-number">{_time(step.ts)}</td>'
        f"<td>{html.escape(step.what)}</td><td>{html.escape(step.text)}</td></tr>"
    )


def _summary_lines(summary: Sequence[tuple[str, str]]) -> list[str]:
    wide = max((len(label) for label, _ in summary), default=0)
    return [f"  {label:<{wide}}  {value}" for label, value in summary]


def _pct(fraction: float) -> str:
    return f"{fraction * 100:+,.2f} %"


def _time(ns: int) -> str:
    """To the second; finer only where it is."""
    seconds = f"{datetime.fromtimestamp(ns // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S}"
    return seconds if not ns % 1_000_000_000 else f"{seconds}.{ns % 1_000_000_000:09d}".rstrip("0")
