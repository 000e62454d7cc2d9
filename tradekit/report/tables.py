"""Tables of a run as HTML: months as a heat map, drawdowns, trades.

Knows frames and how their numbers are read; the colours come from the page (report/page.py). Every text is escaped.
"""

import html
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import pandas as pd

from tradekit.report.words import plain

__all__ = ["drawdowns_html", "months_html", "trades_html"]

Row: TypeAlias = Mapping[Any, Any]
Columns: TypeAlias = Mapping[str, Callable[[Row], str]]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_STRONGEST_PCT = 60  # of the colour, in the month furthest from 0
_MINUS = "\N{MINUS SIGN}"


def months_html(months: "pd.DataFrame", *, least: int = 1) -> str:
    """The return of each month in percent, a row a year; the further from 0, the stronger the colour.

    months  as in `Result.by_month`
    least   so many months there must be, else there is no table ("")
    """
    if int(months[list(range(1, 13))].count().sum()) < least:
        return ""
    found = months[list(range(1, 13))].abs().max().max()
    furthest = float(found) if found > 0 else 1.0
    head = "".join(f"<th>{name}</th>" for name in ("", *_MONTHS, "Year"))
    rows = "".join(
        f"<tr><th>{year}</th>{''.join(_month(row[number], furthest) for number in range(1, 13))}"
        f'<td class="tk-whole">{_coloured(row["year"] * 100, 1)}</td></tr>'
        for year, row in zip(months.index, months.to_dict("records"), strict=True)
    )
    return _table("Return by month, in percent", "tk-months", head, rows)


def _month(value: float, furthest: float) -> str:
    if math.isnan(value):
        return "<td></td>"
    strength = round(abs(value) / furthest * _STRONGEST_PCT)
    colour = "up" if value > 0 else "down"
    shade = f"background:color-mix(in srgb,var(--tk-{colour}) {strength}%,transparent)"
    return f'<td style="{shade}">{_digits(value * 100, 1)}</td>'


def drawdowns_html(drawdowns: "pd.DataFrame", most: int = 10) -> str:
    """The deepest drawdowns, as in `Result.drawdowns`."""
    columns: Columns = {
        "Depth %": lambda row: _percent(row["depth"]),
        "High": lambda row: _time(row["start"]),
        "Lowest": lambda row: _time(row["valley"]),
        "Recovered": lambda row: _time(row["end"]) if pd.notna(row["end"]) else "not yet",
        "Days": lambda row: f"{row['days']:,.1f}",
        "Days to recover": lambda row: f"{row['recovery_days']:,.1f}" if row["recovery_days"] >= 0 else "",
    }
    caption = _caption("Drawdowns", len(drawdowns), most, "deepest")
    return _listed(caption, "tk-list", columns, drawdowns.head(most))


def trades_html(trades: "pd.DataFrame", most: int = 1000) -> str:
    """The latest trades, the last one first, as in `Result.trades`."""
    columns: Columns = {
        "#": lambda row: f"{row['trade_id']:,}",
        "Instrument": lambda row: html.escape(row["instrument"]),
        "Side": lambda row: html.escape(row["side"]),
        "Quantity": lambda row: plain(row["qty"]),
        "Entered": lambda row: _time(row["entry_time"]),
        "Entry": lambda row: plain(row["entry_price"]),
        "Left": lambda row: _time(row["exit_time"]),
        "Exit": lambda row: plain(row["exit_price"]),
        "Profit": lambda row: _coloured(row["pnl"]),
        "%": lambda row: _percent(row["return_frac"]),
        "Worst %": lambda row: _percent(row["mae"]),
        "Best %": lambda row: _percent(row["mfe"]),
        "Bars": lambda row: f"{row['bars']:,.0f}" if row["bars"] >= 0 else "",
        "Why": lambda row: html.escape(" / ".join(filter(None, (row["entry_reason"], row["exit_reason"])))),
    }
    caption = _caption("Trades", len(trades), most, "latest")
    return _listed(caption, "tk-list tk-trades", columns, trades.iloc[::-1].head(most).reset_index())


def _listed(caption: str, kind: str, columns: Columns, frame: "pd.DataFrame") -> str:
    head = "".join(f"<th>{html.escape(name)}</th>" for name in columns)
    rows = "".join(
        f"<tr>{''.join(f'<td>{write(row)}</td>' for write in columns.values())}</tr>"
        for row in frame.to_dict("records")
    )
    return _table(caption, kind, head, rows)


def _table(caption: str, kind: str, head: str, rows: str) -> str:
    return (
        f'<div class="tk-part"><div class="tk-name">{html.escape(caption)}</div><div class="tk-scroll">'
        f'<table class="{kind}"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div></div>'
    )


def _caption(name: str, count: int, most: int, which: str) -> str:
    return f"{name}, the {most:,} {which} of {count:,}" if count > most else name


def _percent(fraction: float) -> str:
    return "" if math.isnan(fraction) else _coloured(fraction * 100)


def _coloured(value: float, digits: int = 2) -> str:
    tone = "tk-up" if value > 0 else "tk-down" if value < 0 else ""
    return f'<span class="{tone}">{_digits(value, digits)}</span>'


def _digits(value: float, digits: int) -> str:
    """With a sign where the digits show more than nothing."""
    text = f"{value:+,.{digits}f}"
    return (text if any(c in text for c in "123456789") else text[1:]).replace("-", _MINUS)


def _time(moment: "pd.Timestamp") -> str:
    """To the minute; the day alone where it begins then."""
    return f"{moment:%Y-%m-%d}" if moment == moment.normalize() else f"{moment:%Y-%m-%d %H:%M}"
