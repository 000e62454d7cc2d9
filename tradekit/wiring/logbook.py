"""What a session tells of itself in its log, for whoever watches a terminal: the facts that alerts are made of.

Knows neither the configured targets of alerts nor what is done about any of it.
"""

import contextlib
import logging
from collections.abc import Iterator

from tradekit.core.bus import Bus
from tradekit.core.event import Event
from tradekit.model.market import FeedEnded
from tradekit.model.order import OrderDenied, OrderRejected
from tradekit.model.session import RiskChanged
from tradekit.report.alerting import TYPES, AlertGrade, alert_of

__all__ = ["Logbook"]

_log = logging.getLogger("tradekit.session")
_LEVELS = {
    AlertGrade.INFO: logging.INFO,
    AlertGrade.WARNING: logging.WARNING,
    AlertGrade.CRITICAL: logging.ERROR,
}
_KNOWN = frozenset({"drill", "file", "handler", "stopped"})  # those have lines of their own


class Logbook:
    """Writes each alert as a line, from `kept` to its end.

    An order refused for the same reason as one before is not told again until the session is armed anew: a strategy
    may wish for it on every bar. The journal has each, and so has `tradekit report`.
    """

    def __init__(self) -> None:
        self._refused: set[str] = set()

    @contextlib.contextmanager
    def kept(self, bus: Bus) -> Iterator[None]:
        """Listen until the context ends."""
        with contextlib.ExitStack() as stack:
            for type in TYPES:
                for pattern in (type, f"{type}.>"):
                    stack.enter_context(bus.subscribe(pattern, self._heard))
            yield

    def _heard(self, event: Event) -> None:
        alert = alert_of(event)
        if alert is None or alert.kind in _KNOWN or isinstance(event.data, FeedEnded):
            return
        data, more = event.data, ""
        if isinstance(data, RiskChanged) and data.armed:
            self._refused.clear()
        if isinstance(data, OrderDenied | OrderRejected):
            reason = data.rule if isinstance(data, OrderDenied) else data.reason
            if reason in self._refused:
                return
            self._refused.add(reason)
            more = "; the next ones for the same reason are in the journal only"
        _log.log(_LEVELS[alert.grade], "%s: %s (#%d)%s", alert.kind, alert.text, alert.seq, more)
