"""The runs of a page carried out: one at a time, each in a process of its own that then holds its record to be asked.

Knows no page. Called under its owner's lock; what processes say comes back through `heard`, which takes that lock.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tradekit.apps.research.asking import Answered, Asker, Make
from tradekit.apps.research.offers import Offers
from tradekit.apps.research.plan import Plan, Sweep
from tradekit.apps.research.runs import Run, Runs
from tradekit.errors import TradekitError

__all__ = ["Jobs"]

Request: TypeAlias = tuple[str, Mapping[str, Any]]

_KEPT = 3  # processes that go on holding the record of what is over
_CHANGED = "the strategy or its bars have changed since this run: run it again to see what they do now"


class Jobs:
    """The queue and the processes.

    heard    is given what a process says, and passes it to its asker's `take` under the owner's lock
    changed  is called when a run waits, begins, gets on or is over
    over     is called with each run that came to its end by itself, done or failed
    """

    def __init__(
        self,
        offers: Offers,
        *,
        make: Make,
        heard: Callable[[Asker, str, Any], object],
        changed: Callable[[], object],
        over: Callable[[Run], object],
    ) -> None:
        self.runs = Runs()
        self._offers, self._make, self._heard = offers, make, heard
        self._changed, self._over = changed, over
        self._askers: dict[int, Asker] = {}  # by run, the one used last at the end

    def add(self, plan: Plan, sweep: Sweep | None = None) -> None:
        """Queue a run; raises ConfigError for what is not offered."""
        self._taken(plan)
        self.runs.add(plan, sweep)
        self._next()

    def cancel(self, number: object) -> None:
        """End a run that waits or is under way, at once."""
        run = self.runs.get(number)
        if not run.over:
            run.state = "cancelled"
            self._let_go(run)
            self._next()

    def holds(self, run: Run) -> bool:
        """Whether its process still has what it found."""
        return run.number in self._askers and not self._askers[run.number].ended

    def ask(self, run: Run, request: Request, then: Answered) -> None:
        """Ask about a run's record. Where it was let go the run is done again: the same plan gives the same record."""

        def answered(kind: str, value: Any) -> None:
            then(kind, value)
            self._forget()

        asker = self._askers.pop(run.number, None)
        if asker is not None and not asker.ended:
            self._askers[run.number] = asker
            asker.ask(request, answered)
            return

        def done_again(kind: str, value: Any) -> None:
            if kind == "done" and value["fingerprint"] == run.found["fingerprint"]:
                self._askers[run.number].ask(request, answered)
                return
            self._let_go(run)
            then("failed", _CHANGED if kind == "done" else value)

        self._begin(run, done_again)
        self._forget()

    def close(self) -> None:
        """End every process."""
        for asker in self._askers.values():
            asker.end()
        self._askers.clear()

    def _taken(self, plan: Plan) -> dict[str, Any]:
        """Where a plan's strategy and bars are; raises ConfigError for what is not offered (any more)."""
        sources = [self._offers.found_data(name).taken for name in plan.data]
        return {"plan": plan, "path": self._offers.found_strategy(plan.strategy).taken, "sources": sources}

    def _next(self) -> None:
        """Begin the next one unless one is under way, and say how things stand."""
        while self.runs.current is None and self.runs.waiting:
            run = self.runs.waiting[0]
            run.state = "running"
            try:
                self._begin(run, functools.partial(self._ended, run))
            except TradekitError as error:
                run.state, run.problem = "failed", str(error)
                self._over(run)
        self._changed()

    def _begin(self, run: Run, then: Answered) -> None:
        def news(value: Any) -> None:
            if run.state == "running":
                run.progress = value
                self._changed()

        given = self._taken(run.plan)
        asker = self._askers[run.number] = Asker(self._make, heard=self._heard, news=news)
        if run.sweep is None:
            asker.ask(("run", given), then)
        else:
            axes = {"axes": run.sweep.axes, "metric": run.sweep.metric, "order": run.sweep.order}
            asker.ask(("sweep", given | axes), then)

    def _ended(self, run: Run, kind: str, value: Any) -> None:
        if kind == "done":
            run.state, run.found = "done", value
            if run.number in self._askers:
                self._askers[run.number] = self._askers.pop(run.number)  # the latest to be used
        else:
            run.state, run.problem = "failed", str(value)
            self._let_go(run)
        self._forget()
        self._next()
        self._over(run)

    def _forget(self) -> None:
        """End all but the latest of the processes that nobody waits for an answer of; what they told stays."""
        idle = [number for number, asker in self._askers.items() if not asker.busy]
        for number in idle[:-_KEPT]:
            self._askers.pop(number).end()

    def _let_go(self, run: Run) -> None:
        asker = self._askers.pop(run.number, None)
        if asker is not None:
            asker.end()
