"""The strategy's parameters on a screen: their declaration is asked for once a start, changes become `set_param`.

Knows no pane; what the running strategy does not take the session refuses, in its words.
"""

import logging
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

from tradekit.errors import TradekitError
from tradekit.widgets.commands import Wish
from tradekit.widgets.panes import Moment
from tradekit.widgets.parameters import form

__all__ = ["Declared", "changes"]

_log = logging.getLogger(__name__)


class Declared:
    """One viewer's form. `told` is called, on a worker's thread, when the declaration is here or could not be had."""

    def __init__(self, session: Any, *, told: Callable[[], object], pool: Executor) -> None:
        self._session = session
        self._told = told
        self._pool = pool
        self._of: tuple[Any, ...] = ()  # what was asked about: another start may run another strategy
        self._rows: list[dict[str, Any]] = []
        self._state, self._problem = "busy", ""

    def part(self, moment: Moment) -> dict[str, Any]:
        """What to show. Ask while the replica's lock is held; asks the session where that is needed."""
        state = moment.state
        of = (state.session.epoch, state.strategy.cls, state.strategy.source)
        if self._of != of and moment.link["state"] == "live":
            self._of, self._state = of, "busy"
            self._pool.submit(self._ask, of)
        off = moment.controls()["off"] or moment.controls()["denied"].get("set_param", "")
        return {"state": self._state, "problem": self._problem, "off": off, **form(state, self._rows)}

    def _ask(self, of: tuple[Any, ...]) -> None:
        rows: list[dict[str, Any]] = []
        state, problem = "ok", ""
        try:
            rows = self._session.declaration()
        except TradekitError as error:
            state, problem = "error", str(error)
        except ReferenceError:
            return  # a widget holds its session weakly: who asked looks no more
        except Exception as error:
            _log.exception("the declaration of the parameters could not be had")
            state, problem = "error", f"{type(error).__name__}: {error}"
        if of == self._of:
            self._rows, self._state, self._problem = rows, state, problem
            self._told()


def changes(session: Any, asked: dict[str, Any]) -> Wish | str:
    """A request for new values as a wish: one command sets them all, or none where one is refused."""
    values = asked.get("values")
    if asked.get("name") != "set_param" or not isinstance(values, dict) or not values:
        return f"{asked.get('name', '')!r} is no command of this page"
    with session.replica.lock:
        before = dict(session.replica.state.strategy.params)
    said = ", ".join(f"{name} {before.get(name)} → {value}" for name, value in values.items())
    return Wish("set_param", f"set {', '.join(values)}", said, lambda: session.set_params(**values))
