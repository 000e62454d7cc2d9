"""`tradekit why`: what led to an order and what became of it, from the journal alone.

Knows how a story is asked for and shown; it is told by `wiring.journals`.
"""

import argparse

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import print_json

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "why",
        _why,
        help="say why an order exists: what led to it, its fills, the fill rules in words",
        example="tradekit why sma_cross-12 --journal logs/events.log",
        json=True,
    )
    parser.add_argument(
        "order", metavar="ORDER", help="the order's id, as `tradekit state` and fills show it"
    )
    parser.add_argument(
        "--journal", required=True, metavar="FILE|NAME", help="the journal, or a running session's name"
    )


def _why(args: argparse.Namespace) -> int:
    from tradekit.core.redact import secrets
    from tradekit.wiring.journals import journal_of, story_of

    story = story_of(journal_of(args.journal), args.order)
    if args.json:
        print_json(story)
    else:
        print(secrets.clean(str(story)))
    return 0
