"""`tk.research`: the less common tools of research, at one address.

Defines nothing of its own; nothing inside the package imports it.
"""

from tradekit.report.stats import statistics
from tradekit.wiring.journals import export_parquet, rewind, trade_log
from tradekit.wiring.research import page

__all__ = ["export_parquet", "page", "rewind", "statistics", "trade_log"]
