"""Round trips: what is matched with what, and that nothing is lost on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradekit.errors import DataError
from tradekit.report.trades import Trade, open_since, round_trips, trade_frame

D = Decimal
ZERO = Decimal(0)


@dataclass(frozen=True)
class Fill:
    id: str
    side: str
    qty: Decimal
    price: Decimal
    ts: int = 0
    fee: Decimal = ZERO
    instrument: str = "X"
    strategy: str = "one"
    tag: str = ""


def buy(qty: str, price: str, ts: int = 0, *, id: str = "b", fee: str = "0", **rest: str) -> Fill:
    return Fill(id, "buy", D(qty), D(price), ts, D(fee), **rest)


def sell(qty: str, price: str, ts: int = 0, *, id: str = "s", fee: str = "0", **rest: str) -> Fill:
    return Fill(id, "sell", D(qty), D(price), ts, D(fee), **rest)


def brief(trades: Sequence[Trade]) -> list[tuple[str, str, str, str, str]]:
    return [
        (t.side, str(t.qty), str(t.entry_price), str(t.exit_price), f"{t.pnl.normalize():f}") for t in trades
    ]


def test_a_round_trip_pays_both_fees() -> None:
    fills = [buy("2", "100", 5, id="a", fee="0.4", tag="breakout"), sell("2", "110", 9, id="z", fee="0.6")]
    assert round_trips(fills) == [
        Trade(
            1,
            "X",
            "one",
            "long",
            D(2),
            5,
            9,
            D(100),
            D(110),
            D("19.0"),
            D("1.0"),
            0.095,
            "a",
            "z",
            "breakout",
        )
    ]


def test_a_short_gains_when_the_price_falls() -> None:
    assert brief(round_trips([sell("3", "50"), buy("3", "40")])) == [("short", "3", "50", "40", "30")]


def test_the_oldest_entry_is_closed_first() -> None:
    fills = [buy("1", "10"), buy("2", "20"), sell("2", "30"), sell("1", "40")]
    assert brief(round_trips(fills)) == [
        ("long", "1", "10", "30", "20"),
        ("long", "1", "20", "30", "10"),
        ("long", "1", "20", "40", "20"),
    ]


def test_a_fill_through_zero_closes_and_opens_the_other_way() -> None:
    fills = [buy("1", "10", 1), sell("3", "12", 2, fee="0.3"), buy("2", "9", 3)]
    trades = round_trips(fills)
    assert brief(trades) == [("long", "1", "10", "12", "1.9"), ("short", "2", "12", "9", "5.8")]
    assert [trade.entry_time for trade in trades] == [1, 2]


def test_each_instrument_and_strategy_is_matched_alone() -> None:
    fills = [buy("1", "10"), sell("1", "9", instrument="Y"), sell("1", "8", strategy="two"), sell("1", "12")]
    assert brief(round_trips(fills)) == [("long", "1", "10", "12", "2")]


def test_the_multiplier_counts_in_profit_and_not_in_the_return() -> None:
    (trade,) = round_trips([buy("1", "100"), sell("1", "101")], multipliers={"X": D(50)})
    assert (trade.pnl, trade.return_frac) == (D(50), 0.01)


def test_what_is_open_at_the_end_is_no_trade_and_is_told_apart() -> None:
    fills = [buy("2", "10", 7), sell("1", "12", 8)]
    assert len(round_trips(fills)) == 1
    assert open_since(fills) == [7]
    assert open_since([*fills, sell("1", "12", 9)]) == []


@pytest.mark.parametrize("fill", [buy("0", "1"), buy("-1", "1"), Fill("x", "hold", D(1), D(1))])
def test_a_fill_that_trades_nothing_is_refused(fill: Fill) -> None:
    with pytest.raises(DataError, match=f"fill of order '{fill.id}'"):
        round_trips([fill])


def amounts(low: str, high: str, places: int) -> st.SearchStrategy[Decimal]:
    return st.decimals(D(low), D(high), places=places)


@given(
    st.lists(
        st.builds(
            Fill, st.just("o"), st.sampled_from(["buy", "sell"]), amounts("0.001", "50", 3),
            amounts("1", "999", 2), fee=amounts("0", "9", 8),
        ),
        max_size=25,
    )
)  # fmt: skip
def test_profit_and_fees_add_up_to_the_cash_that_moved(fills: list[Fill]) -> None:
    held = sum((f.qty if f.side == "buy" else -f.qty for f in fills), D(0))
    if held:  # one last fill closes all
        fills = [*fills, Fill("end", "sell" if held > 0 else "buy", abs(held), D(100), fee=D("0.12345678"))]
    trades = round_trips(fills)
    assert open_since(fills) == []
    assert sum((t.fees for t in trades), D(0)) == sum((f.fee for f in fills), D(0))
    cash = sum((f.qty * f.price * (-1 if f.side == "buy" else 1) - f.fee for f in fills), D(0))
    assert sum((t.pnl for t in trades), D(0)) == cash


def test_the_table_has_times_and_floats() -> None:
    table = trade_frame(round_trips([buy("2", "100", 0), sell("2", "110", 60_000_000_000)]))
    assert table.index.name == "trade_id"
    assert table.loc[1, "exit_time"] == pd.Timestamp("1970-01-01 00:01", tz="UTC")
    assert table.loc[1, "pnl"] == 20.0
    assert str(table["qty"].dtype) == "float64"


def test_no_trades_give_a_table_of_the_same_columns() -> None:
    assert list(trade_frame([]).columns) == list(Trade.__struct_fields__[1:])
    assert len(trade_frame([])) == 0
    pd.testing.assert_series_equal(
        trade_frame([]).dtypes, trade_frame(round_trips([buy("1", "1"), sell("1", "1")])).dtypes
    )
