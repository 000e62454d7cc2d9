"""`tradekit backtest`: a strategy against a file of bars.

Knows how a question is put and an answer shown; the run itself is `run.backtest`.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from tradekit.cli.parser import Commands, command, number, setting
from tradekit.cli.show import note, print_json

if TYPE_CHECKING:
    from tradekit.run.result import Result

__all__ = ["add"]

_EXAMPLE = (
    "tradekit backtest --strategy tradekit.strategy.library:SmaCross --set fast=10 --set slow=20 \\\n"
    "      --data sample:BTCUSDT-1m --cash 10000 --fee 0.002"
)


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = command(
        commands, "backtest", _backtest, help="run a strategy over recorded bars", example=_EXAMPLE, json=True
    )
    parser.add_argument(
        "--strategy", required=True, metavar="MODULE:CLASS", help="the strategy, or FILE.py:CLASS; from here"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=setting,
        metavar="NAME=VALUE",
        help="a parameter; repeatable",
    )
    parser.add_argument(
        "--data",
        action="append",
        required=True,
        metavar="FILE",
        help="bars: .csv, .csv.gz, .parquet or sample:NAME; repeatable, one instrument each",
    )
    parser.add_argument("--instrument", help="the instrument's name, where the data does not say")
    parser.add_argument(
        "--timeframe", help="the bars' length (1m, 15m, 1h), where it is not the commonest step"
    )
    parser.add_argument("--cash", type=number, default="10000", help="opening balance (10000)")
    parser.add_argument(
        "--fee", type=number, default="0", help="fraction of each trade's value (0.002 is 0.2 %%)"
    )
    parser.add_argument("--slippage", type=number, default="0", help="fraction of the price, against you")
    parser.add_argument("--leverage", type=number, help="refuse orders beyond this multiple of equity")
    parser.add_argument(
        "--rules",
        default="default",
        metavar="PROFILE",
        help="the fill rules: default, backtesting_py or nautilus, with settings as :name=value,...",
    )
    parser.add_argument(
        "--plot", type=Path, metavar="FILE.html", help="save price, fills and equity as a page"
    )
    parser.add_argument(
        "--tearsheet",
        type=Path,
        metavar="FILE.html",
        help="save the whole run as a page: statistics, price, equity, months, drawdowns, trades",
    )


def _backtest(args: argparse.Namespace) -> int:
    import logging

    from tradekit.run.backtest import backtest
    from tradekit.sim.profiles import named
    from tradekit.strategy.load import load_strategy

    logging.basicConfig(format="tradekit: %(message)s", level=logging.WARNING)
    if "" not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # a strategy's module is looked for here, as `python -m` would
    result = backtest(
        load_strategy(args.strategy, dict(args.set)),
        args.data,
        cash=args.cash,
        fee=args.fee,
        slippage=args.slippage,
        rules=named(args.rules),
        leverage=args.leverage,
        instrument=args.instrument,
        timeframe=args.timeframe,
    )
    if args.plot is not None:
        _save("--plot", args.plot, result.plot().save)
    if args.tearsheet is not None:
        _save("--tearsheet", args.tearsheet, result.tearsheet)
    if args.json:
        print_json(result.to_json())
    else:
        _print(result)
    return 0


def _print(result: "Result") -> None:
    from tradekit.report.page import summary_text

    print(summary_text(repr(result), result.stats, result.warnings, currency=result.opened.currency))


def _save(option: str, path: Path, save: Callable[[Path], Path]) -> None:
    from tradekit.errors import ConfigError

    try:
        save(path)
    except OSError as error:
        raise ConfigError(f"{option} {path} cannot be written: {error.strerror}") from error
    note(f"tradekit: wrote {path}")
