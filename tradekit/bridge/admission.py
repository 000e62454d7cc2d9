"""How many connections there are, of which kind and from where, and whether one more may come.

Pure counting: knows neither sockets nor tokens.
"""

from collections import Counter
from typing import Literal

from tradekit.bridge.access import is_loopback
from tradekit.bridge.limits import Limits

__all__ = ["Admission", "Visitor"]

Stage = Literal["handshake", "unproved", "client"]


class Visitor:
    """One connection as admission sees it."""

    __slots__ = ("ip", "stage")

    def __init__(self, ip: str) -> None:
        self.ip = ip
        self.stage: Stage | None = "handshake"


class Admission:
    """Counts visitors by stage and address."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._at: Counter[Stage] = Counter()
        self._from: Counter[tuple[Stage, str]] = Counter()

    @property
    def clients(self) -> int:
        """Connections that have shown a token."""
        return self._at["client"]

    def knock(self, ip: str) -> Visitor | None:
        """A new connection, before it has said anything; None if there are too many of those."""
        if self._at["handshake"] >= self._limits.handshakes:
            return None
        visitor = Visitor(ip)
        self._count(visitor, 1)
        return visitor

    def admit(self, visitor: Visitor, *, proved: bool) -> str | None:
        """Let a visitor on to the next stage; the reason if there is no room."""
        stage: Stage = "client" if proved else "unproved"
        limits, here = self._limits, self._from[stage, visitor.ip]
        if self._at["client"] >= limits.clients:
            return f"this session serves {limits.clients} clients already"
        if proved and not is_loopback(visitor.ip) and here >= limits.per_ip:
            return f"this session serves {limits.per_ip} clients from this address already"
        if not proved and here >= limits.unauthenticated:
            return f"{limits.unauthenticated} connections from this address have not shown a token yet"
        self._count(visitor, -1)
        visitor.stage = stage
        self._count(visitor, 1)
        return None

    def leave(self, visitor: Visitor) -> None:
        """The connection is gone; may be said twice."""
        self._count(visitor, -1)
        visitor.stage = None

    def _count(self, visitor: Visitor, change: int) -> None:
        if visitor.stage is None:
            return
        self._at[visitor.stage] += change
        self._from[visitor.stage, visitor.ip] += change
        if not self._from[visitor.stage, visitor.ip]:
            del self._from[visitor.stage, visitor.ip]
