"""Why a session's orders and fills are not its backtest's: one reason for each difference, and its part of the profit.

Pure. What the world did otherwise (a price, a refusal, a lost answer, a human) is a reason; what the strategy decided
otherwise afterwards is a consequence, for it decides the same from the same. Knows no journal.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from tradekit.model.money import EXACT, ZERO
from tradekit.report.parity import Difference
from tradekit.report.words import plain
from tradekit.run.parity.inputs import OUTSIDE
from tradekit.run.parity.lives import Deal, Lives, Opinion
from tradekit.run.parity.pairs import paired
from tradekit.run.parity.positions import Positions
from tradekit.run.parity.reasons import Reason, apart_at, changed, only_here, otherwise
from tradekit.run.parity.split import Parts, brought, moved_at, parted
from tradekit.run.parity.told import word
from tradekit.run.parity.worth import Worth

__all__ = ["Setting", "explain"]


class Setting(msgspec.Struct):
    """What is known beside the orders.

    lengths  of the shortest bars, by instrument [ns]
    bars     differences of the bars themselves, each with the place that it is about
    diverged the input after which the replay gives something else than the journal holds, 0 where it never does
    stopped  why nothing that adds risk went out at a place, "" where it did
    gap      why the session did not decide on the input at a place, "" where it did
    rank     where a place stands: twice its seq, one more for what the session does not have and stands behind it
    last     the place of each instrument's last bar
    """

    lengths: Mapping[str, int]
    diverged: int
    rank: Callable[[int], int]
    gap: Callable[[int], str]
    stopped: Callable[[int], str]
    last: Mapping[str, int]
    bars: Sequence[tuple[int, Difference]] = ()


class _Told(msgspec.Struct):
    """A difference that later ones may follow from."""

    rank: int
    root: int


def explain(session: Lives, backtest: Lives, worth: Worth, setting: Setting) -> list[Difference]:
    """Every difference, in the order of time; their effects add up to the difference of the profits."""
    return _Explaining(session, backtest, worth, setting).all()


class _Explaining:
    def __init__(self, session: Lives, backtest: Lives, worth: Worth, setting: Setting) -> None:
        self._session, self._backtest, self._worth, self._setting = session, backtest, worth, setting
        self._positions = Positions(session.deals.values(), backtest.deals.values(), setting.rank)
        self._all: list[_Told] = []
        self._told: dict[str, list[_Told]] = defaultdict(list)  # by instrument
        self._movers: dict[str, list[_Told]] = defaultdict(list)  # those of them that moved a position apart
        self._moved: dict[tuple[str, int], int] = {}  # the first that did so at a rank
        self._entries: dict[
            tuple[bool, str], int
        ] = {}  # by whose order it is: the difference that it follows from
        self._found: list[Difference] = []
        self._bars = sorted(setting.bars, key=lambda bar: setting.rank(bar[0]))

    def all(self) -> list[Difference]:
        pairs = paired(self._session.deals, self._backtest.deals, self._rank)
        twins = {theirs.id: ours.id for ours, theirs in pairs if ours is not None and theirs is not None}
        for ours, theirs in pairs:
            deal = ours if ours is not None else theirs
            if deal is None:
                continue
            self._take_bars(self._rank(deal.place))
            if ours is None:
                self._only_theirs(deal)
            elif theirs is None:
                self._only_ours(ours)
            else:
                self._both(ours, theirs)
        self._take_bars(None)
        self._signals(twins)
        self._flows()
        return sorted(self._found, key=lambda one: (one.ts, one.after, one.seq))

    # --- pieces ---------------------------------------------------------------------------------------------

    def _rank(self, place: int) -> int:
        return self._setting.rank(place)

    def _take_bars(self, until: int | None) -> None:
        """The differences of bars up to a rank come first: decisions follow from them."""
        while self._bars and (until is None or self._rank(self._bars[0][0]) <= until):
            place, found = self._bars.pop(0)
            self._found.append(found)
            self._note(_Told(self._rank(place), found.seq), found.instrument, None)

    def _tell(self, found: Difference, rank: int, moved: int | None) -> None:
        root = found.after or found.seq
        self._found.append(found)
        self._note(_Told(rank, root), found.instrument, moved)
        self._entries.setdefault((True, found.order), root)
        self._entries.setdefault((False, found.twin), root)

    def _note(self, told: _Told, instrument: str, moved: int | None) -> None:
        """Keep a difference for what may follow from it."""
        self._all.append(told)
        self._told[instrument].append(told)
        if moved is not None:
            self._movers[instrument].append(told)
            self._moved.setdefault((instrument, moved), told.root)

    def _led(self, deal: Deal, *, ours: bool) -> Reason:
        """The earlier difference that an order which only one of them has follows from."""
        entry = self._entries.get((ours, deal.parent)) if deal.parent else None
        if entry is not None:
            return Reason("consequence", f"its entry did not go the same way, since #{entry:,}", entry)
        return self._cause(self._rank(deal.place), deal.instrument)

    def _cause(self, rank: int, instrument: str) -> Reason:
        """The earlier difference that a decision at a rank follows from, or that there is none."""
        self._take_bars(rank)  # an order may have come apart long after it was sent
        apart = self._positions.apart_since(instrument, rank)
        if apart is not None:
            root = self._moved.get((instrument, apart)) or _latest(self._movers[instrument], rank)
            if root:
                live, backtest = self._positions.of(instrument, rank)
                held = f"the position is {plain(live)} here and {plain(backtest)} in the backtest"
                return Reason("consequence", f"{held}, since #{root:,}", root)
        if 0 < self._setting.diverged <= rank // 2:
            return Reason("strategy", f"the replay of #{self._setting.diverged:,} gives something else")
        root = _latest(self._told[instrument], rank) or _latest(self._all, rank)
        if root:
            return Reason("consequence", f"what the strategy knows is not the same, since #{root:,}", root)
        return Reason("unexplained", "nothing before it differs")

    def _only_ours(self, deal: Deal) -> None:
        rank = self._rank(deal.place)
        reason = only_here(deal) or self._led(deal, ours=True)
        self._tell(
            Difference(
                ts=deal.ts, kind=reason.kind, what="order", instrument=deal.instrument, order=deal.id, seqs=deal.seqs,
                session=word(deal), backtest=word(None), why=reason.why, effect=brought(self._worth, deal),
                after=reason.after,
            ),
            rank,
            moved_at(deal, None, self._rank),
        )  # fmt: skip

    def _only_theirs(self, deal: Deal) -> None:
        rank = self._rank(deal.place)
        gap = self._setting.gap(deal.place)
        reason = Reason("restart gap", gap) if gap else self._led(deal, ours=False)
        stopped = self._setting.stopped(rank // 2)
        if stopped and not gap and self._positions.apart_since(deal.instrument, rank) is None:
            reason = Reason("refused", f"{stopped}; a wish that was refused is not told again")
        self._tell(
            Difference(
                ts=deal.ts, kind=reason.kind, what="order", instrument=deal.instrument, twin=deal.id, seqs=[rank // 2],
                session=word(None), backtest=word(deal), why=reason.why,
                effect=EXACT.minus(brought(self._worth, deal)), after=reason.after,
            ),
            rank,
            moved_at(None, deal, self._rank),
        )  # fmt: skip

    def _both(self, ours: Deal, theirs: Deal) -> None:
        rank = self._rank(ours.place)
        parts = parted(self._worth, ours, theirs, self._setting.lengths.get(ours.instrument))
        named: dict[str, Any] = {
            "ts": ours.ts,
            "instrument": ours.instrument,
            "order": ours.id,
            "twin": theirs.id,
        }
        named |= {"session": word(ours), "backtest": word(theirs), "seqs": ours.seqs}
        wanted = ours.terms != theirs.terms or changed(ours, theirs) is not None
        apart = self._rank(apart_at(ours, theirs))
        moved = moved_at(ours, theirs, self._rank)
        over = _over(ours) != _over(theirs)
        if parts.bars or (parts.price and not wanted):
            self._tell(self._priced(parts, **named), rank, moved)
        elif parts.price:
            cause = self._cause(apart, ours.instrument)
            row = Difference(
                kind=cause.kind, what="fill", why=cause.why, effect=parts.price, after=cause.after, **named
            )
            self._tell(row, apart, moved)
        if parts.more or wanted or over:
            reason = otherwise(ours, theirs, parts, last=self._setting.last.get(ours.instrument, 0))
            if reason is None or reason.follows:
                cause = self._cause(apart, ours.instrument)
                reason = cause if reason is None else reason.then(cause)
            row = Difference(
                kind=reason.kind, what="order", why=reason.why, effect=parts.rest, after=reason.after, **named
            )
            self._tell(row, apart, moved)
        if parts.fee:
            why = f"{plain(parts.fees[0])} here, {plain(parts.fees[1])} in the backtest"
            self._tell(Difference(kind="fee", what="fee", why=why, effect=parts.fee, **named), rank, moved)

    def _priced(self, parts: Parts, **named: Any) -> Difference:
        """The same quantity at another price, or in another bar."""
        kind = "late fill" if parts.bars > 0 else "early fill" if parts.bars < 0 else "slippage"
        why = f"{abs(parts.bars):,} bars {'later' if parts.bars > 0 else 'earlier'}" if parts.bars else ""
        if parts.worse:
            better = "worse" if parts.worse > 0 else "better"
            ticks = self._worth.ticks(named["instrument"], parts.worse)
            told = "" if ticks is None else f" ({plain(abs(ticks))} ticks)"
            why = ", ".join(filter(None, (why, f"{plain(abs(parts.worse))} {better} a unit{told}")))
        return Difference(
            kind=kind, what="fill", why=why, effect=parts.price, price=parts.worse,
            ticks=self._worth.ticks(named["instrument"], parts.worse), **named,
        )  # fmt: skip

    def _signals(self, twins: Mapping[str, str]) -> None:
        """Opinions that only one of them had, or that are not the same; `twins` are the session's orders by theirs."""
        ours, theirs = _numbered(self._session.signals), _numbered(self._backtest.signals, twins)
        for key in dict.fromkeys((*ours, *theirs)):
            one, twin = ours.get(key), theirs.get(key)
            known = one if one is not None else twin
            if known is None or (one is not None and twin is not None and one.direction == twin.direction):
                continue
            rank = self._rank(known.place)
            gap = self._setting.gap(known.place) if one is None else ""
            reason = Reason("restart gap", gap) if gap else self._cause(rank, known.instrument)
            self._found.append(
                Difference(
                    ts=known.ts, kind=reason.kind, what="signal", instrument=known.instrument,
                    seqs=[rank // 2 if one is None else one.seq], session=_opinion(one), backtest=_opinion(twin),
                    why=reason.why, after=reason.after,
                )
            )  # fmt: skip

    def _flows(self) -> None:
        """Cash that moved without a trade, by kind, instrument and currency."""
        sums: dict[tuple[str, str, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
        last: dict[tuple[str, str, str], tuple[int, list[int]]] = {}
        for side, lives in enumerate((self._session, self._backtest)):
            for event, moved in lives.flows:
                if moved.kind in OUTSIDE:
                    continue
                key = (str(moved.kind), moved.instrument, moved.currency)
                sums[key][side] = EXACT.add(sums[key][side], moved.amount)
                ts, seqs = last.get(key, (0, []))
                last[key] = max(ts, event.ts), seqs if side else [*seqs, event.seq]
        for key, (ours, theirs) in sums.items():
            if ours != theirs:
                kind, instrument, currency = key
                ts, seqs = last[key]
                self._found.append(
                    Difference(
                        ts=ts, kind="cash", what="cash", instrument=instrument, seqs=seqs,
                        session=f"{plain(ours)} {currency}", backtest=f"{plain(theirs)} {currency}", why=kind,
                        effect=self._worth.cash(currency, EXACT.subtract(ours, theirs)),
                    )
                )  # fmt: skip


def _latest(told: Sequence[_Told], rank: int) -> int:
    """The root of the latest difference up to a rank, 0 where there is none."""
    return next((one.root for one in reversed(told) if one.rank <= rank), 0)


def _over(deal: Deal) -> tuple[str, str]:
    """How an order ended, as far as it is no matter of what has filled."""
    whole = deal.filled >= deal.qty
    return "" if deal.denied is None else deal.denied[0], "" if whole else deal.end


def _numbered(
    signals: Sequence[Opinion], names: Mapping[str, str] | None = None
) -> dict[tuple[Any, ...], Opinion]:
    """Signals by what makes them comparable: the input that they followed from, or the order by the session's name."""
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    found = {}
    for one in signals:
        about: Any = one.place
        if one.root[:1] == ("order",):
            about = one.root[1] if names is None else names.get(one.root[1], one.root)
        key = (about, one.instrument, one.name)
        found[*key, counts[key]] = one
        counts[key] += 1
    return found


def _opinion(one: Opinion | None) -> str:
    return "no such signal" if one is None else f"{one.name} {one.direction:+g}"
