"""The trade log of a record: the backtest's trades, with what led to them and what they cost."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given

from tests.builders import MINUTE, START, columns, event, filled, flat, law, opened, order
from tests.run.scripted import runs, with_script
from tests.run.test_result import Doing, again
from tradekit.client.tradelog import trade_log
from tradekit.core.event import Event, Fact
from tradekit.errors import DataError
from tradekit.model.account import SplitEffected
from tradekit.model.doubt import FillBusted, FillCharged, OrderAdopted
from tradekit.model.instrument import Instrument
from tradekit.model.market import MarkUpdated, Quote, TradeTick
from tradekit.model.order import OrderType, Side
from tradekit.model.session import SignalRaised
from tradekit.report.tradelog import LoggedTrade, TradeLog
from tradekit.run.backtest import backtest

D = Decimal
BUY, SELL = Side.BUY, Side.SELL
Told = Fact | tuple[Fact, int]  # a fact, or one with the seq of its cause


def record(*facts: Told, **terms: Any) -> list[Event]:
    """The facts as events, a minute apart, behind an opened session."""
    told: list[Told] = [opened(**terms), *facts]
    pairs = [one if isinstance(one, tuple) else (one, 0) for one in told]
    return [event(one, seq=n, ts=START + n * MINUTE, cause=c) for n, (one, c) in enumerate(pairs, start=1)]


def log_of(*facts: Told, method: Any = "fifo", **terms: Any) -> TradeLog:
    return trade_log(record(*facts, **terms), method=method)


def mark(last: float, bid: float | None = None, ask: float | None = None) -> MarkUpdated:
    return MarkUpdated("BTC", last, bid, ask)


def only(log: TradeLog) -> LoggedTrade:
    (trade,) = log
    return trade


@given(runs())
@law(10)
def test_it_is_the_backtests_trades_and_a_sessions_log_is_the_same_table(run: dict[str, Any]) -> None:
    result = again(run)
    for method in ("fifo", "average"):
        frame = result.trade_log(method).frame()
        shared = [name for name in result.trades if name in frame]
        assert {"mae", "mfe", "bars", "fees", "entry_reason"} <= set(shared)
        pd.testing.assert_frame_equal(frame[shared], result.round_trips(method)[shared], check_dtype=False)
        pd.testing.assert_frame_equal(frame, trade_log(result.events(), method=method).frame())
        assert frame["net"].to_numpy() == pytest.approx(result.round_trips(method)["pnl"].to_numpy())
        assert frame["gross"].to_numpy() == pytest.approx((frame["net"] + frame["fees"]).to_numpy())


def test_slippage_is_what_both_fills_were_worse_than_decided() -> None:
    log = log_of(
        mark(100.0, 99.0, 101.0), order("a"), filled("a", BUY, 2, "101.5", fee="0.2"),
        mark(110.0), order("b", SELL), filled("b", SELL, 2, "109", fee="0.3"),
    )  # fmt: skip
    trade = only(log)
    assert (trade.entry_decision, trade.entry_basis) == (D(100), "mid")
    assert (trade.exit_decision, trade.exit_basis) == (D(110), "last")
    assert trade.slippage == D("1.5") * 2 + 1 * 2
    assert (trade.gross, trade.fees, trade.net) == (D("15.0"), D("0.5"), D("14.5"))
    assert trade.gross + trade.slippage == (110 - 100) * 2  # the paper portfolio's profit


def test_a_short_that_filled_better_than_decided_has_a_negative_slippage() -> None:
    log = log_of(
        mark(100.0), order("a", SELL), filled("a", SELL, 1, 101), order("b"), filled("b", BUY, 1, 99)
    )
    assert (only(log).slippage, only(log).side, only(log).net) == (D(-2), "short", D(2))


@pytest.mark.parametrize(
    ("facts", "decision"),
    [
        ([Quote("BTC", 99.0, 102.0)], (D("100.5"), "mid")),
        ([TradeTick("BTC", 98.0, 1.0)], (D(98), "last")),
        ([Quote("BTC", 99.0, 102.0), TradeTick("BTC", 98.0, 1.0)], (D("100.5"), "mid")),
        ([flat(0, 97.0)], (D(97), "last")),
        ([], None),
    ],
)
def test_the_market_at_the_decision_is_the_middle_of_the_book_or_the_last_price(
    facts: list[Fact], decision: tuple[Decimal, str] | None
) -> None:
    trade = only(
        log_of(*facts, order("a"), filled("a", BUY, 1, 1), order("b", SELL), filled("b", SELL, 1, 2))
    )
    found = None if trade.entry_decision is None else (trade.entry_decision, trade.entry_basis)
    assert found == decision
    assert (trade.slippage is None) is (decision is None)


def test_an_inverse_contract_slips_in_its_base_currency() -> None:
    spec = Instrument(id="BTC", base="BTC", inverse=True, multiplier=D(100))
    log = log_of(
        mark(100.0), order("a"), filled("a", BUY, 1, 125, fee_currency="BTC"), order("b", SELL),
        filled("b", SELL, 1, 100, fee_currency="BTC"), instruments=[spec],
    )  # fmt: skip
    assert only(log).slippage == D("0.2")  # 100 / 100 - 100 / 125


def test_a_row_says_why_and_names_orders_and_fills() -> None:
    log = log_of(
        SignalRaised("s", "BTC", "breakout", 1.0, note="above the range"),
        (order("a", qty=3, tag="in", reason="new high"), 2),
        filled("a", BUY, 1, 10, number=1), filled("a", BUY, 2, 11, number=2),
        order("b", SELL, 3, reason="time is up"), filled("b", SELL, 3, 12, number=1, rule="market.open"),
        method="average",
    )  # fmt: skip
    trade = only(log)
    assert trade.signal == "breakout +1: above the range"
    assert (trade.tag, trade.entry_reason, trade.exit_reason) == ("in", "new high", "time is up")
    assert (trade.entry_orders, trade.exit_orders) == ("a", "b")
    assert (trade.entry_fills, trade.exit_fills) == ("a.1 a.2", "b.1")
    assert trade.exit_rule == "market.open"


def test_a_busted_fill_is_no_trade() -> None:
    fill = filled("a", BUY, 1, 50, number=1)
    bust = FillBusted("a", "BTC", "s", "main", "a.1", BUY, D(1), D(50), D(0), "USD", "erroneous")
    log = log_of(order("a"), fill, bust, filled("a", BUY, 1, 10), order("b", SELL), filled("b", SELL, 1, 12))
    assert only(log).entry_price == 10


def test_a_fee_that_was_told_after_its_fill_counts() -> None:
    charge = FillCharged("a", "BTC", "s", "main", "a.1", BUY, D(1), D(10), D("0.3"), "USD")
    entry = filled("a", BUY, 1, 10, number=1)
    log = log_of(order("a"), entry, charge, order("b", SELL), filled("b", SELL, 1, 12))
    trade = only(log)
    assert (trade.fees, trade.gross) == (D("0.3"), D(2))


def test_a_fill_that_is_told_twice_counts_once_and_one_without_an_id_each_time() -> None:
    twice = filled("a", BUY, 1, 10, number=1)
    nameless = [filled("b", SELL, "0.5", 12, number=None) for _ in range(2)]
    bare = [
        type(one)(**{f: getattr(one, f) for f in one.__struct_fields__} | {"exec_id": ""}) for one in nameless
    ]
    log = log_of(order("a"), twice, twice, order("b", SELL), *bare)
    assert [trade.qty for trade in log] == [D("0.5"), D("0.5")]


def test_a_fee_in_what_was_bought_leaves_no_crumb_behind() -> None:
    spec = Instrument(id="BTC", quote="USD", base="BTC")
    log = log_of(
        order("a"), filled("a", BUY, 1, 100, fee="0.01", fee_currency="BTC"), order("b", SELL, "0.99"),
        filled("b", SELL, "0.99", 110), method="average", instruments=[spec],
    )  # fmt: skip
    trade = only(log)
    assert (trade.qty, trade.fees, trade.gross) == (D("0.99"), D(1), D("9.9"))


def test_a_fee_without_a_rate_is_left_out_and_said() -> None:
    log = log_of(
        order("a"),
        filled("a", BUY, 1, 100, fee="0.01", fee_currency="BNB"),
        order("b", SELL),
        filled("b", SELL, 1, 110),
    )
    assert log.warnings == ("fees of 0.01 BNB are left out: no rate of BNB was known",)
    assert only(log).fees == 0


def test_a_split_changes_the_units_and_not_the_slippage() -> None:
    log = log_of(
        mark(100.0), order("a"), filled("a", BUY, 1, 102), SplitEffected("BTC", D(2), D(1)),
        order("b", SELL, 2), filled("b", SELL, 2, 50),
    )  # fmt: skip
    trade = only(log)
    assert (trade.qty, trade.entry_price, trade.entry_decision, trade.exit_decision) == (2, 51, 50, 50)
    assert trade.slippage == 2


def test_what_somebody_else_traded_has_no_decision() -> None:
    adopted = OrderAdopted("x", "BTC", "main", BUY, OrderType.MARKET, D(1), "v1", reason="traded by hand")
    log = log_of(
        adopted,
        filled("x", BUY, 1, 10, strategy="EXTERNAL"),
        order("b", SELL),
        filled("b", SELL, 1, 11, strategy="EXTERNAL"),
    )
    trade = only(log)
    assert (trade.strategy, trade.entry_decision, trade.slippage, trade.entry_reason) == (
        "EXTERNAL", None, None, "traded by hand",
    )  # fmt: skip


def test_excursions_come_from_the_shortest_bars_of_the_record() -> None:
    result = backtest(with_script(Doing, {1: [("to", 1, "in")], 4: [("to", 0, "out")]})(), BARS)
    longer = (event(flat(0, 1.0, timeframe="1h"), seq=0, ts=START) for _ in range(1))
    trade = only(trade_log(_then(longer, result.events())))
    assert (trade.bars, trade.mfe) == (3, pytest.approx(3 / 101))


BARS = columns([flat(n, 100.0 + n) for n in range(8)])


def _then(*parts: Iterable[Event]) -> Iterable[Event]:
    for part in parts:
        yield from part


def test_without_bars_excursions_are_unknown() -> None:
    trade = only(log_of(order("a"), filled("a", BUY, 1, 10), order("b", SELL), filled("b", SELL, 1, 11)))
    assert (trade.bars, trade.mae, trade.mfe) == (None, None, None)


def test_a_method_that_is_not_known_is_refused() -> None:
    with pytest.raises(DataError, match="choose fifo or average"):
        log_of(method="lifo")


def test_a_log_reads_as_a_table_and_by_day() -> None:
    log = log_of(order("a"), filled("a", BUY, 1, 10), order("b", SELL), filled("b", SELL, 1, 12))
    frame = log.frame()
    assert frame["exit_time"].dt.tz is not None
    assert frame["net"].tolist() == [2.0]
    assert np.isnan(frame["mae"].iloc[0])
    assert (len(log.of_day("2022-12-13")), len(log.of_day("2022-12-14"))) == (1, 0)
    assert "1 trades, net 2.00 USD" in repr(log)
    assert "<table" in log._repr_html_()
    with pytest.raises(DataError, match="write it like 2022-12-13"):
        log.of_day("yesterday")


def test_an_empty_record_is_an_empty_table() -> None:
    assert len(trade_log([]).frame()) == 0
