"""`tradekit report`: a day of a session, from its journal: as text, as JSON, or as a page.

Knows how to ask and show; the day is read by `client.dayreport`.
"""

import argparse
from pathlib import Path

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import print_json, save_page

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "report",
        _report,
        help="report a session's day: result, trades, exposure, orders refused, alerts, books, uptime",
        example="tradekit report btc-breakout --day 2022-12-13 --to day.html",
        exits={1: "the journal cannot be read", 2: "bad input, or a day that the journal does not have"},
        json=True,
    )
    parser.add_argument(
        "target", metavar="NAME|FILE", help="a running session's name, a journal, or a configuration's file"
    )
    parser.add_argument(
        "--day", metavar="DAY", help="the date of the day (2022-12-13); the latest unless given"
    )
    parser.add_argument(
        "--to", type=Path, metavar="FILE.html", help="write a page instead, which needs no network"
    )


def _report(args: argparse.Namespace) -> int:
    from tradekit.core.redact import secrets
    from tradekit.report.day_page import day_text
    from tradekit.report.sheets import save_text
    from tradekit.wiring.daily import page_of, report_of
    from tradekit.wiring.journals import journal_of

    report = report_of(journal_of(args.target), args.day)
    if args.to is not None:
        save_page("--to", args.to, lambda path: save_text(path, page_of(report)))
    if args.json:
        print_json(report)
    elif args.to is None:
        print(secrets.clean(day_text(report)))
    return 0
