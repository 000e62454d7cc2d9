"""A drill runs a strategy of one's own on paper behind a bad line, and says of each law whether it held."""

import asyncio
from pathlib import Path

import pytest

from tests.run.desk import HandWatch
from tests.sessions import Project
from tests.virtual import VirtualClock, in_virtual_time
from tests.wiring.conftest import put_together
from tradekit.config.load import load_config
from tradekit.errors import ConfigError
from tradekit.run.feed import ReplayFeed
from tradekit.run.loop import Loop
from tradekit.wiring.build import Parts, build
from tradekit.wiring.drill import Drill

LAWS = 9


def drilled(project: Project) -> tuple[Parts, list[str]]:
    """Run the project's session to the verdicts, in virtual time; it, and what it told."""

    async def play() -> tuple[Parts, list[str]]:
        clock = VirtualClock(asyncio.get_running_loop())
        parts = build(load_config(project.config, overrides={"event_bus.persist_events": False}), clock=clock)
        loop = Loop(
            parts.execution, parts.journal, ReplayFeed(parts.columns, clock=clock, speed=300.0), clock=clock,
            gate=parts.gate, watch=HandWatch(), feed_after={}, on_snapshot=lambda: None, tell=lambda stored: None,
        )  # fmt: skip
        life = asyncio.create_task(loop.run(parts.opened))
        texts: list[str] = []
        while len(texts) <= LAWS:
            assert not life.done()
            await asyncio.sleep(1)
            alerts = parts.journal.events(types=["alert.raised"])
            texts = [event.data.text for event in alerts if event.data.kind == "drill"]  # type: ignore[attr-defined]
        loop.stop("the drill is over")
        await life
        return parts, texts

    return in_virtual_time(play())


def rough(project: Project, **more: object) -> None:
    project.write(
        market_data={"bars": project.sections["market_data"]["bars"], "speed": 300},
        broker={"drill": {"seed": 1, "lost_reply": 0.2, "lost_report": 0.2, "delay_s": 2, **more}},
    )


def test_what_went_wrong_and_what_held_is_told_when_the_bars_are_over(project: Project) -> None:
    rough(project)
    parts, texts = drilled(project)
    assert texts[0].startswith("the drill is over: ")
    assert "lost_report" in texts[0]
    assert [text for text in texts[1:] if not text.startswith("held: ")] == []
    assert len(texts) == 1 + LAWS
    assert parts.execution.engine.state.fills


def test_a_fault_that_there_is_not_is_named_with_its_file(project: Project) -> None:
    rough(project, reprot=0.1)
    with (
        pytest.raises(ConfigError, match=r"broker\.drill: no fault is called 'reprot'"),
        put_together(project),
    ):
        pass


def test_a_drill_begins_with_a_new_journal(project: Project, tmp_path: Path) -> None:
    with put_together(project) as parts:
        parts.journal.append(parts.execution.take(parts.opened, 1), critical=True)
    rough(project)
    with pytest.raises(ConfigError, match="a drill begins with a new journal"), put_together(project):
        pass
    with put_together(project, state_store__restore_on_startup=False) as parts:
        assert isinstance(parts.execution, Drill)
