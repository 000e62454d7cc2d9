"""`tradekit service`: a configuration as a unit of systemd, printed.

Knows how to ask and show; the unit is written by `wiring.unit`.
"""

import argparse
import getpass
import shutil
import subprocess
import tempfile
from pathlib import Path

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import note

__all__ = ["add"]

_VERIFY_S = 30.0


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "service",
        _service,
        help="print a unit of systemd that runs a session unattended: restarted after a crash, stopped in good order",
        example="tradekit service config/paper.yaml > ~/.config/systemd/user/tradekit-paper.service",
        exits={1: "systemd-analyze finds fault with the unit", 2: "the configuration cannot be run"},
    )
    parser.add_argument("config", type=Path, metavar="CONFIG", help="the configuration's YAML file")
    parser.add_argument(
        "--system", action="store_true", help="for the system's manager; the user's own unless given"
    )
    parser.add_argument("--user", metavar="NAME", help="with --system: who runs it (you)")


def _service(args: argparse.Namespace) -> int:
    from tradekit.config.check import check_runnable
    from tradekit.config.load import load_config
    from tradekit.errors import ConfigError
    from tradekit.wiring.unit import unit_name, unit_text

    if args.user and not args.system:
        raise ConfigError("--user needs --system: a unit of your own manager runs as you")
    config = load_config(args.config)
    check_runnable(config)
    text = unit_text(config, system=args.system, user=args.user or getpass.getuser())
    print(text, end="")
    faults = _verified(unit_name(config), text, system=args.system)
    for fault in faults:
        note(f"tradekit: systemd-analyze: {fault}")
    return 1 if faults else 0


def _verified(name: str, text: str, *, system: bool) -> list[str]:
    """What systemd itself finds wrong with the unit; nothing where it is not there to be asked."""
    program = shutil.which("systemd-analyze")
    if program is None:
        return []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_text(text, encoding="utf-8")
        words = [program, "verify", *([] if system else ["--user"]), "--man=no", str(file)]
        try:
            said = subprocess.run(words, capture_output=True, text=True, timeout=_VERIFY_S, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return []
    return [line for line in said.stderr.splitlines() if name in line]
