"""PnL: the account's numbers and the profit of each day, as a live notebook widget.

Knows no connection: the session's replica is all it reads.
"""

from typing import Any

import traitlets

from tradekit.state.shape import State
from tradekit.widgets import words
from tradekit.widgets.pace import Batch
from tradekit.widgets.pane import PaneWidget, drawn_by
from tradekit.widgets.panes import ALL, Moment, touches
from tradekit.widgets.rows import KEPT
from tradekit.widgets.table import table_text

__all__ = ["PnL", "days"]


def days(state: State) -> dict[str, Any]:
    """A row a day (UTC), newest first: profit, its share of the opening equity, realised, fees, closing equity."""
    rows, currency = [], state.account.currency
    for date, day in reversed(list(state.pnl.days.items())[-KEPT:]):
        gain = day.end - day.start - float(day.flows)
        earned, tone = words.gain(gain, currency)
        realised, realised_tone = words.gain(day.realised, currency)
        rows.append(
            {
                "key": date,
                "day": date,
                "gain": earned,
                "gain_tone": tone,
                "share": f"{words.signed(100 * gain / day.start)} %" if day.start else "",
                "share_tone": tone,
                "realised": realised,
                "realised_tone": realised_tone,
                "fees": words.money(day.fees, currency),
                "flows": words.gain(day.flows, currency)[0] if day.flows else "",
                "end": words.money(day.end, currency),
            }
        )
    return {"rows": rows, "count": 0}


class PnL(PaneWidget):
    """`PnL(session)`: equity, the day, unrealised, drawdown, and each day's profit after fees."""

    _esm = drawn_by("panes")

    pane = traitlets.Unicode("pnl").tag(sync=True)
    height = traitlets.Int(280).tag(sync=True)
    first = traitlets.Unicode("").tag(sync=True)
    cells = traitlets.Unicode("").tag(sync=True)
    days = traitlets.Unicode("").tag(sync=True)
    days_since = traitlets.Unicode("").tag(sync=True)

    def parts(self, moment: Moment, batch: Batch) -> dict[str, Any]:
        """The numbers when one of them moved, and the days."""
        out: dict[str, Any] = {"first": moment.first()}
        if touches("hero", batch.changed):
            out["cells"] = moment.hero()
        if not {"pnl", ALL}.isdisjoint(batch.changed):
            out["days"] = days(moment.state)
        return out

    def text(self, moment: Moment) -> str:
        """Mode, name and seq, the numbers, then the days."""
        first, rows = moment.first(), days(moment.state)["rows"]
        numbers = "  ".join(
            f"{cell['label']} {cell['text']} {cell['more']}".strip() for cell in moment.hero()
        )
        said = table_text(rows) if rows else "no day has closed a bar yet"
        return f"{first['mode_word']} {first['name']} {first['seq']}\n{numbers}\n{said}"
