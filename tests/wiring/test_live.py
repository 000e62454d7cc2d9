"""A live session at a local venue: it takes the account over, waits for a human, trades, and keeps to one account."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.local_venue import INTERVAL, LocalVenue
from tests.sessions import Project
from tests.wiring.conftest import put_together
from tradekit.config.load import load_config
from tradekit.core.clock import SystemClock
from tradekit.errors import ConfigError, ConnectionLostError, RefusedError
from tradekit.run.at_broker import AtBroker
from tradekit.state.shape import State
from tradekit.wiring.host import run_session
from tradekit.wiring.one_account import one_session
from tradekit.wiring.sessions import Session

Host = Callable[..., Any]


def live_on(project: Project, venue: LocalVenue, monkeypatch: pytest.MonkeyPatch, **sections: Any) -> None:
    """Make the project's session a live one at this venue."""
    for name, value in venue.env.items():
        monkeypatch.setenv(name, value)
    project.write(
        session={"name": "paper", "mode": "live", "account": "desk", "currency": "USDT"},
        strategy={
            "class": "tradekit.strategy.library:SmaCross",
            "params": {"fast": 100, "slow": 200, "qty": 0.01},
        },
        instruments=[{"id": "BTC-USDT"}],
        market_data={"source": "ccxt", "timeframes": [INTERVAL], "warmup_bars": 20},
        broker=venue.broker(),
        **sections,
    )


@pytest.fixture(params=["spot", "linear"])
def venue(request: pytest.FixtureRequest) -> Iterator[LocalVenue]:
    with LocalVenue(request.param) as opened:
        yield opened


@pytest.fixture
def spot() -> Iterator[LocalVenue]:
    with LocalVenue() as opened:
        yield opened


def green(state: State) -> bool:
    return state.health.reconciliation.status == "green"


def fresh(state: State) -> bool:
    """Green, and prices of this moment."""
    return green(state) and bool(state.marks) and not state.risk.holds


def test_it_takes_the_account_over_and_waits_for_a_human(
    project: Project, host: Host, venue: LocalVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_on(project, venue, monkeypatch)

    def play(session: Session) -> State:
        assert session.wait_for(fresh, 30)
        with pytest.raises(RefusedError, match="armed"):
            session.submit("buy", 0.01)
        session.arm()
        assert session.wait_for(lambda state: state.risk.armed, 30)
        return session.replica.state

    state = host(play)
    assert state.account.adopted
    assert state.account.cash == venue.venue.account.cash
    usdt = state.account.cash["USDT"]
    assert state.account.opening == usdt + (state.account.cash["BTC"] * 50_000)
    assert state.account.equity == float(state.account.opening)
    (day,) = state.pnl.days.values()
    assert (day.start, day.end) == (state.account.equity, state.account.equity)
    assert venue.orders == []


def test_an_order_goes_out_its_fill_comes_in_and_both_books_agree(
    project: Project, host: Host, venue: LocalVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_on(project, venue, monkeypatch)

    def play(session: Session) -> State:
        assert session.wait_for(fresh, 30)
        session.arm()
        session.submit("buy", 0.02)
        assert session.wait_for(lambda state: bool(state.fills), 30)
        session.reconcile()
        assert session.wait_for(
            lambda state: green(state) and not state.health.reconciliation.differences, 20
        )
        return session.replica.state

    state = host(play)
    (order,) = venue.orders
    (fill,) = state.fills
    assert (order.side, order.filled, fill.qty) == ("BUY", Decimal("0.02"), Decimal("0.02"))
    assert len(venue.asked("POST", "/order")) == 1


def test_what_the_account_holds_and_what_works_there_are_taken_over(
    project: Project, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalVenue("linear") as venue:
        account, now = venue.venue.account, venue.venue.now()
        market = {"symbol": "BTCUSDT", "type": "MARKET", "quantity": "0.5", "newClientOrderId": "by-hand-1"}
        account.submit({**market, "side": "BUY"}, now)
        rest = {
            "symbol": "BTCUSDT",
            "type": "LIMIT",
            "quantity": "0.3",
            "price": "40000",
            "timeInForce": "GTC",
        }
        order, _ = account.submit({**rest, "side": "BUY", "newClientOrderId": "by-hand-2"}, now)
        account.trade(order, Decimal("0.1"), now)
        live_on(project, venue, monkeypatch)

        def play(session: Session) -> State:
            assert session.wait_for(fresh, 60)
            session.arm()
            return session.replica.state

        state = host(play)
        held, entry = account.positions["BTCUSDT"]
        cash = account.cash["USDT"]
    assert sum(one.qty for one in state.positions.values()) == held == Decimal("0.6")
    assert {one.strategy for one in state.positions.values()} == {"EXTERNAL"}
    assert abs(sum(one.cost for one in state.positions.values()) - held * entry) < Decimal("1e-6")
    assert abs(state.account.cash["USDT"] - cash) < Decimal("1e-6")
    (working,) = (one for one in state.orders.values() if one.working)
    assert (working.strategy, working.filled, working.qty) == ("EXTERNAL", Decimal("0.1"), Decimal("0.3"))
    (day,) = state.pnl.days.values()
    assert day.start == pytest.approx(day.end)


def test_a_second_session_on_the_account_is_refused_with_another_key_too(
    project: Project, spot: LocalVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_on(project, spot, monkeypatch)
    other = {"session.name": "other", "session.account": "another-name"}
    refused = "another live session trades on the account 'another-name' of ccxt"
    spot.venue.more_keys.add("the second key of the account")
    with one_session(load_config(project.config), SystemClock()):
        for key in (spot.venue.key, *spot.venue.more_keys):
            monkeypatch.setenv("DESK_KEY", key)
            with (
                pytest.raises(ConfigError, match=refused),
                one_session(load_config(project.config, overrides=other), SystemClock()),
            ):
                pass
        spot.venue.uid += 1  # as a key of another account would be told
        with one_session(load_config(project.config, overrides=other), SystemClock()):
            pass


def test_an_account_that_is_not_told_now_is_the_one_that_it_was(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalVenue() as venue:
        live_on(project, venue, monkeypatch)
        config = load_config(project.config)
        with one_session(config, SystemClock()):
            pass
    with (
        one_session(config, SystemClock()),
        pytest.raises(ConfigError, match="another live session"),
        one_session(config, SystemClock()),
    ):
        pass
    kept = [one for one in project.runtime.iterdir() if one.name.startswith("account")]
    assert {one.stat().st_mode & 0o777 for one in kept} == {0o600}
    assert not [one for one in kept if str(venue.venue.uid).encode() in one.read_bytes()]


def test_an_account_that_was_never_told_has_no_session(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalVenue() as venue:
        live_on(project, venue, monkeypatch)
    with (
        pytest.raises(
            ConnectionLostError, match="Whether another session trades on this account cannot be told"
        ),
        one_session(load_config(project.config), SystemClock()),
    ):
        pass


def test_a_session_takes_the_account_before_it_touches_anything(
    project: Project, spot: LocalVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_on(project, spot, monkeypatch)
    config = load_config(project.config)
    with one_session(config, SystemClock()), pytest.raises(ConfigError, match="another live session"):
        run_session(config, announce=lambda told: None)
    assert {path for _, path, _ in spot.venue.requests} == {"/api/v3/time", "/api/v3/account"}
    assert not project.journal.exists()


def test_a_venue_that_gives_no_answer_is_no_reason_to_begin_a_journal(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with LocalVenue() as venue:
        live_on(project, venue, monkeypatch)
    with pytest.raises(Exception, match="the venue's instruments could not be read"), put_together(project):
        pass
    assert not project.journal.exists()


def test_a_venue_that_is_away_at_a_later_start_keeps_no_session_from_its_kill_switch(
    project: Project, host: Host, spot: LocalVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_on(project, spot, monkeypatch)
    host(lambda session: session.wait_for(fresh, 30))
    project.write(broker=spot.broker(url="http://127.0.0.1:9"))  # where nobody listens
    project.write(reconciliation={"answer_s": 1})

    def play(session: Session) -> State:
        assert session.wait_for(
            lambda state: state.session.epoch == 2 and state.health.link.status == "down", 30
        )
        with pytest.raises(RefusedError, match="could not be read"):
            session.arm()
        session.kill("it is away")
        assert session.wait_for(lambda state: state.risk.killed, 30)
        return session.replica.state

    state = host(play)
    (spec,) = state.instruments.values()
    assert (spec.id, spec.tick) == ("BTC-USDT", Decimal("0.01"))


def test_an_order_is_given_up_no_sooner_than_the_venue_may_take(
    project: Project, spot: LocalVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    live_on(project, spot, monkeypatch, reconciliation={"span_s": 5})
    with put_together(project) as parts:
        assert isinstance(parts.execution, AtBroker)
        practice = parts.execution.office.practice
        assert practice.span_s == parts.execution.broker.abilities.delay_s > 5
        assert SystemClock().now() - parts.market.opened < 60e9
