"""The commands a session understands, as calls: each waits until its command is journaled and gives its seq.

Knows the names and arguments; how a command reaches the session is the connection's business.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
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

    def submit(
        self,
        side: str,
        qty: object = None,
        *,
        instrument: str | None = None,
        limit: object = None,
        stop: object = None,
        if_touched: object = None,
        trail: object = None,
        trail_pct: object = None,
        stop_loss: object = None,
        stop_loss_trail: object = None,
        stop_loss_trail_pct: object = None,
        take_profit: object = None,
        break_even: object = None,
        exit_after: int | str | None = None,
        tif: str | None = None,
        expires: datetime | int | str | None = None,
        reduce_only: bool = False,
        post_only: bool = False,
        share: object = None,
        position: str = "",
        group: str = "",
        after: str = "",
        tag: str = "",
        reason: str = "",
    ) -> Receipt:
        """Send an order by hand, in the words of `Strategy.buy`; `side` is "buy" or "sell".

        It goes through risk like the strategy's own and carries who sent it. Where the session trades one instrument
        it need not be named. Raises RefusedError for what makes no sense or is denied.
        """
        asked = {
            "instrument": instrument, "limit": limit, "stop": stop, "if_touched": if_touched, "trail": trail,
            "trail_pct": trail_pct, "stop_loss": stop_loss, "stop_loss_trail": stop_loss_trail,
            "stop_loss_trail_pct": stop_loss_trail_pct, "take_profit": take_profit, "break_even": break_even,
            "exit_after": exit_after, "tif": tif, "expires": expires,
            "reduce_only": reduce_only, "post_only": post_only, "share": share, "position": position, "group": group,
            "after": after, "tag": tag, "reason": reason,
        }  # fmt: skip
        return self._send("submit", {"side": side, "qty": _plain(qty)} | _given(asked))

    def replace(
        self,
        order_id: str,
        *,
        qty: object = None,
        limit: object = None,
        stop: object = None,
        trail: object = None,
        trail_pct: object = None,
        reason: str = "",
    ) -> Receipt:
        """Change a working order's terms, as `Strategy.replace` does; `qty` counts from the order's beginning."""
        asked = {
            "qty": qty, "limit": limit, "stop": stop, "trail": trail, "trail_pct": trail_pct, "reason": reason,
        }  # fmt: skip
        return self._send("replace", {"order_id": order_id} | _given(asked))

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

    def set_params(self, /, **values: object) -> Receipt:
        """Give several parameters new values at once: as one command, all of them or none where one is refused."""
        return self._send("set_param", {"values": values})

    def reconcile(self) -> Receipt:
        """Compare the venue's books with the session's now; `session.reconciliation` has what came of it."""
        return self._send("reconcile")

    def resolve(self, difference: str, *, accept: bool) -> Receipt:
        """Accept what a difference proposes, or refuse it: then the session's books stay as they are.

        Raises RefusedError where nothing is proposed, or where the books have moved since it was found.
        """
        return self._send("resolve", {"difference": difference, "accept": accept})

    def claim(self, order_id: str) -> Receipt:
        """Make an order that somebody else sent to the account the session's to cancel."""
        return self._send("claim", {"order_id": order_id})

    def snapshot(self) -> Receipt:
        """Write a snapshot of the state now."""
        return self._send("snapshot")

    def stop(self, reason: str = "") -> Receipt:
        """End the session in good order."""
        return self._send("stop", {"reason": reason})


def _given(asked: Mapping[str, object]) -> dict[str, object]:
    """What was said, as plain JSON values."""
    return {
        name: _plain(value)
        for name, value in asked.items()
        if not (value is None or value is False or value == "")
    }


def _plain(value: object) -> object:
    """A number or moment as JSON has it: exact decimals and datetimes as text."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, datetime) else value
