"""What markets published beside their prices, from tables: funding, dividends, splits, currency rates, in time order.

Checked once, with an error that names table, row and remedy. Knows no engine; what is due for it is the clearing's.
"""

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from tradekit.core.event import Fact
from tradekit.errors import DataError, OrderError
from tradekit.model.account import DividendWentEx, FundingPublished, RatePublished, SplitEffected
from tradekit.model.instrument import Instrument
from tradekit.model.money import exact

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Published", "Told", "published", "together"]

Published = FundingPublished | DividendWentEx | SplitEffected | RatePublished
Told = tuple[int, Fact]  # when it is known [UTC ns], and the fact


def published(
    instruments: Mapping[str, Instrument],
    *,
    start: int,
    funding: Any = None,
    corporate_actions: Any = None,
    rates: Any = None,
) -> list[Told]:
    """The facts of these tables, by time; at one moment rates come first, then corporate actions, then funding.

    Each is a DataFrame with a time index (UTC where it has no zone) or a mapping of such by name. A row happens at its
    index: a dividend or split before the first trade without it, so at that day's open or any time before it.

    funding            columns instrument, rate (fraction), price (mark price)
    corporate_actions  columns instrument, kind ("dividend" or "split"), amount (dividend for one unit), currency
                       (optional), new and old (split: 2 new for 1 old)
    rates              columns base, quote, rate; or a mapping from "EUR/USD" to a Series or to one number, which holds
                       from `start` [UTC ns] on

    Raises DataError for what cannot be read.
    """
    told = [
        *_rates(rates, start),
        *_rows("corporate_actions", corporate_actions, lambda row: _action(row, instruments)),
        *_rows("funding", funding, lambda row: _funding(row, instruments)),
    ]
    return sorted(told, key=itemgetter(0))


def together(stream: Iterable[Told], facts: list[Told]) -> Iterator[Told]:
    """Two streams by time; at one moment `stream` comes first: a bar that closes then is older."""
    return heapq.merge(stream, facts, key=itemgetter(0)) if facts else iter(stream)


def _funding(row: "_Row", instruments: Mapping[str, Instrument]) -> Fact:
    name = row.instrument(instruments)
    return FundingPublished(name, row.number("rate"), row.number("price", above_zero=True))


def _action(row: "_Row", instruments: Mapping[str, Instrument]) -> Fact:
    name, kind = row.instrument(instruments), row.text("kind")
    if kind == "dividend":
        currency = row.text("currency") if row.has("currency") else ""
        return DividendWentEx(name, row.number("amount"), currency)
    if kind == "split":
        if instruments[name].margined:
            row.refuse(f"{name} is a derivative, which is not split; its exchange gives it another contract")
        return SplitEffected(name, row.number("new", above_zero=True), row.number("old", above_zero=True))
    row.refuse(f"kind is {kind!r}; write dividend or split")
    raise AssertionError  # pragma: no cover - refuse raises


def _rates(given: Any, start: int) -> list[Told]:
    if not isinstance(given, Mapping):
        return _rows(
            "rates",
            given,
            lambda row: RatePublished(
                row.text("base"), row.text("quote"), row.number("rate", above_zero=True)
            ),
        )
    told: list[Told] = []
    for pair, rate in given.items():
        base, slash, quote = str(pair).partition("/")
        if not (base and slash and quote) or "/" in quote:
            raise DataError(
                f"rates: {pair!r} is no pair of currencies; write base/quote, for example EUR/USD"
            )
        series = rate.to_frame("rate") if hasattr(rate, "to_frame") else None
        if series is None:
            told.append(
                (start, RatePublished(base, quote, _number(rate, f"rates[{pair!r}]", above_zero=True)))
            )
        else:
            told += _rows(
                f"rates[{pair!r}]",
                series,
                lambda row, base=base, quote=quote: RatePublished(  # type: ignore[misc]
                    base, quote, row.number("rate", above_zero=True)
                ),
            )
    return told


# --- tables -------------------------------------------------------------------------------------------------


class _Row:
    """One row of a table that is being read; knows how to say where something is wrong."""

    def __init__(self, table: str, number: int, values: dict[str, Any]) -> None:
        self.where = f"{table}, row {number + 1}"
        self._values = values

    def has(self, column: str) -> bool:
        """Whether the row says something in a column."""
        value = self._values.get(column)
        return value is not None and value == value and value != ""  # nan is unlike itself

    def text(self, column: str) -> str:
        """A word; raises DataError where there is none."""
        if not self.has(column):
            self.refuse(f"{column} is missing")
        return str(self._values[column])

    def number(self, column: str, *, above_zero: bool = False) -> Decimal:
        """A finite number; raises DataError."""
        if not self.has(column):
            self.refuse(f"{column} is missing")
        return _number(self._values[column], f"{self.where}: {column}", above_zero=above_zero)

    def instrument(self, known: Collection[str]) -> str:
        """The instrument of the row; raises DataError for one without bars here."""
        name = self.text("instrument")
        if name not in known:
            self.refuse(f"no instrument {name!r} in this run; it has {', '.join(known)}")
        return name

    def refuse(self, why: str) -> None:
        """Raise DataError with the row's place."""
        raise DataError(f"{self.where}: {why}")


def _rows(table: str, given: Any, read: Callable[[_Row], Fact]) -> list[Told]:
    if given is None:
        return []
    if isinstance(given, Mapping):
        told: list[Told] = []
        for name, part in given.items():
            told += _rows(f"{table}[{name!r}]", _frame(table, part).assign(instrument=name), read)
        return told
    frame = _frame(table, given)
    columns = [str(column) for column in frame.columns]
    records = (dict(zip(columns, row, strict=True)) for row in frame.itertuples(index=False, name=None))
    stamps = _stamps(table, frame)
    return [
        (ts, read(_Row(table, n, values))) for n, (ts, values) in enumerate(zip(stamps, records, strict=True))
    ]


def _frame(table: str, given: Any) -> "pd.DataFrame":
    import pandas as pd

    if not isinstance(given, pd.DataFrame):
        raise DataError(
            f"{table}: give a DataFrame with a time index, or a mapping of such by instrument; this is "
            f"{type(given).__name__}"
        )
    return given


def _stamps(table: str, frame: "pd.DataFrame") -> list[int]:
    """The index as UTC ns; a time without a zone is UTC."""
    import pandas as pd

    try:
        times = pd.DatetimeIndex(pd.to_datetime(frame.index, utc=True))
    except (ValueError, TypeError) as error:
        raise DataError(f"{table}: its index is no time: {error}") from error
    if times.hasnans:
        raise DataError(f"{table}: its index has a row without a time")
    return [int(one) for one in times.as_unit("ns").asi8]


def _number(value: object, name: str, *, above_zero: bool) -> Decimal:
    try:
        number = exact(value, name=name)
    except OrderError as error:
        raise DataError(str(error)) from error
    if above_zero and number <= 0:
        raise DataError(f"{name} is {number}: give a number above zero")
    return number
