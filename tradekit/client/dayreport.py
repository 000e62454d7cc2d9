"""A journal folded into the report of one of its days: what each fact adds, by the day that the ledger books it on.

Knows the reducer and the records of a report; neither a file nor a page.
"""

from collections.abc import Iterable

from tradekit.client.diary import Diary
from tradekit.client.tradelog import Reading
from tradekit.client.uptimes import Uptimes
from tradekit.core.event import Event
from tradekit.errors import NotFoundError
from tradekit.model.market import MarketOpened
from tradekit.model.session import SessionOpened
from tradekit.report.day import DayReport, Held, Moment
from tradekit.state.days import day_name
from tradekit.state.exposure import gross_exposure, net_exposure
from tradekit.state.reducer import apply
from tradekit.state.shape import DayPnl, State

__all__ = ["day_report"]


def day_report(events: Iterable[Event], day: str | None = None) -> DayReport:
    """The report of a day ("2022-12-13"; None is the latest) from a record that is whole from its beginning.

    Raises NotFoundError for a day that the record does not have.
    """
    state, reading, links = State(), Reading(bars=True), Uptimes()
    diary: Diary | None = None
    first = ""
    for event in events:
        name = _day(state, event)
        links.before(state, event)
        if diary is None or name > diary.day:
            if diary is not None and diary.day == day:
                return _report(state, reading, links, diary, over=True)
            links.begin_day(state)
            diary, first = Diary(name, state, event), first or name
        apply(state, event)
        reading.take(event)
        links.take(state, event)
        if day is None or diary.day == day:
            diary.take(state, event)
    if diary is None or day not in (None, diary.day):
        known = f"it has {first} to {diary.day}" if diary else "it is empty"
        raise NotFoundError(f"there is no day {day or 'at all'} in this journal: {known}")
    return _report(state, reading, links, diary, over=False)


def _day(state: State, event: Event) -> str:
    """The day that an event belongs to, were no later one begun: what happens at midnight is of the day that ends."""
    if isinstance(event.data, MarketOpened) and not state.pnl.around_the_clock:
        return event.data.session
    return day_name(state, event.ts if isinstance(event.data, SessionOpened) else event.ts - 1)


def _report(state: State, reading: Reading, links: Uptimes, diary: Diary, *, over: bool) -> DayReport:
    """The report at the end of the diary's day; `state` has nothing of a later one yet."""
    account, log = state.account, reading.log()
    money = state.pnl.days.get(diary.day) or DayPnl(account.equity, account.equity)
    result = money.end - money.start - float(money.flows)
    markets = state.markets.values()
    if not state.pnl.around_the_clock and markets and not any(market.open for market in markets):
        over = True  # its sessions have closed: the next day begins when one opens
    begins, ends = diary.hours(state, over=over)
    notes = list(log.warnings)
    if not account.complete:
        unknown = ", ".join(name for name, rate in account.rates.items() if rate is None)
        notes.append(f"equity leaves out what is held in {unknown}: no rate is known")
    if diary.busts:
        notes.append(f"{diary.busts} fills were canceled by the venue; the trades are without them")
    return DayReport(
        session=state.session.name,
        mode=state.session.mode,
        account=state.session.account,
        strategy=state.strategy.id,
        currency=account.currency,
        day=diary.day,
        begins=begins,
        ends=ends,
        over=over,
        start=money.start,
        end=money.end,
        result=result,
        realised=money.realised,
        fees=money.fees,
        flows=money.flows,
        deepest=diary.deepest,
        gross_peak=diary.gross_peak,
        gross_end=gross_exposure(state),
        net_end=net_exposure(state),
        orders=dict(diary.orders),
        curve=diary.curve,
        positions=_held(state),
        trades=[trade for trade in log if trade.exit_seq >= diary.since],
        refused=diary.refused,
        alerts=diary.alerts,
        risk=diary.risk,
        found=diary.found,
        open=[
            Moment(
                one.since,
                0,
                one.kind,
                f"{one.text} (ours {one.ours}, theirs {one.theirs})",
                one.instrument,
                one.id,
            )
            for one in state.health.reconciliation.open
        ],
        failures=diary.failures,
        links=links.of(state, begins, ends),
        notes=notes,
    )


def _held(state: State) -> list[Held]:
    return [
        Held(p.strategy, p.instrument, p.qty, p.entry, p.mark, p.value, p.unrealised, p.currency, p.position)
        for p in state.positions.values()
        if p.qty
    ]
