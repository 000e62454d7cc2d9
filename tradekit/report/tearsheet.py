"""The tear sheet: a whole run as one page of HTML that asks nothing of the network.

Knows the parts, not what is in them: summary, chart and tables are made elsewhere.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tradekit.report.page import style, summary_html, variables
from tradekit.report.tables import drawdowns_html, months_html, trades_html
from tradekit.report.tokens import DARK, LIGHT

if TYPE_CHECKING:
    import pandas as pd

    from tradekit.report.embed import Chart

__all__ = ["SHEET_WIDTH", "save_tearsheet", "tearsheet_html"]

SHEET_WIDTH = 1120  # of the whole [px], as in tearsheet.css

# Bokeh's own page with its body filled anew.
_PAGE = """
{% block postamble %}<style>{{ style }}</style>{% endblock %}
{% block body %}<body class="tk-sheet">
{{ summary }}
<div class="tk-chart">{{ embed(roots[0]) }}</div>
<div class="tk-summary">{{ tables }}</div>
{{ plot_script }}
</body>{% endblock %}
"""


def tearsheet_html(
    chart: "Chart",
    *,
    title: str,
    stats: Mapping[str, Any],
    warnings: Sequence[str],
    currency: str,
    months: "pd.DataFrame",
    drawdowns: "pd.DataFrame",
    trades: "pd.DataFrame",
    dark: bool = False,
) -> str:
    """The page: statistics, price with fills and equity, months, drawdowns and the latest trades.

    chart   as from `Result.plot`, of the same look; the frames are the Result's. About 3 MB, BokehJS included.
    Every text is escaped.
    """
    look = DARK if dark else LIGHT
    css = (files("tradekit.report") / "tearsheet.css").read_text(encoding="utf-8")
    return chart.html(
        _PAGE,
        style=f"{style()}{css}body.tk-sheet,body.tk-sheet .tk-summary{{{variables(look)}}}",
        summary=summary_html(title, stats, warnings, currency=currency),
        tables=months_html(months) + drawdowns_html(drawdowns) + trades_html(trades),
    )


def save_tearsheet(path: str | Path, chart: "Chart", **parts: Any) -> Path:
    """Write the page and return its path; the folder must exist."""
    target = Path(path)
    target.write_text(tearsheet_html(chart, **parts), encoding="utf-8")
    return target
