"""The command line's door: finds the command, runs it, and turns what it raises into a message and an exit code.

Knows no command's work; each is loaded when it runs, so that `version`, `halt` and `kill` are quick.
"""

import os
import sys
from collections.abc import Sequence
from functools import cache

from tradekit.cli import (
    backtest,
    control,
    doctor,
    journal,
    parity,
    reconcile,
    report,
    run,
    service,
    sessions,
    state,
    sweep,
    token,
    versions,
    views,
    why,
)
from tradekit.cli.parser import Layout, Parser
from tradekit.cli.show import note
from tradekit.errors import TradekitError

__all__ = ["build_parser", "main"]

_INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Errors are told on stderr, without a traceback unless --debug."""
    parser = build_parser()
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        args, rest = parser.parse_known_args(words)
        if rest and not args.passes_on:
            parser.error(f"unrecognized arguments: {' '.join(rest)}")
    except SystemExit as done:  # --help, or a command line that cannot be read
        return int(done.code or 0)
    if args.version and args.run is None:
        return main(["version"])
    if args.run is None:
        parser.print_help(sys.stderr)
        return 2
    try:
        args.rest = rest
        code: int = args.run(args)
        sys.stdout.flush()
    except TradekitError as error:
        if args.debug:
            _guard()
            raise
        note(f"tradekit: error: {error}")
        return error.exit_code
    except BrokenPipeError:  # the reader of our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except KeyboardInterrupt:
        note("tradekit: interrupted")
        return _INTERRUPTED
    except Exception:
        _guard()
        raise
    return code


def _guard() -> None:
    """The interpreter is about to show a traceback: without a secret in it."""
    from tradekit.health.tracebacks import Tracebacks

    Tracebacks().__enter__()


@cache  # declaring all commands takes longer than most of them
def build_parser() -> Parser:
    """The parser of every command."""
    parser = Parser(
        prog="tradekit",
        description="Research a trading idea and run the same code live. Each command has --help.",
        allow_abbrev=False,
        formatter_class=Layout,
    )
    parser.add_argument("--version", action="store_true", help="print the version")
    parser.set_defaults(run=None, debug=False, passes_on=False)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", parser_class=Parser)
    for group in (
        views,
        backtest,
        sweep,
        run,
        sessions,
        control,
        reconcile,
        token,
        journal,
        parity,
        state,
        why,
        report,
        service,
        doctor,
        versions,
    ):
        group.add(commands)
    return parser
