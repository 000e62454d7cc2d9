"""The commands a session understands, as calls: each waits until its command is journaled and gives its seq.

Knows the names and arguments; how a command reaches the session is the connection's business.
"""

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["Commands"]


class Sender(Protocol):
    """What carries a command (a `Connection`)."""

    def send_command(self, name: str, args: Mapping[str, Any] | None = None) -> int:
        """The command's seq; RefusedError or ConnectionLostError otherwise."""


class Commands:
    """Tells a session what to do; RefusedError means that it said no, ConnectionLostError no answer."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def arm(self, reason: str = "") -> int:
        """Let the strategy's orders go out; clears a halt and a kill."""
        return self._sender.send_command("arm", {"reason": reason})

    def disarm(self, reason: str = "") -> int:
        """Let no new order go out; working ones stay."""
        return self._sender.send_command("disarm", {"reason": reason})

    def halt(self, reason: str = "") -> int:
        """Let nothing out that adds risk until armed again."""
        return self._sender.send_command("halt", {"reason": reason})

    def kill(self, reason: str = "") -> int:
        """Stop everything now: the gate before the wire closes, orders are cancelled; a human reopens it."""
        return self._sender.send_command("kill", {"reason": reason})

    def cancel(self, order_id: str) -> int:
        """Cancel one working order."""
        return self._sender.send_command("cancel", {"order_id": order_id})

    def cancel_all(self, instrument: str | None = None) -> int:
        """Cancel every working order, or those of one instrument."""
        return self._sender.send_command(
            "cancel_all", {} if instrument is None else {"instrument": instrument}
        )

    def flatten(self) -> int:
        """Close every position at the market."""
        return self._sender.send_command("flatten")

    def set_param(self, name: str, value: object) -> int:
        """Give a parameter of the strategy a new value, between two events."""
        return self._sender.send_command("set_param", {"name": name, "value": value})

    def snapshot(self) -> int:
        """Write a snapshot of the state now."""
        return self._sender.send_command("snapshot")

    def stop(self, reason: str = "") -> int:
        """End the session in good order."""
        return self._sender.send_command("stop", {"reason": reason})
