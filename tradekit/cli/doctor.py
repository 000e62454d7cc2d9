"""`tradekit doctor`: is all well? Of a configuration before its start, of a running session, or of this machine.

Knows how findings are shown; what is looked at is `wiring.checkup`'s business.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import print_json
from tradekit.errors import ConfigError

if TYPE_CHECKING:
    from tradekit.health.finding import Finding

__all__ = ["add"]

_CONFIGS = (".yaml", ".yml")


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "doctor",
        _doctor,
        help="look whether all is well with a configuration, a running session, or this machine",
        example="tradekit doctor config/paper.yaml",
        exits={
            0: "nothing is wrong; there may be notes",
            1: "something is wrong",
            2: "there is no such session",
        },
        json=True,
    )
    parser.add_argument(
        "target",
        nargs="?",
        metavar="CONFIG|NAME",
        help="a configuration's file, or a running session's name; without one, this machine and all that runs",
    )

    parser.add_argument(
        "--send",
        action="store_true",
        help="send each of the configuration's targets of alerts a test message",
    )


def _doctor(args: argparse.Namespace) -> int:
    looked = _look(args.target, send=args.send)
    ok = not any(finding.grade == "wrong" for found in looked.values() for finding in found)
    if args.json:
        print_json(
            {"ok": ok, "findings": [{"of": of, **_fields(f)} for of, found in looked.items() for f in found]}
        )
    else:
        for of, found in looked.items():
            _show(of, found)
        print("nothing is wrong" if ok else "something is wrong")
    return 0 if ok else 1


def _look(target: str | None, *, send: bool) -> "dict[str, list[Finding]]":
    """What was looked at, with what was found."""
    from tradekit.client.registry import entries, find
    from tradekit.wiring.checkup import check_config, check_machine, check_session

    if target is None and send:
        raise ConfigError("--send needs the configuration's file: tradekit doctor CONFIG --send")
    if target is None:
        return {"this machine": check_machine()} | {one.name: check_session(one) for one in entries()}
    if target.endswith(_CONFIGS) or "/" in target or Path(target).is_file():
        return {target: check_config(Path(target), send=send)}
    if send:
        raise ConfigError(
            f"--send needs the configuration's file, for its targets of alerts; {target} is a session"
        )
    return {target: check_session(find(target))}


def _fields(finding: "Finding") -> dict[str, str]:
    return {
        "subject": finding.subject,
        "grade": finding.grade,
        "said": finding.said,
        "remedy": finding.remedy,
    }


def _show(of: str, found: "Sequence[Finding]") -> None:
    width = max(len(finding.subject) for finding in found)
    print(of)
    for finding in found:
        print(f"  {finding.grade:<5}  {finding.subject.ljust(width)}  {finding.said}")
        if finding.remedy:
            print(f"  {'':<5}  {'':{width}}  -> {finding.remedy}")
