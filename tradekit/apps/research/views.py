"""What a viewer looks at: one run's result, some compared, a sweep's map; drawn by the processes that hold them.

Knows no page. Called under its owner's lock.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from tradekit.apps.research.comparing import compared
from tradekit.apps.research.jobs import Jobs
from tradekit.apps.research.plan import METRICS, Plan
from tradekit.apps.research.runs import Run
from tradekit.errors import ConfigError

__all__ = ["Views"]

Question: TypeAlias = Callable[[str, tuple[str, Mapping[str, Any]], Mapping[str, Any]], object]


class Views:
    """What is open. `tell` is given its parts: result, chart, why, compare, overlay, map.

    question  has a part answered by a process that ends with its answer
    dark      how things are drawn
    """

    def __init__(
        self, jobs: Jobs, *, tell: Callable[[dict[str, Any]], object], question: Question, dark: bool
    ) -> None:
        self._jobs, self._tell, self._question, self._dark = jobs, tell, question, dark
        self._open: Run | None = None
        self._instrument = ""
        self._compared: list[Run] = []
        self._swept: Run | None = None
        self._metric = ""
        self._best: list[dict[str, Any]] = []  # rows of the map that is shown

    def metrics(self) -> list[dict[str, str]]:
        """The statistics that a map can show."""
        return [{"name": name, "label": label} for name, label in METRICS.items()]

    def over(self, run: Run) -> None:
        """A run that has just come to its end is what is looked at."""
        if run.sweep is None:
            self.show(run)
        else:
            self._swept = run
            self.map(run.sweep.metric)

    def look(self, *, dark: bool) -> None:
        """The page is light or dark now: what is drawn is drawn anew."""
        if dark == self._dark:
            return
        self._dark = dark
        if self._open is not None and self._open.state == "done":
            self.draw(self._instrument)
        if self._compared:
            self._overlay()
        if self._swept is not None and self._jobs.holds(self._swept):
            self.map(self._metric)

    # --- a run ----------------------------------------------------------------------------------------------

    def show(self, run: Run) -> None:
        """Open a run: its numbers at once, its chart when it is drawn."""
        self._open = run
        shown = {name: value for name, value in run.found.items() if name not in ("stats", "curve")}
        head = {"run": run.number, "name": run.name, "state": run.state, "problem": run.problem}
        self._tell({"result": {**head, **shown}, "why": {"state": ""}})
        if run.state == "done":
            self.draw("")

    def draw(self, instrument: str) -> None:
        """Price with trades, equity and drawdown; "" draws the first instrument."""
        self._instrument = instrument
        self._of_record("chart", ("chart", {"dark": self._dark, "instrument": instrument}))

    def why(self, trade: object) -> None:
        """Why a trade of the open run exists; None closes it."""
        if isinstance(trade, int):
            self._of_record("why", ("why", {"trade": trade}))
        else:
            self._tell({"why": {"state": ""}})

    def _of_record(self, part: str, request: tuple[str, Mapping[str, Any]]) -> None:
        run = self._open
        if run is None or run.state != "done":
            raise ConfigError("there is no result yet; run something first")

        def then(kind: str, value: Any) -> None:
            if run is self._open:
                self._tell({part: {"run": run.number, **_answer(kind, value)}})

        self._tell({part: {"run": run.number, "state": "busy", "again": not self._jobs.holds(run)}})
        self._jobs.ask(run, request, then)

    # --- several --------------------------------------------------------------------------------------------

    def compare(self, numbers: object) -> None:
        """Runs side by side, and their equity on one axis."""
        runs = [self._jobs.runs.get(number) for number in numbers] if isinstance(numbers, list) else []
        self._tell({"compare": compared(runs)})
        self._compared = runs
        self._overlay()

    def _overlay(self) -> None:
        curves = [(run.name, *run.found["curve"]) for run in self._compared]
        self._question("overlay", ("overlay", {"curves": curves, "dark": self._dark}), {})

    # --- a sweep --------------------------------------------------------------------------------------------

    def map(self, metric: str) -> None:
        """The map of a statistic over the last sweep."""
        run = self._swept
        if run is None or not self._jobs.holds(run):
            raise ConfigError("sweep: its numbers were let go; sweep again to see another map")
        if metric not in METRICS:
            raise ConfigError(f"sweep: {metric!r} is not one of {', '.join(METRICS)}")
        self._metric = metric
        known = {"run": run.number, "metric": metric, "title": run.found["title"]}

        def then(kind: str, value: Any) -> None:
            told = _answer(kind, value)
            self._best = told.get("rows", [])
            self._tell({"map": {**known, **told}})

        self._tell({"map": {**known, "state": "busy"}})
        self._jobs.ask(run, ("map", {"metric": metric, "dark": self._dark}), then)

    def of_cell(self, cell: object) -> Plan:
        """The plan of a cell of the map, by its two values as text."""
        run = self._swept
        if run is None or run.sweep is None or not isinstance(cell, list):
            raise ConfigError("sweep: there is no map to take values from")
        chosen: dict[str, Any] = {}
        for axis, text in zip(run.sweep.axes, cell, strict=False):
            chosen.update((axis.name, value) for value in axis.values if str(value) == text)
        if len(chosen) < len(run.sweep.axes):
            raise ConfigError("sweep: this cell's values were not tried; sweep again")
        return _with(run.plan, chosen)

    def of_best(self, at: object) -> Plan:
        """The plan of a row of the map's best ones."""
        run = self._swept
        if run is None or run.sweep is None or not isinstance(at, int) or not 0 <= at < len(self._best):
            raise ConfigError("sweep: there is no such row")
        row = self._best[at]
        return _with(run.plan, {axis.name: row[axis.name] for axis in run.sweep.axes})


def _answer(kind: str, value: Any) -> dict[str, Any]:
    return {"state": "ok", **value} if kind == "done" else {"state": "error", "problem": value}


def _with(plan: Plan, params: dict[str, Any]) -> Plan:
    return msgspec.structs.replace(plan, params=plan.params | params)
