"""A session made of facts alone: what a screen, a widget or a page sees of one, without process or socket.

Knows no engine; whoever plays says which facts happen; commands are folded as a real session folds them.
"""

import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from tradekit.bridge.protocol import SCOPES
from tradekit.client.lives import life_of
from tradekit.core.clock import Clock, SystemClock
from tradekit.core.event import Event, Fact
from tradekit.core.subject import fits, tokens
from tradekit.errors import ConnectionLostError, RefusedError
from tradekit.model.instrument import Instrument
from tradekit.model.reconciliation import DifferenceResolved
from tradekit.model.session import CommandReceived, Mode, ParamsChanged, RiskChanged, SessionOpened
from tradekit.report.story import Story
from tradekit.state.reducer import apply
from tradekit.state.shape import State
from tradekit.strategy.base import Strategy
from tradekit.strategy.declaration import declaration
from tradekit.strategy.library import InsideBarBreakout

__all__ = ["BTC", "StageReplica", "StageSession", "opened"]

Changed = Callable[[frozenset[str], list[Event]], object]
BTC = Instrument(id="BTCUSDT", quote="USDT", tick=Decimal("0.01"), lot=Decimal("0.000001"))


def opened(**changes: Any) -> SessionOpened:
    """The first fact of a paper session on BTCUSDT; `changes` replaces fields."""
    fields: dict[str, Any] = {
        "name": "btc-breakout",
        "mode": Mode.PAPER,
        "account": "paper",
        "currency": "USDT",
        "cash": Decimal(100_000),
        "strategy": "breakout",
        "strategy_class": "tradekit.strategy.library:InsideBarBreakout",
        "params": {"risk_reward": 1.8, "qty": 0.75},
        "source": "",
        "instruments": [BTC],
        "timeframes": ["1m", "15m", "1h"],
        "limits": {},
        "armed": True,
        "program": "0",
        "reducer": 1,
    }
    return SessionOpened(**{**fields, **changes})


class _Watch:
    def __init__(self, watches: list["_Watch"], changed: Changed, ticks: Any, status: Any) -> None:
        self.changed, self.ticks, self.status = changed, ticks, status
        self._watches = watches
        watches.append(self)

    def cancel(self) -> None:
        if self in self._watches:
            self._watches.remove(self)


class StageReplica:
    """A state that follows what `fold` is given, and tells its watchers on the caller's thread."""

    def __init__(self, clock: Clock) -> None:
        self.state = State()
        self.lock = threading.RLock()
        self.status = "connecting"
        self.status_since = clock.monotonic()
        self.lag_ms: float | None = None
        self.problem = ""
        self.alarm = ""
        self.watches: list[_Watch] = []
        self.told: list[Event] = []
        self._clock = clock

    @property
    def seq(self) -> int:
        """The last event's number."""
        return self.state.seq

    def watch(self, callback: Changed, *, ticks: Any = None, status: Any = None) -> _Watch:
        """Call back after each fold, tick and change of status, until the handle's `cancel`."""
        return _Watch(self.watches, callback, ticks, status)

    def fold(self, *facts: Fact, ts: int | None = None, cause: int = 0) -> int:
        """Let facts happen as one frame at `ts` [UTC ns]; returns the last one's seq."""
        with self.lock:
            at = self.state.time if ts is None else ts
            events, changed = [], set()
            for fact in facts:
                seq = self.state.seq + 1
                event = Event(seq, 1, at, 0, fact.TYPE, fact.V, cause, fact.key, fact)
                changed |= {path[0] for path in apply(self.state, event)}
                events.append(event)
            self.told += events
        for watch in list(self.watches):
            watch.changed(frozenset(changed), events)
        return self.state.seq

    def snapshot(self, state: State) -> None:
        """Another state altogether takes the place of this one."""
        with self.lock:
            self.state = state
        for watch in list(self.watches):
            watch.changed(frozenset({"*"}), [])

    def tick(self, *items: dict[str, Any]) -> None:
        """Display ticks arrive."""
        for watch in list(self.watches):
            if watch.ticks is not None:
                watch.ticks(list(items))

    def become(self, status: str, problem: str = "") -> None:
        """The connection's state changes."""
        self.status, self.problem, self.status_since = status, problem, self._clock.monotonic()
        self._tell_status()

    def sound(self, alarm: str) -> None:
        """Something is wrong with the session that its state cannot tell; "" ends it."""
        self.alarm = alarm
        self._tell_status()

    def _tell_status(self) -> None:
        for watch in list(self.watches):
            if watch.status is not None:
                watch.status(self.status)


class StageSession:
    """An attached session with a `StageReplica`: commands are folded at once.

    refuse    makes the next commands refused with these words
    silent    makes them end without an answer
    scopes    what this viewer's token allows
    strategy  whose parameters are declared
    measured  what `vitals` gives
    studied   what `indicators` gives
    """

    def __init__(self, name: str = "btc-breakout", *, clock: Clock | None = None, live: bool = True) -> None:
        self.name = name
        self.uri = "ws://127.0.0.1:0/ws"
        self.replica = StageReplica(clock or SystemClock())
        self.refuse = ""
        self.silent = False
        self.said: list[str] = []
        self.scopes: frozenset[str] | None = frozenset(SCOPES)
        self.strategy: type[Strategy] = InsideBarBreakout
        self.studied: list[dict[str, Any]] = []
        self.measured: tuple[dict[str, Any], dict[str, float]] = ({"live": True, "ready": True}, {})
        if live:
            self.replica.fold(opened(name=name), ts=1_670_889_600_000_000_000)
            self.replica.become("live")

    def arm(self) -> int:
        """Orders may be sent."""
        return self._command("arm", RiskChanged(True, False, False, "", "trader"))

    def disarm(self) -> int:
        """No more orders are sent."""
        return self._command("disarm", RiskChanged(False, False, False, "", "trader"))

    def halt(self, reason: str = "") -> int:
        """Nothing that adds risk is sent."""
        return self._command("halt", RiskChanged(True, True, False, reason, "trader"))

    def kill(self, reason: str = "") -> int:
        """Nothing is sent again."""
        return self._command("kill", RiskChanged(False, True, True, reason, "trader"))

    def cancel_all(self) -> int:
        """Said, and left to the play."""
        return self._command("cancel_all")

    def flatten(self) -> int:
        """Said, and left to the play."""
        return self._command("flatten")

    def set_param(self, name: str, value: object) -> int:
        """A parameter has another value from now on."""
        return self._set({name: value}, {"name": name, "value": value})

    def set_params(self, /, **values: object) -> int:
        """Several have, all at once."""
        return self._set(values, {"values": values})

    def _set(self, values: dict[str, object], said: dict[str, object]) -> int:
        strategy = self.replica.state.strategy
        told = ParamsChanged(strategy.id, {**strategy.params, **values})
        return self._command("set_param", told, args=said)

    def resolve(self, difference: str, *, accept: bool) -> int:
        """A human's word on a difference."""
        said = {"difference": difference, "accept": accept}
        word = "accepted" if accept else "refused"
        known = self.replica.state.health.reconciliation.differences[difference]
        return self._command(
            "resolve", DifferenceResolved(difference, known.instrument, word, "trader"), args=said
        )

    def events(self, subject: str = ">", *, since: int = 0, until: int | None = None) -> Iterator[Event]:
        """What has happened, oldest first."""
        pattern = tokens(subject)
        for event in self.replica.told[since:until]:  # the first event is number 1
            if fits(pattern, event.subject.split(".")):
                yield event

    def why(self, order: str) -> Story:
        """Why an order exists and what became of it."""
        return life_of(order, self.events)

    def declaration(self) -> list[dict[str, Any]]:
        """The strategy's parameters as it declares them."""
        return declaration(self.strategy)

    def indicators(self) -> list[dict[str, Any]]:
        """The strategy's indicators that a chart can draw; see `studied`."""
        return self.studied

    def vitals(self) -> tuple[dict[str, Any], dict[str, float]]:
        """How the process is; see `measured`."""
        if self.silent:
            raise ConnectionLostError("the pages give no answer")
        return self.measured

    def _command(self, name: str, *facts: Fact, args: dict[str, Any] | None = None) -> int:
        self.said.append(name)
        if self.refuse:
            raise RefusedError(self.refuse)
        if self.silent:
            raise ConnectionLostError("the session did not answer within 2 s")
        seq = self.replica.seq + 1
        self.replica.fold(CommandReceived(f"c{seq}", name, args or {}, "trader"), *facts)
        return seq
