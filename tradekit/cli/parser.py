"""How commands are declared: one parser each, with its exit codes and a way to show the cause of an error.

Knows no command.
"""

import argparse
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, NoReturn

__all__ = ["Commands", "Layout", "Parser", "Run", "command", "number", "port", "setting"]

Run = Callable[[argparse.Namespace], int]
_NO_SUCH = re.compile(r"invalid choice: '(?P<given>[^']*)' \(choose from (?P<known>.*)\)")
_EXITS = {0: "done", 1: "it failed on the way", 2: "bad input: nothing was done"}


class Parser(argparse.ArgumentParser):
    """A parser that speaks as the rest of tradekit does."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong with the command line and end with 2."""
        found = _NO_SUCH.search(message)
        if found:
            near = get_close_matches(found["given"], re.findall(r"[\w-]+", found["known"]), 1)
            message += f"; did you mean {near[0]!r}?" if near else ""
        self.exit(2, f"tradekit: error: {message}\nsee: {self.prog} --help\n")


class Layout(argparse.RawDescriptionHelpFormatter):
    """Examples and exit codes keep their lines; names have room beside their help."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=100)


Commands = Any  # argparse's sub-parsers action, which has no public name


def command(
    into: Commands,
    name: str,
    run: Run,
    *,
    help: str,
    example: str = "",
    exits: Mapping[int, str] | None = None,
    json: bool = False,
) -> Parser:
    """Declare a command. `exits` says what its exit codes mean where that differs from usual; `json` adds --json."""
    codes = {**_EXITS, **(exits or {})}
    epilog = "\n".join(["exit codes:", *(f"  {code}  {meaning}" for code, meaning in sorted(codes.items()))])
    if example:
        epilog = f"example:\n  {example}\n\n{epilog}"
    parser: Parser = into.add_parser(
        name,
        help=help,
        description=help[:1].upper() + help[1:] + ".",
        epilog=epilog,
        formatter_class=Layout,
        allow_abbrev=False,
    )
    if json:
        parser.add_argument("--json", action="store_true", help="print one JSON value, for programs")
    parser.add_argument("--debug", action="store_true", help="show where in the program an error came from")
    parser.set_defaults(run=run)
    return parser


def setting(text: str) -> tuple[str, Any]:
    """A parameter from NAME=VALUE; the value is read as YAML reads it: 10, 0.5, true, text."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise argparse.ArgumentTypeError(f"{text!r} is no NAME=VALUE, for example fast=10")
    import yaml

    try:
        return name.strip(), yaml.safe_load(value)
    except yaml.YAMLError:
        raise argparse.ArgumentTypeError(
            f"{value!r} is no value; put text with special characters in quotes"
        ) from None


def number(text: str) -> Decimal:
    """An exact, finite number."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not value.is_finite():
        raise argparse.ArgumentTypeError(f"{text!r} is not finite")
    return value


def port(text: str) -> int:
    """A TCP port, 0 among them."""
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; give a number from 0 to 65535")
    return int(text)
