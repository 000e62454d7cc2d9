from tests.widgets.lists import rows_of
from tests.widgets.made import Make, made
from tests.widgets.test_flusher import eventually
from tradekit.model.session import SignalRaised
from tradekit.testing.stage import StageSession
from tradekit.widgets.tables import Orders, Positions, Signals

__all__ = ["made"]


def test_a_table_of_its_own_has_the_blotters_rows(session: StageSession, made: Make) -> None:
    [position] = rows_of(made(Positions, session), "positions")
    assert (position["side"], position["qty"], position["entry"]) == ("▲ long", "0.75", "17,200.00")
    assert [row["id"] for row in rows_of(made(Orders, session), "orders")][:2] == ["b-5", "b-4"]
    [signal] = rows_of(made(Signals, session), "signals")
    assert signal["name"] == "inside bar"


def test_a_table_writes_only_what_concerns_it(session: StageSession, made: Make) -> None:
    positions, signals = made(Positions, session), made(Signals, session)
    before = positions.positions
    session.replica.fold(SignalRaised("breakout", "BTCUSDT", "cross", 1.0))
    assert eventually(lambda: len(rows_of(signals, "signals")) == 2)
    assert (positions.positions, positions.positions_since) == (before, "")


def test_an_empty_table_says_so_in_a_terminal(two: StageSession, made: Make) -> None:
    assert repr(made(Orders, two)).endswith("orders: none")
