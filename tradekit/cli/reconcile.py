"""`tradekit reconcile`: compare a session's books with its venue's now, and say what differs.

Knows the registry and a client; what is compared with what is the session's business.
"""

import argparse
from typing import TYPE_CHECKING, Any

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import note, print_json, print_table
from tradekit.errors import ConnectionLostError

if TYPE_CHECKING:
    from tradekit.state.seen import Reconciliation

__all__ = ["add"]

_EXITS = {
    0: "the books agree",
    1: "they differ, or a book could not be read",
    2: "no such session, or it refused",
}


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "reconcile",
        _reconcile,
        help="compare the venue's books with a session's: orders, trades, positions, cash",
        example="tradekit reconcile paper",
        exits=_EXITS,
        json=True,
    )
    parser.add_argument("session", metavar="NAME", help="the session's name (see: tradekit sessions)")
    parser.add_argument("--timeout", type=float, default=10.0, metavar="S", help="wait for the answer (10 s)")


def _reconcile(args: argparse.Namespace) -> int:
    from tradekit.client.registry import find
    from tradekit.client.session import SessionClient, read_token

    entry = find(args.session)
    token, ca = read_token(entry.token_file), entry.certificate or None
    with SessionClient.attach(entry.uri, token, ca=ca, timeout_s=args.timeout) as session:
        before = session.reconciliation.rounds
        seq = session.reconcile()
        if not session.wait_for(lambda state: state.health.reconciliation.rounds > before, args.timeout):
            raise ConnectionLostError(f"no round was completed within {args.timeout:g} s of #{int(seq):,}")
        books = session.reconciliation
    told = _told(entry.name, int(seq), books)
    if args.json:
        print_json(told)
    else:
        _show(told)
    return 0 if books.status == "green" else 1


def _told(name: str, seq: int, books: "Reconciliation") -> dict[str, Any]:
    """What came of it, as one object."""
    shown = ("id", "kind", "instrument", "ours", "theirs", "text")
    return {
        "session": name,
        "command": "reconcile",
        "seq": seq,
        "status": books.status,
        "failed": books.reasons,
        "differences": [{key: getattr(one, key) for key in shown} for one in books.open],
    }


def _show(told: dict[str, Any]) -> None:
    note(f"{told['session']}: {told['status']}, #{told['seq']:,}")
    for book, reason in told["failed"].items():
        note(f"{book} could not be read: {reason}")
    if told["differences"]:
        print_table(told["differences"], ["id", "ours", "theirs", "text"])
