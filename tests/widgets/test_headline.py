from decimal import Decimal
from typing import Any

import pytest

from tests.widgets.conftest import MINUTE, START, WHO
from tradekit.model.account import CashKind, CashMoved
from tradekit.model.market import Bar, FeedEnded
from tradekit.model.order import OrderFilled, OrderSubmitted, OrderType, Side
from tradekit.model.session import HandlerFailed, Mode, RiskChanged, SessionClosed, StrategyFailed
from tradekit.state.shape import State
from tradekit.testing.stage import StageSession, opened
from tradekit.widgets import headline
from tradekit.widgets.words import MINUS


def ribbon(session: StageSession, **options: Any) -> dict[str, Any]:
    asked = {"feed_age_s": 0.4, "ticking": True, "lag_ms": 3.2, **options}
    return headline.ribbon("btc-breakout", session.replica.state, **asked)


def items(session: StageSession, **options: Any) -> dict[str, dict[str, Any]]:
    return {item["label"]: item for item in ribbon(session, **options)["items"]}


@pytest.mark.parametrize(
    ("status", "seq", "state"),
    [
        ("connecting", 0, "loading"),
        ("connecting", 7, "stale"),
        ("live", 7, "live"),
        ("stale", 7, "stale"),
        ("closed", 7, "stale"),
        ("incompatible", 7, "error"),
        ("refused", 0, "error"),
    ],
)
def test_the_connection_is_one_of_a_panes_states(status: str, seq: int, state: str) -> None:
    assert headline.link(status, seq=seq, age_s=1.0, problem="")["state"] == state


def test_a_broken_connection_always_says_why() -> None:
    assert headline.link("stale", seq=1, age_s=1.234, problem="no beat") == {
        "state": "stale",
        "age": 1.23,
        "problem": "no beat",
        "alarm": "",
    }
    assert headline.link("closed", seq=1, age_s=0, problem="")["problem"] == "closed"
    assert headline.link("live", seq=1, age_s=0, problem="")["problem"] == ""


def test_a_session_that_has_closed_itself_has_ended_and_one_that_is_silent_is_stale() -> None:
    ended = headline.link("stale", seq=7, age_s=1.0, problem="the line broke", end="stopped by trader")
    assert (ended["state"], ended["problem"]) == ("ended", "the session has ended: stopped by trader")
    assert headline.link("live", seq=7, age_s=1.0, problem="", end="stopped by trader")["state"] == "live"
    assert (
        headline.link("live", seq=7, age_s=1.0, problem="", alarm="no space left")["alarm"] == "no space left"
    )


@pytest.mark.parametrize(
    ("armed", "halted", "killed", "word"),
    [
        (True, False, False, "ARMED"),
        (False, False, False, "DISARMED"),
        (True, True, False, "HALTED"),
        (True, True, True, "KILLED"),
    ],
)
def test_one_word_says_whether_orders_go_out(armed: bool, halted: bool, killed: bool, word: str) -> None:
    session = StageSession()
    session.replica.fold(RiskChanged(armed, halted, killed, "", "me"))
    assert ribbon(session)["power_word"] == word


def test_the_ribbon_names_mode_session_seq_feed_and_bridge(session: StageSession) -> None:
    shown = ribbon(session)
    assert (shown["mode_word"], shown["name"], shown["seq"]) == (
        "PAPER",
        "btc-breakout",
        f"#{session.replica.seq}",
    )
    assert items(session)["feed"]["age"] == 0.4
    assert items(session)["bridge"]["text"] == "3 ms"
    assert "bridge" not in items(session, lag_ms=None)


def test_a_feed_without_ticks_may_be_silent_for_two_bars(session: StageSession) -> None:
    assert items(session, ticking=True)["feed"]["limit"] == 15
    assert items(session, ticking=False)["feed"]["limit"] == 120


def test_a_feed_that_was_never_heard_says_its_status(session: StageSession) -> None:
    assert items(session, feed_age_s=None)["feed"]["text"] == "running"


def test_an_ended_feed_and_a_missing_one_are_said_plainly(session: StageSession) -> None:
    session.replica.fold(FeedEnded("replay", "the day is over"))
    assert items(session)["feed"] == {
        "label": "feed",
        "text": "ended",
        "tone": "warn",
        "title": "replay: the day is over",
    }
    assert items(StageSession())["feed"]["text"] == "none yet"


def test_a_word_is_not_its_own_reason() -> None:
    session = StageSession()
    session.replica.fold(RiskChanged(False, True, True, "killed", "me"))
    said = ribbon(session)
    assert said["power_title"] == "killed"
    assert "killed" not in [item["label"] for item in said["items"]]


def test_errors_and_reasons_are_on_the_ribbon(session: StageSession) -> None:
    session.replica.fold(
        RiskChanged(True, True, False, "lunch", "me"),
        HandlerFailed("alerts", "order.filled", "no network"),
    )
    shown = items(session)
    assert shown["halted"]["text"] == "lunch"
    assert shown["errors"]["title"] == "alerts on order.filled: no network"
    session.replica.fold(StrategyFailed("breakout", "on_bar line 7", "division by zero"))
    assert items(session)["halted"]["text"] == "on_bar line 7: division by zero"


def test_a_session_that_has_ended_says_so_and_nothing_of_feed_and_bridge(session: StageSession) -> None:
    session.replica.fold(SessionClosed("btc-breakout", "stopped by trader"))
    assert ribbon(session)["power_word"] == "ENDED"
    assert list(items(session)) == ["ended"]
    assert items(session)["ended"]["text"] == "stopped by trader"
    assert "has ended" in headline.controls("x", session.replica.state, status="stale")["off"]


def cells(session: StageSession) -> dict[str, dict[str, Any]]:
    return {cell["label"]: cell for cell in headline.hero(session.replica.state)}


def test_the_hero_numbers_of_a_long_position(session: StageSession) -> None:
    shown = cells(session)
    always = ["Equity USDT", "Day", "Unrealised", "Realised", "Drawdown", "Exposure"]
    assert list(shown) == [*always, "Position", "Stop", "Target"]
    assert shown["Equity USDT"]["text"] == "100,006.09"
    assert shown["Day"]["text"] == "+6.09"
    assert shown["Day"]["more"] == "+0.01 %"
    assert shown["Position"]["text"] == "▲ long 0.75"
    assert shown["Position"]["more"] == "@ 17,200.00"
    assert shown["Stop"]["text"] == "17,050.00"
    assert shown["Target"]["text"] == "17,480.00"


def test_a_flat_account_says_flat_and_no_drawdown(two: StageSession) -> None:
    shown = cells(two)
    assert list(shown) == list(cells(StageSession())), "nothing comes and goes with a position"
    assert [shown[name]["text"] for name in ("Position", "Stop", "Target")] == ["flat", "none", "none"]
    assert shown["Exposure"]["text"] == "0.0 %"
    assert shown["Drawdown"]["text"] == "0.00 %"
    assert headline.hero(State())[1]["text"] == "0.00"


def test_what_was_paid_in_is_no_profit_of_the_day(session: StageSession) -> None:
    session.replica.fold(CashMoved("paper", "USDT", Decimal(500), CashKind.DEPOSIT))
    shown = cells(session)
    assert shown["Equity USDT"]["text"] == "100,506.09"
    assert (shown["Day"]["text"], shown["Day"]["more"]) == ("+6.09", "+0.01 %")
    assert shown["Day"]["title"].endswith("realised 0.00, fees 5.16; besides +500.00 that no trade moved")


def test_an_equity_that_leaves_something_out_says_what(session: StageSession) -> None:
    session.replica.state.account.rates = {"EUR": Decimal("1.1"), "BTC": None}
    shown = cells(session)["Equity USDT"]
    assert shown["more"] == "without BTC"
    assert shown["title"].endswith("without BTC, whose rate is not known")


def test_a_hedged_position_is_named_and_has_its_own_stop(hedged: StageSession) -> None:
    order = (*WHO, Side.SELL, OrderType.STOP, Decimal(1), None, Decimal(17_000))
    hedged.replica.fold(OrderSubmitted("other", *order, position="SECOND"))
    state = hedged.replica.state
    assert headline.protection(state, state.positions["breakout/BTCUSDT/LONG"]) == (None, None)
    hedged.replica.fold(OrderSubmitted("mine", *order, position="LONG"))
    stop, _ = headline.protection(state, state.positions["breakout/BTCUSDT/LONG"])
    assert stop is not None
    assert stop.id == "mine"
    assert cells(hedged)["Position"]["text"] == "▲ long 2 LONG"


def test_realised_is_after_fees_and_exposure_is_a_share_of_the_equity(session: StageSession) -> None:
    shown = cells(session)
    assert (shown["Realised"]["text"], shown["Realised"]["tone"]) == (f"{MINUS}5.16", "down")
    assert shown["Exposure"]["text"] == "12.9 %"
    assert shown["Exposure"]["title"].startswith("12,911.25 USDT: ")
    session.replica.state.account.equity = -1.0
    assert cells(session)["Exposure"]["text"] == "12,911.25 USDT"


def test_an_exposure_whose_rate_is_not_known_is_no_number(session: StageSession) -> None:
    session.replica.state.account.currency = "EUR"
    assert cells(session)["Exposure"]["text"] == "unknown"


def test_a_stop_that_trails_says_so(session: StageSession) -> None:
    session.replica.state.orders["b-2"].type = OrderType.TRAILING_STOP
    session.replica.state.orders["b-2"].trail = Decimal(150)
    assert (cells(session)["Stop"]["text"], cells(session)["Stop"]["more"]) == ("17,050.00", "trails")


def test_several_positions_show_the_newest_and_name_it(two: StageSession) -> None:
    for i, (instrument, side) in enumerate([("BTCUSDT", Side.BUY), ("ETHUSDT", Side.SELL)]):
        fill = OrderFilled(
            f"o{i}", instrument, *WHO[1:], f"x{i}", side, Decimal(2), Decimal(100), Decimal(0), "USDT"
        )
        two.replica.fold(fill, ts=START + i * MINUTE)
    shown = cells(two)["Position"]
    assert (shown["text"], shown["tone"], shown["more"]) == ("▼ short 2 ETHUSDT", "down", "@ 100.0, 1 more")
    assert cells(two)["Stop"]["text"] == "none"


def test_drawdown_is_below_the_highest_equity(session: StageSession) -> None:
    fall = Bar("BTCUSDT", "1m", START + 9 * MINUTE, 15_000.0, 15_000.0, 15_000.0, 15_000.0, 1.0)
    session.replica.fold(fall, ts=START + 10 * MINUTE)
    assert float(cells(session)["Drawdown"]["text"].split()[0]) > 1.5


def test_only_orders_the_other_way_protect_a_position(session: StageSession) -> None:
    session.replica.fold(OrderSubmitted("out", *WHO, Side.SELL, OrderType.MARKET, Decimal("0.1")))
    state = session.replica.state
    stop, target = headline.protection(state, state.positions["breakout/BTCUSDT"])
    assert (stop and stop.id, target and target.id) == ("b-2", "b-3")


def test_the_controls_know_what_there_is_to_do(session: StageSession) -> None:
    shown = headline.controls("x", session.replica.state, status="live")
    assert (shown["armed"], shown["working"], shown["held"], shown["off"]) == (True, 4, 1, "")
    assert "no connection" in headline.controls("x", session.replica.state, status="stale")["off"]


def test_what_a_token_does_not_allow_is_denied_with_its_reason(session: StageSession) -> None:
    def denied(scopes: frozenset[str] | None) -> dict[str, str]:
        found = headline.controls("x", session.replica.state, status="live", scopes=scopes)["denied"]
        assert isinstance(found, dict)
        return found

    assert denied(None) == denied(frozenset({"read", "operate", "trade"})) == {}
    assert {"arm", "set_param"} <= denied(frozenset({"read", "operate"})).keys()
    assert "halt" not in denied(frozenset({"read", "operate"}))
    assert denied(frozenset({"read"}))["cancel_all"] == (
        "this token may not cancel all: it allows read, that needs operate"
    )


def test_a_backtest_takes_no_commands() -> None:
    session = StageSession(live=False)
    session.replica.fold(opened(mode=Mode.BACKTEST))
    assert (
        headline.controls("x", session.replica.state, status="live")["off"] == "a backtest takes no commands"
    )
