"""`tradekit parity`: a session against its backtest, from its journal: whether they are equal, and why not.

Knows how to ask and show; the report is made by `wiring.parity`.
"""

import argparse

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import print_json

__all__ = ["add"]

_EXITS = {
    0: "live equals backtest",
    1: "it differs, and the report says why",
    2: "bad input: nothing was compared",
}


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "parity",
        _parity,
        help="hold a session against its backtest: every difference with its reason and its part of the profit",
        example="tradekit parity logs/events.log",
        exits=_EXITS,
        json=True,
    )
    parser.add_argument(
        "target",
        metavar="JOURNAL|SESSION",
        help="a journal, a configuration's file, or a running session's name",
    )
    parser.add_argument(
        "--strategy", metavar="WHERE:CLASS", help="the strategy, where the journal does not lead to it"
    )
    parser.add_argument(
        "--data",
        action="append",
        metavar="FILE|sample:NAME",
        help="bars other than the session saw; once a series",
    )
    parser.add_argument("--fee", metavar="FRACTION", help="another fee than the session was opened with")
    parser.add_argument("--slippage", metavar="FRACTION", help="another slippage, a fraction of the price")


def _parity(args: argparse.Namespace) -> int:
    from tradekit.core.redact import secrets
    from tradekit.wiring.parity import parity

    report = parity(args.target, strategy=args.strategy, bars=args.data, fee=args.fee, slippage=args.slippage)
    if args.json:
        print_json(report.to_dict())
    else:
        print(secrets.clean(str(report)))
    return 0 if report.equal else 1
