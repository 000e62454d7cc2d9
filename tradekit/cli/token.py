"""`tradekit token`: let somebody else look at a session, or act on it, with a token of their own.

Knows the file of minted tokens; the running session looks at it by itself.
"""

import argparse
import re
from typing import TYPE_CHECKING

from tradekit.cli.parser import Commands, command
from tradekit.cli.show import note, print_json, print_table, utc
from tradekit.errors import ConfigError

if TYPE_CHECKING:
    from tradekit.bridge.minted import Minted

__all__ = ["add"]

_LIFE = re.compile(r"([1-9][0-9]*)([smhD])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "D": 86_400}


def add(commands: Commands) -> None:
    """Declare the command."""
    parser = command(
        commands,
        "token",
        _token,
        help="mint a token for somebody else, list those minted, or revoke them",
        example="tradekit token paper --user risk-desk --scope read --for 8h",
        json=True,
    )
    parser.add_argument("session", metavar="NAME", help="the session's name (see: tradekit sessions)")
    parser.add_argument("--user", help="who it is for; the journal names them in each of their commands")
    parser.add_argument(
        "--scope",
        action="append",
        choices=["read", "operate", "trade"],
        help="read: look; operate: halt, cancel, flatten, kill ...; trade: arm, submit, set_param. May be repeated; "
        "read comes with the others (default: read)",
    )
    parser.add_argument(
        "--for", dest="life", metavar="TIME", help="good for so long: 90m, 8h, 30D (default: until revoked)"
    )
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--list", action="store_true", help="list the tokens minted, without the tokens themselves"
    )
    instead.add_argument("--revoke", metavar="USER", help="take back every token of USER; open lines are cut")


def _token(args: argparse.Namespace) -> int:
    from pathlib import Path

    from tradekit.bridge.minted import MintedTokens
    from tradekit.client.registry import find

    entry = find(args.session)
    tokens = MintedTokens(Path(entry.folder) / f"{entry.name}.tokens")
    if args.list:
        return _list(tokens.all(), args.json)
    if args.revoke:
        count = tokens.revoke(args.revoke)
        if args.json:
            print_json({"user": args.revoke, "revoked": count})
        else:
            note(f"{entry.name}: {count} token{'s' if count > 1 else ''} of {args.revoke} revoked")
        return 0
    if not args.user:
        raise ConfigError("say who the token is for: --user NAME; the journal will name them")
    scopes = frozenset(args.scope or ["read"]) | {"read"}
    token = tokens.mint(args.user, scopes, life_s=_life_s(args.life))
    if args.json:
        print_json({"user": args.user, "scopes": sorted(scopes), "token": token, "uri": entry.uri})
    else:
        note(f"a token of {args.user} for {entry.uri} ({', '.join(sorted(scopes))}); it is shown this once:")
        print(token)
    return 0


def _list(tokens: "list[Minted]", as_json: bool) -> int:
    rows = [
        {
            "user": one.user,
            "scopes": " ".join(one.scopes),
            "until": utc(one.expires) if one.expires else "revoked",
        }
        for one in tokens
    ]
    if as_json:
        print_json(rows)
    elif not rows:
        note("no token was minted; the session's own is in its token file")
    else:
        print_table(rows, list(rows[0]))
    return 0


def _life_s(text: str | None) -> float | None:
    """Seconds from "90m"; raises ConfigError for anything else."""
    if text is None:
        return None
    found = _LIFE.fullmatch(text)
    if found is None:
        raise ConfigError(f"--for {text!r} is not understood; write a number and one of s, m, h, D: 8h")
    return float(int(found[1]) * _SECONDS[found[2]])
