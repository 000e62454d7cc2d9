"""A live session at Interactive Brokers, in a process of its own against a TWS of ours: over a kill and a lost line."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.local_gateway import LocalGateway
from tests.sessions import Project, Running, wait_until
from tradekit.errors import RefusedError
from tradekit.state.shape import State
from tradekit.wiring.sessions import Session, connect


@pytest.fixture
def gateway() -> Iterator[LocalGateway]:
    with LocalGateway() as opened:
        yield opened


def fresh(state: State) -> bool:
    """The books agree, and prices are of this moment."""
    return state.health.reconciliation.status == "green" and bool(state.marks) and not state.risk.holds


def attached(running: Running) -> Session:
    """A client of a session's process."""
    return connect(running.uri, token_file=running.token_file)


@pytest.mark.process
def test_an_order_goes_out_once_and_its_position_outlives_the_process_and_the_line(
    project: Project, gateway: LocalGateway
) -> None:
    project.write(
        strategy={
            "class": "tradekit.strategy.library:SmaCross",
            "params": {"fast": 100, "slow": 200, "qty": 1},
        },
        **gateway.sections(),
    )
    first = project.run("--i-understand")
    with attached(first) as session:
        assert session.wait_for(fresh, 30)
        with pytest.raises(RefusedError, match="armed"):
            session.submit("buy", 10)
        session.arm()
        session.submit("buy", 10)
        assert session.wait_for(lambda state: bool(state.fills), 30)
        session.reconcile()
        assert session.wait_for(
            lambda state: fresh(state) and not state.health.reconciliation.differences, 20
        )
        (fill,) = session.replica.state.fills
        assert (fill.qty, fill.price, fill.fee) == (Decimal(10), Decimal(190), Decimal(1))
        session.submit("buy", 5, limit=150)
        wait_until(lambda: len(gateway.orders) == 2)
    first.kill()

    second = project.run()
    with attached(second) as session:
        assert session.wait_for(lambda state: bool(state.marks) and state.health.link.status == "up", 30)
        assert session.wait_for(lambda state: state.health.reconciliation.status == "green", 30)
        (held,) = session.replica.state.positions.values()
        assert held.qty == Decimal(10)
        gateway.call(gateway.gateway.cut())
        assert session.wait_for(lambda state: state.health.link.status == "down", 30)
        resting = next(one for one in gateway.orders if one.open)
        gateway.gateway.account.trade(
            resting, Decimal(5), Decimal(150), gateway.gateway.now()
        )  # and nobody is told
        gateway.call(gateway.gateway.heal())
        assert session.wait_for(lambda state: sum(one.qty for one in state.positions.values()) == 15, 40)
        session.stop("the test is over")
    assert second.process.wait(30) == 0
    assert gateway.placed == 2
    assert [one.data.qty for one in project.events("order.filled")] == [Decimal(10), Decimal(5)]  # type: ignore[attr-defined]
