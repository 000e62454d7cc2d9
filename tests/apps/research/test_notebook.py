import json
from pathlib import Path
from typing import Any

import pytest

from tests.apps.research.made import Processes, form, found, made_project
from tradekit.apps.research import notebook
from tradekit.apps.research import page as page_module
from tradekit.apps.research.notebook import ResearchWidget
from tradekit.apps.research.project import Project


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> Processes:
    made = Processes()
    monkeypatch.setattr(page_module, "Aside", lambda work, heard, needs: made(heard))
    return made


def ask(widget: ResearchWidget, number: int, do: str, **more: Any) -> None:
    widget.request = json.dumps({"view": "one", "asks": [{"do": do, "number": number, **more}]})


def test_a_cell_shows_the_form_runs_and_is_told_what_came_of_it(processes: Processes, tmp_path: Path) -> None:
    widget = ResearchWidget(Project(made_project(tmp_path)))
    assert json.loads(widget.form)["strategy"] == "strategies/idea.py:Base"
    assert "no folder config/" in json.loads(widget.offers)["off"]
    ask(widget, 1, "run", **form())
    processes.last.say("done", found())
    assert json.loads(widget.result)["run"] == 1
    assert json.loads(widget.runs)["rows"][0]["state"] == "done"
    widget.close()


def test_closing_it_ends_its_processes(processes: Processes, tmp_path: Path) -> None:
    widget = ResearchWidget(Project(made_project(tmp_path)), theme="light")
    ask(widget, 1, "run", **form())
    assert len(processes.alive) == 1
    widget.close()
    assert processes.alive == []


def test_the_front_door_has_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import tradekit as tk

    (tmp_path / "config").mkdir()
    monkeypatch.chdir(tmp_path)
    given: list[Any] = []
    monkeypatch.setattr(notebook, "ResearchWidget", lambda project, theme: given.append((project, theme)))
    tk.research.page(tmp_path, theme="dark")
    ((project, theme),) = given
    assert (project.offers.root, project.offers.folder, theme) == (tmp_path, tmp_path, "dark")
