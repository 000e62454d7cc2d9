"""A live session whose strategy never returns from a bar: the kill switch still ends its orders at the venue."""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.local_venue import LocalVenue
from tests.sessions import Project, wait_until
from tests.wiring.test_live import fresh, live_on
from tradekit.config.load import load_config
from tradekit.model.market import Bar
from tradekit.strategy.library import SmaCross
from tradekit.wiring.journals import state_at
from tradekit.wiring.sessions import Session

Host = Callable[..., Any]


class Held:
    """What holds a strategy up: `held` says that it is to be, `inside` that it is, `let_go` ends it."""

    def __init__(self) -> None:
        self.held, self.inside, self.let_go = threading.Event(), threading.Event(), threading.Event()

    def on_bar(self, strategy: object, bar: Bar) -> None:
        if self.held.is_set():
            self.inside.set()
            while not self.let_go.is_set():
                pass


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    made = Held()
    monkeypatch.setattr(SmaCross, "on_bar", lambda strategy, bar: made.on_bar(strategy, bar))
    yield made
    made.let_go.set()


def test_the_kill_switch_ends_its_orders_at_the_venue(
    project: Project, host: Host, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalVenue() as venue:
        live_on(project, venue, monkeypatch)

        def works() -> list[str]:
            return [order.client_id for order in venue.orders if order.open]

        def play(session: Session) -> None:
            assert session.wait_for(fresh, 30)
            session.arm()
            session.submit("buy", 0.01, limit=30_000)
            wait_until(lambda: bool(works()))
            held.held.set()
            assert held.inside.wait(30)
            with ThreadPoolExecutor(1) as pool:
                answer = pool.submit(session.kill, "it hangs")
                wait_until(lambda: not works())
                assert not answer.done(), "the session has answered: it was not held up"
                held.let_go.set()
                answer.exception(30)
            assert session.wait_for(
                lambda state: any(one.kind == "emergency" for one in state.health.alerts), 20
            )

        host(play)
        config = load_config(project.config)
    lines = [json.loads(line) for line in config.folder.joinpath("paper.emergency").read_text().splitlines()]
    assert [line["command"] for line in lines if "command" in line] == ["kill"]
    assert not config.latch_file.exists()
    state = state_at(project.journal)
    assert state.risk.killed
    assert [order.status for order in state.orders.values()] == ["canceled"]
