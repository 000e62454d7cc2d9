from tests.widgets.conftest import MINUTE, START
from tradekit.model.market import Bar
from tradekit.testing.stage import StageSession
from tradekit.widgets.prices import Prices
from tradekit.widgets.words import MINUS


def only(prices: Prices, session: StageSession) -> dict[str, object]:
    [row] = prices.rows(session.replica.state)["rows"]
    return row


def test_a_price_stands_at_the_instruments_precision_and_since_the_day_began(session: StageSession) -> None:
    row = only(Prices(), session)
    assert (row["key"], row["last"]) == ("BTCUSDT", "17,215.00")
    assert (row["change"], row["change_tone"], row["share"]) == ("▲ +15.00", "up", "+0.09 %")
    assert row["ts"] == (START + 5 * MINUTE) // 1_000_000


def test_a_tick_runs_ahead_of_the_state_and_an_older_one_does_not(session: StageSession) -> None:
    prices = Prices()
    now = START + 5 * MINUTE
    prices.tick({"BTCUSDT": {"key": "BTCUSDT", "ts": now + 1, "last": 17_190.5}})
    assert (only(prices, session)["last"], only(prices, session)["change"]) == ("17,190.50", f"▼ {MINUS}9.50")
    session.replica.fold(Bar("BTCUSDT", "1m", now, 17_190.0, 17_190.0, 17_190.0, 17_180.0), ts=now + MINUTE)
    assert only(prices, session)["last"] == "17,180.00"


def test_without_the_days_beginning_no_change_is_made_up(session: StageSession) -> None:
    late = StageSession()
    late.replica.fold(Bar("BTCUSDT", "1m", START + MINUTE, 5.0, 6.0, 4.0, 5.5), ts=START + 2 * MINUTE)
    row = only(Prices(), late)
    assert (row["last"], row["change"], row["share"]) == ("5.50", "", "")


def test_an_instrument_without_a_price_is_listed_all_the_same(two: StageSession) -> None:
    rows = Prices().rows(two.replica.state)["rows"]
    assert [(row["key"], row["last"], row["ts"]) for row in rows] == [("BTCUSDT", "", 0), ("ETHUSDT", "", 0)]
