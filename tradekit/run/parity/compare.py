"""A session against its backtest: its inputs replayed, the backtest run over its market, each difference explained.

Reads a record as often as it needs; knows no file and no connection.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeAlias

from tradekit.core.event import Event, Fact
from tradekit.data.columns import BarColumns
from tradekit.errors import DataError
from tradekit.model.market import Bar
from tradekit.model.money import EXACT, ZERO
from tradekit.model.session import SessionOpened
from tradekit.report.parity import Difference, Parity
from tradekit.report.words import plain
from tradekit.run.parity import bars as other
from tradekit.run.parity.explain import Setting, explain
from tradekit.run.parity.inputs import OUTSIDE, Market, items, placed
from tradekit.run.parity.lives import Lives
from tradekit.run.parity.reference import Terms, reference
from tradekit.run.parity.replayed import replayed, verdict
from tradekit.run.parity.split import brought
from tradekit.run.parity.survey import Survey
from tradekit.run.parity.worth import Worth
from tradekit.sim.rules import Rules
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy
from tradekit.strategy.load import load_strategy
from tradekit.trading.engine import Engine

__all__ = ["compare"]

Read: TypeAlias = Callable[[], Iterable[Event]]


def compare(
    read: Read,
    strategy: type[Strategy],
    *,
    bars: Any = None,
    fee: object = None,
    slippage: object = None,
    rules: Rules | None = None,
    clean: Callable[[Fact], Fact] | None = None,
) -> Parity:
    """The report on the session whose record `read` gives from its beginning.

    strategy  its class
    bars      other data for the backtest, as `tk.backtest` takes them; None are those that the session saw
    fee, slippage, rules  terms of the simulated exchange other than the session was opened with
    clean     as the session's engine had it

    Raises DataError for a record without a session or bars that do not fit, ConfigError for terms that are none.
    """
    opened = next((event.data for event in read() if isinstance(event.data, SessionOpened)), None)
    if opened is None:
        raise DataError("no session was opened in this journal: there is nothing to compare")
    terms = Terms.of(opened, fee=fee, slippage=slippage, rules=rules)
    engine = _engine(strategy, opened.params, terms, clean)
    difference = replayed(engine, read)
    survey = Survey(read(), before=0 if difference is None else difference.seq)
    replay = verdict(difference, strategy, survey.openings)
    market, found = _market(survey, bars)
    backtest, anchors = _backtest(
        reference(
            opened, items(read(), market), load_strategy(strategy, opened.params), terms,
            cash=engine.state.account.opening, fired=survey.fired, clean=clean,
        )
    )  # fmt: skip
    worth = Worth(engine.state)
    ends = {item.place: item.ts for item in market.bars}

    def gap(place: int) -> str:
        return survey.gap(place, backtest_ts.get(place, ends.get(place, 0)))

    backtest_ts = {one.place: one.ts for one in backtest.deals.values()}
    backtest_ts |= {one.place: one.ts for one in backtest.signals}
    setting = Setting(
        survey.lengths,
        survey.diverged,
        lambda place: 2 * place if place > 0 else 2 * anchors.get(place, 0) + 1,
        gap,
        survey.stopped,
        survey.last,
        list(other.differences(found, anchors)),
    )
    rows = explain(survey.lives, backtest, worth, setting)
    return Parity(
        name=opened.name,
        mode=opened.mode,
        strategy=opened.strategy,
        currency=opened.currency,
        replay=replay,
        differences=rows,
        orders=(len(survey.lives.deals), len(backtest.deals)),
        fills=(_fills(survey.lives), _fills(backtest)),
        profit=(_profit(survey.lives, worth), _profit(backtest, worth)),
        events=survey.events,
        notes=_notes(survey, terms, worth, engine.state, rows, given=bars is not None),
    )


def _engine(
    strategy: type[Strategy], params: dict[str, Any], terms: Terms, clean: Callable[[Fact], Fact] | None
) -> Engine:
    engine = Engine(load_strategy(strategy, params), clean=clean)
    engine.dealing.flips = terms.flips
    return engine


def _backtest(told: Iterator[tuple[int, Event]]) -> tuple[Lives, dict[int, int]]:
    """The backtest's orders, and behind which event of the session each place stands that it does not have."""
    lives, anchors, last = Lives(), dict[int, int](), 0
    for place, event in told:
        if place > 0:
            last = max(last, place)
        else:
            anchors.setdefault(place, last)
        lives.take(event, place)
    return lives, anchors


# --- the market ---------------------------------------------------------------------------------------------


def _market(survey: Survey, bars: Any) -> tuple[Market, list[other.Found]]:
    """The bars of the backtest where they are not the session's own, and how they differ."""
    if bars is None:
        late = placed((e.data for e in survey.shared.late if isinstance(e.data, Bar)), {})
        again = other.came_again(survey.shared.repeated, survey.bars)
        return Market(late), [*other.came_late(survey.shared.late, late), *again]
    from tradekit.run.backtest import columns_of_bars  # which needs pandas

    given = placed(_within(survey, columns_of_bars(bars, None, None)), survey.places)
    return Market(given, instead=True), other.compared(survey.bars, survey.places, given)


def _within(survey: Survey, columns: Sequence[BarColumns]) -> Iterator[Bar]:
    """The bars of the session's own series, from its first to its last."""
    for one in columns:
        span = survey.spans.get((one.instrument, one.timeframe))
        if span is None:
            there = ", ".join(f"{name} {timeframe}" for name, timeframe in survey.spans) or "none"
            raise DataError(
                f"bars= has {one.instrument} {one.timeframe}, and the session took none; it took {there}. Name "
                "them with load_bars(..., instrument=, timeframe=)"
            )
        yield from (bar for bar in one.bars() if span[0] <= bar.ts <= span[1])
    missing = set(survey.spans) - {(one.instrument, one.timeframe) for one in columns}
    if missing:
        lacking = ", ".join(f"{name} {timeframe}" for name, timeframe in sorted(missing))
        raise DataError(f"bars= lacks {lacking}, which the session took")


# --- sums and words -----------------------------------------------------------------------------------------


def _fills(lives: Lives) -> int:
    return sum(len(one.fills) for one in lives.deals.values())


def _profit(lives: Lives, worth: Worth) -> Decimal:
    total = ZERO
    for deal in lives.deals.values():
        total = EXACT.add(total, brought(worth, deal))
    for _, moved in lives.flows:
        if moved.kind not in OUTSIDE:
            total = EXACT.add(total, worth.cash(moved.currency, moved.amount))
    return total


def _notes(
    survey: Survey, terms: Terms, worth: Worth, state: State, rows: Sequence[Difference], *, given: bool
) -> list[str]:
    """What a reader of the numbers should know."""
    notes = []
    if not terms.said:
        notes.append(
            "the journal does not say how a simulated exchange fills and charges these orders: fee, slippage and rules "
            "are those given here, else none"
        )
    if survey.changed:
        seqs = ", ".join(f"#{seq:,}" for seq, _ in survey.changed[:10])
        notes.append(f"parameters were set at {seqs}: the backtest sets them at the same places")
    if len(survey.openings) > 1:
        notes.append(f"the session was started {len(survey.openings):,} times; the backtest runs through")
    armed = survey.openings[0][1].armed
    if not armed and any(one.kind == "refused" for one in rows):
        notes.append("the session began disarmed; the backtest is armed from its first bar on")
    if given:
        notes.append(
            "the backtest runs on other bars than the session saw, from the session's first to its last"
        )
    outside = [moved for _, moved in survey.lives.flows if moved.kind in OUTSIDE]
    if outside:
        told = ", ".join(f"{plain(moved.amount)} {moved.currency}" for moved in outside[:5])
        notes.append(f"cash came or went that is no profit ({told}); the backtest has it too")
    if worth.unpriced:
        notes.append(f"amounts in {', '.join(sorted(worth.unpriced))} count as nothing: no rate is known")
    return notes
