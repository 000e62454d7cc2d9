"""`tradekit journal trades`: every round trip of a journal, with its why and what it cost; shown, or written to a file.

Knows how to ask and show; the log is made by `client.tradelog`.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import note, print_json, print_table

if TYPE_CHECKING:
    from tradekit.report.tradelog import TradeLog

__all__ = ["add"]

_SHOWN = (
    "trade_id", "instrument", "side", "qty", "entered", "entry_price", "left", "exit_price", "net", "fees", "slippage",
    "why",
)  # fmt: skip


def add(group: Commands) -> None:
    """Declare the command."""
    trades = command(
        group,
        "trades",
        _trades,
        help="every closed trade: reasons, signal, orders, fills, fees, slippage, excursions, gross and net",
        example="tradekit journal trades logs/events.log --to trades.csv",
        exits={1: "the journal cannot be read", 2: "bad input: nothing was done"},
        json=True,
    )
    trades.add_argument("file", metavar="FILE|NAME", help="the journal, or a running session's name")
    trades.add_argument("--to", type=Path, metavar="FILE", help="write them to a .csv or .parquet file")
    trades.add_argument(
        "--by",
        choices=("fifo", "average"),
        default="fifo",
        help="a trade for each piece that was closed, first in first out (fifo), or one from flat to flat",
    )
    trades.add_argument(
        "--day", metavar="DAY", help="only those that were closed on this UTC day (2022-12-13)"
    )


def _trades(args: argparse.Namespace) -> int:
    from tradekit.wiring.journals import journal_of, trade_log

    log = trade_log(journal_of(args.file), method=args.by)
    if args.day is not None:
        log = log.of_day(args.day)
    for warning in log.warnings:
        note(f"tradekit: {warning}")
    if args.to is not None:
        log.save(args.to)
        note(f"{len(log):,} trades written to {args.to}")
    if args.json:
        print_json({"trades": log.records(), "warnings": list(log.warnings)})
    elif args.to is None:
        _show(log)
    return 0


def _show(log: "TradeLog") -> None:
    from tradekit.cli.show import utc

    rows = [
        {
            **{name: getattr(one, name) for name in ("trade_id", "instrument", "side")},
            **{
                name: _short(getattr(one, name))
                for name in ("qty", "entry_price", "exit_price", "net", "fees", "slippage")
            },
            "entered": utc(one.entry_time),
            "left": utc(one.exit_time),
            "why": " / ".join(filter(None, (one.signal, one.entry_reason, one.exit_reason))),
        }
        for one in log
    ]
    print_table(rows, _SHOWN)


def _short(value: object) -> float | None:
    return None if value is None else float(str(value))
