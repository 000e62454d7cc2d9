"""The day's equity as a small drawing in the page itself: no script, no library.

Knows points and a size; the colours come from the page.
"""

from tradekit.report.day import DayReport

__all__ = ["curve_svg"]

_WIDTH, _HEIGHT, _ROOM = 1000, 120, 6


def curve_svg(report: DayReport) -> str:
    """Equity through the day over a dashed line where it began; "" with fewer than two points."""
    points = [(one.ts, one.equity) for one in report.curve]
    if len(points) < 2:
        return ""
    first, last = min(report.begins, points[0][0]), points[-1][0]
    values = [value for _, value in points] + [report.start]
    low, high = min(values), max(values)
    wide, tall = max(last - first, 1), max(high - low, 1e-12)

    def at(ts: int, value: float) -> str:
        x = (ts - first) / wide * _WIDTH
        return f"{x:.1f},{_ROOM + (high - value) / tall * (_HEIGHT - 2 * _ROOM):.1f}"

    line = " ".join(at(*point) for point in points)
    _, level = at(first, report.start).split(",")
    tone = "tk-up" if report.end >= report.start else "tk-down"
    return (
        f'<figure class="tk-curve"><figcaption>Equity {low:,.2f} to {high:,.2f} {report.currency}</figcaption>'
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" aria-label="equity">'
        f'<line x1="0" x2="{_WIDTH}" y1="{level}" y2="{level}"/>'
        f'<polyline class="{tone}" points="{line}"/></svg></figure>'
    )
