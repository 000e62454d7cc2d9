from decimal import Decimal
from typing import Any

import pytest

from tests.widgets.conftest import MINUTE, START, WHO
from tradekit.model.market import Bar
from tradekit.model.order import OrderFilled, OrderSubmitted, OrderType, Side
from tradekit.model.session import SignalRaised
from tradekit.state.shape import State
from tradekit.testing.stage import StageSession
from tradekit.widgets import candles
from tradekit.widgets.candles import Plot

S = START // 1_000_000_000


def close_bar(session: StageSession, number: int, close: float = 17_220.0) -> None:
    bar = Bar("BTCUSDT", "1m", START + number * MINUTE, 17_210.0, 17_240.0, 17_180.0, close, 1.5)
    session.replica.fold(bar, ts=bar.ts + MINUTE)


def tick(number: int, close: float = 17_222.0, timeframe: str = "1m") -> dict[str, Any]:
    bar = {"timeframe": timeframe, "ts": START + number * MINUTE, "open": 17_219.0, "high": 17_250.0}
    return {"key": "BTCUSDT", "bar": {**bar, "low": 17_201.0, "close": close, "volume": 0.5}}


def test_columns_are_in_seconds_and_complete(session: StageSession) -> None:
    bars = candles.columns(session.replica.state.bars["BTCUSDT"]["1m"])
    assert bars["t"] == [S + 60 * i for i in range(5)]
    assert bars["c"] == [17_200.0, 17_205.0, 17_210.0, 17_215.0, 17_215.0]
    assert {len(column) for column in bars.values()} == {5}


def test_the_series_falls_back_to_the_first_declared(session: StageSession) -> None:
    state = session.replica.state
    assert candles.series_of(state) == ("BTCUSDT", "1m")
    assert candles.series_of(state, "BTCUSDT", "15m") == ("BTCUSDT", "15m")
    assert candles.series_of(state, "nothing", "3m") == ("BTCUSDT", "1m")
    assert candles.series_of(State()) == ("", "")


def test_a_forming_bar_of_the_finest_timeframe_is_the_ticks(session: StageSession) -> None:
    row = candles.forming(session.replica.state, "BTCUSDT", "1m", tick(5))
    assert row == [S + 300, 17_219.0, 17_250.0, 17_201.0, 17_222.0, 0.5]


def test_a_coarser_forming_bar_holds_its_closed_parts(session: StageSession) -> None:
    row = candles.forming(session.replica.state, "BTCUSDT", "15m", tick(5))
    assert row == [S, 17_200.0, 17_250.0, 17_190.0, 17_222.0, 10.5]


def test_a_tick_of_a_closed_or_coarser_bar_forms_nothing(session: StageSession) -> None:
    state = session.replica.state
    assert candles.forming(state, "BTCUSDT", "1m", tick(4)) is None
    assert candles.forming(state, "BTCUSDT", "1m", tick(15, timeframe="15m")) is None
    assert candles.forming(state, "BTCUSDT", "1m", {"key": "BTCUSDT", "last": 1.0}) is None


@pytest.mark.parametrize(("timeframe", "second"), [("1m", 300), ("15m", 0), ("1h", 0)])
def test_a_fill_is_marked_at_the_bar_it_happened_in(
    session: StageSession, timeframe: str, second: int
) -> None:
    state = session.replica.state
    fill = OrderFilled("b-4", *WHO, "z", Side.SELL, Decimal("0.25"), Decimal("17204.5"), Decimal(0), "USDT")
    session.replica.fold(fill, ts=START + 5 * MINUTE + 7)
    marks = {mark["key"]: mark for mark in candles.markers(state, "BTCUSDT", timeframe)["rows"]}
    said = {"kind": "fill", "side": "sell", "text": "sell 0.25 @ 17,204.50"}
    assert marks[state.seq] == {"key": state.seq, "t": S + second, **said}
    assert candles.markers(state, "ETHUSDT", timeframe) == {"rows": []}


def test_signals_and_changed_parameters_are_marked_where_they_took_effect(session: StageSession) -> None:
    session.set_param("risk_reward", 2.0)
    session.set_params(risk_reward=2.5, qty=1.0)
    session.replica.fold(SignalRaised("breakout", "BTCUSDT", "out", 0.0, 17_215.0), ts=START + 6 * MINUTE)
    rows = candles.markers(session.replica.state, "BTCUSDT", "1m")["rows"]
    assert [(row["kind"], row["side"], row["text"]) for row in rows] == [
        ("signal", "buy", "inside bar: close above"),
        ("fill", "buy", "buy 0.75 @ 17,200.00"),
        ("param", "", "risk_reward = 2.0"),
        ("param", "", "risk_reward = 2.5, qty = 1.0"),
    ], "a signal without a direction points nowhere"
    assert rows[-1]["t"] == S + 300


def drawn(session: StageSession) -> dict[str, dict[str, Any]]:
    return {line["key"]: line for line in candles.lines(session.replica.state, "BTCUSDT")["rows"]}


def test_of_many_orders_the_nearest_are_drawn_and_what_protects_always_is(session: StageSession) -> None:
    for i in range(40):
        terms = (OrderType.LIMIT, Decimal(1), Decimal(17_210 - i))
        session.replica.fold(OrderSubmitted(f"grid-{i}", *WHO, Side.BUY, *terms))
    shown = drawn(session)
    assert {"position breakout", "b-2", "b-3"} < shown.keys()
    assert [key for key in shown if key.startswith("grid")] == [f"grid-{i}" for i in range(12)]
    assert candles.lines(session.replica.state, "BTCUSDT")["left"] == 2 + 40 - 12
    del session.replica.state.marks["BTCUSDT"]
    assert len(drawn(session)) == len(shown)


def test_both_sides_of_a_hedged_instrument_have_their_entry(hedged: StageSession) -> None:
    titles = {key: line["title"] for key, line in drawn(hedged).items()}
    assert titles == {"position breakout LONG": "long 2", "position breakout SHORT": "short 1"}


def test_a_trailing_stop_and_a_stop_limit_are_lines_at_their_trigger(session: StageSession) -> None:
    for name, kind in (("b-8", OrderType.TRAILING_STOP), ("b-9", OrderType.STOP_LIMIT)):
        terms = {"limit": Decimal(16_900) if kind is OrderType.STOP_LIMIT else None, "stop": Decimal(17_000)}
        session.replica.fold(
            OrderSubmitted(name, *WHO, Side.SELL, kind, Decimal(1), reduce_only=True, **terms)
        )
    lines = drawn(session)
    for name in ("b-8", "b-9"):
        assert (lines[name]["title"], lines[name]["price"], lines[name]["tone"]) == (
            "stop sell 1",
            17_000.0,
            "down",
        )


def test_lines_say_what_each_price_means(session: StageSession) -> None:
    lines = drawn(session)
    assert {key: line["title"] for key, line in lines.items()} == {
        "position breakout": "long 0.75",
        "b-2": "stop sell 0.75",
        "b-3": "target sell 0.75",
        "b-4": "limit buy 1",
        "b-5": "stop buy 1",
    }
    assert lines["b-2"]["price"] == 17_050.0
    assert (lines["b-2"]["tone"], lines["b-3"]["tone"], lines["b-4"]["tone"], lines["b-5"]["tone"]) == (
        "down",
        "up",
        "accent",
        "warning",
    )
    assert (lines["b-2"]["style"], lines["b-3"]["style"]) == ("dashed", "dotted")
    assert candles.lines(session.replica.state, "ETHUSDT") == {"rows": [], "left": 0}


def test_a_working_order_without_a_price_has_no_line(session: StageSession) -> None:
    session.replica.state.orders["b-4"].limit = None
    assert "b-4" not in drawn(session)


def test_precision_is_the_tick_or_what_the_price_needs(session: StageSession) -> None:
    assert candles.precision(session.replica.state, "BTCUSDT") == {"digits": 2, "step": 0.01}
    state = State()
    assert candles.precision(state, "X") == {"digits": 2, "step": 0.01}


def shown(parts: list[dict[str, Any]]) -> dict[float, list[float]]:
    """What a page shows after these parts, as its script does it: bars by time."""
    bars: dict[float, list[float]] = {}
    for part in parts:
        if "bars" in part:
            columns = part["bars"]
            rows = zip(*(columns[name] for name in "tohlcv"), strict=True)
            bars = {row[0]: list(row) for row in rows}
        for row in part.get("bar", {"rows": []})["rows"]:
            bars[row[0]] = row
    return bars


def test_deltas_show_the_same_as_the_whole_series(session: StageSession) -> None:
    plot, state = Plot(), session.replica.state
    sent = [plot.parts(state)]
    for number in range(5, 60):
        sent.append(plot.tick(state, {"BTCUSDT": tick(number)}))
        close_bar(session, number, 17_220.0 + number)
        sent.append(plot.parts(state, whole=False))
    whole = shown([Plot().parts(state)])
    assert shown(sent) == whole
    assert sum("bars" in part for part in sent) < 5, "most flushes are deltas"
    newest = [[part for part in sent if "bars" in part][-1], sent[-1]]
    assert shown(newest) == whole, "a view that opens late sees everything"


def test_a_tick_moves_the_last_bar_until_it_closes(session: StageSession) -> None:
    plot, state = Plot(), session.replica.state
    plot.parts(state)
    assert plot.tick(state, {"BTCUSDT": tick(5)})["bar"]["rows"][-1][4] == 17_222.0
    assert plot.parts(state, whole=False)["bar"]["rows"][-1][4] == 17_222.0, "a fact keeps the forming bar"
    close_bar(session, 5)
    assert plot.parts(state, whole=False)["bar"]["rows"][-1][4] == 17_220.0
    assert plot.tick(state, {"ETHUSDT": tick(6)}) == {}
    assert plot.tick(state, {"BTCUSDT": tick(5)}) == {}


def test_choosing_a_timeframe_sends_the_whole_other_series(session: StageSession) -> None:
    plot, state = Plot(), session.replica.state
    plot.parts(state)
    plot.choose(timeframe="15m")
    parts = plot.parts(state)
    assert parts["series"]["timeframe"] == "15m"
    assert parts["series"]["timeframes"] == ["1m", "15m", "1h"]
    assert parts["bars"] == {
        "key": "BTCUSDT 15m",
        "t": [],
        "o": [],
        "h": [],
        "l": [],
        "c": [],
        "v": [],
        "studies": [],
    }
    plot.choose(instrument="BTCUSDT", timeframe="1m")
    assert len(plot.parts(state)["bars"]["t"]) == 5


def test_another_history_is_sent_whole(session: StageSession) -> None:
    plot = Plot()
    plot.parts(session.replica.state)
    del session.replica.state.bars["BTCUSDT"]["1m"][2:]
    assert len(plot.parts(session.replica.state)["bars"]["t"]) == 2
    session.replica.state.bars.clear()
    assert plot.parts(session.replica.state)["bars"]["t"] == []


def test_an_empty_session_has_a_chart_without_a_series() -> None:
    parts = Plot().parts(State())
    assert "series" not in parts
    assert parts["bars"]["t"] == []
    assert Plot().tick(State(), {"": tick(1)}) == {}
