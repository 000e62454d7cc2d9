"""`tradekit version`.

Knows what is installed.
"""

import argparse
import platform

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import print_json

__all__ = ["add"]


def add(commands: Commands) -> None:
    """Declare the command."""
    command(commands, "version", _version, help="print the version of tradekit and of Python", json=True)


def _version(args: argparse.Namespace) -> int:
    from tradekit.core.version import version

    python = platform.python_version()
    if args.json:
        print_json({"tradekit": version(), "python": python})
    else:
        print(f"tradekit {version()} (Python {python})")
    return 0
