"""Tables as HTML: numbers as they are read, colours by their sign, no text as markup."""

import re

import numpy as np
import pandas as pd

from tradekit.report.drawdowns import drawdown_frame
from tradekit.report.tables import drawdowns_html, months_html, trades_html

MINUS = "\N{MINUS SIGN}"


def months(**cells: float) -> pd.DataFrame:
    """Years with the months given as m2021_1=0.1, and each year's as y2021=0.1."""
    table = pd.DataFrame(np.nan, index=[2021, 2022], columns=[*range(1, 13), "year"])
    for name, value in cells.items():
        year, _, month = name[1:].partition("_")
        table.loc[int(year), int(month) if month else "year"] = value
    return table


def cells(page: str) -> list[str]:
    return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", page)]


def trades(count: int = 1, **columns: object) -> pd.DataFrame:
    row = {
        "instrument": "BTC", "side": "long", "qty": 2.0, "entry_time": pd.Timestamp("2022-12-13 10:15", tz="UTC"),
        "exit_time": pd.Timestamp("2022-12-14", tz="UTC"), "entry_price": 17_000.5, "exit_price": 17_100.0,
        "pnl": -12.345, "return_frac": -0.0003, "mae": -0.01, "mfe": 0.02, "bars": 825.0,
        "entry_reason": "dip", "exit_reason": "stop loss", **columns,
    }  # fmt: skip
    return pd.DataFrame([row] * count, index=pd.RangeIndex(1, count + 1, name="trade_id"))


def test_a_month_is_coloured_by_its_sign_and_strength() -> None:
    page = months_html(months(m2021_1=0.10, m2021_2=-0.05, m2022_3=0.0, y2021=0.045, y2022=0.0))
    assert "var(--tk-up) 60%" in page
    assert "var(--tk-down) 30%" in page
    assert cells(page)[:3] == ["+10.0", f"{MINUS}5.0", ""]
    assert cells(page)[12] == "+4.5"
    assert cells(page)[15] == "0.0"


def test_months_in_which_nothing_moved_have_no_colour() -> None:
    assert "60%" not in months_html(months(m2021_1=0.0, y2021=0.0, y2022=0.0))


def test_drawdowns_show_the_deepest_and_say_of_how_many() -> None:
    index = pd.date_range("2021-01-04", periods=6, freq="12h", tz="UTC")
    table = drawdown_frame(pd.Series([90.0, 100, 80, 101, 50, 60], index=index), 100.0)
    page = drawdowns_html(table, most=2)
    assert "Drawdowns, the 2 deepest of 3" in page
    assert cells(page)[:6] == [f"{MINUS}50.50", "2021-01-05 12:00", "2021-01-06", "not yet", "1.0", ""]
    assert cells(page)[6:] == [
        f"{MINUS}20.00",
        "2021-01-04 12:00",
        "2021-01-05",
        "2021-01-05 12:00",
        "1.0",
        "0.5",
    ]


def test_a_trade_is_a_row_with_its_reasons() -> None:
    assert cells(trades_html(trades())) == [
        "1", "BTC", "long", "2", "2022-12-13 10:15", "17,000.5", "2022-12-14", "17,100", f"{MINUS}12.35",
        f"{MINUS}0.03", f"{MINUS}1.00", "+2.00", "825", "dip / stop loss",
    ]  # fmt: skip


def test_the_latest_trades_come_first_when_there_are_many() -> None:
    page = trades_html(trades(3), most=2)
    assert "Trades, the 2 latest of 3" in page
    assert [cell for cell in cells(page) if cell in "123"] == ["3", "2", "2", "2"]


def test_a_trade_without_bars_has_no_excursions() -> None:
    assert cells(trades_html(trades(mae=np.nan, mfe=np.nan, bars=np.nan)))[10:13] == ["", "", ""]


def test_no_text_can_become_markup() -> None:
    page = trades_html(trades(entry_reason="<img src=x>", instrument="<b>"))
    assert "<img" not in page
    assert "<b>" not in page
