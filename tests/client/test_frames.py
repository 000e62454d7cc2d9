import pandas as pd
import pytest

from tests.builders import MINUTE, START, flat, opened
from tests.client.told import DAY, folded
from tradekit.client import frames
from tradekit.client.view import Past
from tradekit.errors import NotFoundError
from tradekit.state.shape import State

UTC_NS = "datetime64[ns, UTC]"
STATE = folded()


def at(minute: int) -> pd.Timestamp:
    return pd.Timestamp(START + minute * MINUTE, unit="ns", tz="UTC")


def test_positions_have_a_row_each_with_entry_mark_and_profit() -> None:
    frame = frames.positions(STATE)
    (row,) = frame.to_dict("records")
    assert (row["strategy"], row["instrument"], row["qty"], row["entry"], row["mark"]) == (
        "s",
        "BTC",
        1,
        100,
        105,
    )
    assert (row["unrealised"], row["realised"], row["fees"]) == (5, 5, 0.5)
    assert row["opened"] == at(7)
    assert frame["qty"].dtype == "float64"


def test_orders_are_by_id_newest_last() -> None:
    frame = frames.orders(STATE)
    assert list(frame.index) == ["s-1", "s-2", "s-3"]
    assert list(frame["status"]) == ["filled", "filled", "accepted"]
    assert list(frame["type"]) == ["market", "limit", "stop"]
    assert list(frame["filled"]) == [2, 1, 0]
    assert frame.loc["s-2", "limit"] == 105
    assert frame.loc["s-3", "stop"] == 90
    assert pd.isna(frame.loc["s-1", "limit"])
    assert (frame.loc["s-1", "created"], frame.loc["s-1", "updated"]) == (at(5), at(7))


@pytest.mark.parametrize(
    ("working", "ids"), [(True, ["s-3"]), (False, ["s-1", "s-2"]), (None, ["s-1", "s-2", "s-3"])]
)
def test_orders_can_be_those_that_work_or_not(working: bool | None, ids: list[str]) -> None:
    assert list(frames.orders(STATE, working=working).index) == ids


def test_fills_signals_and_commands_are_by_time() -> None:
    fills, signals, commands = frames.fills(STATE), frames.signals(STATE), frames.commands(STATE)
    assert list(fills.index) == [at(7), at(11)]
    assert fills[["order", "side", "qty", "price", "fee", "realised"]].to_numpy().tolist() == [
        ["s-1", "buy", 2, 100, 0.4, 0], ["s-2", "sell", 1, 105, 0.1, 5],
    ]  # fmt: skip
    assert signals[["name", "direction", "note"]].to_numpy().tolist() == [["cross", 1.0, "up"]]
    assert commands[["name", "user", "refused"]].to_numpy().tolist() == [["cancel", "me", "no such order"]]


def test_profit_is_a_row_a_day_and_equity_a_point_a_bar() -> None:
    (row,) = frames.pnl(STATE).reset_index().to_dict("records")
    assert (row["day"], row["start"], row["realised"], row["fees"]) == ("2022-12-13", 10_000, 5, 0.5)
    assert row["profit"] == row["end"] - row["start"] == pytest.approx(9.5)
    equity = frames.equity(STATE)
    assert str(equity.index.dtype) == UTC_NS
    assert list(equity) == [10_000, pytest.approx(10_019.6)]


def test_bars_are_by_open_time_and_the_first_series_by_default() -> None:
    state = folded([*DAY, flat(0, 7.0, instrument="ETH"), flat(0, 100.0, timeframe="15m")])
    frame = frames.bars(state)
    assert list(frame.index) == [at(0), at(1)]
    assert list(frame.columns) == ["open", "high", "low", "close", "volume"]
    assert list(frames.bars(state, "ETH")["close"]) == [7]
    assert list(frames.bars(state, timeframe="15m")["close"]) == [100]


@pytest.mark.parametrize(("instrument", "timeframe"), [("ETH", None), (None, "4h"), ("BTC", "4h")])
def test_bars_that_are_not_there_are_named_with_those_that_are(
    instrument: str | None, timeframe: str | None
) -> None:
    with pytest.raises(NotFoundError, match=r"there are \{'BTC': \['1m'\]\}"):
        frames.bars(STATE, instrument, timeframe)
    with pytest.raises(NotFoundError, match="none yet"):
        frames.bars(State())


@pytest.mark.parametrize("name", ["positions", "orders", "fills", "signals", "commands", "pnl"])
def test_an_empty_state_gives_empty_frames_of_the_same_shape(name: str) -> None:
    empty, full = getattr(frames, name)(folded([opened()])), getattr(frames, name)(STATE)
    assert list(empty.columns) == list(full.columns)
    assert len(empty) in (0, 1 if name == "pnl" else 0)
    for column in set(full.columns) & {"ts", "created", "updated", "opened"}:
        assert str(empty[column].dtype) == str(full[column].dtype) == UTC_NS
    if name in ("fills", "signals", "commands"):
        assert str(empty.index.dtype) == str(full.index.dtype) == UTC_NS


def test_equity_of_nothing_is_an_empty_series_of_times() -> None:
    empty = frames.equity(State())
    assert (len(empty), str(empty.index.dtype), str(empty.dtype)) == (0, UTC_NS, "float64")


def test_a_past_state_has_the_same_face() -> None:
    past = Past(STATE)
    assert past.seq == len(DAY)
    assert past.orders.equals(frames.orders(STATE))
    assert past.positions.equals(frames.positions(STATE))
    assert past.fills.equals(frames.fills(STATE))
    assert past.signals.equals(frames.signals(STATE))
    assert past.commands.equals(frames.commands(STATE))
    assert past.pnl.equals(frames.pnl(STATE))
    assert past.equity.equals(frames.equity(STATE))
    assert past.bars().equals(frames.bars(STATE))
    assert repr(past) == "<test as of 2022-12-13 00:15:00 UTC, #15, equity 10,009.50 USD>"
