"""`tk.rules`: sets of fill rules by name, at one address.

Defines nothing of its own; nothing inside the package imports it.
"""

from tradekit.sim.profiles import backtesting_py, default, named, nautilus

__all__ = ["backtesting_py", "default", "named", "nautilus"]
