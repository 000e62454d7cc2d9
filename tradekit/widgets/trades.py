"""The blotter's trades and differences: round trips of the fills a state holds, and what the venue's books say else.

Pure; knows no widget. Rows are those of `widgets.rows`: a key for life, words, tones, UTC milliseconds.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from tradekit.model.instrument import Instrument
from tradekit.model.money import ZERO
from tradekit.report.executions import Execution
from tradekit.report.trades import Trade, round_trips
from tradekit.state.seen import Difference
from tradekit.state.shape import Fill, State
from tradekit.widgets import words
from tradekit.widgets.rows import KEPT, Row, currencies

__all__ = ["differences", "trades"]

_WAYS = {"long": "▲ long", "short": "▼ short"}
_FILLS = 200  # the newest, of which trades are made
_HEDGING = "In a hedging account trades belong to named positions: `tradekit journal export` has them."
Book = tuple[str, str]  # strategy, instrument


def trades(state: State) -> dict[str, Any]:
    """The last round trips from flat to flat, newest first.

    Made of the last fills that the state keeps: a trade that was open before the oldest of them is left out. A
    state's fills do not name the positions of a hedging account, so there are none for it.
    """
    if state.account.hedging:
        return {"rows": [], "count": 0, "none": _HEDGING}
    fills = [_execution(fill) for fill in _whole(state)]
    closed = round_trips(fills, method="average", instruments=state.instruments)
    shown = closed[-KEPT:]
    several = currencies(state)
    rows = (
        _trade(replace(trade, trade_id=0), state.instruments.get(trade.instrument), several)
        for trade in reversed(shown)
    )
    return {"rows": list(rows), "count": 0}


def differences(state: State) -> dict[str, Any]:
    """What the venue's books and ours disagree about: open ones first, each with what mends it."""
    books = state.health.reconciliation
    rows = sorted(books.differences.values(), key=lambda one: (bool(one.refused), -one.since))
    return {"rows": [_difference(one) for one in rows], "count": len(books.open)}


def _whole(state: State) -> Iterator[Fill]:
    """The fills from the moment on at which each book was flat: before it nobody knows what they closed."""
    fills = state.fills[-_FILLS:]
    before = {book: _held(state, book) for book in {_book(fill) for fill in fills}}
    for fill in fills:
        before[_book(fill)] -= _signed(fill)
    for fill in fills:
        book = _book(fill)
        if before[book]:
            before[book] += _signed(fill)
        else:
            yield fill


def _held(state: State, book: Book) -> Decimal:
    mine = (p.qty for p in state.positions.values() if (p.strategy, p.instrument) == book)
    return sum(mine, start=ZERO)


def _book(fill: Fill) -> Book:
    return fill.strategy, fill.instrument


def _signed(fill: Fill) -> Decimal:
    return fill.qty * fill.side.sign


@lru_cache(maxsize=1024)
def _execution(fill: Fill) -> Execution:
    return Execution(
        fill.order, fill.instrument, str(fill.side), fill.qty, fill.price, fill.fee, fill.ts, fill.strategy,
        rule=fill.rule, tag=fill.tag,
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _trade(trade: Trade, instrument: Instrument | None, several: int) -> Row:
    currency = instrument.currency if instrument is not None else trade.currency
    behind = words.unit(currency, several)
    profit, tone = words.gain(trade.pnl, currency)
    return {
        "key": f"{trade.entry_order}/{trade.exit_order}/{trade.exit_time}",
        "exit": words.milliseconds(trade.exit_time),
        "instrument": trade.instrument,
        "side": _WAYS[trade.side],
        "side_tone": "up" if trade.side == "long" else "down",
        "qty": words.qty(trade.qty),
        "entry": words.price(trade.entry_price, instrument),
        "left": words.price(trade.exit_price, instrument),
        "profit": profit + behind,
        "profit_tone": tone,
        "return": f"{words.signed(100 * trade.return_frac)} %",
        "return_tone": tone,
        "fees": words.money(trade.fees, currency) + behind,
        "entered": words.milliseconds(trade.entry_time),
        "order": trade.exit_order,
        "tag": trade.exit_tag or trade.exit_rule,
    }


def _difference(one: Difference) -> Row:
    return {
        "key": one.id,
        "since": words.milliseconds(one.since),
        "kind": one.kind.replace("_", " ").replace(".", " "),
        "instrument": one.instrument,
        "ours": one.ours,
        "theirs": one.theirs,
        "text": one.text,
        "repair": _repair(one),
        "verdicts": "" if one.refused else "accept or refuse" if one.proposed else "refuse",
        "ended": bool(one.refused),
    }


def _repair(one: Difference) -> str:
    if one.refused:
        return f"refused by {one.refused}"
    return ", then ".join(_facts(one)) or "none proposed: look at the venue"


def _facts(one: Difference) -> Iterable[str]:
    return (proposal.type.replace(".", " ").replace("_", " ") for proposal in one.proposed)
