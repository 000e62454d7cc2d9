"""The runs and sweeps of one page, in the order in which they were asked for; one is under way at a time.

Pure: starts nothing. What was found is plain values, as the process that computed them handed them over.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from tradekit.apps.research.plan import Plan, Sweep
from tradekit.errors import ConfigError

__all__ = ["Run", "Runs", "differing"]

State: TypeAlias = Literal["waiting", "running", "done", "failed", "cancelled"]

_MOST = 50  # kept; the oldest that is over goes
_MOST_WAITING = 10
_MAIN = ("total_return", "sharpe", "max_drawdown", "trades", "win_rate", "fees")


@dataclass
class Run:
    """One run, or the sweep of one.

    progress  while it is under way: phase, done and total
    problem   why it failed
    found     what came of it
    """

    number: int
    plan: Plan
    sweep: Sweep | None = None
    state: State = "waiting"
    progress: Mapping[str, Any] = field(default_factory=lambda: {"phase": "starting", "done": 0, "total": 0})
    problem: str = ""
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether nothing more becomes of it."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def name(self) -> str:
        """`#3 SmaCross(fast=10, slow=20)`."""
        return f"#{self.number} {_class(self.plan)}({_params(self.plan.params)})"

    def row(self) -> dict[str, Any]:
        """What a table says of it."""
        stats = self.found.get("stats", {})
        return {
            "run": self.number,
            "state": self.state,
            "strategy": _class(self.plan),
            "params": _params(self.plan.params),
            "data": ", ".join(self.plan.data),
            "terms": _terms(self.plan),
            "problem": self.problem,
            "hash": self.found.get("fingerprint", "")[:8],
            "stats": {name: stats.get(name) for name in _MAIN},
        }


class Runs:
    """A page's list: what waits, what is under way, what is over."""

    def __init__(self) -> None:
        self._runs: dict[int, Run] = {}
        self._count = 0

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs.values())

    def __len__(self) -> int:
        return len(self._runs)

    def add(self, plan: Plan, sweep: Sweep | None = None) -> Run:
        """One more, which waits; raises ConfigError when too many do."""
        if len(self.waiting) >= _MOST_WAITING:
            raise ConfigError(
                f"{_MOST_WAITING} runs wait already; cancel some, or let them come to their end"
            )
        self._count += 1
        run = self._runs[self._count] = Run(self._count, plan, sweep)
        for old in [one.number for one in self._runs.values() if one.over][: max(0, len(self._runs) - _MOST)]:
            del self._runs[old]
        return run

    def get(self, number: object) -> Run:
        """The run of that number; raises ConfigError."""
        found = self._runs.get(number) if isinstance(number, int) else None
        if found is None:
            raise ConfigError(f"there is no run {number!r} on this page any more")
        return found

    def has(self, run: Run) -> bool:
        """Whether it is still on the list."""
        return run.number in self._runs

    @property
    def current(self) -> Run | None:
        """The one under way."""
        return next((one for one in self._runs.values() if one.state == "running"), None)

    @property
    def waiting(self) -> list[Run]:
        """Those that wait, the next one first."""
        return [one for one in self._runs.values() if one.state == "waiting"]

    def rows(self) -> list[dict[str, Any]]:
        """A row a run that was not a sweep, the latest first."""
        return [one.row() for one in reversed(self._runs.values()) if one.sweep is None]

    def work(self) -> dict[str, Any]:
        """What is under way and what waits for it."""
        current = self.current
        return {
            "current": None if current is None else _job(current) | dict(current.progress),
            "waiting": [_job(one) for one in self.waiting],
        }


def _job(run: Run) -> dict[str, Any]:
    sweep = run.sweep
    words = "" if sweep is None else f" over {' and '.join(axis.name for axis in sweep.axes)}"
    return {
        "run": run.number,
        "name": f"{'sweep of ' if sweep else ''}{_class(run.plan) if sweep else run.name}{words}",
        "unit": "combinations" if sweep else "bars",
    }


def differing(plans: list[Plan]) -> list[str]:
    """Names of what is not the same in all of them: parameters, "strategy", "data", and terms."""
    told = [flat(plan) for plan in plans]
    names = dict.fromkeys(name for one in told for name in one)
    return [name for name in names if len({repr(one.get(name)) for one in told}) > 1]


def flat(plan: Plan) -> dict[str, Any]:
    """What went into a run, by name; a parameter that is called like a term of the account is `params.NAME`."""
    what = {"strategy": plan.strategy, "data": ", ".join(plan.data)}
    others = {*what, *plan.terms}
    params = {f"params.{name}" if name in others else name: value for name, value in plan.params.items()}
    return what | params | plan.terms


def _class(plan: Plan) -> str:
    return plan.strategy.rpartition(":")[2]


def _params(params: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in params.items())


def _terms(plan: Plan) -> str:
    """Money and rules in words; what is not used is left out."""
    words = [f"{plan.cash} cash"]
    words += [f"{name} {value}" for name in ("fee", "slippage") if (value := getattr(plan, name)) != "0"]
    words += [f"leverage {plan.leverage}"] if plan.leverage else []
    return ", ".join([*words, *([] if plan.rules == "default" else [plan.rules])])
