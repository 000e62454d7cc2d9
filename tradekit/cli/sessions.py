"""`tradekit sessions`: what runs on this machine.

Knows the registry alone; no session is asked.
"""

import argparse

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import note, print_json, print_table, utc

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Declare the command."""
    command(commands, "sessions", _sessions, help="list the sessions that run on this machine", json=True)


def _sessions(args: argparse.Namespace) -> int:
    from tradekit.client.registry import entries

    found = entries()
    if args.json:
        print_json(found)
    elif not found:
        note("no session runs on this machine; start one with: tradekit run config/paper.yaml")
    else:
        rows = [
            {
                "name": one.name,
                "mode": one.mode,
                "pid": str(one.pid),
                "since": utc(one.started),
                "uri": one.uri or "-",
                "journal": one.journal or "in memory",
            }
            for one in found
        ]
        print_table(rows, list(rows[0]))
    return 0
