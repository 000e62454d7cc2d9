"""`tradekit sweep`: a strategy over a grid of parameters.

Knows how a grid is written and a table shown; the runs themselves are `run.sweep`'s.
"""

import argparse
import operator
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradekit.cli.parser import Commands, command, number, setting
from tradekit.cli.show import note, print_json, save_page
from tradekit.cli.terms import add_terms, strategy_of, terms_of

if TYPE_CHECKING:
    from tradekit.run.sweep_result import SweepResult

__all__ = ["add"]

Values = tuple[str, list[Any]]
Constraint = Callable[[Any], bool]

_EXAMPLE = (
    "tradekit sweep --strategy tradekit.strategy.library:SmaCrossVector --data sample:BTCUSDT-1m \\\n"
    "      --grid fast=5:30:5 --grid slow=50,100 --where 'fast<slow' --cash 100000 --fee 0.0005"
)
_LONG = 100  # combinations: from here on one who waits is told how far it is
_MOST = 1_000_000  # values of one parameter: more is a slip of the pen
_COMPARED = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_WHERE = re.compile(r"\s*(?P<left>\w+)\s*(?P<how><=|>=|<|>)\s*(?P<right>\w+)\s*")


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "sweep",
        _sweep,
        help="run a strategy over a grid of parameters",
        example=_EXAMPLE,
        json=True,
    )
    add_terms(parser)
    parser.add_argument(
        "--grid",
        action="append",
        required=True,
        type=values,
        metavar="NAME=VALUES",
        help="values to try: 5,10,20 or FIRST:LAST:STEP, last included; repeatable",
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        type=where,
        metavar="A<B",
        help="keep what holds between two parameters (< <= > >=); repeatable",
    )
    parser.add_argument(
        "--metric",
        default="sharpe",
        help="the statistic that decides, highest first; --metric=-NAME lowest first (sharpe)",
    )
    parser.add_argument(
        "--top", type=int, default=10, metavar="N", help="rows to show (10); --json has them all"
    )
    parser.add_argument(
        "--workers", type=int, metavar="N", help="processes or threads at a time (one a core)"
    )
    parser.add_argument(
        "--heatmap", type=Path, metavar="FILE.html", help="save the metric over the first two parameters"
    )


def values(text: str) -> Values:
    """A parameter's values from NAME=5,10,20 or NAME=FIRST:LAST:STEP, whose last is included if a step meets it."""
    name, told = setting(text)
    if isinstance(told, str | int) and not isinstance(told, bool):
        told = text.partition("=")[2].strip()  # YAML reads 5:30:5 as a number of base 60
        parts = told.split(":")
        if len(parts) in (2, 3):
            return name, _steps(name, [number(part) for part in parts])
        return name, [setting(f"{name}={part}")[1] for part in told.split(",")]
    return name, told if isinstance(told, list) else [told]


def _steps(name: str, parts: list[Decimal]) -> list[Any]:
    first, last, step = (*parts, Decimal(1))[:3]
    if not step or (last - first) / step < 0:
        raise argparse.ArgumentTypeError(f"{name}: steps of {step} do not lead from {first} to {last}")
    count = int((last - first) / step) + 1
    if count > _MOST:
        raise argparse.ArgumentTypeError(f"{name}: {count:,} values are more than {_MOST:,}")
    whole = all(part == part.to_integral_value() for part in (first, step))
    return [int(first + step * n) if whole else float(first + step * n) for n in range(count)]


def where(text: str) -> tuple[str, str, Callable[[Any, Any], bool]]:
    """Two parameters and what is to hold between them, from fast<slow."""
    found = _WHERE.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} compares no two parameters, as fast<slow does")
    return found["left"], found["right"], _COMPARED[found["how"]]


def _sweep(args: argparse.Namespace) -> int:
    from tradekit.run.sweep import sweep

    strategy = strategy_of(args)
    result = sweep(
        strategy,
        args.data,
        dict(args.grid),
        constraint=_constraint(strategy, args) if args.where else None,
        metric=args.metric,
        workers=args.workers,
        progress=None if args.json else _progress,
        **terms_of(args),
    )
    if args.heatmap is not None:
        save_page("--heatmap", args.heatmap, result.heatmap().save)
    if args.json:
        print_json(result.to_json())
    else:
        _print(result, args.top)
    return 0


def _constraint(strategy: Any, args: argparse.Namespace) -> Constraint:
    """What every `--where` asks for; a parameter that is not swept counts with the value it has."""
    from tradekit.errors import ConfigError, did_you_mean
    from tradekit.strategy.freeze import parameters

    fixed = parameters(strategy)
    for name in {name for left, right, _ in args.where for name in (left, right)}:
        if name not in fixed:
            raise ConfigError(
                f"--where: {type(strategy).__name__} has no parameter {name!r}{did_you_mean(name, fixed)}; "
                f"it has {', '.join(fixed)}"
            )

    def kept(one: Any) -> bool:
        known = {**fixed, **vars(one)}
        return all(holds(known[left], known[right]) for left, right, holds in args.where)

    return kept


def _progress(done: int, every: int) -> None:
    if every >= _LONG and done % (every // 10) == 0:
        note(f"tradekit: {done:,} of {every:,} combinations")


def _print(result: "SweepResult", top: int) -> None:
    print(f"{result!r}, best by {result.metric}:")
    print(result.shown(top).to_string())
