"""The kill gate: a flag that any thread may shut and that is read on the last line before the wire.

It needs neither the engine nor the journal; what it stopped is told afterwards. Knows no order's details.
"""

import threading

from tradekit.model.order import OrderReplaceRequested, OrderSubmitted

__all__ = ["Gate"]


class Gate:
    """Open, or shut for what adds risk, or shut for everything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._halted = False
        self._killed = False
        self._reason = ""
        self._shuts = 0

    @property
    def shuts(self) -> int:
        """How often it has been shut so far; see `open`."""
        return self._shuts

    @property
    def reason(self) -> str:
        """Why it is shut, "" while it is open."""
        return self._reason

    def halt(self, reason: str) -> None:
        """Let through only what makes a position smaller. Any thread; at once."""
        with self._lock:
            self._halted, self._reason = True, reason or "halted"
            self._shuts += 1

    def kill(self, reason: str) -> None:
        """Let nothing through but cancels. Any thread; at once."""
        with self._lock:
            self._killed, self._reason = True, reason or "killed"
            self._shuts += 1

    def open(self, shuts: int) -> bool:
        """Let everything through again, unless it was shut after `shuts` times: whoever shut it later is heard."""
        with self._lock:
            if self._shuts != shuts:
                return False
            self._halted = self._killed = False
            self._reason = ""
            return True

    def stops(self, order: OrderSubmitted | OrderReplaceRequested, *, reduces: bool) -> str:
        """Why an order, or the change of one, may not pass, or "". `reduces`: it can only make a position smaller."""
        if self._killed:
            return f"kill switch: {self._reason}"
        if self._halted and not reduces:
            return f"halted: {self._reason}"
        return ""
