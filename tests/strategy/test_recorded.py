"""Recorded orders, wished for again on their bars."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.builders import bar, columns
from tradekit.errors import StrategyError
from tradekit.run.backtest import backtest
from tradekit.run.result import Result
from tradekit.sim.backtesting_py import backtesting_py
from tradekit.strategy.recorded import RecordedOrders

BARS: Any = columns([bar(n, (100 + n, 103 + n, 97 + n, 101 + n)) for n in range(8)])


def replay(*records: dict[str, Any], file: str = "", **settings: Any) -> Result:
    """A run over eight rising bars."""
    strategy: Any = RecordedOrders
    rules = backtesting_py(**settings)
    return backtest(strategy(orders=list(records), file=file), BARS, cash=10_000, rules=rules)


def fills(result: Result) -> list[tuple[str, float, float]]:
    """Side, quantity and price of each."""
    frame = result.fills
    return list(zip(frame["side"].astype(str), frame["qty"], frame["price"], strict=True))


def test_an_entry_is_wished_for_on_its_bar() -> None:
    assert fills(replay({"bar": 2, "action": "buy", "size": 5.0})) == [("buy", 5, 103)]


@pytest.mark.parametrize("size", [{"size": 0.5}, {"size": 0.5, "limit": None, "sl": None}])
def test_a_size_below_one_is_a_share(size: dict[str, Any]) -> None:
    assert fills(replay({"bar": 0, "action": "sell"} | size)) == [("sell", 49, 101)]


@pytest.mark.parametrize("size", [{}, {"size": None}])
def test_a_size_that_is_left_out_is_all(size: dict[str, Any]) -> None:
    assert fills(replay({"bar": 0, "action": "buy"} | size)) == [("buy", 99, 101)]


def test_limit_stop_and_protection_are_those_of_the_record() -> None:
    result = replay({"bar": 0, "action": "buy", "size": 1, "limit": 99, "sl": 90, "tp": 104})
    assert fills(result) == [("buy", 1, 99), ("sell", 1, 104)]
    result = replay({"bar": 0, "action": "buy", "size": 1, "stop": 103, "limit": 104})
    assert fills(result) == [("buy", 1, 103)]


def test_a_portion_of_each_open_trade_is_closed() -> None:
    two = [{"bar": 0, "action": "buy", "size": 5}, {"bar": 0, "action": "buy", "size": 4}]
    result = replay(*two, {"bar": 2, "action": "close_position", "portion": 0.5})
    assert fills(result)[2:] == [("sell", 2, 103), ("sell", 2, 103)]


def test_a_close_without_a_portion_closes_all() -> None:
    result = replay({"bar": 0, "action": "buy", "size": 5}, {"bar": 2, "action": "close_position"})
    assert fills(result)[1:] == [("sell", 5, 103)]


def test_a_stop_is_moved_and_the_last_move_of_a_bar_counts() -> None:
    moves = [{"bar": 2, "action": "move_sl", "price": price} for price in (99, 102)]
    result = replay({"bar": 0, "action": "buy", "size": 5, "sl": 90}, *moves)
    assert fills(result)[1:] == [("sell", 5, 102)]


def test_a_target_is_made_where_there_is_none() -> None:
    entry = {"bar": 0, "action": "buy", "size": 5}
    assert fills(replay(entry, {"bar": 2, "action": "move_tp", "price": 107}))[1:] == [("sell", 5, 107)]


def test_a_short_trades_stop_is_a_buy() -> None:
    entry = {"bar": 0, "action": "sell", "size": 5}
    assert fills(replay(entry, {"bar": 1, "action": "move_sl", "price": 105}))[1:] == [("buy", 5, 105)]


def test_waiting_entries_are_canceled_and_exits_are_left() -> None:
    entries = [
        {"bar": 0, "action": "buy", "size": 5, "sl": 90},
        {"bar": 1, "action": "buy", "size": 5, "limit": 50},
    ]
    result = replay(*entries, {"bar": 3, "action": "cancel_entry_orders", "count": 1})
    assert result.orders["status"].astype(str).to_list() == ["filled", "accepted", "canceled"]


def test_records_come_from_a_file_too(tmp_path: Path) -> None:
    record = {"bar": 2, "action": "buy", "size": 5}
    for content in ([record], {"orders_submitted": [record], "words": "anything else"}):
        file = tmp_path / "run.json"
        file.write_text(json.dumps(content), encoding="utf-8")
        assert fills(replay(file=str(file))) == [("buy", 5, 103)]


@pytest.mark.parametrize("content", ["{", '{"trades": []}', "3"])
def test_a_file_without_records_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "run.json"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(StrategyError, match=r"run\.json"):
        replay(file=str(file))


@pytest.mark.parametrize("record", [{"bar": 1, "action": "hold"}, {"action": "buy"}])
def test_a_record_that_says_nothing_known_is_refused(record: dict[str, Any]) -> None:
    with pytest.raises(StrategyError, match=r"record 0 is .*: it needs a `bar` and an `action` of buy, sell"):
        replay(record)
