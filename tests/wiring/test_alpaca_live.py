"""A live session at Alpaca, from its process to a venue of Alpaca's shape: it trades, loses its line and its life."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sessions import Project, Running, opened_project, wait_until
from tests.wiring.alpaca_floor import Floor
from tradekit.core.open import open_journal
from tradekit.wiring.sessions import Session, connect

pytestmark = pytest.mark.process

D = Decimal


@pytest.fixture
def floor() -> Iterator[Floor]:
    with Floor() as opened:
        yield opened


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, floor: Floor) -> Iterator[Project]:
    for made in opened_project(tmp_path / "project"):
        monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(made.runtime))
        made.env |= floor.env
        made.write(
            session={"name": "paper", "mode": "live", "currency": "USD"},
            instruments=[{"id": "AAPL"}],
            market_data={"source": "alpaca", "timeframes": ["1m"], "warmup_bars": 30},
            broker={"name": "alpaca", "sandbox": True, "url": floor.venue.url, "key_from": "env:DESK_KEY",
                    "secret_from": "env:DESK_SECRET"},
            reconciliation={"every_s": 5, "answer_s": 5},
        )  # fmt: skip
        yield made


def attached(running: Running) -> Session:
    return connect(running.uri, token_file=running.token_file)


def armed_and_long(session: Session) -> None:
    """Say that it may trade, once its books agree and it has a price; buy three shares."""

    def ready(state: Any) -> bool:
        return state.health.reconciliation.status == "green" and bool(state.marks) and not state.risk.holds

    assert session.wait_for(ready, 30)
    session.arm("the test")
    session.submit("buy", 3)
    assert session.wait_for(lambda state: held(state) == 3, 30)


def held(state: Any) -> Decimal:
    return sum((one.qty for one in state.positions.values()), start=D(0))


def test_it_trades_changes_and_loses_its_line_and_its_books_agree(project: Project, floor: Floor) -> None:
    running = project.run("--i-understand")
    with attached(running) as session:
        assert floor.orders == []  # nothing leaves before a human has said so
        armed_and_long(session)
        assert floor.held == 3

        session.submit("sell", 3, limit=250)
        assert session.wait_for(lambda state: working(state) == ["accepted"], 30)
        (name,) = (one.id for one in session.state.orders.values() if one.working)
        first = floor.orders[-1]
        session.replace(name, limit=240)
        assert session.wait_for(lambda state: state.orders[name].limit == 240, 30)
        second = floor.orders[-1]
        assert (first.status, first.replaced_by, second.client_id != first.client_id) == (
            "replaced",
            second.id,
            True,
        )

        lose_the_next(floor, "PATCH")
        session.replace(name, limit=230)
        assert session.wait_for(lambda state: state.orders[name].limit == 230, 60)
        third = floor.orders[-1]
        assert (second.replaced_by, session.state.orders[name].venue_id) == (third.id, third.id)

        floor.trade(third.client_id, 1)
        assert session.wait_for(lambda state: state.orders[name].filled == 1, 30)
        floor.call(floor.venue.cut())
        assert session.wait_for(lambda state: state.health.link.status == "down", 30)
        floor.trade(third.client_id, 1)
        floor.call(floor.venue.heal())
        assert session.wait_for(lambda state: state.orders[name].filled == 2, 60)

        session.cancel(name)
        assert session.wait_for(lambda state: state.orders[name].status == "canceled", 30)
        session.submit("sell", 3)  # through zero: two orders, for the venue takes none that does
        assert session.wait_for(lambda state: held(state) == -2, 30)
        session.flatten()
        assert session.wait_for(lambda state: held(state) == 0, 30)
    assert floor.held == 0
    assert running.stop() == 0
    names = [one.client_id for one in floor.orders]
    assert len(names) == len(set(names)) == 7
    fills = [one.data for one in project.events("order.filled")]
    assert [(one.qty, one.exec_id.rpartition(":")[2]) for one in fills] == [  # type: ignore[attr-defined]
        (D(3), "3"), (D(1), "1"), (D(1), "2"), (D(1), "1"), (D(2), "2"), (D(2), "2"),
    ]  # fmt: skip
    assert project.events("fill.quarantined") == []
    assert len(project.events("bar.closed")) >= 29  # those that warmed it up; a minute may turn as it starts


def test_an_order_whose_answer_was_lost_with_the_process_is_found_and_sent_once(
    project: Project, floor: Floor
) -> None:
    running = project.run("--i-understand")
    with attached(running) as session:
        armed_and_long(session)
        lose_the_next(floor, "POST")
        session.submit("buy", 2, limit=150)
        wait_until(lambda: len(floor.orders) == 2, period_s=0.01)
    running.kill()
    again = project.run()
    with attached(again) as session:
        assert session.wait_for(lambda state: not state.risk.armed, 60)  # a human looks first
        assert session.wait_for(lambda state: working(state) == ["accepted"], 60)
        session.kill("enough")
        assert session.wait_for(lambda state: working(state) == [], 30)
    assert again.stop() == 0
    assert [one.status for one in floor.orders] == ["filled", "canceled"]
    with open_journal(project.journal) as journal:
        assert journal.verify().ok


def lose_the_next(floor: Floor, method: str) -> None:
    """Carry the next request of a method out, and lose its answer and its updates, and nothing else."""
    answer, tell = floor.venue.answer, floor.venue.streams.tell

    async def lost(request: Any, path: str) -> Any:
        if request.method != method:
            return await answer(request, path)

        async def silent(message: Any) -> None:
            return None

        floor.venue.streams.tell = silent  # type: ignore[method-assign]
        try:
            return await answer(request, path)
        finally:
            floor.venue.answer, floor.venue.streams.tell = answer, tell  # type: ignore[method-assign]
            if request.transport is not None:
                request.transport.abort()

    floor.venue.answer = lost  # type: ignore[method-assign]


def working(state: Any) -> list[str]:
    """How the orders stand that may still trade."""
    return [str(one.status) for one in state.orders.values() if one.working]


def test_a_rehearsal_sees_the_venues_bars_and_sends_it_nothing(project: Project, floor: Floor) -> None:
    project.write(session={"name": "paper", "mode": "shadow", "currency": "USD", "cash": 10_000})
    running = project.run()
    with attached(running) as session:
        assert session.wait_for(lambda state: state.marks and not state.risk.holds, 30)
        session.submit("buy", 2)
        assert session.wait_for(lambda state: working(state) or held(state), 30)
    assert running.stop() == 0
    assert floor.orders == []
    asked = {(method, path) for method, path, _ in floor.venue.requests}
    assert asked == {("GET", f"/v2/{path}") for path in ("assets/AAPL", "clock", "stocks/bars")}
