"""What a session tells of itself in its log, for whoever watches a terminal: the facts that alerts are made of.

Knows neither the configured targets of alerts nor what is done about any of it.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator

from tradekit.core.bus import Bus
from tradekit.core.event import Event, Fact
from tradekit.model.market import FeedEnded
from tradekit.model.order import OrderDenied, OrderRejected
from tradekit.model.session import RiskChanged, SessionOpened, StrategyFailed
from tradekit.report.alerting import TYPES, AlertGrade, alert_of
from tradekit.state.shape import State

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

    A failure of the strategy, or an order refused for a reason, that was told before is not told again until the
    session is armed anew: it may come with every bar. The journal has each, and so has `tradekit report`.

    state  the session's, looked at when it has opened: one that does not trade then says so, and what ends that
    """

    def __init__(self, state: Callable[[], State]) -> None:
        self._state = state
        self._told: set[str] = set()

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
        if isinstance(event.data, RiskChanged) and not event.data.halted:
            self._told.clear()
        reason, more = _repeats(event.data), ""
        if reason:
            if reason in self._told:
                return
            self._told.add(reason)
            more = "; the next ones like it are in the journal only"
        _log.log(_LEVELS[alert.grade], "%s: %s (#%d)%s", alert.kind, alert.text, alert.seq, more)
        if isinstance(event.data, SessionOpened):
            self._say_power()

    def _say_power(self) -> None:
        state = self._state()
        risk, name = state.risk, state.session.name
        if risk.armed and not risk.halted and not risk.killed:
            return
        power = "killed" if risk.killed else "halted" if risk.halted else "disarmed"
        out = "nothing goes out" if risk.killed else "nothing that adds risk goes out"
        why = f" ({risk.reason})" if risk.reason else ""
        _log.warning("%s%s: %s until you say `tradekit arm %s`", power, why, out, name)


def _repeats(data: Fact) -> str:
    """What a fact is that may come with every bar; "" for one that does not."""
    match data:
        case OrderDenied(rule=rule):
            return f"denied {rule}"
        case OrderRejected(reason=reason):
            return f"rejected {reason}"
        case StrategyFailed(where=where, error=error):
            return f"failed {where} {error}"
    return ""
