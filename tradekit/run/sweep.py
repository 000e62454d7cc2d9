"""One strategy over a grid of parameters: a table of statistics, one row a combination.

Decisions by array run through the compiled twin, threads side by side; any other strategy through `backtest`, in
processes. Knows no optimiser: it tries what it is given.
"""

import copy
import functools
import inspect
import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from tradekit.data.columns import BarColumns
from tradekit.errors import ConfigError, StrategyError, TradekitError, did_you_mean
from tradekit.model.instrument import check_instruments
from tradekit.model.money import exact
from tradekit.run.backtest import backtest, columns_of_bars
from tradekit.run.sweep_result import SweepResult
from tradekit.run.vector import bars_of, decides_ahead, twin_fits
from tradekit.run.workers import cores, spread
from tradekit.sim.costs import Costs
from tradekit.sim.measure import numbers_of
from tradekit.sim.rules import Rules
from tradekit.sim.vector import Terms, equity_of, fills_of, on_lots
from tradekit.strategy.base import Strategy
from tradekit.strategy.freeze import declared
from tradekit.strategy.load import load_strategy
from tradekit.strategy.memo import Memo
from tradekit.strategy.vector import VectorStrategy, decided

__all__ = ["sweep"]

Params: TypeAlias = dict[str, Any]
Numbers: TypeAlias = Mapping[str, Any]


def sweep(
    strategy: "Strategy | type[Strategy] | str",
    bars: Any,
    grid: Mapping[str, Iterable[Any]],
    *,
    cash: object = 10_000,
    fee: object = None,
    slippage: object = None,
    rules: Rules | None = None,
    constraint: Callable[[Any], object] | None = None,
    metric: str = "sharpe",
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    instrument: str | None = None,
    timeframe: str | None = None,
    **options: Any,
) -> SweepResult:
    """Run a strategy with each combination of parameters and return the table of their statistics.

    strategy    as for `backtest`; parameters that `grid` does not name keep the values it has
    grid        values to try by parameter: {"fast": range(5, 50, 5), "slow": [50, 100]}. The last one turns fastest.
    constraint  keeps a combination if it says so: `lambda p: p.fast < p.slow`
    metric      the statistic that `best` goes by, the highest wins; with a minus before it ("-volatility") the lowest
    workers     threads or processes at a time; by default one a core. 1 stays in this process
    progress    called with the combinations done and all of them
    rules       the fill rules, as for `backtest`; so are the options: leverage, limits, ...

    Raises StrategyError for a parameter that is not declared or a value out of its bounds, ConfigError for a grid
    without a combination or a metric that is no statistic; an error of a run names its parameters.
    """
    _check_options(options)
    made = load_strategy(strategy)
    columns = columns_of_bars(bars, instrument, timeframe)
    combinations = _combinations(made, grid, constraint)
    filling = Rules.of(rules, fee=fee, slippage=slippage)
    run: dict[str, Any] = {"cash": cash, "rules": filling, **options}
    team = workers if workers is not None else cores()
    told: Iterator[Numbers]
    limited = not all(map(_left_out, options.values()))
    by_twin = decides_ahead(made, columns) and twin_fits(made, columns, filling, limited=limited)
    if by_twin and isinstance(made, VectorStrategy):
        check_instruments([columns[0].spec])
        told = _by_twin(made, columns[0], combinations, exact(cash, name="cash"), filling, team)
    else:
        told = spread(functools.partial(_by_backtest, made, columns, run), combinations, workers=team)
    rows: list[Numbers] = []
    for numbers in told:
        rows.append(numbers)
        if len(rows) == 1:
            _check_metric(metric, numbers)
        if progress is not None:
            progress(len(rows), len(combinations))
    return SweepResult(
        type(made).__name__,
        list(grid),
        combinations,
        rows,
        metric=metric,
        engine="vector" if by_twin else "step",
    )


def _combinations(
    strategy: Strategy, grid: Mapping[str, Iterable[Any]], constraint: Callable[[Any], object] | None
) -> list[Params]:
    """Every combination that the constraint keeps, in the order of the grid; each is checked before any is run."""
    kind, known = type(strategy), declared(type(strategy))
    for name in grid:
        if name not in known:
            there = ", ".join(known) or "none"
            raise StrategyError(
                f"{kind.__name__} has no parameter {name!r}{did_you_mean(name, known)}; it has {there}"
            )
    values = {name: _values(name, given) for name, given in grid.items()}
    every = [dict(zip(values, one, strict=True)) for one in itertools.product(*values.values())]
    kept = [one for one in every if constraint is None or constraint(SimpleNamespace(**one))]
    if not kept:
        why = "the constraint keeps none of them" if every else "a parameter without a value has none"
        raise ConfigError(f"there is no combination to run: {why}")
    tried = copy.deepcopy(strategy)
    for one in kept:
        load_strategy(tried, one)
    return kept


def _values(name: str, given: Iterable[Any]) -> list[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ConfigError(f"grid[{name!r}] is {given!r}: give the values to try, as a list or a range")
    return [
        value.item() if hasattr(value, "item") else value for value in given
    ]  # numpy's numbers as Python's


def _check_options(options: Mapping[str, object]) -> None:
    known = list(inspect.signature(backtest).parameters)[2:]
    for name in options:
        if name not in known:
            raise ConfigError(
                f"a backtest has no option {name!r}{did_you_mean(name, known)}; it has {', '.join(known)}"
            )


def _left_out(option: Any) -> bool:
    """Whether an option is given as what it is without being given."""
    return option is None or option is False or (hasattr(option, "__len__") and not len(option))


def _check_metric(metric: str, numbers: Numbers) -> None:
    name = metric.removeprefix("-")
    if name not in numbers:
        raise ConfigError(
            f"metric {name!r} is no statistic of this sweep{did_you_mean(name, numbers)}; it has {', '.join(numbers)}"
        )


def _named(strategy: Strategy, params: Params, error: TradekitError) -> TradekitError:
    """The same error, with the parameters that led to it."""
    words = ", ".join(f"{name}={value!r}" for name, value in params.items())
    return type(error)(f"{type(strategy).__name__}({words}): {error}")


# --- through the engine, in processes -----------------------------------------------------------------------


def _by_backtest(
    strategy: Strategy, columns: Sequence[BarColumns], run: Mapping[str, Any], params: Params
) -> Numbers:
    made = load_strategy(copy.deepcopy(strategy), params)
    given: Any = list(columns)
    try:
        return backtest(made, given, **run).stats
    except TradekitError as error:
        raise _named(strategy, params, error) from error


# --- through the twin, in threads ---------------------------------------------------------------------------


def _by_twin(
    strategy: VectorStrategy,
    columns: BarColumns,
    combinations: Sequence[Params],
    cash: Any,
    rules: Rules,
    team: int,
) -> Iterator[Numbers]:
    """Decide here, fill and measure in threads: compiled code leaves the GIL alone. A few are under way at a time.

    Threads, not a compiled parallel loop: OpenMP's does not survive a fork, which the processes above are made by.
    """
    made = copy.deepcopy(strategy)  # one for all: a target depends on the parameters and the bars alone
    own = threading.local()
    bars, memo, terms = bars_of(columns), Memo(), Terms.of(columns.spec, rules.plain or Costs())

    def measured(targets: Any) -> Numbers:
        fills = fills_of(columns.open, targets, terms)
        if not hasattr(own, "equity"):
            own.equity = np.empty(
                len(columns)
            )  # of this thread, over and over: fresh memory costs more than it looks
        equity = equity_of(columns.close, fills, terms, float(cash), out=own.equity)
        return numbers_of(equity, fills, columns.ts, terms, float(cash))

    under_way: deque[Future[Numbers]] = deque()
    with ThreadPoolExecutor(team, thread_name_prefix="sweep") as pool:
        for params in combinations:
            load_strategy(made, params)
            try:
                targets = on_lots(decided(made, bars, memo), columns.spec.lot)
            except TradekitError as error:
                raise _named(strategy, params, error) from error
            under_way.append(pool.submit(measured, targets))
            if len(under_way) > 2 * team:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
