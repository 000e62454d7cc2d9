"""Live sessions in processes of their own against a local venue: what a trader does, and what must not go wrong then.

The venue stands on loopback and speaks Binance's protocol; the real client library is between it and the session.
"""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ProofBook
from tests.local_venue import INTERVAL, LocalVenue
from tests.sessions import Project, Running, opened_project, wait_until
from tradekit.errors import RefusedError
from tradekit.state.shape import State
from tradekit.testing.binance import shapes
from tradekit.wiring.sessions import Session, connect

pytestmark = [pytest.mark.long, pytest.mark.proof, pytest.mark.timeout(600)]

STILL = {"class": "tradekit.strategy.library:SmaCross", "params": {"fast": 100, "slow": 300, "qty": 0.01}}


class Desk:
    """A live project at a venue, and the session's process of the moment."""

    def __init__(self, project: Project, venue: LocalVenue) -> None:
        self.project, self.venue = project, venue
        project.env |= venue.env
        project.write(
            session={"name": "live", "mode": "live", "account": "desk", "currency": "USDT"},
            strategy=STILL,
            instruments=[{"id": "BTC-USDT"}],
            market_data={"source": "ccxt", "timeframes": [INTERVAL], "warmup_bars": 20},
            broker=venue.broker(),
            reconciliation={"every_s": 5},
        )
        self.running: Running | None = None
        self.lives = 0

    def start(self, *words: str) -> Running:
        """The session, serving."""
        self.running = self.project.run(*words)
        self.lives += 1
        return self.running

    @contextlib.contextmanager
    def attached(self) -> Iterator[Session]:
        """A client of it."""
        assert self.running is not None
        with connect(self.running.uri, token_file=self.running.token_file) as session:
            yield session

    def cli(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """A command in a shell."""
        return subprocess.run(
            [sys.executable, "-m", "tradekit", *words], env=self.project.env, cwd=self.project.root,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def act(self, change: Callable[[], Any]) -> Any:
        """Change something at the venue, on its own thread."""

        async def work() -> Any:
            return change()

        return self.venue.call(work())

    def trade(self, client_id: str, qty: str) -> None:
        """Somebody takes so much of a resting order, and the stream tells it."""
        self.venue.call(self.venue.venue.trade(client_id, Decimal(qty)))

    def by_hand(self, name: str, **terms: str) -> None:
        """The account's owner sends an order elsewhere, and the stream tells it."""

        async def work() -> None:
            venue = self.venue.venue
            sent = {"symbol": "BTCUSDT", "newClientOrderId": name, "timeInForce": "GTC"} | terms
            order, trades = venue.account.submit(sent, venue.now())
            await venue.streams.tell(shapes.order_event(order, "NEW", spot=venue.spot))
            for trade in trades:
                await venue.streams.tell(shapes.order_event(order, "TRADE", spot=venue.spot, trade=trade))

        self.venue.call(work())

    def green(self, state: State) -> bool:
        """Whether this life has compared every book, and all agree."""
        return state.session.epoch == self.lives and state.health.reconciliation.status == "green"

    def ready(self, state: State) -> bool:
        """Green, with prices of this moment."""
        return self.green(state) and bool(state.marks) and not state.risk.holds

    def agrees(self, state: State) -> bool:
        """Whether the session's books are the venue's, to the last digit."""
        account = self.venue.venue.account
        held: dict[str, Decimal] = dict(state.account.cash)
        for one in state.positions.values():
            if self.venue.venue.spot:
                held["BTC"] = held.get("BTC", Decimal(0)) + one.qty
        cash = {name: held.get(name, Decimal(0)) - total for name, total in account.cash.items()}
        working = {one.venue_id for one in state.orders.values() if one.working}
        there = {str(one.id) for one in account.orders.values() if one.open}
        doubts = [one.id for one in state.orders.values() if one.doubt is not None]
        return not any(cash.values()) and working == there and not doubts


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with LocalVenue() as venue:
        for project in opened_project(tmp_path / "project"):
            monkeypatch.setenv("TRADEKIT_RUNTIME_DIR", str(project.runtime))
            yield Desk(project, venue)


def test_the_road_to_live_is_the_one_that_the_readme_says(desk: Desk, proof_record: ProofBook) -> None:
    looked = desk.cli("doctor", str(desk.project.config))
    assert looked.returncode == 0, looked.stdout + looked.stderr
    for said in ("binance answers; the clocks differ by", "it may read and trade on spot", "tick 0.01"):
        assert said in looked.stdout
    assert "nobody has said yet that its orders may leave this machine" in looked.stdout
    code, said = desk.project.refused()
    assert code == 2
    assert "--i-understand" in said
    assert [path for how, path, _ in desk.venue.venue.requests if how != "GET"] == [], (
        "looking changes nothing"
    )

    running = desk.start("--i-understand")
    code, said = desk.project.refused("--set", "session.name=other")
    assert (code, "--i-understand" in said) == (2, True), "what has changed is asked for again"
    code, said = desk.project.refused("--set", "session.name=other", "--i-understand")
    assert (code, "another live session trades on the account" in said) == (2, True)

    with desk.attached() as session:
        assert session.wait_for(desk.ready, 30)
        with pytest.raises(RefusedError, match="armed"):
            session.submit("buy", 0.01)
        assert desk.cli("arm", "live").returncode == 0
        session.submit("buy", 0.01)
        assert session.wait_for(lambda state: len(state.fills) == 1 and desk.agrees(state), 30)
    assert running.stop() == 0

    desk.start()  # remembered
    with desk.attached() as session:
        assert session.wait_for(desk.ready, 30)
        assert not session.replica.state.risk.armed, "each start waits for a human"
        assert desk.agrees(session.replica.state)
    written = [path for path in desk.project.root.rglob("*") if path.is_file()]
    secret = [value.encode() for value in desk.venue.env.values()]
    assert [str(path) for path in written if any(one in path.read_bytes() for one in secret)] == []
    assert len(written) > 5
    (order,) = desk.venue.orders
    proof_record(
        "a live session's road", size="doctor, word, arm, order, stop, start", result="1 order, books agree"
    )
    assert order.filled == Decimal("0.01")


def test_an_order_that_is_under_way_when_the_process_is_killed_is_there_once(
    desk: Desk, proof_record: ProofBook, proof_size: Callable[..., int]
) -> None:
    """The venue carries it out and its answer never comes; while nobody listens, it fills in part."""
    lives = proof_size(ci=2, full=20)
    running = desk.start("--i-understand")
    for life in range(lives):
        with desk.attached() as session:
            assert session.wait_for(desk.ready, 60)
            session.arm()
            before = len(desk.venue.orders)
            desk.act(desk.venue.venue.keep_answer)
            session.submit("buy", 0.02, limit=40_000)
            wait_until(lambda: len(desk.venue.orders) > before, 20)  # noqa: B023  it is awaited here
        running.kill()
        if life % 2 == 0:
            desk.trade(desk.venue.orders[-1].client_id, "0.005")
        running = desk.start()
        with desk.attached() as session:
            assert session.wait_for(lambda state: desk.green(state) and desk.agrees(state), 60)
            state = session.replica.state
            assert not state.risk.armed
            assert len(state.fills) == life // 2 + 1
    assert len(desk.venue.asked("POST", "/order")) == len(desk.venue.orders) == lives
    proof_record(
        "kill -9 with a live order under way",
        size=f"{lives} kills",
        result="0 sent twice, 0 lost, books agree",
    )


def test_an_order_that_has_not_reached_the_venue_when_the_process_is_killed_is_never_sent(desk: Desk) -> None:
    desk.project.write(reconciliation={"every_s": 2, "span_s": 1})
    desk.start("--i-understand")
    with desk.attached() as session:
        assert session.wait_for(desk.ready, 30)
        session.arm()
        desk.act(desk.venue.venue.keep_request)
        session.submit("buy", 0.02, limit=40_000)
        wait_until(lambda: desk.venue.venue.hanging, 30)
    assert desk.running is not None
    desk.running.kill()
    desk.start()
    with desk.attached() as session:
        assert session.wait_for(desk.green, 30)
        (order,) = session.replica.state.orders.values()
        assert order.status == "unknown"
        assert "the session ended before the answer" in (order.doubt.reason if order.doubt else "")
    assert desk.venue.orders == []
    assert desk.venue.asked("POST", "/order") == []


def test_a_lost_connection_costs_no_trade_and_no_order(desk: Desk, proof_record: ProofBook) -> None:
    desk.start("--i-understand")
    with desk.attached() as session:
        assert session.wait_for(desk.ready, 30)
        session.arm()
        session.submit("buy", 0.02, limit=40_000)
        assert session.wait_for(lambda state: any(one.venue_id for one in state.orders.values()), 30)
        desk.venue.call(desk.venue.venue.cut())
        assert session.wait_for(lambda state: state.health.link.status == "down", 30)
        with pytest.raises(RefusedError, match="the link to the venue is down"):
            session.submit("buy", 0.01)
        desk.trade(desk.venue.orders[0].client_id, "0.02")  # nobody is told
        desk.venue.call(desk.venue.venue.heal())
        assert session.wait_for(lambda state: state.health.link.status == "up", 60)
        assert session.wait_for(lambda state: len(state.fills) == 1 and desk.agrees(state), 60)
        assert session.wait_for(desk.ready, 60)
        assert session.replica.state.risk.armed, "a line that comes back is no start"
        session.submit("buy", 0.01)
        assert session.wait_for(lambda state: len(state.fills) == 2, 30)
    assert [str(one.filled) for one in desk.venue.orders] == ["0.02", "0.01"]
    proof_record(
        "a live line cut with an order at the venue", size="1 cut", result="trade found, books agree"
    )


def test_the_kill_switch_leaves_nothing_working(desk: Desk) -> None:
    desk.start("--i-understand")
    with desk.attached() as session:
        assert session.wait_for(desk.ready, 30)
        session.arm()
        for price in (40_000, 39_000, 38_000):
            session.submit("buy", 0.02, limit=price)
        assert session.wait_for(lambda state: sum(one.working for one in state.orders.values()) == 3, 30)
        desk.by_hand("of-the-owner", side="BUY", type="LIMIT", quantity="0.01", price="30000")
        assert session.wait_for(lambda state: sum(one.working for one in state.orders.values()) == 4, 30)
        assert desk.cli("kill", "live", "--reason", "wrong size").returncode == 0
        assert session.wait_for(lambda state: sum(one.working for one in state.orders.values()) == 1, 30)
        with pytest.raises(RefusedError, match="kill"):
            session.submit("sell", 0.01)
    assert [one.client_id for one in desk.venue.orders if one.open] == ["of-the-owner"]
    assert desk.running is not None
    desk.running.kill()
    desk.start()
    with desk.attached() as session:
        assert session.wait_for(desk.green, 30)
        risk = session.replica.state.risk
        assert (risk.killed, risk.reason) == (True, "wrong size"), "only a human takes it back"


def test_what_others_do_on_the_account_is_seen_counted_and_left_alone(desk: Desk) -> None:
    desk.project.write(risk={"max_position": 0.05})
    desk.start("--i-understand")
    with desk.attached() as session:
        assert session.wait_for(desk.ready, 30)
        session.arm()
        desk.by_hand("of-the-owner-1", side="BUY", type="MARKET", quantity="0.045")
        desk.by_hand("of-the-owner-2", side="BUY", type="LIMIT", quantity="0.01", price="30000")
        assert session.wait_for(lambda state: "EXTERNAL/BTC-USDT" in state.positions, 30)
        assert session.wait_for(lambda state: any(one.working for one in state.orders.values()), 30)
        with pytest.raises(RefusedError, match="max_position"):
            session.submit("buy", 0.01)
        session.cancel_all()
        session.reconcile()
        assert session.wait_for(lambda state: desk.green(state) and desk.agrees(state), 30)
    assert [one.client_id for one in desk.venue.orders if one.open] == ["of-the-owner-2"]


def test_it_cannot_be_armed_while_the_books_disagree(desk: Desk) -> None:
    running = desk.start("--i-understand")
    with desk.attached() as session:
        assert session.wait_for(desk.ready, 30)
    running.kill()
    desk.act(lambda: desk.venue.venue.account.cash.update(USDT=Decimal(90_000)))  # a withdrawal, say
    desk.start()
    with desk.attached() as session:
        assert session.wait_for(lambda state: bool(state.health.reconciliation.open), 30)
        assert desk.cli("arm", "live").returncode == 2
        assert session.wait_for(
            lambda state: all(one.reported for one in state.health.reconciliation.open), 30
        )
        (found,) = session.replica.state.health.reconciliation.open
        with pytest.raises(RefusedError, match="the account has 90000"):
            session.arm()
        session.resolve(found.id, accept=True)
        assert session.wait_for(desk.green, 30)
        session.arm()
        assert session.replica.state.account.cash["USDT"] == Decimal(90_000)


def test_a_session_that_is_told_to_goes_on_by_itself_after_a_crash_once_every_book_agrees(desk: Desk) -> None:
    desk.project.write(
        session={"name": "live", "mode": "live", "account": "desk", "currency": "USDT", "rearm": "auto"}
    )
    running = desk.start("--i-understand")
    with desk.attached() as session:
        assert session.wait_for(desk.ready, 30)
        session.arm()
    running.kill()
    running = desk.start()
    with desk.attached() as session:
        assert session.wait_for(desk.ready, 30)
        assert session.replica.state.risk.armed
    running.kill()
    desk.act(lambda: desk.venue.venue.account.cash.update(USDT=Decimal(90_000)))
    desk.start()
    with desk.attached() as session:
        assert session.wait_for(lambda state: not state.risk.armed, 30)
        assert "say otherwise" in session.replica.state.risk.reason
