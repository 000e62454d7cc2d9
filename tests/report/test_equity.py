"""The equity curve against sums done by hand."""

from decimal import Decimal
from types import SimpleNamespace

import numpy as np
import pytest

from tradekit.report.equity import Series, equity_curve, equity_frame, exposure_frame

MINUTE = 60_000_000_000


def closes(
    *prices: float,
    start: int = 0,
    step: int = 1,
    length: int = 1,
    multiplier: float = 1.0,
    margined: bool = False,
) -> Series:
    stamps = (start + step * np.arange(len(prices), dtype=np.int64)) * MINUTE
    return Series(stamps, np.array(prices, dtype=np.float64), length * MINUTE, multiplier, margined)


def fill(
    at: int, side: str, qty: str, price: str, *, fee: str = "0", instrument: str = "X", position: str = ""
) -> SimpleNamespace:
    return SimpleNamespace(
        instrument=instrument,
        side=side,
        qty=Decimal(qty),
        price=Decimal(price),
        fee=Decimal(fee),
        ts=at * MINUTE,
        strategy="s",
        position=position,
    )


def test_a_fill_counts_from_the_bar_it_traded_in() -> None:
    fills = [fill(1, "buy", "2", "100", fee="1"), fill(3, "sell", "2", "130", fee="1")]
    made = equity_curve({"X": closes(100, 110, 120, 125)}, fills, 1000)
    assert made["cash"].tolist() == [1000, 799, 799, 1058]
    assert made["exposure"].tolist() == [0, 220, 240, 0]
    assert made["equity"].tolist() == [1000, 1019, 1039, 1058]
    assert str(made.index.tz) == "UTC"


def test_a_fill_inside_a_bar_counts_at_the_close_of_that_bar() -> None:
    late = fill(1, "buy", "2", "100")
    late.ts += MINUTE - 1
    assert equity_curve({"X": closes(100, 110, 120)}, [late], 1000)["exposure"].tolist() == [0, 220, 240]


def test_a_short_position_is_a_negative_value() -> None:
    made = equity_curve({"X": closes(100, 90)}, [fill(0, "sell", "1", "100")], 1000)
    assert made["exposure"].tolist() == [-100, -90]
    assert made["equity"].tolist() == [1000, 1010]


def test_drawdown_counts_from_the_opening_balance() -> None:
    made = equity_curve({"X": closes(90, 120, 60)}, [fill(0, "buy", "1", "100")], 100)
    assert made["drawdown"].tolist() == pytest.approx([-0.1, 0.0, -0.5])


def test_lots_that_floats_cannot_hold_close_to_exactly_nothing() -> None:
    fills = [fill(0, "buy", "0.1", "3"), fill(0, "buy", "0.2", "3"), fill(1, "sell", "0.3", "3")]
    made = equity_curve({"X": closes(3, 3)}, fills, 10)
    assert made["exposure"].tolist() == [pytest.approx(0.9), 0.0]
    assert made["equity"].tolist() == [10.0, 10.0]


def test_an_instrument_without_a_bar_counts_at_its_last_close() -> None:
    both = {"X": closes(10, 11, 12, 13), "Y": closes(50, 60, start=1, step=2)}
    made = equity_curve(both, [fill(1, "buy", "1", "50", instrument="Y")], 100)
    assert len(made) == 4
    assert made["exposure"].tolist() == [0, 50, 50, 60]


def test_the_multiplier_scales_value_and_payment_but_not_the_fee() -> None:
    made = equity_curve(
        {"X": closes(100, 101, multiplier=50.0)}, [fill(0, "buy", "1", "100", fee="2")], 10_000
    )
    assert made["equity"].tolist() == [9998, 10_048]


def test_without_fills_equity_stays_what_it_was() -> None:
    made = equity_curve({"X": closes(100, 50)}, [], 1000)
    assert made["equity"].tolist() == [1000, 1000]
    assert made["drawdown"].tolist() == [0, 0]


def test_equity_below_nothing_is_a_loss_of_more_than_everything() -> None:
    made = equity_curve({"X": closes(100, 40)}, [fill(0, "buy", "2", "100")], 100)
    assert made["equity"].tolist() == [100, -20]
    assert made["drawdown"].tolist() == pytest.approx([0, -1.2])


def test_what_is_held_long_and_short_is_netted_and_added_up() -> None:
    both = {"X": closes(100, 110), "Y": closes(50, 40)}
    fills = [fill(0, "buy", "1", "100"), fill(0, "sell", "3", "50", instrument="Y")]
    made = equity_curve(both, fills, 1000)
    assert made["exposure"].tolist() == [-50, -10]
    assert made["gross"].tolist() == [250, 230]
    shares = exposure_frame(made)
    assert shares["net"].tolist() == [-50, -10]
    assert shares["gross_share"].tolist() == [250 / 1000, 230 / 1040]
    assert shares["net_share"].tolist() == [-50 / 1000, -10 / 1040]


def test_exposure_is_no_share_of_an_equity_that_is_gone() -> None:
    shares = exposure_frame(equity_curve({"X": closes(100, 40)}, [fill(0, "buy", "2", "100")], 100))
    assert shares["gross_share"].isna().tolist() == [False, True]


def test_a_longer_bar_counts_where_it_closes() -> None:
    """Of Y there are two bars of 3 minutes; the first closes with the third of X."""
    both = {"X": closes(10, 10, 10, 10, 10, 10), "Y": closes(50, 80, step=3, length=3)}
    made = equity_curve(both, [fill(3, "buy", "1", "50", instrument="Y")], 100)
    assert made["exposure"].tolist() == [0, 0, 0, 0, 0, 80]
    assert made["cash"].tolist() == [100, 100, 100, 100, 100, 50]


def test_of_what_is_margined_only_the_profit_moves_cash() -> None:
    fills = [
        fill(0, "buy", "2", "100", fee="1"), fill(1, "buy", "2", "120"), fill(2, "sell", "1", "130"),
        fill(3, "sell", "5", "90"), fill(4, "buy", "2", "80"),
    ]  # fmt: skip
    perp = closes(100, 120, 130, 90, 80, margined=True)
    spot = closes(100, 120, 130, 90, 80)
    made, paid = equity_curve({"X": perp}, fills, 1000), equity_curve({"X": spot}, fills, 1000)
    assert made["equity"].tolist() == paid["equity"].tolist()
    assert made["cash"].tolist() == pytest.approx([999, 999, 1019, 959, 979])
    assert made["exposure"].tolist() == [200, 480, 390, -180, 0]


def test_the_positions_of_a_hedging_account_are_kept_apart() -> None:
    fills = [fill(0, "buy", "1", "100", position="a"), fill(1, "sell", "1", "110", position="b")]
    made = equity_curve({"X": closes(100, 110, 90, margined=True)}, fills, 1000)
    assert made["cash"].tolist() == [1000, 1000, 1000]
    assert made["equity"].tolist() == [1000, 1010, 1010]


def test_rows_that_were_folded_are_put_in_order() -> None:
    made = equity_frame({MINUTE: (90.0, 50.0, 40.0, 60.0), 0: (110.0, 110.0, 0.0, 0.0)}, 100.0)
    assert made["equity"].tolist() == [110.0, 90.0]
    assert made.iloc[1].tolist() == [90.0, 50.0, 40.0, 60.0, pytest.approx(90 / 110 - 1)]
    assert len(equity_frame({}, 100.0)) == 0
