"""`tradekit run`: a session in this process, until it is told to stop.

Knows the configuration; the session itself is `wiring.host`.
"""

import argparse
import contextlib
import sys
from pathlib import Path
from typing import Any

from tradekit.cli.parser import Commands, command, setting
from tradekit.cli.show import note, print_json
from tradekit.errors import ConfigError

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "run",
        _run,
        help="run a session in this process until SIGTERM, Ctrl-C or `tradekit stop`",
        example="tradekit run config/paper.yaml",
        exits={
            0: "stopped in good order",
            1: "ended by a failure; the journal has everything up to it",
            2: "bad input, a port in use, or a journal that another session writes: nothing was started",
        },
    )
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the configuration's YAML file")
    parser.add_argument("--json", action="store_true", help="print one line of JSON once clients can attach")
    parser.add_argument("--strategy", metavar="MODULE:CLASS", help="in place of the configured one")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=setting,
        metavar="NAME=VALUE",
        help="a parameter of the strategy, or with dots a key of the configuration: broker.fee=0.001; repeatable",
    )
    parser.add_argument("--speed", type=_speed, help="how many times faster than it happened, or max")
    parser.add_argument("--port", type=int, help="the bridge's port, 0 for a free one")
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help="write the log there, and what the strategy prints; turned over at 10 MB, five kept (stderr)",
    )
    parser.add_argument(
        "--i-understand",
        action="store_true",
        help="yes, orders of this live configuration may leave this machine; said once, asked again when it changes",
    )


def _run(args: argparse.Namespace) -> int:
    from tradekit.config.check import check_runnable
    from tradekit.config.load import load_config

    config = load_config(args.config, overrides=_overrides(args))
    check_runnable(config)
    if str(config.root) not in sys.path:
        sys.path.insert(0, str(config.root))  # where the project's own modules are looked for

    from tradekit.wiring.host import run_session
    from tradekit.wiring.understood import check_understood

    check_understood(config, said=args.i_understand)
    out = sys.stdout

    def announce(told: dict[str, Any]) -> None:
        if args.json:
            with contextlib.redirect_stdout(out):
                print_json(told)
        else:
            note(f"session {told['session']} serves at {told['uri'] or 'no address'} (pid {told['pid']})")
            note(
                f"journal {told['journal'] or 'in memory'}; Ctrl-C or `tradekit stop {told['session']}` ends it"
            )

    from tradekit.health.logs import Logs

    if args.log is not None and not args.log.parent.is_dir():
        raise ConfigError(f"--log {args.log} cannot be written: there is no folder {args.log.parent}")
    # Stdout is for that one line: what a strategy prints goes where the log goes, and finds a reader there.
    logs = Logs(level=config.monitoring.log_level, file=args.log)
    with logs, contextlib.redirect_stdout(logs.printed):
        return run_session(config, announce=announce)


def _overrides(args: argparse.Namespace) -> dict[str, Any]:
    overrides = {name if "." in name else f"strategy.params.{name}": value for name, value in args.set}
    if args.strategy is not None:
        overrides = {"strategy.class": args.strategy, "strategy.id": None, "strategy.params": {}, **overrides}
    if args.speed is not None:
        overrides["market_data.speed"] = args.speed
    if args.port is not None:
        overrides |= {"websocket.port": args.port, "websocket.uri": None}
    return overrides


def _speed(text: str) -> float | str:
    try:
        return text if text == "max" else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no speed; give a number above zero, or max") from None
