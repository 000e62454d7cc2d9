"""A parity report for reading: as lines for a terminal, and as a block of HTML in a notebook.

Knows the report's numbers and nothing of how they came about.
"""

import html
import textwrap
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from tradekit.model.money import ZERO
from tradekit.report.parity import KINDS, Difference
from tradekit.report.words import plain

if TYPE_CHECKING:
    from tradekit.report.parity import Parity

__all__ = ["parity_html", "parity_text"]

_MINUS = "\N{MINUS SIGN}"
_WIDE = 100
_SHOWN = 100  # rows in a notebook; the frame has them all


def parity_text(report: "Parity", *, rows: int) -> str:
    """The report in lines, with so many of its differences; what follows from one is counted with it."""
    lines = [
        _title(report),
        f"  {_replay(report)}",
        *(f"  {name:<12} {text}" for name, text in _facts(report)),
    ]
    if report.differences:
        lines += ["", *_kind_lines(report)]
    if rows and report.differences:
        roots = [one for one in report.differences if not one.after]
        lines += ["", *_row_lines(roots[:rows], report.differences)]
        lines += [f"  and {len(roots) - rows:,} more"] if len(roots) > rows else []
    for text in report.notes:
        lines += ["", textwrap.fill(f"Note: {text}", _WIDE, subsequent_indent="  ")]
    return "\n".join(lines)


def parity_html(report: "Parity") -> str:
    """The report as a block of HTML, light or dark with the page it stands in; every text is escaped."""
    from tradekit.report.page import style

    told = (
        "" if report.replay.equal else f'<p class="tk-warning"><b>Replay</b> {_escaped(_replay(report))}</p>'
    )
    told += "".join(f'<p class="tk-note"><b>Note</b> {_escaped(text)}</p>' for text in report.notes)
    facts = "".join(
        f'<div class="tk-line"><span>{_escaped(name)}</span>'
        f'<span class="tk-number">{_escaped(text).replace("-", _MINUS)}</span></div>'
        for name, text in (("replay", "equal" if report.replay.equal else "different"), *_facts(report))
    )
    tables = _kinds_html(report) + _rows_html(report) if report.differences else ""
    return (
        f'<style>{style()}</style><div class="tk-summary"><div class="tk-title">{_escaped(_title(report))}</div>'
        f'{told}<div class="tk-facts">{facts}</div>{tables}</div>'
    )


def _title(report: "Parity") -> str:
    verdict = "live equals backtest" if report.equal else "live differs from backtest"
    return f"{report.name} ({report.mode}, {report.strategy}): {verdict}"


def _replay(report: "Parity") -> str:
    replay = report.replay
    if replay.equal:
        return f"{'replay':<12} equal: the engine tells the same {report.events:,} events of the journaled inputs"
    return (
        f"the replay differs at #{replay.seq:,}: the journal holds {replay.journaled}, now it is {replay.replayed}; "
        + "; ".join(replay.reasons)
    )


def _facts(report: "Parity") -> list[tuple[str, str]]:
    """The report's numbers: labels and values, in order."""
    live, backtest = report.profit
    facts = [
        ("orders", _both(*report.orders)),
        ("fills", _both(*report.fills)),
        ("profit", f"{_money(live)} live, {_money(backtest)} in the backtest [{report.currency}]"),
    ]
    if report.differences:
        unexplained = _money(report.unexplained, sign=True) if report.unexplained else "0"
        facts.append(
            (
                "difference",
                f"{_money(report.difference, sign=True)}: explained {_money(report.explained, sign=True)}, "
                f"unexplained {unexplained}",
            )
        )
    return facts


def _both(live: int, backtest: int) -> str:
    return f"{live:,} in both" if live == backtest else f"{live:,} live, {backtest:,} in the backtest"


def _kind_lines(report: "Parity") -> Iterator[str]:
    yield f"  {'kind':<14}{'count':>8}{'effect':>18}{'with what followed':>22}"
    for row in report.kinds():
        effect, whole = _money(row["effect"], sign=True), _money(row["whole"], sign=True)
        yield f"  {row['kind']:<14}{row['count']:>8,}{effect:>18}{whole:>22}"


def _row_lines(roots: Sequence[Difference], differences: Sequence[Difference]) -> Iterator[str]:
    followed: dict[int, list[Decimal]] = {}
    for one in differences:
        followed.setdefault(one.after, []).append(one.effect)
    for one in roots:
        about = " ".join(filter(None, (one.instrument, _named(one))))
        yield f"  {_time(one.ts)}  #{one.seq:,}  {one.kind}: {about}  {_money(one.effect, sign=True)}"
        after = followed.get(one.seq, []) if one.seq else []
        verb = "follows" if len(after) == 1 else "follow"
        then = f"{len(after):,} {verb} from it, {_money(sum(after, ZERO), sign=True)}" if after else ""
        for name, text in (
            ("live", one.session),
            ("backtest", one.backtest),
            ("why", one.why),
            ("then", then),
        ):
            if text:
                yield from textwrap.wrap(
                    f"{name:<9}{text}", _WIDE, initial_indent=" " * 6, subsequent_indent=" " * 15
                )


def _kinds_html(report: "Parity") -> str:
    rows = "".join(
        f'<tr title="{_escaped(KINDS[row["kind"]])}"><td style="text-align:left">{_escaped(row["kind"])}</td>'
        f"<td>{row['count']:,}</td>{_amount(row['effect'])}{_amount(row['whole'])}</tr>"
        for row in report.kinds()
    )
    return (
        f'<div class="tk-name tk-part">By kind ({_escaped(report.currency)})</div><div class="tk-scroll"><table>'
        f'<tr><th style="text-align:left">kind</th><th>count</th><th>effect</th><th>with what followed</th></tr>'
        f"{rows}</table></div>"
    )


def _rows_html(report: "Parity") -> str:
    rows = "".join(map(_row_html, report.differences[:_SHOWN]))
    left = len(report.differences) - _SHOWN
    more = f'<div class="tk-span">and {left:,} more: .rows has them all</div>' if left > 0 else ""
    names = ("time, event", "kind", "order", "what and why")
    heads = "".join(f'<th style="text-align:left">{name}</th>' for name in names) + "<th>effect</th>"
    return (
        f'<div class="tk-name tk-part">Differences</div><div class="tk-scroll"><table class="tk-story">'
        f"<tr>{heads}</tr>{rows}</table>{more}</div>"
    )


def _row_html(one: Difference) -> str:
    said = "<br>".join(
        f"<b>{name}</b> {_escaped(text)}"
        for name, text in (("live", one.session), ("backtest", one.backtest), ("why", one.why))
        if text
    )
    return (
        f'<tr title="events {", ".join(map(str, one.seqs)) or "none"}">'
        f'<td class="tk-number">{_time(one.ts)}<br>#{one.seq:,}</td>'
        f"<td>{_escaped(one.kind)}</td><td>{_escaped(_named(one))}<br>{_escaped(one.instrument)}</td>"
        f'<td style="white-space:normal">{said}</td>{_amount(one.effect)}</tr>'
    )


def _named(one: Difference) -> str:
    """The session's order, or in brackets one that only the backtest has."""
    return one.order or (f"({one.twin})" if one.twin else "")


def _amount(value: Decimal) -> str:
    tone = "" if not value else " tk-up" if value > 0 else " tk-down"
    text = _money(value, sign=True).replace("-", _MINUS)
    return f'<td class="tk-number{tone}" style="text-align:right;white-space:nowrap">{text}</td>'


def _money(value: Decimal, *, sign: bool = False) -> str:
    text = plain(round(value, 8)) if abs(value) < 1 else f"{value:,.2f}"
    return f"+{text}" if sign and value > 0 else text


def _time(ts: int) -> str:
    return f"{datetime.fromtimestamp(ts // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S}"


def _escaped(text: str) -> str:
    return html.escape(text)
