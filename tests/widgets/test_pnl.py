from decimal import Decimal

from tests.widgets.conftest import MINUTE, START
from tests.widgets.lists import rows_of
from tests.widgets.made import Make, made, part
from tests.widgets.test_flusher import eventually
from tradekit.model.market import Bar
from tradekit.state.shape import DayPnl, State
from tradekit.testing.stage import StageSession
from tradekit.widgets.pnl import PnL, days
from tradekit.widgets.words import MINUS

__all__ = ["made"]


def test_the_newest_day_is_on_top_and_each_profit_is_after_fees() -> None:
    state = State()
    state.pnl.days = {
        "2022-12-12": DayPnl(1000.0, 990.0, Decimal(-8), Decimal(2)),
        "2022-12-13": DayPnl(990.0, 1500.0, Decimal(10), Decimal(0), Decimal(500)),
    }
    newest, older = days(state)["rows"]
    assert (newest["day"], newest["gain"], newest["flows"], newest["end"]) == (
        "2022-12-13", "+10.00", "+500.00", "1,500.00",
    )  # fmt: skip
    assert (older["gain"], older["gain_tone"], older["share"], older["fees"]) == (
        f"{MINUS}10.00", "down", f"{MINUS}1.00 %", "2.00",
    )  # fmt: skip


def test_the_numbers_move_with_the_market(session: StageSession, made: Make) -> None:
    widget = made(PnL, session)
    before = {cell["label"]: cell["text"] for cell in part(widget, "cells")}
    session.replica.fold(
        Bar("BTCUSDT", "1m", START + 5 * MINUTE, 17_300.0, 17_310.0, 17_290.0, 17_300.0),
        ts=START + 6 * MINUTE,
    )
    assert before["Unrealised"] == "+11.25"
    assert eventually(
        lambda: {cell["label"]: cell["text"] for cell in part(widget, "cells")}["Unrealised"] == "+75.00"
    )
    assert eventually(lambda: rows_of(widget, "days")[0]["gain"] == "+69.84")


def test_without_a_day_it_says_so(two: StageSession, made: Make) -> None:
    assert repr(made(PnL, two)).endswith("no day has closed a bar yet")
