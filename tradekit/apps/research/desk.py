"""One viewer's research: what the page asks for becomes runs, and what comes of them becomes what the page shows.

Knows no Panel and no notebook; whoever shows it is told parts. All work happens in processes that end with the page.
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tradekit.apps.research.asking import Asker, Make
from tradekit.apps.research.jobs import Jobs
from tradekit.apps.research.offers import Offers
from tradekit.apps.research.plan import Plan, plan_of, sweep_of
from tradekit.apps.research.promotion import Promotion
from tradekit.apps.research.runs import Run
from tradekit.apps.research.views import Views
from tradekit.errors import ConfigError, TradekitError

__all__ = ["Desk", "Parts"]

Parts: TypeAlias = dict[str, Any]
Asking: TypeAlias = Mapping[str, Any]


class Desk:
    """What a page asks and is told. `tell` is given the parts that changed, on any thread, one call at a time.

    make       starts a process that does what a `Bench` does, given who hears it
    promotion  writes and starts paper sessions
    """

    def __init__(
        self,
        offers: Offers,
        *,
        make: Make,
        promotion: Promotion,
        tell: Callable[[Parts], object],
        dark: bool = True,
    ) -> None:
        self._offers, self._make, self._promotion, self._tell = offers, make, promotion, tell
        self._lock = threading.RLock()
        self._closed = False
        self._questions: dict[str, Asker] = {}  # under way, by what they are about
        self._heard_of: dict[str, int] = {}  # the last request of each view of the page
        self._count = 0
        self._jobs = Jobs(offers, make=make, heard=self._heard, changed=self._stand, over=self._over)
        self._views = Views(self._jobs, tell=tell, question=self._question, dark=dark)
        self._duties: dict[str, Callable[[Asking], object]] = {
            "offers": lambda _: tell({"offers": self._offered()}),
            "strategy": self._look_at_strategy,
            "data": self._look_at_data,
            "run": lambda asked: self._jobs.add(plan_of(asked)),
            "sweep": self._sweep,
            "cancel": lambda asked: self._jobs.cancel(asked.get("run")),
            "open": lambda asked: self._views.show(self._jobs.runs.get(asked.get("run"))),
            "instrument": lambda asked: self._views.draw(str(asked.get("name", ""))),
            "why": lambda asked: self._views.why(asked.get("trade")),
            "compare": lambda asked: self._views.compare(asked.get("runs")),
            "metric": lambda asked: self._views.map(str(asked.get("metric"))),
            "look": lambda asked: self._views.look(dark=bool(asked.get("dark"))),
            "use": lambda asked: self._fill(self._jobs.runs.get(asked.get("run")).plan),
            "cell": lambda asked: self._fill(self._views.of_cell(asked.get("cell"))),
            "best": lambda asked: self._fill(self._views.of_best(asked.get("row"))),
            "preview": self._preview,
            "promote": lambda asked: self._promotion.promote(str(asked.get("name", "")), tell=self._told),
        }

    def first(self) -> Parts:
        """What the page shows at first: what there is, and a plan to begin with."""
        strategies = self._offers.strategies()
        own = next((one for one in strategies if one.group == "this project"), None)
        known = next((one for one in strategies if one.name.endswith(":SmaCross")), strategies[0])
        begin = Plan((self._offers.data()[0].name,), (own or known).name, {}, cash="100000", fee="0.0005")
        runs = self._jobs.runs
        return {
            "offers": self._offered(),
            "form": self._form(begin),
            "runs": {"rows": runs.rows()},
            "work": runs.work(),
        }

    def request(self, text: str) -> None:
        """Act on what a page asks: JSON with its `view` and its last `asks`, each a `number`, `do` and what that takes.

        A message repeats what may have been heard before, as a server hears the last one alone of several at a time.
        """
        message = json.loads(text)
        view = str(message.get("view"))
        with self._lock:
            for asked in message.get("asks", []):
                number = asked.get("number")
                if not self._closed and isinstance(number, int) and number > self._heard_of.get(view, 0):
                    self._heard_of[view] = number
                    self._act(asked)

    def _act(self, asked: Asking) -> None:
        duty = self._duties.get(str(asked.get("do")))
        if duty is None:
            return
        try:
            duty(asked)
        except TradekitError as error:
            self._say(str(asked["do"]), str(error))

    def close(self) -> None:
        """Nobody looks any more: every process of this page ends."""
        with self._lock:
            self._closed = True
            self._jobs.close()
            for asker in self._questions.values():
                asker.end()
            self._questions.clear()

    # --- choosing -------------------------------------------------------------------------------------------

    def _offered(self) -> dict[str, Any]:
        return {**self._offers.told(), "metrics": self._views.metrics(), "off": self._promotion.off}

    def _look_at_strategy(self, asked: Asking) -> None:
        offer = self._offers.found_strategy(str(asked.get("name")))
        self._question("strategy", ("strategy", {"path": offer.taken}), {"name": offer.name})

    def _look_at_data(self, asked: Asking) -> None:
        offer = self._offers.found_data(str(asked.get("name")))
        self._question("data", ("data", {"source": offer.taken}), {"name": offer.name})

    def _question(self, part: str, request: tuple[str, Mapping[str, Any]], known: Mapping[str, Any]) -> None:
        """Have a part answered by a process that ends with its answer; a newer question ends an older one like it."""
        about = f"{part} {known.get('name', '')}" if part == "data" else part

        def then(kind: str, value: Any) -> None:
            self._drop(about)
            told = {"state": "ok", **value} if kind == "done" else {"state": "error", "problem": value}
            self._tell({part: {**known, **told}})

        self._drop(about)
        self._tell({part: {**known, "state": "busy"}})
        asker = self._questions[about] = Asker(self._make, heard=self._heard)
        asker.ask(request, then)

    def _drop(self, about: str) -> None:
        asker = self._questions.pop(about, None)
        if asker is not None:
            asker.end()

    def _form(self, plan: Plan) -> dict[str, Any]:
        """A plan for the form, which takes it over as if it had been typed."""
        self._count += 1
        chosen = {"data": list(plan.data), "strategy": plan.strategy, "params": plan.params}
        return {"number": self._count, **chosen, **plan.terms}

    def _fill(self, plan: Plan) -> None:
        self._tell({"form": self._form(plan)})

    # --- running and promoting ------------------------------------------------------------------------------

    def _sweep(self, asked: Asking) -> None:
        sweep = sweep_of(asked)
        self._jobs.add(sweep.plan, sweep)

    def _stand(self) -> None:
        runs = self._jobs.runs
        self._tell({"work": runs.work(), "runs": {"rows": runs.rows()}})

    def _over(self, run: Run) -> None:
        if run.state == "done":
            self._views.over(run)
        else:
            self._say("sweep" if run.sweep else "run", f"#{run.number} failed: {run.problem}")

    def _preview(self, asked: Asking) -> None:
        run = self._jobs.runs.get(asked.get("run"))
        if run.state != "done" or run.sweep is not None:
            raise ConfigError("only a run that has come to its end can be promoted")
        found = run.found
        told = self._promotion.preview(
            run.plan,
            strategy=self._offers.found_strategy(run.plan.strategy).said,
            data=[self._offers.found_data(name).said for name in run.plan.data],
            timeframe=found["timeframe"],
            note=f"Run {found['fingerprint'][:16]}: {found['title']}",
            name=asked.get("name"),
            speed=asked.get("speed"),
        )
        self._tell({"promotion": {"run": run.number, **told}})

    # --- what comes back ------------------------------------------------------------------------------------

    def _heard(self, asker: Asker, kind: str, value: Any) -> None:
        with self._lock:
            if not self._closed:
                asker.take(kind, value)

    def _told(self, parts: Parts) -> None:
        with self._lock:
            if not self._closed:
                self._tell(parts)

    def _say(self, where: str, text: str) -> None:
        self._count += 1
        self._tell({"said": {"number": self._count, "where": where, "text": text}})
