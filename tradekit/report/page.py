"""A run summed up for reading: as a block of HTML in a notebook, and as text in a terminal.

Knows the statistics by name and nothing of how they were computed.
"""

import html
import math
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib.resources import files
from typing import Any

import msgspec

from tradekit.report.tokens import DARK, LIGHT, Look

__all__ = [
    "style",
    "summary_groups",
    "summary_html",
    "summary_remarks",
    "summary_span",
    "summary_text",
    "variables",
]

_NONE, _MINUS = "-", "\N{MINUS SIGN}"
_SHORT_DAYS = 90  # below this, figures a year are mostly multiplication


class _Line(msgspec.Struct, frozen=True):
    """One statistic: its key, its label, how its number is written, what it means."""

    key: str
    label: str
    form: str
    meaning: str


_GROUPS: dict[str, tuple[_Line, ...]] = {
    "Return": (
        _Line("final_equity", "Final equity", "money", "equity after the last bar"),
        _Line("total_return", "Total return", "gain", "final equity / opening balance - 1"),
        _Line("cagr", "Yearly growth", "gain", "the total return as a rate a year, compounded (CAGR)"),
        _Line("peak_equity", "Highest equity", "money", "the highest equity after any bar"),
        _Line("fees", "Fees paid", "money", "all fees, those of open positions too"),
        _Line("exposure", "Time in market", "share", "share of the bars with an open position"),
        _Line(
            "avg_gross_exposure", "Mean exposure", "share", "mean of the value held, without sign, / equity"
        ),
    ),
    "Risk": (
        _Line("max_drawdown", "Max drawdown", "gain", "the deepest fall below the highest equity before it"),
        _Line(
            "max_drawdown_days",
            "Longest drawdown",
            "days",
            "longest time from a high to its recovery, or to the end",
        ),
        _Line("volatility", "Volatility", "share", "standard deviation of the bars' returns, a year"),
        _Line("sharpe", "Sharpe", "ratio", "mean return / its standard deviation, a year, risk-free rate 0"),
        _Line("sortino", "Sortino", "ratio", "mean return / deviation of the losses, a year"),
        _Line("calmar", "Calmar", "ratio", "yearly growth / deepest drawdown"),
        _Line(
            "var_95",
            "Value at risk",
            "gain",
            "one bar in twenty lost this much or more (95 %, from the bars)",
        ),
    ),
    "Trades": (
        _Line("trades", "Trades", "count", "closed round trips"),
        _Line("win_rate", "Won", "share", "trades with a profit after fees / trades"),
        _Line("profit_factor", "Profit factor", "ratio", "sum of gains / sum of losses"),
        _Line("avg_trade", "Average trade", "result", "mean profit of a trade after fees"),
        _Line("best_trade", "Best trade", "result", "highest profit of one trade"),
        _Line("worst_trade", "Worst trade", "result", "lowest profit of one trade"),
        _Line("avg_trade_days", "Average time", "days", "mean time from entry to exit"),
    ),
}
_YEARLY = ("cagr", "volatility", "sharpe", "sortino", "calmar")


def summary_html(
    title: str, stats: Mapping[str, Any], warnings: Sequence[str], *, currency: str, below: str = ""
) -> str:
    """The run as a block of HTML for a notebook, light or dark with the page it stands in; asks nothing of the net.

    stats   as from `run_statistics`: fractions, 0.01 is one percent; None is shown as a dash
    below   HTML to stand under the numbers
    Every text but `below` is escaped.
    """
    groups = "".join(_group_html(name, lines, stats, currency) for name, lines in _GROUPS.items())
    told = "".join(
        f'<p class="tk-{kind.lower()}"><b>{kind}</b> {html.escape(text)}</p>'
        for kind, text in _remarks(stats, warnings)
    )
    return (
        f'<style>{style()}</style><div class="tk-summary"><div class="tk-title">{html.escape(title)}</div>'
        f'<div class="tk-span">{html.escape(_span(stats))}</div>{told}'
        f'<div class="tk-groups">{groups}</div>{below}</div>'
    )


def summary_text(title: str, stats: Mapping[str, Any], warnings: Sequence[str], *, currency: str) -> str:
    """The same in lines for a terminal, at most 80 wide where the numbers allow; ends without a line break."""
    blocks = [_group_lines(name, lines, stats, currency) for name, lines in _GROUPS.items()]
    table = ["   ".join(row).rstrip() for row in zip(*blocks, strict=True)]
    told = [
        textwrap.fill(f"{kind}: {text}", 80, subsequent_indent="  ")
        for kind, text in _remarks(stats, warnings)
    ]
    return "\n".join([title, _span(stats), "", *table, *([""] if told else []), *told])


def summary_groups(stats: Mapping[str, Any], *, currency: str) -> list[dict[str, Any]]:
    """The same as plain values: {"name", "lines": [{"key", "label", "text", "tone", "form", "meaning"}]} a group.

    tone  "up", "down" or ""
    """
    return [
        {
            "name": _caption(name, currency),
            "lines": [
                {
                    "key": line.key,
                    "label": line.label,
                    "text": _written(line, stats).replace("-", _MINUS),
                    "tone": _tone(line, stats).removeprefix("tk-"),
                    "form": line.form,
                    "meaning": line.meaning,
                }
                for line in lines
            ],
        }
        for name, lines in _GROUPS.items()
    ]


def summary_remarks(stats: Mapping[str, Any], warnings: Sequence[str]) -> list[tuple[str, str]]:
    """The run's warnings, and what the numbers themselves give reason to say: ("Warning" or "Note", text)."""
    return list(_remarks(stats, warnings))


def summary_span(stats: Mapping[str, Any]) -> str:
    """From when to when (UTC), and how many bars."""
    return _span(stats)


def _group_html(name: str, lines: Sequence[_Line], stats: Mapping[str, Any], currency: str) -> str:
    rows = "".join(
        f'<div class="tk-line" title="{html.escape(line.meaning)}"><span>{line.label}</span>'
        f'<span class="tk-number {_tone(line, stats)}">{_written(line, stats).replace("-", _MINUS)}</span></div>'
        for line in lines
    )
    return f'<div class="tk-group"><div class="tk-name">{html.escape(_caption(name, currency))}</div>{rows}</div>'


def _group_lines(name: str, lines: Sequence[_Line], stats: Mapping[str, Any], currency: str) -> list[str]:
    """A group as lines of equal width: its name, then label and number."""
    cells = [(line.label, _written(line, stats)) for line in lines]
    labels, numbers = (max(len(cell[i]) for cell in cells) for i in (0, 1))
    width = labels + 2 + numbers
    rows = [f"{label:<{labels}}  {number:>{numbers}}" for label, number in cells]
    head = _caption(name, currency)
    return [line.ljust(max(width, len(head))) for line in (head, *rows)]


def _caption(name: str, currency: str) -> str:
    return name if name == "Risk" else f"{name} ({currency})"


def _written(line: _Line, stats: Mapping[str, Any]) -> str:
    """The number as it is read; a dash where there is none, and no sign before nothing."""
    value = stats.get(line.key)
    if value is None or not math.isfinite(value):
        return _NONE
    text = _FORMS[line.form](float(value))
    return text if any(digit in text for digit in "123456789") else text.lstrip("+-")


def _lasting(days: float) -> str:
    """A time in the unit that reads best."""
    if days >= 2:
        return f"{days:,.0f} d"
    return f"{days * 24:.1f} h" if days * 24 >= 2 else f"{days * 1440:.0f} min"


_FORMS: dict[str, Callable[[float], str]] = {
    "money": "{:,.2f}".format,
    "result": "{:+,.2f}".format,
    "gain": lambda fraction: f"{fraction * 100:+,.2f} %",
    "share": lambda fraction: f"{fraction * 100:,.1f} %",
    "ratio": "{:,.2f}".format,
    "count": "{:,.0f}".format,
    "days": _lasting,
}


def _tone(line: _Line, stats: Mapping[str, Any]) -> str:
    value = stats.get(line.key)
    if line.form not in ("gain", "result") or value is None or not value:
        return ""
    return "tk-up" if value > 0 else "tk-down"


def _remarks(stats: Mapping[str, Any], warnings: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The run's warnings, and what the numbers themselves give reason to say."""
    yield from (("Warning", text) for text in warnings)
    days = _days(stats)
    if days is not None and days < _SHORT_DAYS and any(stats.get(key) is not None for key in _YEARLY):
        yield "Note", f"figures a year (growth, volatility, ratios) are scaled up from {_lasting(days)}"
    if stats.get("trades") == 0:
        yield "Note", "no trade was closed"


def _days(stats: Mapping[str, Any]) -> float | None:
    ends = [stats.get("start"), stats.get("end")]
    if not all(isinstance(end, str) for end in ends):
        return None
    start, end = (datetime.fromisoformat(str(end)) for end in ends)
    return (end - start).total_seconds() / 86_400


def _span(stats: Mapping[str, Any]) -> str:
    start, end = (str(stats.get(key) or _NONE)[:16].replace("T", " ") for key in ("start", "end"))
    return f"{start} to {end} UTC, {stats.get('bars', 0):,} bars"


def style() -> str:
    """The style sheet: dark when the page or the system is, else light; JupyterLab's own theme has the last word."""
    return (
        (files("tradekit.report") / "summary.css").read_text(encoding="utf-8")
        + f".tk-summary{{{variables(LIGHT)}}}"
        + f"@media (prefers-color-scheme:dark){{.tk-summary{{{variables(DARK)}}}}}"
        + f'body[data-jp-theme-light="true"] .tk-summary{{{variables(LIGHT)}}}'
        + f'body[data-jp-theme-light="false"] .tk-summary{{{variables(DARK)}}}'
    )


def variables(look: Look) -> str:
    """A look's colours as the style sheet's variables."""
    return "".join(f"--tk-{name}:{getattr(look, name)};" for name in look.__struct_fields__)
