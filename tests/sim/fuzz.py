"""Random orders of every kind against random markets under random rules, and what must hold whatever they are."""

from collections import defaultdict
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from tests.builders import START, bar, event, opened, order
from tests.sim.floor import Floor
from tradekit.core.event import Fact
from tradekit.model.instrument import Instrument
from tradekit.model.market import (
    Bar,
    MarketClosed,
    MarketOpened,
    Quote,
    TradeTick,
    TradingHalted,
    TradingResumed,
)
from tradekit.model.order import (
    OrderCanceled,
    OrderCancelRequested,
    OrderExpired,
    OrderFilled,
    OrderReplaced,
    OrderReplaceRequested,
    OrderSubmitted,
    OrderTrailed,
    OrderType,
    Side,
    TimeInForce,
)
from tradekit.sim.exchange import Report
from tradekit.sim.fees import FixedFee, MakerTakerFee, PerShareFee, TieredFee
from tradekit.sim.rules import Rules
from tradekit.sim.slippage import FixedSlippage, VolumeShareSlippage
from tradekit.state.reducer import apply
from tradekit.state.shape import State

D = Decimal
MINUTE = 60_000_000_000
TIF, TYPE = TimeInForce, OrderType
LIMITED = (TYPE.LIMIT, TYPE.STOP_LIMIT, TYPE.LIMIT_IF_TOUCHED)
TRIGGERED = (TYPE.STOP, TYPE.STOP_LIMIT, TYPE.MARKET_IF_TOUCHED, TYPE.LIMIT_IF_TOUCHED)

PRICES = st.integers(190, 210).map(lambda halves: halves / 2)
LEVELS = st.integers(188, 212).map(lambda halves: D(halves) / 2)
BARS = st.tuples(PRICES, PRICES, PRICES, PRICES).map(lambda p: (p[0], max(p), min(p), p[3]))
SPECS = st.sampled_from(
    [
        Instrument(id="BTC"),
        Instrument(id="BTC", tick=D("0.5"), lot=D("0.5"), calendar="XNYS", multiplier=D(2)),
    ]
)
RULES = st.builds(
    Rules,
    market=st.sampled_from(["next_open", "next_open", "this_close"]),
    path=st.sampled_from(["pessimistic", "pessimistic", "open_high_low_close", "open_low_high_close"]),
    limits=st.sampled_from(["touch", "through"]),
    limit_gap=st.sampled_from(["open", "open", "limit"]),
    stop_gap=st.sampled_from(["open", "open", "stop"]),
    participation=st.sampled_from([None, None, D("0.1"), D("0.5")]),
    quote_sizes=st.booleans(),
    submit_latency=st.sampled_from([0, 0, MINUTE // 2, MINUTE * 3 // 2]),
    cancel_latency=st.sampled_from([0, 0, MINUTE // 2, MINUTE * 3 // 2]),
    spread=st.sampled_from([0, 0, D("0.01")]),
    spread_on=st.sampled_from(["sides", "entries"]),
    fee=st.sampled_from(
        [
            0,
            D("0.001"),
            FixedFee(D(1), per="order"),
            PerShareFee(D("0.01"), minimum=D(1), most=D("0.1")),
            MakerTakerFee(D("-0.0001"), D("0.001")),
            TieredFee(((D(0), D(0), D("0.002")), (D(500), D(0), D("0.001"))), days=1),
        ]
    ),
    slippage=st.sampled_from([0, 0, D("0.001"), FixedSlippage(D("0.5")), VolumeShareSlippage()]),
    slip_in_range=st.booleans(),
)


class Day(NamedTuple):
    """An instrument, rules, and what happens: market facts and wishes, each with its time."""

    spec: Instrument
    rules: Rules
    inputs: list[tuple[int, Any]]


class Step(NamedTuple):
    """A fact that the exchange told or was shown: when, within which market fact, and the book afterwards."""

    ts: int
    fact: Fact
    within: Fact | None
    after: dict[str, Any] | None


# --- material -----------------------------------------------------------------------------------------------


@st.composite
def wishes(draw: st.DrawFn, name: str, at: int) -> list[OrderSubmitted]:
    """One order of any type, or an entry with exits."""
    side, kind = draw(st.sampled_from(Side)), draw(st.sampled_from(TYPE))
    terms: dict[str, Any] = {}
    if kind is TYPE.TRAILING_STOP:
        terms[draw(st.sampled_from(["trail", "trail_pct"]))] = draw(st.sampled_from([1, 2, 5]))
    if kind in (TYPE.MARKET, TYPE.LIMIT):
        terms["tif"] = draw(st.sampled_from(TIF))
        terms["post_only"] = kind is TYPE.LIMIT and draw(st.booleans())
    else:
        terms["tif"] = draw(st.sampled_from([TIF.GTC, TIF.GTC, TIF.DAY, TIF.GTD]))
    if terms["tif"] is TIF.GTD:
        terms["expires"] = at + draw(st.integers(1, 5)) * MINUTE
    first = order(
        name, side, draw(st.integers(1, 5)), kind=kind,
        limit=draw(LEVELS) if kind in LIMITED else None, stop=draw(LEVELS) if kind in TRIGGERED else None,
        reduce_only=draw(st.booleans()), group=draw(st.sampled_from(["", "", "g"])),
        position=draw(st.sampled_from(["", "", "p"])), **terms,
    )  # fmt: skip
    if not draw(st.booleans()):
        return [first]
    shared: dict[str, Any] = {
        "parent": name, "group": f"{name}/exit", "reduce_only": True, "position": first.position,
    }  # fmt: skip
    trailing = order(f"{name}.l", side.opposite, first.qty, kind=TYPE.TRAILING_STOP, trail=2, **shared)
    stop = order(f"{name}.l", side.opposite, first.qty, stop=draw(LEVELS), **shared)
    target = order(f"{name}.t", side.opposite, first.qty, limit=draw(LEVELS), **shared)
    return [first, draw(st.sampled_from([trailing, stop])), target]


@st.composite
def ticks(draw: st.DrawFn) -> Quote | TradeTick:
    """A quote or a trade."""
    price, size = draw(PRICES), draw(st.sampled_from([0.0, 1.0, 4.0]))
    if draw(st.booleans()):
        return TradeTick("BTC", price, size)
    return Quote("BTC", price, price + draw(st.sampled_from([0.0, 0.5, 1.0])), size, draw(st.just(3.0)))


@st.composite
def days(draw: st.DrawFn, *, longest: int = 9) -> Day:
    """Bars or ticks, hours and halts, and what is wished for after each of them."""
    inputs: list[tuple[int, Any]] = []
    on_ticks = draw(st.sampled_from([False, False, True]))
    for n in range(draw(st.integers(1, longest))):
        at = START + (n + 1) * MINUTE
        if draw(st.integers(0, 5)) == 0:
            inputs.append((at - MINUTE, draw(st.sampled_from(_HOURS))))
        if on_ticks:
            inputs.append((at, draw(ticks())))
        else:
            inputs.append((at, bar(n, draw(BARS), volume=draw(st.sampled_from([0.0, 3.0, 10.0, 40.0])))))
        names = [fact.id for _, fact in inputs if isinstance(fact, OrderSubmitted)]
        for k in range(draw(st.integers(0, 2))):
            inputs += [(at, wish) for wish in draw(wishes(f"o{n}.{k}", at))]
        for name in draw(st.lists(st.sampled_from([*names, "none"]), max_size=2)):
            changes = {"qty": D(draw(st.integers(1, 6)))} if draw(st.booleans()) else {"limit": draw(LEVELS)}
            inputs.append(
                (at, OrderReplaceRequested(name, "BTC", **changes))
                if draw(st.booleans())
                else (at, OrderCancelRequested(name, "BTC", "enough"))
            )
    return Day(draw(SPECS), draw(RULES), inputs)


_HOURS = [
    MarketOpened("XNYS", "2022-12-13", START), MarketClosed("XNYS", "2022-12-13"),
    TradingHalted("BTC", "news"), TradingResumed("BTC"), TradingResumed("BTC"),
]  # fmt: skip


# --- play ---------------------------------------------------------------------------------------------------


def book(made: Floor) -> dict[str, Any]:
    """Everything in the book that decides what happens next."""
    kept = made._book
    found = {
        "resting": [msgspec.structs.astuple(one) for one in kept.resting.values()],
        "positions": dict(kept.positions),
        "asked": list(kept.asked),
        "turnover": kept._turnover,
        "entered": dict(kept.entered),
        "boards": {name: msgspec.structs.astuple(one) for name, one in kept.boards.items()},
    }
    return deepcopy(found)


def play(day: Day) -> list[Step]:
    """What the exchange tells, in the order in which a journal would hold it."""
    made, steps = Floor([day.spec], day.rules), list[Step]()

    def note(reports: list[Report], within: Fact | None) -> None:
        steps.extend(Step(ts, fact, within, None) for ts, fact in reports)

    for ts, fact in day.inputs:
        if isinstance(fact, OrderSubmitted | OrderCancelRequested | OrderReplaceRequested):
            steps.append(Step(ts, fact, None, None))
            ask = {OrderSubmitted: made.submit, OrderCancelRequested: made.cancel}.get(
                type(fact), made.replace
            )
            note(ask(fact, ts), None)  # type: ignore[operator]
        else:
            note(made.market(fact, ts), fact)
            steps.append(Step(ts, fact, None, None))
        steps[-1] = steps[-1]._replace(after=book(made))
    return steps


# --- what must hold -----------------------------------------------------------------------------------------


def check_fold(day: Day) -> None:
    """The book is a fold of the journal: rebuilt from its facts it is the same wherever a group of them ends."""
    again = Floor([day.spec], day.rules)
    for step in play(day):
        again.replay(event(step.fact, ts=step.ts))
        if step.after is not None:
            assert book(again) == step.after


def check_fills(day: Day) -> int:
    """Every fill obeys its order, its market and the rules; returns how many there were."""
    terms: dict[str, OrderSubmitted] = {}
    done: dict[str, D] = defaultdict(D)
    moments: dict[str, set[int]] = defaultdict(set)
    position: dict[str, D] = defaultdict(D)
    ended: set[str] = set()
    sent: dict[str, int] = {}
    taken: dict[int, D] = defaultdict(D)
    halted, last, count = False, None, 0
    steps = play(day)
    for step in steps:
        match step.fact:
            case OrderSubmitted() as wish:
                terms[wish.id], sent[wish.id] = wish, step.ts
            case OrderReplaced() as new:
                terms[new.id] = msgspec.structs.replace(
                    terms[new.id], qty=new.qty, limit=new.limit, stop=new.stop
                )
            case OrderTrailed() as moved:
                terms[moved.id] = msgspec.structs.replace(terms[moved.id], stop=moved.stop)
            case OrderCanceled() | OrderExpired() as end:
                ended.add(end.id)
            case TradingHalted() | TradingResumed() as word:
                halted = isinstance(word, TradingHalted)
            case Bar() | Quote() | TradeTick() as seen:
                if not (isinstance(seen, TradeTick) and isinstance(last, Quote)):  # passed over
                    last = seen
            case OrderFilled() as fill:
                count += 1
                wish, within = terms[fill.id], step.within
                assert not halted
                assert fill.id not in ended
                done[fill.id] += fill.qty
                moments[fill.id].add(step.ts)
                assert fill.qty > 0
                assert done[fill.id] <= wish.qty
                assert not wish.parent or done[wish.parent] > 0
                at_hand = fill.rule.endswith("close")
                against = last if at_hand else within
                assert isinstance(against, Bar | Quote | TradeTick)
                if not at_hand:
                    assert step.ts >= sent[fill.id] + (0 if wish.parent else day.rules.submit_latency) - (
                        MINUTE if isinstance(against, Bar) and not day.rules.submit_latency else 0
                    )
                _check_price(day, wish, fill, against)
                _check_position(wish, fill, position)
                taken[id(against)] += fill.qty
                _check_volume(day, against, taken[id(against)])
    for name, qty in done.items():
        if terms[name].tif is TIF.FOK:
            assert qty == terms[name].qty
        if terms[name].tif in (TIF.FOK, TIF.IOC, TIF.AT_OPEN, TIF.AT_CLOSE):
            assert len(moments[name]) == 1
    final = steps[-1].after or {}
    assert {name[2]: qty for name, qty in final["positions"].items()} == dict(position)
    return count


def _check_price(day: Day, wish: OrderSubmitted, fill: OrderFilled, against: Bar | Quote | TradeTick) -> None:
    rules, sign = day.rules, fill.side.sign
    entries_pay = rules.spread_on == "entries" and rules.spread
    if wish.limit is not None and not entries_pay:
        assert (fill.price - wish.limit) * sign <= 0, "a limit is never filled worse"
    if fill.rule.startswith(("stop.", "trailing_stop.")) and wish.stop is not None:
        assert (fill.price - wish.stop) * sign >= 0 or rules.slip_in_range, "a stop is never filled better"
    free = not rules.spread and rules.slippage == Rules().slippage
    if not (free or (wish.limit is not None and not entries_pay)):
        return
    if isinstance(against, Quote):
        own = wish.limit if fill.rule == "limit.quote" else None
        assert fill.price in (D(repr(against.ask)), D(repr(against.bid)), own)
    elif isinstance(against, TradeTick):
        assert fill.price in (D(repr(against.price)), wish.limit)
    elif fill.rule.endswith("close"):
        assert fill.price == D(repr(against.close))
    elif not (fill.rule.endswith(".gap") and (rules.stop_gap == "stop" or rules.limit_gap == "limit")):
        assert D(repr(against.low)) <= fill.price <= D(repr(against.high)), "outside of the bar"


def _check_position(wish: OrderSubmitted, fill: OrderFilled, position: dict[str, D]) -> None:
    before = position[fill.position]
    after = before + fill.qty * fill.side.sign
    if wish.reduce_only:
        assert abs(after) < abs(before)
        assert before * after >= 0
    position[fill.position] = after


def _check_volume(day: Day, against: Bar | Quote | TradeTick, taken: D) -> None:
    if isinstance(against, Quote):
        if day.rules.quote_sizes and against.bid_size and against.ask_size:
            assert taken <= D(repr(against.bid_size)) + D(repr(against.ask_size))
    elif day.rules.participation is not None:
        volume = against.volume if isinstance(against, Bar) else against.size
        assert taken <= D(repr(volume)) * day.rules.participation


def check_equity(day: Day) -> None:
    """Whenever the market is marked: cash and position are the opening balance, what was earned and what was paid."""
    state, spec, opening = State(), day.spec, D(10_000)
    apply(state, event(opened(instruments=[spec]), seq=1))
    cash, held = opening, D()
    for seq, step in enumerate(play(day), start=2):
        apply(state, event(step.fact, seq=seq, ts=step.ts))
        if isinstance(step.fact, OrderFilled):
            fill = step.fact
            cash -= fill.qty * fill.price * spec.multiplier * fill.side.sign + fill.fee
            held += fill.qty * fill.side.sign
        elif isinstance(step.fact, Bar | Quote | TradeTick):
            account = state.account
            assert sum(account.cash.values()) == cash
            worth = float(cash + held * D(repr(state.marks[spec.id].last)) * spec.multiplier)
            assert abs(worth - account.equity) < 1e-6
            earned = float(opening + account.realised - account.fees) + account.unrealised
            assert abs(worth - earned) < 1e-6


def rule_words(day: Day) -> Iterator[str]:
    """The words of all fills."""
    return (step.fact.rule for step in play(day) if isinstance(step.fact, OrderFilled))
