"""The terms of a run over recorded bars: strategy, data, money and fill rules, as options of a command.

Knows no command.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradekit.cli.parser import Parser, number, setting

if TYPE_CHECKING:
    from tradekit.strategy.base import Strategy

__all__ = ["add_terms", "strategy_of", "terms_of"]


def add_terms(parser: Parser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--strategy", required=True, metavar="MODULE:CLASS", help="the strategy, or FILE.py:CLASS; from here")
    add(
        "--set",
        action="append",
        default=[],
        type=setting,
        metavar="NAME=VALUE",
        help="a parameter; repeatable",
    )
    add(
        "--data",
        action="append",
        required=True,
        metavar="FILE",
        help="bars: .csv, .csv.gz, .parquet or sample:NAME; repeatable, one instrument each",
    )
    add("--instrument", help="the instrument's name, where the data does not say")
    add("--timeframe", help="the bars' length (1m, 15m, 1h), where it is not the commonest step")
    add("--cash", type=number, default="10000", help="opening balance (10000)")
    add("--fee", type=number, default="0", help="fraction of each trade's value (0.002 is 0.2 %%)")
    add("--slippage", type=number, default="0", help="fraction of the price, against you")
    add("--leverage", type=number, help="refuse orders beyond this multiple of equity")
    add(
        "--rules",
        default="default",
        metavar="PROFILE",
        help="the fill rules: default, backtesting_py or nautilus, with settings as :name=value,...",
    )


def strategy_of(args: argparse.Namespace) -> "Strategy":
    """The strategy that the command line names; warnings of the run go to stderr from here on."""
    import logging

    from tradekit.strategy.load import load_strategy

    logging.basicConfig(format="tradekit: %(message)s", level=logging.WARNING)
    if "" not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # a strategy's module is looked for here, as `python -m` would
    return load_strategy(args.strategy, dict(args.set))


def terms_of(args: argparse.Namespace) -> dict[str, Any]:
    """The keyword arguments of `backtest` and `sweep`."""
    from tradekit.sim.profiles import named

    plain = ("cash", "fee", "slippage", "leverage", "instrument", "timeframe")
    return {**{name: getattr(args, name) for name in plain}, "rules": named(args.rules)}
