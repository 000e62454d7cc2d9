"""`tradekit backtest`: a strategy against a file of bars.

Knows how a question is put and an answer shown; the run itself is `run.backtest`.
"""

import argparse
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import print_json, save_page
from tradekit.cli.terms import add_terms, strategy_of, terms_of

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
    add_terms(parser)
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
    from tradekit.run.backtest import backtest

    with contextlib.redirect_stdout(sys.stderr):  # what a strategy prints is not what was asked for
        result = backtest(strategy_of(args), args.data, **terms_of(args))
    if args.plot is not None:
        save_page("--plot", args.plot, result.plot().save)
    if args.tearsheet is not None:
        save_page("--tearsheet", args.tearsheet, result.tearsheet)
    if args.json:
        print_json(result.to_json())
    else:
        _print(result)
    return 0


def _print(result: "Result") -> None:
    from tradekit.report.page import summary_text

    print(summary_text(repr(result), result.stats, result.warnings, currency=result.opened.currency))
