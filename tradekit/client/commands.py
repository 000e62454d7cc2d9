"""The commands a session understands, as calls: each waits until its command is journaled and gives its seq.

Knows the names and arguments; how a command reaches the session is the connection's business.
"""

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Commands", "Receipt"]


class Sender(Protocol):
    """What carries a command (a `Connection`)."""

    def send_command(self, name: str, args: Mapping[str, Any] | None = None) -> int:
        """The command's seq; RefusedError or ConnectionLostError otherwise."""


class Receipt(int):
    """The journal's seq of a command, which is all that it is; shown as `#163 halt`."""

    command: str

    def __new__(cls, seq: int, command: str) -> "Receipt":
        """The receipt of `command`."""
        made = super().__new__(cls, seq)
        made.command = command
        return made

    def __repr__(self) -> str:
        return f"#{int(self):,} {self.command}"


class Commands:
    """Tells a session what to do; RefusedError means that it said no, ConnectionLostError no answer."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def _send(self, name: str, args: Mapping[str, Any] | None = None) -> Receipt:
        return Receipt(self._sender.send_command(name, args), name)

    def arm(self, reason: str = "") -> Receipt:
        """Let the strategy's orders go out; clears a halt and a kill."""
        return self._send("arm", {"reason": reason})

    def disarm(self, reason: str = "") -> Receipt:
        """Let no new order go out; working ones stay."""
        return self._send("disarm", {"reason": reason})

    def halt(self, reason: str = "") -> Receipt:
        """Let nothing out that adds risk until armed again."""
        return self._send("halt", {"reason": reason})

    def kill(self, reason: str = "") -> Receipt:
        """Stop everything now: the gate before the wire closes, orders are cancelled; a human reopens it."""
        return self._send("kill", {"reason": reason})

    def cancel(self, order_id: str) -> Receipt:
        """Cancel one working order."""
        return self._send("cancel", {"order_id": order_id})

    def cancel_all(self, instrument: str | None = None) -> Receipt:
        """Cancel every working order, or those of one instrument."""
        return self._send("cancel_all", {} if instrument is None else {"instrument": instrument})

    def flatten(self, instrument: str | None = None) -> Receipt:
        """Close every position at the market, or that of one instrument."""
        return self._send("flatten", {} if instrument is None else {"instrument": instrument})

    def set_param(self, name: str, value: object) -> Receipt:
        """Give a parameter of the strategy a new value, between two events."""
        return self._send("set_param", {"name": name, "value": value})

    def snapshot(self) -> Receipt:
        """Write a snapshot of the state now."""
        return self._send("snapshot")

    def stop(self, reason: str = "") -> Receipt:
        """End the session in good order."""
        return self._send("stop", {"reason": reason})
