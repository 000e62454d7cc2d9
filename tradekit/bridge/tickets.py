"""Tickets: what a client that has shown its token gets for a page of its own, good once and for half a minute.

In memory as hashes, told to their asker alone. Knows no socket; runs on the bridge's loop.
"""

from collections import OrderedDict
from typing import Any

import msgspec

from tradekit.bridge.minted import token_hash
from tradekit.bridge.protocol import SCOPES, Grant
from tradekit.core.clock import Clock, new_token
from tradekit.errors import RefusedError

__all__ = ["LIFE_S", "MOST", "Ticket", "Tickets"]

LIFE_S = 30.0
MOST = 16  # that one user may have waiting; one more takes the oldest's place, and never another user's


class Ticket(msgspec.Struct, frozen=True):
    """A fresh ticket: the first message's token, how long it is good [s], and what it allows."""

    ticket: str
    expires_s: float
    scopes: list[str]

    def __repr__(self) -> str:
        return f"Ticket(***, expires_s={self.expires_s:g}, scopes={self.scopes})"


class Tickets:
    """The tickets that wait for their page, by user."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[
            str, OrderedDict[str, tuple[float, Grant]]
        ] = {}  # user -> hash -> end, what it allows

    def mint(self, grant: Grant | None, args: dict[str, Any]) -> Ticket:
        """A ticket for the client that `grant` let in; `args["scopes"]` (default: read) are at most its own.

        Raises RefusedError for a scope that there is not or that the client lacks, and for one that came by ticket.
        """
        asked = args.get("scopes", [])
        if not isinstance(asked, list) or not all(isinstance(scope, str) for scope in asked):
            raise RefusedError(f"scopes are a list of {', '.join(SCOPES)}", code="query")
        scopes = frozenset(asked) | {"read"}
        unknown = sorted(scopes - SCOPES.keys())
        if unknown:
            raise RefusedError(f"scope {unknown[0]!r} is none of {', '.join(SCOPES)}", code="query")
        lacking = sorted(scopes - (grant.scopes if grant is not None else frozenset()))
        if grant is None or lacking:
            raise RefusedError(
                f"a ticket for {lacking[0]!r} needs that scope, which this token lacks", code="scope"
            )
        if grant.by_ticket:
            raise RefusedError("a ticket mints no other; ask with a token", code="scope")
        ticket = new_token()
        mine = self._waiting.setdefault(grant.user, OrderedDict())
        mine[token_hash(ticket)] = (
            self._clock.monotonic() + LIFE_S,
            Grant(grant.user, scopes, grant.minted, by_ticket=True),
        )
        self._forget_old()
        if len(mine) > MOST:
            mine.popitem(last=False)
        return Ticket(ticket, LIFE_S, sorted(scopes))

    def redeem(self, ticket: str) -> Grant | None:
        """What a ticket allows, this once; None for one that is not known, is too old or was shown before."""
        self._forget_old()
        key = token_hash(ticket)
        for mine in self._waiting.values():
            if key in mine:
                return mine.pop(key)[1]
        return None

    def _forget_old(self) -> None:
        now = self._clock.monotonic()
        for user, mine in list(self._waiting.items()):
            while mine and next(iter(mine.values()))[0] <= now:
                mine.popitem(last=False)
            if not mine:
                del self._waiting[user]

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def __repr__(self) -> str:
        return f"Tickets({len(self)})"
