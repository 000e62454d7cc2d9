"""A day's report for reading: one page that asks nothing of the network, light or dark as the system is; and as text.

Knows the report's fields and their words, not how they came about. Every text is escaped.
"""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, TypeAlias

from tradekit.report.day import DayReport, Uptime
from tradekit.report.day_curve import curve_svg
from tradekit.report.page import style, variables
from tradekit.report.tokens import DARK, LIGHT
from tradekit.report.words import plain

__all__ = ["day_html", "day_text"]

_MINUS, _HYPHEN = "\N{MINUS SIGN}", re.compile(r"(?<!\w)-(?=\d)")  # before a number
_LISTED = 500  # rows of a table; the trade log has all of them
Column: TypeAlias = tuple[str, Callable[[Any], str]]
Fact: TypeAlias = tuple[str, str, float]  # label, text, and the number that its colour follows, 0 for none


def day_html(report: DayReport) -> str:
    """The page."""
    css = (files("tradekit.report") / "day.css").read_text(encoding="utf-8")
    looks = (
        f"body.tk-day{{color-scheme:light;{variables(LIGHT)}}}"
        f"@media (prefers-color-scheme:dark){{body.tk-day{{color-scheme:dark;{variables(DARK)}}}}}"
    )
    title = html.escape(_title(report))
    tables = "".join(_table_html(*part) for part in _tables(report))
    quiet = "".join(f"<p class=tk-quiet>{html.escape(text)}</p>" for text in _quiet(report))
    notes = "".join(f'<p class="tk-note">{html.escape(text)}</p>' for text in report.notes)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f'<title>{title}</title><style>{style()}{css}{looks}</style></head><body class="tk-day">'
        f'<header class="tk-mode-{html.escape(report.mode)}"><b>{html.escape(report.mode.upper())}</b>'
        f"<h1>{html.escape(report.session)}</h1><span>{html.escape(_when(report))}</span></header>"
        f'<main class="tk-summary">{_hero(report)}{notes}{curve_svg(report)}'
        f'<div class="tk-groups">{"".join(_group(*part) for part in _groups(report))}</div>{tables}{quiet}</main>'
        "</body></html>\n"
    )


def day_text(report: DayReport) -> str:
    """The same in lines for a terminal or a mail."""
    lines = [f"{report.mode.upper()} {_title(report)}", _when(report), ""]
    for name, facts in _groups(report):
        lines.append(name)
        wide = max(len(label) for label, _, _ in facts)
        lines += [f"  {label:<{wide}}  {text}" for label, text, _ in facts]
    for name, columns, rows in _tables(report):
        cells = [[label for label, _ in columns]]
        cells += [[write(row) for _, write in columns] for row in rows[:_LISTED]]
        lines += ["", f"{name} ({len(rows):,})", *_aligned(cells)]
    lines += ["", *_quiet(report), *(f"Note: {text}" for text in report.notes)]
    return "\n".join(lines)


# --- what is told -------------------------------------------------------------------------------------------


def _title(report: DayReport) -> str:
    return f"{report.session}, {report.day}" + ("" if report.over else " so far")


def _when(report: DayReport) -> str:
    begins, ends = (_time(ns, report.day) for ns in (report.begins, report.ends))
    so_far = "" if report.over else ", so far"
    return f"{report.day}, {begins} to {ends} UTC{so_far}; account {report.account}"


def _groups(report: DayReport) -> list[tuple[str, list[Fact]]]:
    slippage, trades = report.slippage, len(report.trades)
    share = report.result / report.start if report.start else 0.0
    money: list[Fact] = [
        ("Result after fees", f"{_signed(report.result)} ({share * 100:+.2f} %)", report.result),
        ("Realised before fees", _signed(float(report.realised)), float(report.realised)),
        ("Fees", _money(float(report.fees)), 0),
        ("Deposits, funding, other", _signed(float(report.flows)), 0),
        ("Equity at the start", _money(report.start), 0),
        ("Equity at the end", _money(report.end), 0),
        (
            "Deepest fall of the day",
            f"{report.deepest * 100:+.2f} %" if report.deepest else "0 %",
            report.deepest,
        ),
    ]
    orders = report.orders
    trading: list[Fact] = [
        ("Trades closed", f"{trades:,}, {report.won:,} won" if trades else "0", 0),
        ("Paid in slippage", "not known" if slippage is None else _money(float(slippage)), 0),
        *(
            (f"Orders {name}", f"{orders.get(name, 0):,}", 0)
            for name in ("sent", "filled", "canceled", "rejected", "denied")
        ),
        *((f"Orders {name}", f"{orders[name]:,}", 0) for name in ("expired", "in doubt") if orders.get(name)),
    ]
    exposure: list[Fact] = [
        ("Largest gross exposure", _money(report.gross_peak), 0),
        ("Gross at the end", _money(report.gross_end), 0),
        ("Net at the end", _money(report.net_end), 0),
        ("Positions open", f"{len(report.positions):,}", 0),
        ("Alerts", f"{len(report.alerts):,}", 0),
        ("Differences found, open", f"{len(report.found):,}, {len(report.open):,}", 0),
    ]
    return [
        (f"Money ({report.currency})", money),
        ("Trading", trading),
        (f"Exposure ({report.currency})", exposure),
    ]


def _tables(report: DayReport) -> Iterator[tuple[str, Sequence[Column], Sequence[Any]]]:
    """Tables that have a row, the gravest first."""
    several = len({one.currency for one in report.trades} | {one.currency for one in report.positions}) > 1
    happened, trades = _happened(report.day), _trades(report.day)
    still_open = {one.order for one in report.open}
    for name, rows in (
        ("Failures", report.failures),
        ("Alerts", report.alerts),
        ("Differences open at the end", report.open),
        ("Orders refused", report.refused),
        ("Differences found and settled", [one for one in report.found if one.order not in still_open]),
        ("Arming, halts and kills", report.risk),
    ):
        if rows:
            yield name, happened, rows
    if report.links:
        yield "Uptime", _UPTIME, report.links
    if report.positions:
        yield (
            "Positions at the end",
            [*_HELD, ("Currency", lambda row: row.currency)][: None if several else -1],
            report.positions,
        )
    if report.trades:
        columns = [*trades, ("Currency", lambda row: row.currency)] if several else trades
        yield "Trades", columns, report.trades


def _happened(day: str) -> list[Column]:
    return [
        ("Time", lambda row: _time(row.ts, day)),
        ("#", lambda row: f"{row.seq:,}" if row.seq else ""),
        ("Kind", lambda row: row.kind.replace("_", " ")),
        ("About", lambda row: row.order or row.instrument),
        ("What", lambda row: row.text),
    ]


def _trades(day: str) -> list[Column]:
    return [
        ("#", lambda row: f"{row.trade_id:,}"),
        ("Instrument", lambda row: row.instrument),
        ("Side", lambda row: row.side),
        ("Quantity", lambda row: plain(row.qty)),
        ("Entered", lambda row: _time(row.entry_time, day)),
        ("Entry", lambda row: plain(row.entry_price)),
        ("Left", lambda row: _time(row.exit_time, day)),
        ("Exit", lambda row: plain(row.exit_price)),
        ("Net", lambda row: _signed(float(row.net))),
        ("Fees", lambda row: _money(float(row.fees))),
        ("Slippage", lambda row: "" if row.slippage is None else _money(float(row.slippage))),
        ("Why", lambda row: " / ".join(filter(None, (row.signal, row.entry_reason, row.exit_reason)))),
    ]


_UPTIME: list[Column] = [
    ("What", lambda row: row.name),
    ("Up", lambda row: _share(row)),
    ("Down", lambda row: _lasting(row.of_s - row.up_s) if row.of_s else ""),
    ("Outages", lambda row: f"{row.outages:,}" if row.of_s else ""),
    ("Missing bars", lambda row: f"{row.missing:,}" if row.missing else ""),
]
_HELD: list[Column] = [
    ("Instrument", lambda row: row.instrument),
    ("Quantity", lambda row: plain(row.qty)),
    ("Entry", lambda row: plain(row.entry)),
    ("Mark", lambda row: plain(row.mark)),
    ("Value", lambda row: _signed(row.value)),
    ("Unrealised", lambda row: _signed(row.unrealised)),
]
_COLOURED = frozenset({"Net", "Unrealised"})
_WORDS = frozenset({"Kind", "About", "What", "Instrument", "Side", "Why", "Time"})


def _quiet(report: DayReport) -> Iterator[str]:
    """What did not happen, in a sentence: silence would leave a doubt."""
    nothing = [
        name
        for name, rows in (
            ("failures", report.failures), ("alerts", report.alerts), ("orders refused", report.refused),
            ("open differences", report.open),
        )
        if not rows
    ]  # fmt: skip
    if nothing:
        yield f"No {', no '.join(nothing)}."
    if not report.trades:
        yield "No trade was closed."
    if len(report.trades) > _LISTED:
        yield f"The first {_LISTED:,} of {len(report.trades):,} trades; `tradekit journal trades` has all of them."


# --- how it looks -------------------------------------------------------------------------------------------


def _hero(report: DayReport) -> str:
    share = report.result / report.start if report.start else 0.0
    worries = report.worries
    word = f"{worries:,} to look at" if worries else "nothing to look at"
    parts = [
        ("Result after fees", f"{_signed(report.result)} {report.currency}", _tone(report.result)),
        ("of equity", f"{share * 100:+.2f} %", _tone(report.result)),
        ("Equity", _money(report.end), ""),
        ("Trades", f"{len(report.trades):,}", ""),
        ("Alerts, refusals, differences", word, "tk-worry" if worries else ""),
    ]
    cells = "".join(
        f'<div><span>{html.escape(label)}</span><b class="tk-number {tone}">{html.escape(_minus(text))}</b></div>'
        for label, text, tone in parts
    )
    return f'<div class="tk-hero">{cells}</div>'


def _group(name: str, facts: Sequence[Fact]) -> str:
    rows = "".join(
        f'<div class="tk-line"><span>{html.escape(label)}</span>'
        f'<span class="tk-number {_tone(number)}">{html.escape(_minus(text))}</span></div>'
        for label, text, number in facts
    )
    return f'<div class="tk-group"><div class="tk-name">{html.escape(name)}</div>{rows}</div>'


def _table_html(name: str, columns: Sequence[Column], rows: Sequence[Any]) -> str:
    head = "".join(f'<th class="{_kind(label)}">{html.escape(label)}</th>' for label, _ in columns)
    body = "".join(
        f"<tr>{''.join(_cell(label, write(row)) for label, write in columns)}</tr>" for row in rows[:_LISTED]
    )
    caption = f"{name} ({len(rows):,})"
    return (
        f'<div class="tk-part"><div class="tk-name">{html.escape(caption)}</div><div class="tk-scroll">'
        f'<table class="{"tk-trades" if columns[0][0] == "#" else "tk-happened"}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div></div>"
    )


def _cell(label: str, text: str) -> str:
    kind = _kind(label)
    if label in _COLOURED:
        kind += " " + ("tk-up" if text.startswith("+") else "tk-down" if text.startswith("-") else "")
    shown = _minus(text) if label not in _WORDS else text
    return f'<td class="{kind}">{html.escape(shown)}</td>'


def _kind(label: str) -> str:
    return "tk-word" if label in _WORDS else "tk-number"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  " + "  ".join(cell.ljust(n) for cell, n in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _tone(number: float) -> str:
    return "tk-up" if number > 0 else "tk-down" if number < 0 else ""


def _minus(text: str) -> str:
    """With the sign that a number has in print; a date keeps its hyphens."""
    return _HYPHEN.sub(_MINUS, text)


def _money(value: float | None) -> str:
    return "not known" if value is None else f"{value:,.2f}"


def _signed(value: float) -> str:
    text = f"{value:+,.2f}"
    return text if any(c in text for c in "123456789") else text[1:]


def _share(row: Uptime) -> str:
    return (
        "" if row.share is None else f"{int(row.share * 10_000) / 100:.2f} %"
    )  # never rounded up to the whole


def _lasting(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.1f} h"


def _time(ns: int, day: str) -> str:
    """A moment (UTC); without its date where that is `day`."""
    moment = datetime.fromtimestamp(ns // 1_000_000_000, UTC)
    return f"{moment:%H:%M:%S}" if f"{moment:%Y-%m-%d}" == day else f"{moment:%m-%d %H:%M:%S}"
