"""`tradekit halt, arm, disarm, kill, stop`: a word to a running session, by the shortest way.

Knows the registry and one short connection; imports nothing heavy, for whoever types `kill` is in a hurry.
"""

import argparse
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradekit.cli.parser import Commands, Parser, command
from tradekit.cli.show import note, print_json
from tradekit.errors import ConnectionLostError, NotFoundError, RefusedError, TradekitError

if TYPE_CHECKING:
    from tradekit.client.registry import Entry

__all__ = ["add"]

_EXITS = {
    0: "the session has journaled the command",
    1: "no answer in time: it may or may not have happened; for `kill --all`, from one at least; for `stop`, "
    "that the session ends without a word in its journal, which has failed",
    2: "no such session, or it refused",
}
_WORDS = {
    "halt": "let nothing out that adds risk until armed again",
    "arm": "let the strategy's orders go out; clears a halt and a kill",
    "disarm": "let no new order go out; working ones stay",
    "stop": "end a session in good order; orders and positions stay as they are",
}
_HUNG = (
    "If a step of the session hangs, its gate is shut all the same, and the journal has it once the step ends: "
    "`tradekit doctor {0}` looks, `tradekit stop {0}` ends it"
)
_DONE = {"halt": "halted", "arm": "armed", "disarm": "disarmed", "kill": "killed", "stop": "stopping"}


def add(commands: Commands) -> None:
    """Declare the commands."""
    for name, help in _WORDS.items():
        parser = command(
            commands, name, _one, help=help, example=f"tradekit {name} paper", exits=_EXITS, json=True
        )
        parser.add_argument("session", metavar="NAME", help="the session's name (see: tradekit sessions)")
        _common(parser, name)
    kill = command(
        commands,
        "kill",
        _kill,
        help="stop all trading now: close the gate before the wire and cancel every working order",
        example='tradekit kill paper --reason "wrong size"',
        exits=_EXITS,
        json=True,
    )
    kill.add_argument(
        "session", metavar="NAME", nargs="?", help="the session's name (see: tradekit sessions)"
    )
    kill.add_argument("--all", action="store_true", help="every session on this machine")
    _common(kill, "kill")


def _common(parser: Parser, name: str) -> None:
    parser.add_argument("--reason", default="", help="kept in the journal")
    parser.add_argument("--timeout", type=float, default=3.0, metavar="S", help="wait for an answer (3 s)")
    parser.set_defaults(word=name)


def _one(args: argparse.Namespace) -> int:
    from tradekit.client.registry import find

    entry = find(args.session)
    try:
        told = _tell(entry, args.word, args.reason, args.timeout)
    except ConnectionLostError as error:
        if args.word in ("halt", "kill"):
            raise ConnectionLostError(f"{error}. {_HUNG.format(entry.name)}") from None
        if args.word != "stop":
            raise
        os.kill(entry.pid, signal.SIGTERM)  # the registry's lock says that the pid is still this session's
        told = {"session": entry.name, "command": "stop", "seq": None}
    except RefusedError as error:
        if args.word != "stop" or error.code != "journal":
            raise
        note(f"{entry.name}: stopping, though its journal has failed and could not take the command: {error}")
        return 1
    if args.json:
        print_json(told)
    else:
        number = "by SIGTERM, its bridge gave no answer" if told["seq"] is None else f"#{told['seq']:,}"
        note(f"{entry.name}: {_DONE[args.word]}, {number}")
    return 0


def _kill(args: argparse.Namespace) -> int:
    from tradekit.client.registry import entries

    if args.all == (args.session is not None):
        raise NotFoundError("kill needs the name of a session, or --all; `tradekit sessions` lists them")
    if args.session is not None:
        return _one(args)
    found = entries()
    if not found:
        note("no session runs on this machine")
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max(len(found), 1)) as pool:  # one that hangs must not keep the others alive
        outcomes = list(pool.map(lambda entry: _outcome(entry, args), found))
    if args.json:
        print_json(outcomes)
    for told in outcomes if not args.json else ():
        note(f"{told['session']}: {told.get('error') or 'killed, #' + format(told['seq'], ',')}")
    return 1 if any("error" in told for told in outcomes) else 0


def _outcome(entry: "Entry", args: argparse.Namespace) -> dict[str, Any]:
    try:
        return _tell(entry, "kill", args.reason, args.timeout)
    except TradekitError as error:
        return {"session": entry.name, "error": str(error)}


def _tell(entry: "Entry", word: str, reason: str, timeout_s: float) -> dict[str, Any]:
    """Send one command; {"session", "command", "seq"} once it is journaled."""
    from tradekit.bridge.access import read_token_file
    from tradekit.client.oneshot import OneShot

    token, ca = read_token_file(Path(entry.token_file)), entry.certificate or None
    line = OneShot(entry.uri, token, ca=ca, timeout_s=timeout_s)
    return {"session": entry.name, "command": word, "seq": line.send_command(word, {"reason": reason})}
