from tests.widgets.conftest import MINUTE, START
from tests.widgets.lists import rows_of
from tests.widgets.made import Make, made
from tests.widgets.test_flusher import eventually
from tradekit.state.shape import State
from tradekit.testing.stage import StageSession
from tradekit.widgets.ticker import Ticker

__all__ = ["made"]


def test_a_tick_reaches_the_ticker_without_an_event(session: StageSession, made: Make) -> None:
    ticker = made(Ticker, session)
    assert rows_of(ticker, "prices")[0]["last"] == "17,215.00"
    session.replica.tick({"key": "BTCUSDT", "ts": START + 9 * MINUTE, "last": 17_222.0})
    assert eventually(lambda: rows_of(ticker, "prices")[0]["last"] == "17,222.00")
    assert "17,222.00" in repr(ticker)


def test_without_an_instrument_it_says_so(made: Make) -> None:
    session = StageSession(live=False)
    session.replica.state = State()
    assert repr(made(Ticker, session)).endswith("no instrument yet")
