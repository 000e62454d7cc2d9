"""Round trips: what is matched with what, and that nothing is lost on the way."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import law
from tradekit.errors import DataError
from tradekit.model.instrument import Instrument
from tradekit.report.executions import Execution, Split
from tradekit.report.trades import Trade, open_since, round_trips, trade_frame

D = Decimal


def fill(side: str, qty: str, price: str, ts: int = 0, *, fee: str = "0", **rest: Any) -> Execution:
    words = {"order": side[0], "instrument": "X", "strategy": "one", **rest}
    return Execution(side=side, qty=D(qty), price=D(price), fee=D(fee), ts=ts, **words)


def buy(qty: str, price: str, ts: int = 0, **rest: Any) -> Execution:
    return fill("buy", qty, price, ts, **rest)


def sell(qty: str, price: str, ts: int = 0, **rest: Any) -> Execution:
    return fill("sell", qty, price, ts, **rest)


def brief(trades: Sequence[Trade]) -> list[tuple[str, str, str, str, str]]:
    return [
        (t.side, str(t.qty), str(t.entry_price), str(t.exit_price), f"{t.pnl.normalize():f}") for t in trades
    ]


def test_a_round_trip_pays_both_fees_and_carries_the_words_of_both_orders() -> None:
    entry = {"order": "a", "rule": "market.open", "tag": "breakout", "reason": "new high"}
    leaving = {"order": "z", "rule": "stop.touch", "tag": "out", "reason": "stop loss"}
    fills = [buy("2", "100", 5, fee="0.4", **entry), sell("2", "110", 9, fee="0.6", **leaving)]
    (trade,) = round_trips(fills)
    assert trade == Trade(
        trade_id=1, instrument="X", strategy="one", position="", side="long", qty=D(2), entry_time=5, exit_time=9,
        entry_price=D(100), exit_price=D(110), pnl=D("19.0"), fees=D("1.0"), return_frac=0.095, entry_order="a",
        exit_order="z", entry_rule="market.open", exit_rule="stop.touch", tag="breakout", exit_tag="out",
        entry_reason="new high", exit_reason="stop loss", currency="", rate=1.0,
    )  # fmt: skip


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


def test_each_position_of_a_hedging_account_is_matched_alone() -> None:
    fills = [buy("1", "10", position="p1"), sell("1", "9", position="p2"), sell("1", "12", position="p1")]
    (trade,) = round_trips(fills)
    assert (trade.position, trade.pnl) == ("p1", D(2))
    assert len(open_since(fills)) == 1


def test_the_multiplier_counts_in_profit_and_not_in_the_return() -> None:
    future = Instrument(id="X", multiplier=D(50))
    (trade,) = round_trips([buy("1", "100"), sell("1", "101")], instruments={"X": future})
    assert (trade.pnl, trade.return_frac) == (D(50), 0.01)


def test_an_inverse_contract_gains_in_its_base_currency() -> None:
    """100 contracts of 1 USD: 100 / 10,000 - 100 / 12,500 of a coin."""
    contract = Instrument(id="X", inverse=True, base="BTC")
    for fills, pnl in (
        ([buy("100", "10000"), sell("100", "12500")], D("0.002")),
        ([sell("100", "10000"), buy("100", "12500")], D("-0.002")),
    ):
        (trade,) = round_trips(fills, instruments={"X": contract})
        assert trade.pnl == pnl
        assert trade.return_frac == pytest.approx(float(pnl) / 0.01)


def test_a_profit_is_in_the_instruments_currency_and_knows_its_worth() -> None:
    bund = Instrument(id="X", quote="EUR")
    (trade,) = round_trips([buy("1", "100"), sell("1", "101", rate=1.1)], instruments={"X": bund})
    assert (trade.currency, trade.pnl, trade.rate) == ("EUR", D(1), 1.1)


def test_a_split_counts_what_is_open_in_new_units() -> None:
    split = Split(1, 5, "X", new=D(2), old=D(1))
    fills = [buy("3", "100", 1, fee="0.3"), sell("6", "60", 9)]
    (trade,) = round_trips(fills, splits=[split])
    assert (trade.qty, trade.entry_price, trade.pnl, trade.fees) == (D(6), D(50), D("59.7"), D("0.3"))


def test_what_a_reverse_split_leaves_below_a_lot_leaves_without_a_trade() -> None:
    """3 + 4 old shares are 0.7 of ten: of whole lots nothing; 17 are one, and the oldest stay."""
    shares = {"X": Instrument(id="X", lot=D(1))}
    split = Split(2, 5, "X", new=D(1), old=D(10))
    assert open_since([buy("3", "10", 1), buy("4", "10", 2)], splits=[split], instruments=shares) == []
    fills = [buy("13", "10", 1), buy("4", "10", 2), sell("1", "120", 9)]
    (trade,) = round_trips(fills, splits=[split], instruments=shares)
    assert (trade.qty, trade.entry_time, trade.entry_price) == (D(1), 1, D(100))
    assert open_since(fills, splits=[split], instruments=shares) == []


def test_a_split_of_another_instrument_or_before_all_fills_changes_nothing() -> None:
    fills = [buy("1", "10", 1), sell("1", "12", 2)]
    for split in (Split(1, 1, "Y", D(2), D(1)), Split(0, 0, "X", D(2), D(1)), Split(2, 9, "X", D(2), D(1))):
        assert brief(round_trips(fills, splits=[split])) == [("long", "1", "10", "12", "2")]


def test_by_average_a_trade_lasts_from_flat_to_flat() -> None:
    fills = [
        buy("1", "10", 1, fee="0.1", order="first"), buy("3", "14", 2),
        sell("2", "16", 3), sell("2", "20", 4, order="last"), sell("1", "30", 5),
    ]  # fmt: skip
    (trade,) = round_trips(fills, method="average")
    assert (trade.qty, trade.entry_price, trade.exit_price) == (D(4), D(13), D(18))
    assert (trade.entry_time, trade.exit_time, trade.entry_order, trade.exit_order) == (1, 4, "first", "last")
    assert (trade.pnl, trade.fees) == (D("19.9"), D("0.1"))
    assert trade.return_frac == pytest.approx(19.9 / 52)


def test_by_average_a_fill_through_zero_ends_one_trade_and_begins_the_next() -> None:
    fills = [buy("1", "10", 1), sell("3", "12", 2), buy("2", "9", 3)]
    assert brief(round_trips(fills, method="average")) == [
        ("long", "1", "10", "12", "2"),
        ("short", "2", "12", "9", "6"),
    ]


def test_by_average_a_position_that_is_closed_in_part_is_no_trade_yet() -> None:
    fills = [buy("2", "10"), sell("1", "12")]
    assert round_trips(fills, method="average") == []
    assert len(round_trips(fills)) == 1


def test_by_average_trades_are_numbered_in_the_order_in_which_they_ended() -> None:
    fills = [
        buy("2", "1", instrument="X"), buy("1", "1", instrument="Y"), sell("1", "2", instrument="X"),
        sell("1", "2", instrument="Y"), sell("1", "2", instrument="X"),
    ]  # fmt: skip
    assert [t.instrument for t in round_trips(fills, method="average")] == ["Y", "X"]


def test_another_method_is_refused_by_name() -> None:
    with pytest.raises(DataError, match="round trips by 'lifo' are not known; choose fifo or average"):
        round_trips([], method="lifo")  # type: ignore[arg-type]


def test_what_is_open_at_the_end_is_no_trade_and_is_told_apart() -> None:
    fills = [buy("2", "10", 7), sell("1", "12", 8)]
    assert len(round_trips(fills)) == 1
    assert open_since(fills) == [7]
    assert open_since([*fills, sell("1", "12", 9)]) == []


@pytest.mark.parametrize("bad", [buy("0", "1"), buy("-1", "1"), fill("hold", "1", "1")])
def test_a_fill_that_trades_nothing_is_refused(bad: Execution) -> None:
    with pytest.raises(DataError, match=f"fill of order '{bad.order}'"):
        round_trips([bad])


def amounts(low: str, high: str, places: int) -> st.SearchStrategy[str]:
    return st.decimals(D(low), D(high), places=places).map(str)


FILLS = st.lists(
    st.builds(
        fill, st.sampled_from(["buy", "sell"]), amounts("0.001", "50", 3), amounts("1", "999", 2),
        fee=amounts("0", "9", 8),
    ),
    max_size=25,
)  # fmt: skip


@given(FILLS)
@law(60)
def test_profit_and_fees_add_up_to_the_cash_that_moved(fills: list[Execution]) -> None:
    held = sum((f.qty if f.side == "buy" else -f.qty for f in fills), D(0))
    if held:  # one last fill closes all
        fills = [*fills, fill("sell" if held > 0 else "buy", str(abs(held)), "100", fee="0.12345678")]
    cash = sum((f.qty * f.price * (-1 if f.side == "buy" else 1) - f.fee for f in fills), D(0))
    assert open_since(fills) == []
    for method in ("fifo", "average"):
        trades = round_trips(fills, method=method)  # type: ignore[arg-type]
        assert sum((t.fees for t in trades), D(0)) == sum((f.fee for f in fills), D(0))
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
