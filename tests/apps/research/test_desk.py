"""A viewer's research, with processes that a test speaks for: what is asked of them and what the page is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.apps.folder import Folder
from tests.apps.research.made import Processes, form, found, made_project
from tests.widgets.later import Later
from tradekit.apps.research.desk import Desk
from tradekit.apps.research.promotion import Promotion


class Page:
    """A desk, its processes, and the parts it has been told, each as it stands now."""

    def __init__(self, folder: Path) -> None:
        self.processes = Processes()
        self.parts: dict[str, Any] = {}
        self.pool = Later()
        self.writer = Writer()
        promotion = Promotion(self.writer, pool=self.pool)
        offers = made_project(folder)
        self.desk = Desk(offers, make=self.processes, promotion=promotion, tell=self.parts.update)
        self.parts.update(self.desk.first())
        self._count = 0

    def ask(self, do: str, **more: Any) -> None:
        self._count += 1
        asks = [{"do": do, "number": self._count, **more}]
        self.desk.request(json.dumps({"view": "one", "asks": asks}))

    def run(self, **changes: Any) -> None:
        """Ask for a run and let its process come to its end."""
        self.ask("run", **form(**changes))
        self.processes.last.say("done", found(f"{len(self.processes.made):02x}" * 32))

    def drawn(self) -> None:
        """Let the process draw the run that was opened."""
        self.processes.last.say("done", {"item": {}})

    @property
    def states(self) -> list[str]:
        return [row["state"] for row in self.parts["runs"]["rows"]]


class Writer(Folder):
    def __init__(self) -> None:
        super().__init__()
        self.written: dict[str, str] = {}

    def configs(self) -> list[dict[str, Any]]:
        row = {"mode": "paper", "strategy": "Base", "problem": ""}
        mine = [{"file": file, "name": file.removesuffix(".yaml"), **row} for file in self.written]
        return [*super().configs(), *mine]

    def add(self, file: str, text: str) -> None:
        self.written[file] = text


@pytest.fixture
def page(tmp_path: Path) -> Page:
    return Page(tmp_path)


def test_it_begins_with_the_projects_own_strategy_and_something_to_run_it_on(page: Page) -> None:
    begun = page.parts["form"]
    assert (begun["strategy"], begun["data"]) == ("strategies/idea.py:Base", ["sample:BTCUSDT-1m"])
    assert page.parts["offers"]["off"] == ""
    assert page.processes.made == [], "nothing is started before somebody asks"


def test_a_strategy_is_read_in_a_process_that_ends_with_its_answer(page: Page) -> None:
    page.ask("strategy", name="strategies/idea.py:Base")
    assert page.parts["strategy"] == {"name": "strategies/idea.py:Base", "state": "busy"}
    reader = page.processes.last
    assert reader.asked[0][0] == "strategy"
    assert reader.asked[0][1]["path"].endswith("/strategies/idea.py:Base")
    reader.say("done", {"doc": "Long.", "rows": []})
    assert page.parts["strategy"]["state"] == "ok"
    assert reader.ended


def test_a_newer_choice_ends_the_reading_of_an_older_one(page: Page) -> None:
    page.ask("strategy", name="strategies/idea.py:Base")
    older = page.processes.last
    page.ask("strategy", name="strategies/idea.py:Other")
    assert older.ended
    older.say("done", {"doc": "too late"})
    assert page.parts["strategy"] == {"name": "strategies/idea.py:Other", "state": "busy"}
    page.processes.last.say("failed", "importing it raised ImportError (idea.py, line 3)")
    assert page.parts["strategy"]["problem"] == "importing it raised ImportError (idea.py, line 3)"


@pytest.mark.parametrize(
    ("do", "more"),
    [
        ("strategy", {"name": "os:system"}),
        ("data", {"name": "../../etc/passwd"}),
        ("run", form(data=["/etc/passwd"])),
        ("run", form(strategy="os:system")),
        ("run", form(cash="-1")),
        ("sweep", form(axes=[])),
        ("open", {"run": 7}),
        ("cancel", {"run": None}),
        ("why", {"trade": 1}),
        ("compare", {"runs": [1, 2]}),
        ("compare", {"runs": 3}),
        ("cell", {"cell": ["1", "2"]}),
        ("best", {"row": 0}),
        ("metric", {"metric": "sharpe"}),
        ("preview", {"run": 1}),
        ("promote", {"name": "x"}),
    ],
)
def test_what_cannot_be_done_is_said_and_starts_nothing(page: Page, do: str, more: dict[str, Any]) -> None:
    page.ask(do, **more)
    assert page.parts["said"]["where"] == do
    assert page.parts["said"]["text"]
    assert page.processes.made == []


def test_what_no_page_asks_for_is_not_heard(page: Page) -> None:
    page.ask("__init__")
    page.desk.request(json.dumps({"asks": [{"do": "run"}, {"number": "x", "do": "run"}]}))
    assert "said" not in page.parts


def test_a_message_repeats_what_was_heard_and_each_request_is_acted_on_once(page: Page) -> None:
    asks = [{"do": "run", "number": n, **form()} for n in (1, 2)]
    page.desk.request(json.dumps({"view": "a", "asks": asks[:1]}))
    page.desk.request(json.dumps({"view": "a", "asks": asks}))
    page.desk.request(json.dumps({"view": "a", "asks": asks}))
    assert page.states == ["waiting", "running"]
    page.desk.request(json.dumps({"view": "another", "asks": asks[:1]}))
    assert page.states == ["waiting", "waiting", "running"]


def test_a_run_tells_how_far_it_is_and_opens_when_it_is_done(page: Page) -> None:
    page.ask("run", **form())
    process = page.processes.last
    assert process.asked[0][1]["sources"][0].endswith("/bars/spot/ABC.csv")
    process.say("news", {"phase": "running", "done": 8, "total": 40})
    assert page.parts["work"]["current"]["done"] == 8
    process.say("done", found())
    assert page.parts["work"]["current"] is None
    assert page.states == ["done"]
    assert page.parts["result"]["run"] == 1
    assert page.parts["chart"]["state"] == "busy"
    assert process.asked[1] == ("chart", {"dark": True, "instrument": ""})
    process.say("done", {"item": {"root_id": "x"}})
    assert page.parts["chart"]["item"] == {"root_id": "x"}


def test_one_run_at_a_time_the_others_wait_and_a_cancelled_one_ends_at_once(page: Page) -> None:
    page.ask("run", **form())
    page.ask("run", **form())
    page.ask("run", **form())
    first = page.processes.last
    assert page.states == ["waiting", "waiting", "running"]
    assert len(page.processes.made) == 1
    page.ask("cancel", run=2)
    page.ask("cancel", run=1)
    assert first.ended
    assert page.states == ["running", "cancelled", "cancelled"]
    first.say("done", found())
    assert page.states == ["running", "cancelled", "cancelled"]
    assert len(page.processes.alive) == 1


@pytest.mark.parametrize("how", ["failed", "gone"])
def test_a_run_that_fails_says_why_and_the_next_one_begins(page: Page, how: str) -> None:
    page.ask("run", **form())
    page.ask("run", **form())
    page.processes.last.say(how, "Base.on_bar raised ZeroDivisionError (idea.py, line 9)")
    assert page.states == ["running", "failed"]
    assert page.parts["said"]["text"] == "#1 failed: Base.on_bar raised ZeroDivisionError (idea.py, line 9)"
    page.ask("open", run=1)
    assert (page.parts["result"]["state"], page.parts["result"]["problem"][:11]) == ("failed", "Base.on_bar")


def test_a_file_that_went_while_a_run_waited_is_said_and_the_queue_goes_on(
    page: Page, tmp_path: Path
) -> None:
    page.ask("run", **form())
    page.ask("run", **form())
    page.ask("run", **form(data=["sample:BTCUSDT-1m"]))
    (tmp_path / "bars" / "spot" / "ABC.csv").unlink()
    page.processes.last.say("done", found())
    assert page.states == ["running", "failed", "done"]


def test_why_a_trade_exists_is_asked_of_the_process_that_has_the_record(page: Page) -> None:
    page.run()
    process = page.processes.last
    page.ask("why", trade=3)
    assert process.asked[-1] == ("why", {"trade": 3})
    process.say("done", {"item": {}})
    process.say("done", {"trade": 3, "state": "ok", "title": "Trade 3"})
    assert page.parts["why"]["title"] == "Trade 3"
    page.ask("why", trade=None)
    assert page.parts["why"] == {"state": ""}


def test_a_process_is_not_ended_while_it_is_asked_something(page: Page) -> None:
    page.run()
    asked = page.processes.last
    for _ in range(3):
        page.run()
        page.drawn()
    assert asked.asked[-1][0] == "chart", "its run is asked to be drawn, and has not answered"
    assert len(page.processes.alive) == 4
    asked.say("done", {"item": {}})
    assert asked.ended
    assert len(page.processes.alive) == 3


def test_three_records_are_held_and_an_older_run_is_done_again_to_be_asked(page: Page) -> None:
    for _ in range(4):
        page.run()
        page.drawn()
    assert len(page.processes.alive) == 3
    page.ask("open", run=1)
    assert page.parts["chart"] == {"run": 1, "state": "busy", "again": True}
    again = page.processes.last
    assert again.asked[0][0] == "run"
    again.say("done", found("01" * 32))
    assert [what for what, _ in again.asked] == ["run", "chart"]
    again.say("done", {"item": {"root_id": "again"}})
    assert page.parts["chart"]["item"] == {"root_id": "again"}
    assert len(page.processes.alive) == 3
    assert page.states == ["done"] * 4


def test_a_run_that_comes_out_differently_the_second_time_is_not_shown_as_the_first(page: Page) -> None:
    for _ in range(4):
        page.run()
        page.drawn()
    page.ask("open", run=1)
    page.processes.last.say("done", found("ff" * 32))
    assert page.parts["chart"]["state"] == "error"
    assert "have changed since this run" in page.parts["chart"]["problem"]


def test_an_answer_for_a_run_that_is_not_looked_at_any_more_is_not_shown(page: Page) -> None:
    page.run()
    first = page.processes.last
    page.run()
    first.say("done", {"item": {"root_id": "late"}})
    assert page.parts["chart"] == {"run": 2, "state": "busy", "again": False}


def test_runs_are_compared_and_their_curves_drawn_in_a_process_of_its_own(page: Page) -> None:
    page.run()
    page.run(params={"level": 7})
    page.ask("compare", runs=[1, 2])
    assert [one["run"] for one in page.parts["compare"]["runs"]] == [1, 2]
    drawer = page.processes.last
    name, given = drawer.asked[0]
    assert (name, [curve[0] for curve in given["curves"]]) == (
        "overlay",
        ["#1 Base(level=100.5)", "#2 Base(level=7)"],
    )
    drawer.say("done", {"item": {}})
    assert page.parts["overlay"]["state"] == "ok"
    assert drawer.ended


def swept(page: Page) -> None:
    axes = [{"name": "level", "values": "1:3"}, {"name": "size", "values": "10, 20"}]
    page.ask("sweep", **form(axes=axes, metric="sharpe", order="<"))
    process = page.processes.last
    name, given = process.asked[0]
    assert (name, given["metric"], given["order"]) == ("sweep", "sharpe", "<")
    process.say("news", {"phase": "trying", "done": 2, "total": 6})
    assert page.parts["work"]["current"]["unit"] == "combinations"
    process.say("done", {"title": "sweep of Base", "combinations": 6})
    assert process.asked[1] == ("map", {"metric": "sharpe", "dark": True})
    process.say("done", {"item": {}, "rows": [{"level": 3, "size": 10, "sharpe": 1.0}], "problem": ""})
    assert page.parts["map"]["state"] == "ok"


def test_a_cell_of_the_map_goes_into_the_form_with_the_values_as_they_were_tried(page: Page) -> None:
    swept(page)
    page.ask("cell", cell=["2", "20"])
    assert page.parts["form"]["params"] == {"level": 2, "size": 20}
    page.ask("cell", cell=["<script>", "20"])
    assert page.parts["said"]["text"] == "sweep: this cell's values were not tried; sweep again"
    assert page.parts["form"]["params"] == {"level": 2, "size": 20}, "what was not tried changes nothing"
    page.ask("best", row=0)
    assert page.parts["form"]["params"] == {"level": 3, "size": 10}
    page.ask("best", row=1)
    assert page.parts["said"]["text"] == "sweep: there is no such row"


def test_another_statistic_is_mapped_from_what_was_found(page: Page) -> None:
    swept(page)
    page.ask("metric", metric="calmar")
    assert page.processes.last.asked[-1] == ("map", {"metric": "calmar", "dark": True})
    page.ask("metric", metric="luck")
    assert "'luck' is not one of" in page.parts["said"]["text"]


def test_in_another_light_everything_is_drawn_anew(page: Page) -> None:
    page.run()
    process = page.processes.last
    page.ask("look", dark=True)
    assert len(process.asked) == 2, "it is dark already"
    page.ask("look", dark=False)
    assert process.asked[-1] == ("chart", {"dark": False, "instrument": ""})


def test_a_run_is_promoted_as_it_was_shown(page: Page) -> None:
    page.run()
    page.ask("preview", run=1)
    shown = page.parts["promotion"]
    assert (shown["name"], shown["file"]) == ("base", "base.yaml")
    assert "class: strategies/idea.py:Base" in shown["text"]
    assert "bars: [bars/spot/ABC.csv]" in shown["text"]
    page.ask("preview", run=1, name="paper")
    assert "is taken" in page.parts["said"]["text"]
    page.ask("promote", name="base")
    assert page.parts["came"]["state"] == "busy"
    page.pool.run()
    assert page.writer.written == {"base.yaml": shown["text"]}
    assert page.writer.started == ["base.yaml"]
    assert (page.parts["came"]["state"], page.parts["came"]["name"]) == ("running", "base")


def test_a_form_takes_the_plan_of_a_run(page: Page) -> None:
    page.run(params={"level": 7}, rules="default:participation=0.1")
    before = page.parts["form"]["number"]
    page.ask("use", run=1)
    filled = page.parts["form"]
    assert filled["number"] > before
    assert (filled["params"], filled["rules"]) == ({"level": 7}, "default:participation=0.1")


def test_a_closed_page_lets_every_process_go_and_hears_nothing(page: Page) -> None:
    page.run()
    page.ask("run", **form())
    page.ask("strategy", name="strategies/idea.py:Base")
    running = page.processes.alive
    assert len(running) == 3
    page.desk.close()
    assert page.processes.alive == []
    told = dict(page.parts)
    for one in running:
        one.say("done", found())
    page.ask("run", **form())
    assert page.parts == told
    assert page.processes.alive == []
