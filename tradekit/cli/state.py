"""`tradekit state`: what a session knew, now or at any moment, from its journal alone.

Knows how a state is shown; the fold is `wiring.journals`.
"""

import argparse
from typing import TYPE_CHECKING, Any

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import print_json, print_pairs, print_table, utc

if TYPE_CHECKING:
    from tradekit.state.shape import State

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "state",
        _state,
        help="print the state of a session as its journal tells it, now or at any moment",
        example="tradekit state --journal logs/events.log --at 2022-12-13T10:15 --json",
        json=True,
    )
    parser.add_argument(
        "--journal", required=True, metavar="FILE|NAME", help="the journal, or a running session's name"
    )
    parser.add_argument(
        "--at", metavar="SEQ|TIME", help="an event's number, or a time (UTC unless it says otherwise)"
    )


def _state(args: argparse.Namespace) -> int:
    from tradekit.wiring.journals import journal_of, state_at

    state = state_at(journal_of(args.journal), args.at)
    if args.json:
        print_json(state)
    else:
        _print(state)
    return 0


def _print(state: "State") -> None:
    risk, account = state.risk, state.account
    armed = "killed" if risk.killed else "halted" if risk.halted else "armed" if risk.armed else "disarmed"
    print_pairs(
        {
            "session": f"{state.session.name or '-'} ({state.session.mode.value}, {armed})",
            "strategy": f"{state.strategy.id} {state.strategy.params}",
            "event": f"#{state.seq:,}",
            "time": utc(state.time),
            "equity": f"{account.equity:,.2f} {account.currency}",
            "realised": f"{account.realised:,.2f}",
            "unrealised": f"{account.unrealised:,.2f}",
            "fees": f"{account.fees:,.2f}",
        }
    )
    held = [
        {
            "position": p.instrument,
            "qty": f"{p.qty:f}",
            "entry": p.entry,
            "mark": p.mark,
            "unrealised": p.unrealised,
        }
        for p in state.positions.values()
        if p.qty
    ]
    working = [
        {
            "order": o.id,
            "side": o.side.value,
            "qty": f"{o.leaves:f}",
            "type": o.type.value,
            "status": o.status.value,
        }
        for o in state.orders.values()
        if o.working
    ]
    _section(held)
    _section(working)


def _section(rows: list[dict[str, Any]]) -> None:
    if rows:
        print()
        print_table(rows, list(rows[0]))
