"""What a session's log says of what happens to it."""

import logging
from decimal import Decimal

import pytest

from tests.builders import event, opened
from tradekit.core.bus import Bus
from tradekit.core.event import Fact
from tradekit.model.market import FeedEnded
from tradekit.model.order import OrderDenied, OrderType, Side
from tradekit.model.session import RiskChanged, SessionClosed, StrategyFailed
from tradekit.state.reducer import apply
from tradekit.state.shape import State
from tradekit.wiring.logbook import Logbook

TOO_LARGE = OrderDenied(
    "a-1", "BTC", "a", "paper", Side.BUY, OrderType.MARKET, Decimal(1), "max_position", "2", "3"
)
MORE = "; the next ones like it are in the journal only"
ARMED = RiskChanged(True, False, False, "", "me")


def said(caplog: pytest.LogCaptureFixture, *facts: Fact) -> list[tuple[str, str]]:
    """What the log says of these facts, with its level."""
    caplog.set_level(logging.INFO)
    bus, state = Bus(), State()
    with Logbook(lambda: state).kept(bus):
        for seq, data in enumerate(facts, 1):
            apply(state, event(data, seq=seq))
            bus.publish(event(data, seq=seq))
    bus.publish(event(ARMED, seq=99))
    return [(record.levelname, record.getMessage()) for record in caplog.records]


def test_a_failing_strategy_and_the_halt_are_told_once_with_line_and_number(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed = StrategyFailed("a", "on_bar (line 5 of a.py)", "ZeroDivisionError: division by zero")
    halt = RiskChanged(True, True, False, "the strategy failed", "engine")
    assert said(caplog, failed, halt, failed, failed) == [
        ("ERROR", f"strategy: a failed in on_bar (line 5 of a.py): {failed.error} (#1){MORE}"),
        ("ERROR", "halted: halted by engine: the strategy failed (#2)"),
    ]


def test_a_refusal_is_told_once_for_each_reason_until_the_session_is_armed_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told = [line for _, line in said(caplog, TOO_LARGE, TOO_LARGE, ARMED, TOO_LARGE)]
    assert [line.partition(":")[0] for line in told] == ["denied", "armed", "denied"]
    assert told[0].endswith(f"(#1){MORE}")


def test_what_has_a_line_of_its_own_is_not_told_twice(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, FeedEnded("replay", "over"), SessionClosed("paper", "SIGTERM")) == []


def test_one_that_opens_without_trading_says_so_and_what_ends_that(caplog: pytest.LogCaptureFixture) -> None:
    assert said(caplog, opened()) == [("INFO", "started: started with S, account main (#1)")]
    caplog.clear()
    assert said(caplog, opened(armed=False))[1:] == [
        ("WARNING", "disarmed: nothing that adds risk goes out until you say `tradekit arm test`")
    ]
    caplog.clear()
    killed = RiskChanged(True, True, True, "afraid", "me")
    assert said(caplog, opened(), killed, opened())[-1] == (
        "WARNING", "killed (afraid): nothing goes out until you say `tradekit arm test`",
    )  # fmt: skip
