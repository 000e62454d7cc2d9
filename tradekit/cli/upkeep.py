"""`tradekit journal export|prune|migrate`: a journal written out, made shorter, and looked at before an update.

Knows how to ask and show; the work is in `core`.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import note, print_json, print_pairs, print_table
from tradekit.errors import ConfigError

if TYPE_CHECKING:
    from tradekit.core.journal import JournalReader

__all__ = ["add"]


def add(group: Commands) -> None:
    """Declare the commands."""
    _add_export(group)
    prune = command(
        group,
        "prune",
        _prune,
        help="move old bars, marks and the like to an archive file beside the journal",
        example="tradekit journal prune logs/events.log --snapshot data/state/ab12-00000000000000048213.snapshot",
        exits={0: "done; nothing may have been old enough", 1: "the journal does not prove what it claims"},
        json=True,
    )
    prune.add_argument("file", type=Path, metavar="FILE", help="the journal; its session must be stopped")
    prune.add_argument(
        "--snapshot",
        type=Path,
        required=True,
        metavar="FILE",
        help="a snapshot of this journal: what is older may go; orders, fills and commands stay in any case",
    )
    prune.add_argument(
        "--min", type=int, default=100, metavar="N", help="leave runs of fewer events where they are (100)"
    )
    prune.add_argument("--dry-run", action="store_true", help="only say what would be moved")
    migrate = command(
        group,
        "migrate",
        _migrate,
        help="say how this version reads a journal: what is current, lifted, unknown or newer",
        example="tradekit journal migrate --check logs/events.log",
        exits={0: "this version reads and writes it", 1: "it does not; the table says why"},
        json=True,
    )
    migrate.add_argument("file", type=Path, metavar="FILE", help="the journal")
    migrate.add_argument(
        "--check",
        action="store_true",
        required=True,
        help="look only; journals are lifted on read, never rewritten",
    )


def _add_export(group: Commands) -> None:
    export = command(
        group,
        "export",
        _export,
        help="write events out for other programs, as JSON lines or Parquet",
        example="tradekit journal export logs/events.log --to fills.parquet --type order.filled",
        exits={1: "the journal cannot be read, or a range of it is missing"},
        json=True,
    )
    export.add_argument("file", type=Path, metavar="FILE", help="the journal")
    export.add_argument(
        "--to", type=Path, metavar="FILE", help="where to; without it JSON lines go to stdout"
    )
    export.add_argument("--format", choices=("jsonl", "parquet"), help="by the name of --to unless given")
    export.add_argument("--since", metavar="SEQ|TIME", help="only what came after this event or moment (UTC)")
    export.add_argument("--until", metavar="SEQ|TIME", help="nothing after this one")
    export.add_argument(
        "--type", action="append", default=[], metavar="TYPE", help="only this type; may be repeated"
    )
    export.add_argument(
        "--subject", metavar="PATTERN", help="only subjects that fit: 'order.*.BTCUSDT', 'bar.>'"
    )


def _export(args: argparse.Namespace) -> int:
    from tradekit.core.export import chosen, write_jsonl, write_parquet
    from tradekit.core.open import open_journal

    form = args.format or ("parquet" if args.to and args.to.suffix == ".parquet" else "jsonl")
    if args.to is None and (form == "parquet" or args.json):
        raise ConfigError(f"{'Parquet' if form == 'parquet' else 'with --json the export'} needs --to FILE")
    if args.to is not None and args.to.resolve() == args.file.resolve():
        raise ConfigError(f"{args.to} is the journal itself; name another file")
    with open_journal(args.file) as journal:
        payloads = chosen(
            journal,
            since=_seq(journal, args.since) or 0,
            until=_seq(journal, args.until),
            types=args.type,
            subject=args.subject,
        )
        if args.to is None:
            count = write_jsonl(payloads, sys.stdout.buffer)
        else:
            count = (write_parquet if form == "parquet" else write_jsonl)(payloads, args.to)
    if args.json:
        print_json({"events": count, "file": str(args.to.absolute()), "format": form})
    else:
        note(f"{count:,} events written" + (f" to {args.to}" if args.to else ""))
    return 0


def _seq(journal: "JournalReader", at: str | None) -> int | None:
    from tradekit.wiring.journals import seq_at

    return None if at is None else 0 if at == "0" else seq_at(journal, at)


def _prune(args: argparse.Namespace) -> int:
    from tradekit.core.archive import archive_path
    from tradekit.core.prune import Pruned, prune, runs_before
    from tradekit.core.snapshot import snapshot_seq
    from tradekit.core.sqlite import SqliteJournal
    from tradekit.errors import NotFoundError
    from tradekit.state import reducer  # noqa: F401 - every fact is known: what is critical stays

    if args.min < 1:
        raise ConfigError(f"--min {args.min}: give 1 or more")
    if not args.file.is_file():
        raise NotFoundError(f"there is no journal at {args.file}")
    with SqliteJournal(args.file, program="tradekit journal prune") as journal:
        before = snapshot_seq(args.snapshot, journal_id=journal.id)
        if args.dry_run:
            runs = runs_before(journal, before, args.min)
            events = sum(run.last - run.first + 1 for run in runs)
            pruned = Pruned(events, len(runs), archive_path(journal.path).name)
        else:
            pruned = prune(journal, before=before, min_events=args.min)
    told: dict[str, Any] = {
        "events": pruned.events,
        "runs": pruned.runs,
        "before": before,
        "archive": str(args.file.absolute().with_name(pruned.archive)),
        "moved": not args.dry_run and bool(pruned.runs),
    }
    if args.json:
        print_json(told)
    else:
        print_pairs(told)
    return 0


def _migrate(args: argparse.Namespace) -> int:
    from tradekit.core.migrate import readings
    from tradekit.core.open import open_journal
    from tradekit.state import reducer  # noqa: F401 - every fact is known

    with open_journal(args.file) as journal:
        found = readings(journal)
        told = {
            "journal": journal.id,
            "schema": journal.schema,
            "ok": all(lift.ok for lift in found),
            "types": found,
        }
    if args.json:
        print_json(told)
    else:
        columns = ["type", "v", "events", "reading", "to", "problem"]
        print_table([{name: getattr(lift, name) for name in columns} for lift in found], columns)
    return 0 if told["ok"] else 1
