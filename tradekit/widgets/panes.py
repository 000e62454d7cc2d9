"""Which panes there are, which parts of the state each shows, and those parts for a state.

Pure; one place for notebook and dashboard. A pane's parts go to its script as JSON text, each when it changed.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from tradekit.state.shape import State
from tradekit.widgets import diary, headline, rows, trades, words
from tradekit.widgets.pace import STATUS

__all__ = ["ALL", "TABLES", "Moment", "changed_text", "tables_touched", "touches"]

_QUARTER = 900_000_000_000
ALL = "*"  # in `changed`: a fresh snapshot, everything may be different

TABLES: dict[str, tuple[Callable[[State], Any], frozenset[str]]] = {
    "positions": (rows.positions, frozenset({"positions", "instruments"})),
    "orders": (rows.orders, frozenset({"orders", "instruments"})),
    "fills": (rows.fills, frozenset({"fills", "instruments"})),
    "trades": (trades.trades, frozenset({"fills", "instruments"})),
    "signals": (rows.signals, frozenset({"signals", "instruments"})),
    "differences": (trades.differences, frozenset({"health"})),
}

_TOUCHES: dict[str, frozenset[str]] = {
    "hero": frozenset({"account", "pnl", "positions", "orders", "instruments"}),
    "controls": frozenset({"session", "risk", "orders", "positions", STATUS}),
    "connection": frozenset({STATUS, "session"}),
    "log": frozenset(),
    "alerts": frozenset({"health"}),
    "params": frozenset({"strategy", "session", "risk", "commands", STATUS}),
    "chart": frozenset({"bars", "session", "instruments"}),
    "marks": frozenset({"fills", "orders", "positions", "session", "instruments", "signals", "commands"}),
}


def touches(pane: str, changed: frozenset[str]) -> bool:
    """Whether a change of those names concerns a pane, "marks" on the chart or the "connection" of all."""
    return ALL in changed or not _TOUCHES[pane].isdisjoint(changed)


def tables_touched(changed: frozenset[str]) -> list[str]:
    """The blotter's tables that a change concerns."""
    return [name for name, (_, parts) in TABLES.items() if ALL in changed or not parts.isdisjoint(changed)]


class Moment:
    """One flush: state and connection at that moment; each part is made once however many look on."""

    def __init__(
        self,
        name: str,
        state: State,
        *,
        status: str,
        status_age_s: float = 0.0,
        problem: str = "",
        alarm: str = "",
        lag_ms: float | None = None,
        feed_age_s: float | None = None,
        ticking: bool = False,
        scopes: frozenset[str] | None = None,
        now: int = 0,
    ) -> None:
        self.name = name
        self.state = state
        self.link = headline.link(
            status,
            seq=state.seq,
            age_s=status_age_s,
            problem=problem,
            end=headline.ending(state),
            alarm=alarm,
        )
        self.scopes = scopes
        self._status = status
        self._now = now
        self._feed = (feed_age_s, ticking, lag_ms)
        self._made: dict[str, Any] = {}

    def _once(self, part: str, make: Callable[[], Any]) -> Any:
        if part not in self._made:
            self._made[part] = make()
        return self._made[part]

    def table(self, name: str) -> Any:
        """One of the blotter's tables."""
        return self._once(name, lambda: TABLES[name][0](self.state) | {"now": self._quarter()})

    def _quarter(self) -> int:
        """When it is by the session's time, to the quarter of an hour that tells a day in any zone [UTC ms]."""
        return words.milliseconds(self.state.time // _QUARTER * _QUARTER)

    def hero(self) -> Any:
        """The hero numbers."""
        return self._once("hero", lambda: headline.hero(self.state))

    def ribbon(self) -> Any:
        """The ribbon of a page."""
        age, ticking, lag = self._feed
        return self._once(
            "ribbon",
            lambda: headline.ribbon(
                self.name, self.state, feed_age_s=age, ticking=ticking, lag_ms=lag, page=True, now=self._now
            ),
        )

    def controls(self) -> Any:
        """What the buttons may do."""
        return self._once("controls", self._controls)

    def _controls(self) -> Any:
        return headline.controls(self.name, self.state, status=self._status, scopes=self.scopes)

    def alerts(self) -> Any:
        """What a human should know of."""
        return self._once("alerts", lambda: diary.alerts(self.state))

    def first(self) -> Any:
        """A notebook widget's first line."""
        return self._once("first", lambda: headline.first_line(self.name, self.state))


def changed_text(parts: Mapping[str, Any], shown: Mapping[str, str]) -> dict[str, str]:
    """`parts` as JSON text, leaving out those that `shown` holds already."""
    texts = {name: msgspec.json.encode(value).decode() for name, value in parts.items()}
    return {name: text for name, text in texts.items() if shown.get(name) != text}
