"""A strategy against history: the live engine and the simulated exchange, driven by bars as fast as they go.

Knows no journal file and no wall clock: the same inputs give the same events twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tradekit.core.event import Event
from tradekit.core.version import version
from tradekit.data.calendar import in_sessions
from tradekit.data.columns import BarColumns
from tradekit.data.ticks import Ticks, ticks_of
from tradekit.errors import ConfigError, DataError
from tradekit.model.account import AccountType
from tradekit.model.instrument import check_instruments
from tradekit.model.market import TimerFired
from tradekit.model.money import exact
from tradekit.model.session import Mode, SessionOpened
from tradekit.run.cycle import Cycle
from tradekit.run.inner import InnerLoop, fits
from tradekit.run.published import Published, published, together
from tradekit.run.record import Record, Told
from tradekit.run.result import Result
from tradekit.run.several import SeveralLoop, fits_several
from tradekit.run.timeline import Input, hours_of, merged, with_timers
from tradekit.run.vector import Decided, Later, VectorResult, decided_ahead, twin_fits
from tradekit.sim.exchange import Exchange
from tradekit.sim.profiles import AnyRules
from tradekit.sim.rules import Rules
from tradekit.sim.trade_exchange import TradeExchange
from tradekit.sim.venue import OWN_MARGIN, AnyExchange, SimulatedVenue, charged, exchange_for, traded
from tradekit.state.reducer import REDUCER
from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import parameters, thaw
from tradekit.strategy.load import class_path, load_strategy, snake_name, source_hash
from tradekit.trading.clearing import Clearing
from tradekit.trading.engine import Engine
from tradekit.trading.failure import raised_by
from tradekit.trading.limits import check_limits

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["backtest", "columns_of_bars"]


def backtest(
    strategy: "Strategy | type[Strategy] | str",
    bars: "pd.DataFrame | str | Sequence[pd.DataFrame | str]",
    *,
    ticks: "pd.DataFrame | Sequence[pd.DataFrame]" = (),
    cash: object = 10_000,
    fee: object = None,
    slippage: object = None,
    rules: AnyRules | None = None,
    leverage: object = None,
    limits: Mapping[str, object] | None = None,
    instrument: str | None = None,
    timeframe: str | None = None,
    account: str = "unlimited",
    hedging: bool = False,
    currency: str | None = None,
    rates: Any = None,
    funding: Any = None,
    corporate_actions: Any = None,
    borrow_rate: object | Mapping[str, object] = 0,
    interest_rate: object = 0,
    warmup: int = 0,
    stepwise: bool = False,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Run a strategy over bars and return the Result.

    strategy  an instance, a class or "module:Class"
    bars      what `load_bars` takes or gives; several (a list) for several instruments. Bars that close at the same
              moment are taken in the order of the list.
    ticks     what `load_trades` or `load_quotes` gives, of instruments that have bars too; one or several (a list).
              The strategy's `on_trade` and `on_quote` hear them; docs/time.md has the order of things
    cash      opening balance [the account's currency]
    fee       fraction of the traded value (0.002 is 0.2 %), a fee model or a function; docs/costs.md explains them
    slippage  fraction of the price by which market orders fill worse, a slippage model or a function
    rules     the fill rules (docs/fills.md), or those of another engine (`tk.rules`, docs/rules.md); fee and slippage
              go before their own
    leverage  the most gross exposure allowed, as a multiple of equity; None allows any and the result warns
    limits    risk limits by rule name, as in the configuration's `risk`
    account   "unlimited" lets orders use more money than there is (the result warns), "cash" pays in full and sells
              what it holds, "margin" goes long and short and may be called; docs/accounts.md has the rules
    hedging   keep positions of one instrument apart by the name that orders give them (`position=`), not netted
    currency  the account's currency; None is that of the first instrument
    rates     currency rates: {"EUR/USD": 1.08} or a Series each, or a DataFrame (base, quote, rate) by time; an
              instrument with a base currency is a source of its rate too
    funding   a perpetual's funding: a DataFrame (instrument, rate, price) by time, or one by instrument,
              {"BTCUSDT": frame}
    corporate_actions  dividends and splits: a DataFrame (instrument, kind, amount, new, old) by time, or one each
    borrow_rate, interest_rate  yearly rates (0.03 is 3 %) for what is sold short, one or by instrument, and for cash
              that is owed
    warmup    so many bars of each series only warm indicators up: the strategy is not called, and equity and statistics
              begin after them
    stepwise  take every bar through `Engine.step`, as live does, instead of the written-out loop; same events. A
              VectorStrategy is then asked about its last `window` bars each time, else once about all of them.
    progress  called now and then with the number of bars taken

    Raises DataError for bad bars, StrategyError when the strategy misbehaves (its own exception as the cause).
    """
    made = load_strategy(strategy)
    columns = columns_of_bars(bars, instrument, timeframe)
    heard = _ticks(ticks, columns)
    hours = hours_of(columns, heard)
    specs = {c.instrument: c.spec for c in columns}
    check_instruments(specs.values())
    filling = charged(rules, fee=fee, slippage=slippage)
    bounds = check_limits({**(limits or {}), **({} if leverage is None else {"leverage": leverage})})
    if isinstance(filling, Rules):
        _check_volume(filling, columns)
    opened = _opened(
        made, columns, cash, bounds, filling, account=_account_type(account), hedging=hedging, currency=currency,
        warm_until=_warm_until(columns, warmup),
    )  # fmt: skip
    clearing = Clearing(borrow_rate=borrow_rate, interest_rate=interest_rate)
    start = int(min(c.ts[0] for c in (*columns, *heard)))
    news = published(specs, start=start, rates=rates, funding=funding, corporate_actions=corporate_actions)
    end = int(max(c.closes[-1] for c in columns))
    news = [(ts, fact) for ts, fact in news if ts <= end]  # later ones meet no bar
    plain = not news and not clearing.nightly
    if not isinstance(filling, Rules) and not (plain and not hedging and account == AccountType.UNLIMITED):
        raise ConfigError(OWN_MARGIN)

    def play(strategy: Strategy) -> Sequence[Told]:
        exchange = exchange_for(filling, [*specs.values()], opened.cash)
        cycle = Cycle(Engine(strategy, raising=True), SimulatedVenue(exchange), clearing)
        inputs = together(merged(columns, ticks=heard, hours=hours), news)
        by_step = stepwise or bool(heard or hours) or not plain
        return _played(cycle, exchange, opened, inputs, start, [] if by_step else columns, progress)

    targets = None if stepwise or heard or hours or warmup else decided_ahead(made, columns)
    if targets is None:
        told = play(made)
        return Result(opened=opened, columns=columns, told=told, rules=filling, ticks=heard, hours=hours)
    carrier = Decided(made, targets)
    limited = bool(bounds) or not plain or not opened.plain
    if not twin_fits(made, columns, filling, limited=limited):
        return Result(opened=opened, columns=columns, told=play(carrier), rules=filling)
    (wanted,) = targets.values()
    later = Later(lambda: play(carrier))
    return VectorResult(opened=opened, columns=columns, told=later, rules=filling, targets=wanted)


def _played(
    cycle: Cycle,
    exchange: AnyExchange,
    opened: SessionOpened,
    inputs: Iterator[Input],
    start: int,
    quick: list[BarColumns],
    progress: Callable[[int], None] | None,
) -> Sequence[Told]:
    """Every event but the bars and ticks, each with the number of those taken before it.

    quick  the bars, where nothing else is taken and the written-out loop may have them
    """
    engine, costs = cycle.engine, exchange.rules.plain if quick else None
    try:
        before = cycle.settle(engine.step(opened, start))
        told: Sequence[Told]
        if costs is not None and isinstance(exchange, Exchange) and fits(cycle, quick):
            told = _written_out(InnerLoop(cycle, exchange, quick, costs=costs, before=before), progress)
        elif costs is not None and isinstance(exchange, Exchange) and fits_several(cycle, quick):
            told = _written_out(SeveralLoop(cycle, exchange, quick, costs=costs, before=before), progress)
        else:
            told = [(0, event) for event in before]
            told += _stepwise(cycle, inputs, progress, exchange)
    finally:
        thaw(engine.strategy)
        engine.strategy._dealer = None
    return told


def _written_out(loop: InnerLoop, progress: Callable[[int], None] | None) -> Record:
    try:
        loop.run(progress)
    except Exception as error:
        raised = raised_by(loop.engine.strategy, "on_bar", error)
        if raised is error:
            raise
        raise raised from error
    return loop.record


def _stepwise(
    cycle: Cycle,
    inputs: Iterator[Input],
    progress: Callable[[int], None] | None,
    exchange: AnyExchange,
) -> list[tuple[int, Event]]:
    """Every input through the engine's step. Events are kept with the number of bars and ticks taken before them."""
    told: list[tuple[int, Event]] = []
    n = 0
    for ts, fact in with_timers(inputs, lambda: cycle.engine.state.due()):
        taken = n
        if isinstance(fact, TimerFired | Published):  # they stand among the events that are kept
            told += [(n, event) for event in cycle.settle(cycle.take(fact, ts))]
            continue
        n += 1
        for event in cycle.settle(cycle.take(fact, ts)):
            if event.data is fact:
                taken = n
            else:
                told.append((taken, event))
        if progress is not None and n % 8192 == 0:
            progress(n)
    if isinstance(exchange, TradeExchange):
        told += [(n, event) for event in cycle.report(exchange.finish())]
    ended = cycle.engine.end()
    if exchange.trades_at_hand:
        ended = cycle.settle(ended)
    told += [(n, event) for event in ended]
    return told


def columns_of_bars(bars: Any, instrument: str | None, timeframe: str | None) -> list[BarColumns]:
    """What `backtest` takes as bars, as checked columns, each instrument once; raises DataError."""
    from tradekit.data.load import load_columns

    given = list(bars) if isinstance(bars, (list, tuple)) else [bars]
    if not given:
        raise DataError("no bars were given; pass a DataFrame, a file's path or sample:NAME")
    if len(given) > 1 and instrument is not None:
        raise DataError(
            "`instrument` names one series of bars; name each of several with load_bars(..., instrument=)"
        )
    columns = [
        in_sessions(
            one
            if isinstance(one, BarColumns)
            else load_columns(one, instrument=instrument, timeframe=timeframe)
        )
        for one in given
    ]
    names = [c.instrument for c in columns]
    if len(set(names)) < len(names):
        raise DataError(
            f"each instrument may come once; given: {', '.join(names)}. Name them with load_bars(instrument=)"
        )
    return columns


def _ticks(given: Any, columns: list[BarColumns]) -> list[Ticks]:
    made = [ticks_of(one) for one in (given if isinstance(given, list | tuple) else [given])]
    for one in made:
        if one.instrument not in {c.instrument for c in columns}:
            raise DataError(
                f"there are ticks of {one.instrument} and no bars; make some with bars_from_trades or bars_from_quotes"
            )
    return [one for one in made if len(one)]


def _check_volume(rules: Rules, columns: list[BarColumns]) -> None:
    """Raise ConfigError where orders may take a share of the volume, and no bar of a series has any."""
    if rules.participation is not None:
        for one in columns:
            if not one.volume.any():
                raise ConfigError(
                    f"rules: participation is a share of the volume, and the bars of {one.instrument} have none"
                )


def _warm_until(columns: list[BarColumns], warmup: int) -> int:
    """When the last bar closes that is history [UTC ns], 0 when none is."""
    if not warmup:
        return 0
    shortest = min(columns, key=len)
    if not 0 < warmup < len(shortest):
        raise DataError(
            f"warmup is {warmup} bars and {shortest.instrument} has {len(shortest)}; give fewer, and none below zero"
        )
    return max(int(one.closes[warmup - 1]) for one in columns)


def _account_type(name: str) -> AccountType:
    try:
        return AccountType(name)
    except ValueError as error:
        raise ConfigError(f"account is {name!r}; write one of {', '.join(AccountType)}") from error


def _opened(
    strategy: Strategy,
    columns: list[BarColumns],
    cash: object,
    limits: dict[str, str],
    rules: AnyRules,
    *,
    account: AccountType,
    hedging: bool,
    currency: str | None,
    warm_until: int,
) -> SessionOpened:
    return SessionOpened(
        name="backtest",
        mode=Mode.BACKTEST,
        account="backtest",
        currency=currency or columns[0].spec.currency,
        cash=exact(cash, name="cash"),
        strategy=snake_name(type(strategy).__name__),
        strategy_class=class_path(type(strategy)),
        params=parameters(strategy),
        source=source_hash(type(strategy)),
        instruments=traded(rules, [c.spec for c in columns]),
        timeframes=list(dict.fromkeys(c.timeframe for c in columns)),
        limits=limits,
        armed=True,
        program=version(),
        reducer=REDUCER,
        warm_until=warm_until,
        account_type=account,
        hedging=hedging or not isinstance(rules, Rules),
    )
