import json
from typing import Any

import pytest

from tests.apps.folder import Folder
from tests.widgets.later import Later
from tradekit.apps.starting import Start
from tradekit.errors import ConfigError


@pytest.fixture
def stage() -> tuple[Folder, Start, Later, list[dict[str, Any]]]:
    folder, pool, told = Folder(), Later(), []
    return folder, Start(folder, tell=told.append, pool=pool), pool, told


def ask(file: str, name: str = "") -> str:
    return json.dumps({"start": file, "name": name, "n": 1})


def test_a_session_is_started_once_and_the_page_begins_anew(stage: Any) -> None:
    folder, start, pool, told = stage
    start.request(ask("paper.yaml"))
    start.request(ask("paper.yaml"))
    assert [one["came"]["state"] for one in told] == ["busy"], "a second click while it starts does nothing"
    pool.run()
    assert folder.started == ["paper.yaml"]
    assert told[-1]["came"]["state"] == "running"


def test_a_live_session_wants_its_name(stage: Any) -> None:
    folder, start, pool, told = stage
    for typed in ("", "paper"):
        start.request(ask("real.yaml", typed))
        assert "type its name, real" in told[-1]["came"]["text"]
    assert pool.waiting == []
    start.request(ask("real.yaml", "real"))
    pool.run()
    assert folder.started == ["real.yaml"]


@pytest.mark.parametrize(
    ("file", "why"),
    [("broken.yaml", "nonsense"), ("../other.yaml", "no configuration"), ("", "no configuration")],
)
def test_what_cannot_or_may_not_be_started_is_refused_with_its_reason(
    stage: Any, file: str, why: str
) -> None:
    _, start, pool, told = stage
    start.request(ask(file))
    assert told[-1]["came"]["state"] == "no"
    assert why in told[-1]["came"]["text"]
    assert pool.waiting == []


def test_from_elsewhere_nothing_is_started() -> None:
    pool, told = Later(), []
    start = Start(Folder(), tell=told.append, pool=pool, off="only on this machine")
    assert start.first()["configs"]["off"] == "only on this machine"
    start.request(ask("paper.yaml"))
    assert (told[-1]["came"]["state"], told[-1]["came"]["text"]) == ("no", "only on this machine")
    assert pool.waiting == []


@pytest.mark.parametrize(
    ("error", "text"),
    [(ConfigError("port 8765 is taken"), "port 8765 is taken"), (OSError("x"), "OSError: x")],
)
def test_a_start_that_fails_is_told_and_may_be_tried_again(stage: Any, error: Exception, text: str) -> None:
    folder, start, pool, told = stage
    folder.fails = error
    start.request(ask("paper.yaml"))
    pool.run()
    assert (told[-1]["came"]["state"], told[-1]["came"]["text"]) == ("no", text)
    folder.fails = None
    start.request(ask("paper.yaml"))
    pool.run()
    assert folder.started == ["paper.yaml"]


def test_whoever_started_one_the_page_finds_it(stage: Any) -> None:
    folder, start, _, told = stage
    start.look()
    assert told == []
    folder.runs = True
    start.look()
    assert told[-1]["came"]["state"] == "running"


def test_a_folder_that_cannot_be_read_is_said(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, start, *_ = stage

    def locked() -> Any:
        raise PermissionError("no permission")

    monkeypatch.setattr(folder, "configs", locked)
    assert start.first()["configs"] == {"rows": [], "off": "", "problem": "no permission"}
