from typing import Any

import pytest

from tests.apps.folder import Folder
from tests.apps.research.made import form
from tests.widgets.later import Later
from tradekit.apps.research.plan import plan_of
from tradekit.apps.research.promotion import Promotion
from tradekit.errors import ConfigError


class Writer(Folder):
    """A folder that keeps what is written, and may refuse it."""

    def __init__(self) -> None:
        super().__init__()
        self.written: dict[str, str] = {}
        self.refuses = ""

    def configs(self) -> list[dict[str, Any]]:
        row = {"mode": "paper", "strategy": "Base", "problem": ""}
        return [{"file": file, "name": file[:-5], **row} for file in self.written]

    def add(self, file: str, text: str) -> None:
        if self.refuses:
            raise ConfigError(self.refuses)
        self.written[file] = text


@pytest.fixture
def stage() -> tuple[Writer, Promotion, Later, list[dict[str, Any]]]:
    writer, pool = Writer(), Later()
    return writer, Promotion(writer, pool=pool), pool, []


def preview(promotion: Promotion, **more: Any) -> dict[str, Any]:
    return promotion.preview(
        plan_of(form()),
        strategy="strategies/idea.py:Base",
        data=["bars/x.csv"],
        timeframe="1m",
        note="",
        **more,
    )


def test_what_is_written_is_what_was_shown_and_it_is_written_once(stage: Any) -> None:
    writer, promotion, pool, told = stage
    shown = preview(promotion, name="mine", speed="600")
    promotion.promote("mine", tell=told.append)
    promotion.promote("mine", tell=told.append)
    assert writer.written == {}, "nothing is written on the page's own thread"
    pool.run()
    assert writer.written == {"mine.yaml": shown["text"]}
    assert writer.started == ["mine.yaml"]
    assert [one["came"]["state"] for one in told] == ["busy", "running"]


def test_what_was_not_shown_is_not_written(stage: Any) -> None:
    _, promotion, _, told = stage
    preview(promotion, name="mine")
    preview(promotion, name="other")
    with pytest.raises(ConfigError, match="not what was shown"):
        promotion.promote("mine", tell=told.append)
    assert told == []


def test_a_file_that_is_refused_starts_nothing(stage: Any) -> None:
    writer, promotion, pool, told = stage
    preview(promotion)
    writer.refuses = "base.yaml is there already"
    promotion.promote("base", tell=told.append)
    pool.run()
    assert told[-1]["came"] == {
        "state": "no", "name": "base", "file": "base.yaml", "text": "base.yaml is there already",
    }  # fmt: skip
    assert writer.started == []


def test_a_session_that_does_not_start_leaves_its_file_and_says_so(stage: Any) -> None:
    writer, promotion, pool, told = stage
    preview(promotion)
    writer.fails = ConfigError("port 1 is taken")
    promotion.promote("base", tell=told.append)
    pool.run()
    came = told[-1]["came"]
    assert came["state"] == "no"
    assert came["text"] == "config/base.yaml is written, but it did not start: port 1 is taken"


@pytest.mark.parametrize(
    ("writer", "off", "why"), [(None, "", "no folder config/"), (Writer(), "only on this machine", "only on")]
)
def test_where_nothing_may_be_promoted_it_says_why(writer: Writer | None, off: str, why: str) -> None:
    promotion = Promotion(writer, pool=Later(), off=off)
    assert why in promotion.off
    for ask in (lambda: preview(promotion), lambda: promotion.promote("x", tell=print)):
        with pytest.raises(ConfigError, match=why):
            ask()
