"""`tradekit journal verify|info|tail`: a journal read, also while its session runs; the rest is in `trades`, `upkeep`.

Knows how to ask and show; nothing here writes, and no fact's meaning is known.
"""

import argparse
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from tradekit.cli import trades, upkeep
from tradekit.cli.parser import Commands, Layout, Parser, command
from tradekit.cli.show import print_json, print_pairs, print_table, utc

__all__ = ["add"]

_POLL_S = 0.2


class _Header(msgspec.Struct):
    type: str
    recorded: int


class _Line(msgspec.Struct):
    seq: int
    ts: int
    type: str
    key: str
    data: msgspec.Raw


def add(commands: Commands) -> None:
    """Declare the commands."""
    parser = commands.add_parser(
        "journal",
        help="a journal: verify, info, tail, trades, export, prune, migrate",
        allow_abbrev=False,
        formatter_class=Layout,
    )
    group = parser.add_subparsers(metavar="WHAT", required=True, parser_class=Parser)
    verify = command(
        group,
        "verify",
        _verify,
        help="prove that a journal is whole: every event, their chain, the watermark",
        example="tradekit journal verify logs/events.log",
        exits={0: "it proves what it claims", 1: "it does not; the problems are printed"},
        json=True,
    )
    info = command(group, "info", _info, help="say what a journal holds, and since when", json=True)
    tail = command(
        group,
        "tail",
        _tail,
        help="print the last events, one a line",
        example="tradekit journal tail -f logs/events.log",
        json=True,
    )
    tail.add_argument("-n", type=_count, default=20, metavar="N", help="how many (20)")
    tail.add_argument("-f", "--follow", action="store_true", help="go on with what is written, until Ctrl-C")
    for one in (verify, info, tail):
        one.add_argument("file", type=Path, metavar="FILE", help="the journal")
    trades.add(group)
    upkeep.add(group)


def _verify(args: argparse.Namespace) -> int:
    from tradekit.core.open import open_journal

    with open_journal(args.file) as journal:
        verdict = journal.verify()
    if args.json:
        print_json(verdict)
    else:
        word = "ok" if verdict.ok else "NOT OK"
        archived = f", {verdict.archived:,} of them in the archive" if verdict.archived else ""
        print(f"{word}: {verdict.events:,} events{archived}, the last is #{verdict.last_seq:,}")
        if verdict.missing:
            print(f"  proved by tombstones, archive not there: {', '.join(verdict.missing)}")
        for problem in verdict.problems:
            print(f"  {problem}")
    return 0 if verdict.ok else 1


def _info(args: argparse.Namespace) -> int:
    told = _about(args.file)
    if args.json:
        print_json(told)
        return 0
    types = told.pop("types")
    print_pairs(told)
    if types:
        print()
        print_table([{"type": tag, "events": count} for tag, count in types.items()], ["type", "events"])
    return 0


def _about(file: Path) -> dict[str, Any]:
    from tradekit.core.open import open_journal

    decoder = msgspec.json.Decoder(_Header)
    types: Counter[str] = Counter()
    recorded: list[int] = []
    with open_journal(file) as journal:
        for _, payload in journal.payloads():
            header = decoder.decode(payload)
            types[header.type] += 1
            recorded[1:] = [header.recorded]  # the first and the latest
        return {
            "journal": str(file.absolute()),
            "id": journal.id,
            "schema": journal.schema,
            "epoch": journal.epoch,
            "events": types.total(),
            "bytes": file.stat().st_size,
            "first_recorded": utc(recorded[0]) if recorded else None,
            "last_recorded": utc(recorded[-1]) if recorded else None,
            "types": dict(types.most_common()),
        }


def _tail(args: argparse.Namespace) -> int:
    from tradekit.core.clock import SystemClock
    from tradekit.core.open import open_journal

    clock = SystemClock()
    with open_journal(args.file) as journal:
        last = max(journal.last_seq - args.n, 0)
        while True:
            for seq, payload in journal.payloads(last):
                print(payload.decode() if args.json else _line(payload), flush=args.follow)
                last = seq
            if not args.follow:
                return 0
            clock.wait(_POLL_S)


def _line(payload: bytes) -> str:
    event = msgspec.json.decode(payload, type=_Line)
    return f"#{event.seq:<8} {utc(event.ts)}  {event.type:<22} {event.key:<16} {bytes(event.data).decode()}"


def _count(text: str) -> int:
    count = int(text)
    if count < 0:
        raise argparse.ArgumentTypeError(f"{text} events cannot be shown; give 0 or more")
    return count
